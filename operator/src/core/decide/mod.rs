//! The decision itself: what is, and what is asked for → what to do.

mod afterwards;
mod ended;
mod idle;
mod living;
mod on_mesos;
mod renewal;
mod settle;
#[cfg(test)]
mod tests;

use std::time::Duration;

use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use lcmap_spark_crd::spec::RunRef;
use lcmap_spark_crd::{Phase, Reason, SparkJob, SparkJobSpec, SparkJobStatus};

use super::conditions;
use super::{Decision, Effect, Observed, Requeue, Start, StatusWrite};

/// Decides what should happen to a job now.
///
/// Deciding twice on the same observation gives the same decision, and what was done shows in the next
/// observation: whoever applies decisions may die between any two steps.
pub fn decide(job: &SparkJob, observed: &Observed) -> Decision {
    let mut step = Step {
        job,
        spec: &job.spec,
        observed,
        status: job.status.clone().unwrap_or_default(),
        start: None,
        write: StatusWrite::Now,
        effects: Vec::new(),
        wake: None,
        again: false,
        unreleased: None,
        allocation: None,
    };
    step.take();
    let requeue = match step.wake {
        _ if step.again => Requeue::AtOnce,
        Some(at) => Requeue::After(between(observed.now, at)),
        None => Requeue::OnChange,
    };
    let Step { start, status, write, effects, .. } = step;
    Decision { start, status, write, effects, requeue }
}

struct Step<'a> {
    job: &'a SparkJob,
    spec: &'a SparkJobSpec,
    observed: &'a Observed,
    status: SparkJobStatus,
    start: Option<Start>,
    write: StatusWrite,
    effects: Vec<Effect>,
    /// The next moment at which time alone changes something.
    wake: Option<Timestamp>,
    /// Whether there is more to decide as soon as the status is written.
    again: bool,
    /// What keeps frameworks from being seen gone, if anything does.
    unreleased: Option<(Reason, String)>,
    /// How it stands with executors, as somebody who has looked says it.
    allocation: Option<(Reason, String)>,
}

impl Step<'_> {
    fn take(&mut self) {
        self.status.observed_generation = self.job.metadata.generation;
        self.status.run = self.spec.run.kind().ok().map(RunRef::kind);
        self.status.run_number.get_or_insert(1);
        self.status.attempt.get_or_insert(1);
        self.status.restarts.get_or_insert(0);
        self.note_the_first_rerun();
        match &self.observed.driver {
            _ if self.phase().is_final() => self.after_the_end(),
            Some(driver) => self.with(driver),
            None => self.without_driver(),
        }
        self.let_go();
        if !self.is_being_deleted() {
            self.tidy_up();
        }
        let (unreleased, allocation) = (self.unreleased.as_ref(), self.allocation.as_ref());
        conditions::derive(&mut self.status, self.observed, unreleased, allocation);
    }

    fn phase(&self) -> Phase {
        self.status.phase.unwrap_or_default()
    }

    fn attempt(&self) -> i32 {
        self.status.attempt.unwrap_or(1)
    }

    fn is_being_deleted(&self) -> bool {
        self.job.metadata.deletion_timestamp.is_some()
    }

    /// Why we asked the driver to stop, if it was us.
    fn asked(&self) -> Option<Reason> {
        use Reason::{
            AllocationTimeout, DeadlineExceeded, Edited, Interrupted, RunAgain, StartTimeout, StoppingDriver,
            Suspended,
        };
        let ours = [
            AllocationTimeout,
            DeadlineExceeded,
            Edited,
            Interrupted,
            RunAgain,
            StartTimeout,
            StoppingDriver,
            Suspended,
        ];
        let reason = self.status.reason.filter(|_| self.phase() == Phase::Releasing)?;
        match reason {
            // Its driver has stopped, and its frameworks are waited for.
            Reason::TearingDown if self.is_being_deleted() => Some(StoppingDriver),
            reason => ours.contains(&reason).then_some(reason),
        }
    }

    fn becomes(&mut self, phase: Phase, reason: Reason, message: String) {
        self.status.phase = Some(phase);
        self.status.reason = Some(reason);
        self.status.message = crate::core::text::bounded(message);
    }

    /// When the run must have ended. Time that it was suspended does not count.
    fn deadline(&self) -> Option<Timestamp> {
        let start = self.status.start_time.as_ref()?.0;
        let suspended = self.status.suspended_for.map(Duration::from).unwrap_or_default();
        later(later(start, self.spec.active_deadline?.into())?, suspended)
    }

    fn deadline_message(&self) -> String {
        let deadline = self.spec.active_deadline.map(|d| d.to_string()).unwrap_or_default();
        format!("the run took longer than activeDeadline ({deadline})")
    }

    /// Whether a moment has come. One that has not is one to wake up at.
    fn passed(&mut self, at: Option<Timestamp>) -> bool {
        match at {
            Some(at) if at > self.observed.now => {
                self.wake = Some(self.wake.map_or(at, |wake| wake.min(at)));
                false
            }
            Some(_) => true,
            None => false,
        }
    }
}

fn later(start: Timestamp, by: Duration) -> Option<Timestamp> {
    start.checked_add(by).ok()
}

fn between(from: Timestamp, to: Timestamp) -> Duration {
    Duration::try_from(to.duration_since(from)).unwrap_or_default()
}

/// A moment as Kubernetes keeps it: in whole seconds.
fn time(at: Timestamp) -> Time {
    Time(Timestamp::from_second(at.as_second()).unwrap_or(at))
}

/// The same, and not before the moment itself.
fn time_after(at: Timestamp) -> Time {
    let whole = time(at);
    if whole.0 < at { time(later(at, Duration::from_secs(1)).unwrap_or(at)) } else { whole }
}
