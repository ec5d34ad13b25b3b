//! The end of an attempt, and perhaps of its run.

use jiff::Timestamp;
use lcmap_spark_crd::spec::RunKind;
use lcmap_spark_crd::status::{Attempt, MAX_ATTEMPTS};
use lcmap_spark_crd::{Phase, Reason};

use super::renewal::Renewal;
use super::{Step, between, conditions, time, time_after};
use crate::core::restart::{self, Outcome, Past, Retry};
use crate::core::{Ending, Stopping, Wanted, text};

impl Step<'_> {
    pub(super) fn ended(&mut self, stopping: &Stopping, ending: &Ending) {
        let ending = &self.judged(stopping, ending);
        let asked = self.asked();
        let outcome = restart::outcome(self.status.run.unwrap_or(RunKind::Submit), ending, asked);
        let of_itself = asked.is_none() || outcome == Outcome::Success;
        let (reason, message) = match asked {
            Some(asked) if !of_itself => (asked, self.status.message.clone()),
            _ => (ending.reason, ending.message.clone()),
        };
        let started = self.got_going(reason);
        self.record(ending, reason, &message);
        match asked {
            Some(reason @ (Reason::Edited | Reason::RunAgain)) => {
                return self.begin(&Renewal { reason, message: "the driver before has stopped" });
            }
            Some(Reason::Suspended) if !of_itself => {
                self.next_attempt();
                return self.suspend();
            }
            _ => {}
        }
        let restarts = self.status.restarts.unwrap_or_default();
        let past = Past { outcome, started, ended: ending.at, restarts };
        let retry = restart::retry(self.spec, past, self.observed.jitter)
            .filter(|_| self.observed.wanted == Wanted::Run);
        if let Some(retry) = retry {
            return self.back_off(retry, &message);
        }
        let phase = if outcome == Outcome::Success { Phase::Succeeded } else { Phase::Failed };
        self.finish(ending.at, phase, reason, message);
    }

    /// Since when the attempt was at its work, unless the reason of its end says that it never was.
    fn got_going(&self, reason: Reason) -> Option<Timestamp> {
        let mesos = self.status.mesos.as_ref();
        let is_unregistered = mesos.is_some_and(|mesos| mesos.registered_time.is_none());
        if restart::never_got_going(reason) || is_unregistered && restart::is_trouble_with_mesos(reason) {
            return None;
        }
        self.status.driver.as_ref()?.start_time.as_ref().map(|time| time.0)
    }

    /// An ending in the light of what befell the driver: one that was told to stop by others did not just stop.
    fn judged(&self, stopping: &Stopping, ending: &Ending) -> Ending {
        use Reason::{DriverLost, KilledAfterGracePeriod, KilledBySignal, Stopped};
        let mut ending = ending.clone();
        let was_stopped =
            matches!(ending.reason, DriverLost | Stopped | KilledAfterGracePeriod | KilledBySignal);
        if !was_stopped || self.asked().is_some() {
            return ending;
        }
        let befell = match stopping {
            Stopping::Disrupted { reason, message } => Some((*reason, message.clone())),
            _ if self.phase() == Phase::Releasing && self.status.reason != Some(Reason::TearingDown) => {
                self.status.reason.map(|reason| (reason, self.status.message.clone()))
            }
            Stopping::Asked => {
                Some((DriverLost, "the driver pod was deleted, and not by lcmap-spark".into()))
            }
            Stopping::No => None,
        };
        if let Some((reason, message)) = befell {
            ending.reason = reason;
            ending.message = message;
        }
        ending
    }

    fn back_off(&mut self, retry: Retry, message: &str) {
        let ended = self.attempt();
        self.next_attempt();
        self.status.restarts = Some(retry.restarts);
        self.status.next_attempt_time = Some(time_after(retry.at));
        let wait = text::seconds(between(self.observed.now, retry.at));
        let next = self.attempt();
        let message = format!("attempt {ended} ended: {message}; attempt {next} starts in {wait}");
        self.becomes(Phase::Pending, Reason::BackingOff, message);
        let deadline = self.deadline();
        self.passed(deadline);
        let next = self.status.next_attempt_time.as_ref().map(|time| time.0);
        self.again |= self.passed(next);
    }

    /// The number of the next attempt is written together with the end of the one before.
    fn next_attempt(&mut self) {
        self.status.attempt = Some(self.attempt().saturating_add(1));
        self.forget_the_driver();
    }

    /// Forgets what is of one driver alone.
    pub(super) fn forget_the_driver(&mut self) {
        let status = &mut self.status;
        status.driver = None;
        status.mesos = None;
        status.next_attempt_time = None;
        status.progress = None;
        status.url = None;
        status.ui_url = None;
        conditions::forget_certificate(status);
    }

    fn record(&mut self, ending: &Ending, reason: Reason, message: &str) {
        let driver = self.status.driver.get_or_insert_default();
        driver.exit_code = ending.exit_code;
        driver.reason = Some(ending.reason.as_str().to_owned());
        driver.message = Some(text::bounded(ending.message.clone())).filter(|message| !message.is_empty());
        let attempt = Attempt {
            attempt: self.status.attempt.unwrap_or(1),
            run_number: self.status.run_number.unwrap_or(1),
            reason,
            message: text::bounded(message.to_owned()),
            exit_code: ending.exit_code,
            pod_name: driver.pod_name.clone(),
            start_time: driver.start_time.clone(),
            completion_time: Some(time(ending.at)),
        };
        let kept =
            usize::try_from(self.spec.retention.attempts).unwrap_or(MAX_ATTEMPTS).clamp(1, MAX_ATTEMPTS);
        self.status.attempts.push(attempt);
        let surplus = self.status.attempts.len().saturating_sub(kept);
        self.status.attempts.drain(..surplus);
    }

    /// Ends the run, at the moment that it ended itself: an operator may learn of it much later.
    pub(super) fn finish(&mut self, at: Timestamp, phase: Phase, reason: Reason, message: String) {
        let start = self.status.start_time.as_ref().map_or(at, |time| time.0);
        self.status.completion_time = Some(time(at));
        self.status.duration = Some(lcmap_spark_crd::Duration::between(start, at));
        self.status.next_attempt_time = None;
        if phase == Phase::Succeeded {
            // It was asked for before the last of it was done; of a failure it tells how far it came.
            self.status.progress = None;
        }
        self.status.url = None;
        self.status.ui_url = None;
        self.wake = None;
        self.becomes(phase, reason, message);
        self.again = true; // what becomes of it afterwards
    }
}
