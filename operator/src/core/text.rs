//! Words and numbers for people.

use std::time::Duration;

use lcmap_spark_crd::status::MAX_MESSAGE;

/// A message cut to what a status takes, at the end of a character.
pub fn bounded(mut message: String) -> String {
    const ELLIPSIS: &str = "…";
    if message.len() > MAX_MESSAGE {
        let mut end = MAX_MESSAGE - ELLIPSIS.len();
        while !message.is_char_boundary(end) {
            end -= 1;
        }
        message.truncate(end);
        message.push_str(ELLIPSIS);
    }
    message
}

/// That executors run and do not reach their driver, which listens at this host and port.
pub(super) fn unreached(address: &str) -> String {
    format!(
        "executors run on Mesos, and none has reached the driver at {address}: open that port to the Mesos agents, or use \
         network: Host"
    )
}

/// A wait in whole seconds, rounded up: nothing starts in `0s`.
pub(super) fn seconds(wait: Duration) -> String {
    let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
    match (seconds / 60, seconds % 60) {
        (0, seconds) => format!("{seconds}s"),
        (minutes, 0) => format!("{minutes}m"),
        (minutes, seconds) => format!("{minutes}m{seconds}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_messages_are_cut_between_characters() {
        let cut = bounded("ä".repeat(MAX_MESSAGE));
        assert!(cut.len() <= MAX_MESSAGE && cut.ends_with("ä…"));
        assert_eq!(bounded("short".into()), "short");
    }

    #[test]
    fn waits_are_rounded_up() {
        for (millis, text) in [(1, "1s"), (1000, "1s"), (59_001, "1m"), (90_000, "1m30s")] {
            assert_eq!(seconds(Duration::from_millis(millis)), text);
        }
    }
}
