//! How long to wait before the next try.

use std::time::Duration;

const SHORTEST: Duration = Duration::from_millis(100);
const LONGEST: Duration = Duration::from_secs(5);

/// Doubles up to five seconds, with jitter so that a thousand drivers do not meet a new master at once.
#[derive(Debug)]
pub(super) struct Backoff(Duration);

impl Backoff {
    pub(super) fn new() -> Self {
        Self(SHORTEST)
    }

    /// The next pause: between half and all of the present one.
    pub(super) fn next(&mut self) -> Duration {
        let pause = self.0.mul_f64(fastrand::f64().mul_add(0.5, 0.5));
        self.0 = (self.0 * 2).min(LONGEST);
        pause
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_their_limit() {
        let mut backoff = Backoff::new();
        let pauses: Vec<Duration> = (0..20).map(|_| backoff.next()).collect();
        assert!(pauses[0] <= SHORTEST && pauses[0] >= SHORTEST / 2);
        assert!(pauses[19] <= LONGEST && pauses[19] >= LONGEST / 2);
    }
}
