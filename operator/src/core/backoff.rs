//! How long to wait before the next attempt.

use std::time::Duration;

/// The share of a backoff that jitter may add.
const SPREAD: f64 = 0.1;

/// Where in its spread a backoff falls, from 0 to 1. Drawn at random where the world is observed, so that many
/// jobs that failed together do not come back together.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Jitter(f64);

impl Jitter {
    /// No jitter at all.
    pub const NONE: Self = Self(0.0);

    /// From a number drawn between 0 and 1; what lies outside is brought inside.
    pub fn new(drawn: f64) -> Self {
        Self(if drawn.is_finite() { drawn.clamp(0.0, 1.0) } else { 0.0 })
    }
}

/// The wait before retry number `retry` (from 1): `first`, doubled each time, never more than `cap`, plus up to
/// a tenth of jitter.
pub(super) fn delay(first: Duration, cap: Duration, retry: i32, jitter: Jitter) -> Duration {
    let doublings = u32::try_from(retry.saturating_sub(1).clamp(0, 31)).unwrap_or(31);
    let wait = first.saturating_mul(1 << doublings).min(cap);
    wait + wait.mul_f64(SPREAD * jitter.0)
}

/// The longest wait that there can be with this `cap`. What is further away was written by a clock that has been set
/// back since.
pub(super) fn longest(cap: Duration) -> Duration {
    cap + cap.mul_f64(SPREAD)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(retry: i32) -> u64 {
        delay(Duration::from_secs(10), Duration::from_secs(300), retry, Jitter::NONE).as_secs()
    }

    #[test]
    fn backoff_doubles_up_to_its_cap() {
        let waits: Vec<_> = (1..=8).map(seconds).collect();
        assert_eq!(waits, [10, 20, 40, 80, 160, 300, 300, 300]);
        assert_eq!(seconds(i32::MAX), 300);
    }

    #[test]
    fn jitter_adds_at_most_a_tenth() {
        let first = Duration::from_secs(10);
        assert_eq!(delay(first, first, 1, Jitter::new(1.0)), Duration::from_secs(11));
        assert_eq!(delay(first, first, 1, Jitter::new(f64::NAN)), first);
    }

    proptest::proptest! {
        #[test]
        fn no_wait_is_shorter_than_the_one_before(first in 0u64..1000, cap in 0u64..100_000, retry in 1i32..100) {
            let wait = |n| delay(Duration::from_secs(first), Duration::from_secs(cap), n, Jitter::NONE);
            proptest::prop_assert!(wait(retry) <= wait(retry + 1));
            proptest::prop_assert!(wait(retry) <= Duration::from_secs(cap));
            let (first, cap) = (Duration::from_secs(first), Duration::from_secs(cap));
            proptest::prop_assert!(delay(first, cap, retry, Jitter::new(1.0)) <= longest(cap));
        }
    }
}
