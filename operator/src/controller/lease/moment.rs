//! A clock that only goes forward and never stands still.

use std::ops::Add;
use std::time::Duration;

use rustix::time::{ClockId, Timespec, clock_gettime};

/// A time on this machine's `CLOCK_BOOTTIME`. It means nothing on another machine.
///
/// Not [`std::time::Instant`]: that is `CLOCK_MONOTONIC`, which stands still while the machine is suspended (`man 2
/// clock_gettime`), so that a holder would wake up in the belief that its lease is fresh.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Moment(Duration);

impl Moment {
    /// Now.
    pub(crate) fn now() -> Self {
        let Timespec { tv_sec, tv_nsec } = clock_gettime(ClockId::Boottime);
        // Neither is ever negative, nor is there a whole second of nanoseconds.
        let nanoseconds = u32::try_from(tv_nsec).unwrap_or_default();
        Self(Duration::new(u64::try_from(tv_sec).unwrap_or_default(), nanoseconds))
    }

    /// The moment that is this long after the clock's zero.
    #[cfg(test)]
    pub(crate) fn at(since_zero: Duration) -> Self {
        Self(since_zero)
    }

    /// How long it is from `earlier` until this moment; nothing if that is later.
    pub(crate) fn since(self, earlier: Self) -> Duration {
        self.0.saturating_sub(earlier.0)
    }
}

impl Add<Duration> for Moment {
    type Output = Self;

    fn add(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(duration))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_goes_on_while_the_process_sleeps() {
        let before = Moment::now();
        std::thread::sleep(Duration::from_millis(5));
        assert!(Moment::now().since(before) >= Duration::from_millis(5));
    }
}
