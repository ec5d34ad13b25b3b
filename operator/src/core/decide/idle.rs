//! A job on its way that has no driver at the moment.

use std::time::Duration;

use lcmap_spark_crd::{Phase, Reason};

use super::{Step, later, time};
use crate::core::{Ending, Life, Start, Stopping, Wanted, backoff};

impl Step<'_> {
    pub(super) fn without_driver(&mut self) {
        if self.status.driver.is_some() {
            if self.is_settled(None) {
                self.lost();
            }
            return;
        }
        if self.is_being_deleted() {
            return;
        }
        if self.observed.wanted == Wanted::Stop {
            let message = "stopped before its driver started".to_owned();
            return self.finish(self.observed.now, Phase::Failed, Reason::Interrupted, message);
        }
        if let Some(renewal) = self.renewal() {
            return self.begin(&renewal);
        }
        if self.spec.suspend {
            return self.suspend();
        }
        self.resume();
        if self.passed(self.deadline()) {
            let message = self.deadline_message();
            return self.finish(self.observed.now, Phase::Failed, Reason::DeadlineExceeded, message);
        }
        if self.is_backing_off() {
            return;
        }
        self.status.next_attempt_time = None;
        self.start();
    }

    fn is_backing_off(&mut self) -> bool {
        let longest = backoff::longest(self.spec.restart.backoff_max.into());
        // Whole seconds are kept, the next one where there is a fraction.
        let furthest = later(self.observed.now, longest + Duration::from_secs(1));
        let next = self.status.next_attempt_time.as_ref().map(|time| time.0);
        next.filter(|next| Some(*next) <= furthest).is_some_and(|next| !self.passed(Some(next)))
    }

    /// The driver that the status names is not there any more.
    fn lost(&mut self) {
        let message =
            "the driver vanished without a word: somebody deleted it, or its node is gone".to_owned();
        let ending = Ending { at: self.observed.now, exit_code: None, reason: Reason::DriverLost, message };
        self.ended(&Stopping::No, &ending);
    }

    fn start(&mut self) {
        let attempt = self.attempt();
        if self.observed.remnants.iter().any(|it| it.life == Life::Living) {
            let message = "a driver of an earlier attempt is still stopping".to_owned();
            return self.becomes(Phase::Pending, Reason::StoppingDriver, message);
        }
        if let Some(obstacle) = &self.observed.obstacle {
            self.passed(obstacle.until);
            return self.becomes(Phase::Pending, obstacle.reason, obstacle.message.clone());
        }
        self.becomes(Phase::Pending, Reason::Starting, String::new());
        // The first number is everybody's to take; a later one is the status' to give.
        let recorded = self.job.status.as_ref().and_then(|status| status.attempt);
        if recorded.unwrap_or(1) == attempt {
            let step = if self.needs_finalizer() { Start::AddFinalizer } else { Start::Driver(attempt) };
            self.start = Some(step);
        } else {
            self.again = true;
        }
    }

    pub(super) fn suspend(&mut self) {
        self.status.suspended_since.get_or_insert_with(|| time(self.observed.now));
        self.status.next_attempt_time = None;
        let message = "set spec.suspend to false to go on".to_owned();
        self.becomes(Phase::Suspended, Reason::Suspended, message);
    }

    fn resume(&mut self) {
        if self.status.suspended_since.is_some() {
            self.count_the_suspension();
            self.becomes(Phase::Pending, Reason::Resumed, String::new());
        }
    }

    /// Adds the suspension that is over to those before it.
    pub(super) fn count_the_suspension(&mut self) {
        let Some(since) = self.status.suspended_since.take() else { return };
        if self.status.start_time.is_some() {
            let before = self.status.suspended_for.map(Duration::from).unwrap_or_default();
            let from = since.0.checked_sub(before).unwrap_or(since.0);
            self.status.suspended_for = Some(lcmap_spark_crd::Duration::between(from, self.observed.now));
        }
    }
}
