//! What the master has logged of a run.

use jiff::{Timestamp, Zoned, civil::Time};
use lcmap_spark_tests::mesos::Bed;

use crate::job::Timings;

/// A master, asked about one run.
pub(crate) struct Watch<'m> {
    mesos: &'m Bed,
    logged: usize,
    /// When the run was asked for.
    pub(crate) asked: Timestamp,
}

impl<'m> Watch<'m> {
    /// From now on.
    pub(crate) fn begins(mesos: &'m Bed) -> Self {
        Self { mesos, logged: mesos.master(0).log().len(), asked: Timestamp::now() }
    }

    /// How many seconds ago that was.
    pub(crate) fn elapsed(&self) -> f64 {
        self.after(Timestamp::now())
    }

    /// How many seconds later this was.
    pub(crate) fn after(&self, time: Timestamp) -> f64 {
        time.duration_since(self.asked).as_secs_f64()
    }

    /// The run has ended: completes what was seen of it.
    pub(crate) fn ends(&self, timings: &mut Timings) {
        let log = self.mesos.master(0).log();
        let first =
            |text: &str| log[self.logged..].lines().find(|line| line.contains(text)).and_then(time_of);
        let asked = Zoned::new(self.asked, jiff::tz::TimeZone::system()).time();
        let after = |time: Time| asked.duration_until(time).as_secs_f64().rem_euclid(24.0 * 3600.0);
        timings.registered = first("Adding framework").map(after);
        timings.executor = first("Status update TASK_RUNNING").map(after);
    }
}

/// `I1123 20:30:12.345678 …`, the time of day where the master is.
fn time_of(line: &str) -> Option<Time> {
    line.split_whitespace().nth(1)?.parse().ok()
}
