//! Executors that run on Mesos and never reach their driver: Spark itself says of them only that they are lost.

use std::time::{Duration, Instant};

use lcmap_mesos::SupervisedFramework;

/// How long an executor may take from its start until it has connected to its driver: its JVM has to start.
const PATIENCE: Duration = Duration::from_secs(30);

/// Whether executors reach the driver.
#[derive(Debug, Default)]
pub(crate) struct Reach {
    /// Since when executors of the framework of this number run.
    since: Option<(u32, Instant)>,
    /// The frameworks whose executors came through, up to this number.
    reached: u32,
}

impl Reach {
    /// Tells the address, as host and port, that executors of the last framework do not reach, for as long as that is so.
    /// `is_reached` asks whether anything is connected to a port.
    pub(crate) fn look(
        &mut self,
        frameworks: &[SupervisedFramework],
        now: Instant,
        is_reached: impl FnOnce(u16) -> bool,
    ) -> Option<String> {
        let framework = frameworks.last().filter(|framework| framework.number > self.reached)?;
        let state = &framework.state;
        let address = state.driver_address.as_ref().filter(|_| state.has_run)?;
        if state.is_over() {
            return None;
        }
        let port = address.rsplit_once(':')?.1.parse().ok()?;
        let since = match self.since {
            Some((number, since)) if number == framework.number => since,
            _ => {
                self.since = Some((framework.number, now));
                now
            }
        };
        if is_reached(port) {
            self.reached = framework.number;
            return None;
        }
        (now.duration_since(since) >= PATIENCE).then(|| address.clone())
    }
}

/// The same for people.
pub(crate) fn unreached(address: &str) -> String {
    format!(
        "executors run on Mesos, and none has reached the driver at {address} within {} s: open that port to the Mesos \
         agents (spark.driver.port in conf fixes it), or use network: Host",
        PATIENCE.as_secs()
    )
}

#[cfg(test)]
mod tests {
    use lcmap_mesos::FrameworkState;

    use super::*;

    fn framework(number: u32, has_run: bool) -> SupervisedFramework {
        let state = serde_json::json!({"phase": "Registered", "pid": 7, "master": "m:5050", "user": "u",
            "driverAddress": "10.0.0.5:4711", "hasRun": has_run, "stopCalled": false});
        let state: FrameworkState = serde_json::from_value(state).unwrap();
        SupervisedFramework { number, state }
    }

    fn looks(
        reach: &mut Reach,
        framework: SupervisedFramework,
        at: Instant,
        reached: bool,
    ) -> Option<String> {
        reach.look(&[framework], at, |port| {
            assert_eq!(port, 4711);
            reached
        })
    }

    #[test]
    fn executors_that_never_come_through_are_told_of_until_they_do() {
        let (mut reach, start) = (Reach::default(), Instant::now());
        assert_eq!(looks(&mut reach, framework(1, true), start, false), None);
        let late = start + PATIENCE;
        for at in [late, late + PATIENCE] {
            assert_eq!(looks(&mut reach, framework(1, true), at, false).as_deref(), Some("10.0.0.5:4711"));
        }
        assert_eq!(looks(&mut reach, framework(1, true), late + PATIENCE, true), None, "one came through");
        assert_eq!(looks(&mut reach, framework(1, true), late + 2 * PATIENCE, false), None);
    }

    #[test]
    fn the_executors_of_another_framework_have_their_own_time() {
        let (mut reach, start) = (Reach::default(), Instant::now());
        looks(&mut reach, framework(1, true), start, false);
        assert_eq!(looks(&mut reach, framework(2, true), start + PATIENCE, false), None);
    }

    #[test]
    fn time_counts_from_the_first_executor_that_runs() {
        let (mut reach, start) = (Reach::default(), Instant::now());
        assert_eq!(looks(&mut reach, framework(1, false), start, false), None);
        assert_eq!(looks(&mut reach, framework(1, true), start + 2 * PATIENCE, false), None);
    }

    #[test]
    fn one_that_has_come_through_is_enough() {
        let (mut reach, start) = (Reach::default(), Instant::now());
        assert_eq!(looks(&mut reach, framework(1, true), start, true), None);
        assert_eq!(looks(&mut reach, framework(1, true), start + 2 * PATIENCE, false), None);
    }
}
