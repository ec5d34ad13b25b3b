//! A job on its way that has no driver at the moment.

use lcmap_spark_crd::{Duration, Phase, Reason};

use super::{Step, time};
use crate::core::{Effect, Ending, Life, Stopping, Wanted};

impl Step<'_> {
    pub(super) fn without_driver(&mut self) {
        if self.status.driver.is_some() {
            return self.lost();
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
        let next = self.status.next_attempt_time.as_ref().map(|time| time.0);
        if next.is_some_and(|_| !self.passed(next)) {
            return; // backing off
        }
        self.status.next_attempt_time = None;
        self.start();
    }

    /// The driver that the status names is not there any more.
    fn lost(&mut self) {
        let message =
            "the driver vanished without a word: somebody deleted it, or its node is gone".to_owned();
        let at = self.observed.now;
        // Nobody wrote down when this attempt began: not before the one before it ended.
        let before = self.status.attempts.last().and_then(|attempt| attempt.completion_time.as_ref());
        let began = self.status.start_time.as_ref();
        let created = before.max(began).map_or(at, |time| time.0);
        let ending = Ending { at, exit_code: None, reason: Reason::DriverLost, message };
        self.ended(created, &Stopping::No, &ending);
    }

    fn start(&mut self) {
        let attempt = self.attempt();
        if self.living_remnants() {
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
            self.start = Some(attempt);
        } else {
            self.again = true;
        }
    }

    /// Stops what still lives of earlier attempts. Answers whether anything does.
    fn living_remnants(&mut self) -> bool {
        let living: Vec<_> = self.observed.remnants.iter().filter(|it| it.life == Life::Living).collect();
        let asked = living.iter().filter(|it| it.stopping == Stopping::No);
        self.effects.extend(asked.map(|it| Effect::StopDriver(it.attempt)));
        !living.is_empty()
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
            let before = self.status.suspended_for.map(std::time::Duration::from).unwrap_or_default();
            let from = since.0.checked_sub(before).unwrap_or(since.0);
            self.status.suspended_for = Some(Duration::between(from, self.observed.now));
        }
    }
}
