//! The decision itself: what is, and what is asked for → what to do.

#[cfg(test)]
mod tests;

use std::time::Duration;

use jiff::Timestamp;
use lcmap_spark_crd::spec::RunKind;
use lcmap_spark_crd::status::{Attempt, DriverStatus, MAX_ATTEMPTS};
use lcmap_spark_crd::{Phase, Reason, SparkJob, SparkJobSpec, SparkJobStatus};

use super::conditions;
use super::restart::{self, Outcome};
use super::{Decision, Driver, DriverState, Effect, Ending, Observed, Requeue, Stopping, Wanted};

/// Decides what should happen to a job now.
///
/// Deciding twice on the same observation gives the same decision, and an effect that was done shows in the next
/// observation: whoever applies decisions may die between any two effects.
pub fn decide(job: &SparkJob, observed: &Observed) -> Decision {
    let mut step = Step {
        spec: &job.spec,
        observed,
        status: job.status.clone().unwrap_or_default(),
        effects: Vec::new(),
        wake: None,
    };
    step.status.observed_generation = job.metadata.generation;
    step.status.run = job.spec.run.kind().ok().map(lcmap_spark_crd::spec::RunRef::kind);
    if !step.phase().is_final() {
        match &observed.driver {
            Some(driver) => step.with(driver),
            None => step.without_driver(),
        }
    }
    conditions::derive(&mut step.status, observed);
    let requeue = step.wake.map_or(Requeue::OnChange, |at| Requeue::After(between(observed.now, at)));
    Decision { effects: step.effects, status: step.status, requeue }
}

struct Step<'a> {
    spec: &'a SparkJobSpec,
    observed: &'a Observed,
    status: SparkJobStatus,
    effects: Vec<Effect>,
    /// The next moment at which time alone changes something.
    wake: Option<Timestamp>,
}

impl Step<'_> {
    fn phase(&self) -> Phase {
        self.status.phase.unwrap_or_default()
    }

    fn attempt(&self) -> i32 {
        self.status.attempt.unwrap_or(1)
    }

    fn without_driver(&mut self) {
        if self.status.driver.is_some() {
            let message =
                "the driver vanished without a word: somebody deleted it, or its node is gone".to_owned();
            let at = self.observed.now;
            return self.ended(at, &Ending { at, exit_code: None, reason: Reason::DriverLost, message });
        }
        if self.observed.wanted == Wanted::Stop {
            return self.finish(
                Phase::Failed,
                Reason::Interrupted,
                "stopped before its driver started".into(),
            );
        }
        if self.spec.suspend {
            return self.becomes(
                Phase::Suspended,
                Reason::Suspended,
                "set spec.suspend to false to go on".into(),
            );
        }
        if self.status.start_time.is_none() {
            self.status.start_time = Some(time(self.observed.now));
            self.status.run_number.get_or_insert(1);
            self.status.restarts.get_or_insert(0);
        }
        if self.passed(self.deadline()) {
            return self.finish(Phase::Failed, Reason::DeadlineExceeded, self.deadline_message());
        }
        let next = self.status.next_attempt_time.as_ref().map(|time| time.0);
        if next.is_some_and(|_| !self.passed(next)) {
            return; // backing off
        }
        self.status.next_attempt_time = None;
        let attempt = self.attempt();
        self.status.attempt = Some(attempt);
        self.becomes(Phase::Pending, Reason::Starting, String::new());
        self.effects.push(Effect::StartDriver(attempt));
    }

    fn with(&mut self, driver: &Driver) {
        self.status.driver.get_or_insert_with(DriverStatus::default).pod_name = Some(driver.name.clone());
        if let DriverState::Ended(ending) = &driver.state {
            return self.ended(driver.created, ending);
        }
        if self.phase() == Phase::Releasing {
            return self.stop(driver);
        }
        if self.observed.wanted == Wanted::Stop {
            return self.release(driver, Reason::Interrupted, "asked to stop".into());
        }
        if self.passed(self.deadline()) {
            return self.release(driver, Reason::DeadlineExceeded, self.deadline_message());
        }
        match &driver.state {
            DriverState::Waiting { reason, message } => self.waiting(driver, *reason, message),
            DriverState::Running { reason, message } => {
                self.becomes(Phase::Running, *reason, message.clone());
            }
            DriverState::Ended(_) => {}
        }
    }

    fn waiting(&mut self, driver: &Driver, reason: Reason, message: &str) {
        let timeout = self.spec.start_timeout;
        if self.passed(later(driver.created, timeout.into())) {
            let message =
                format!("the driver did not run within startTimeout ({timeout}); it waited for: {message}");
            return self.release(driver, Reason::StartTimeout, message);
        }
        self.becomes(Phase::Pending, reason, message.to_owned());
    }

    fn release(&mut self, driver: &Driver, reason: Reason, message: String) {
        self.becomes(Phase::Releasing, reason, message);
        self.stop(driver);
    }

    fn stop(&mut self, driver: &Driver) {
        if driver.stopping == Stopping::No {
            self.effects.push(Effect::StopDriver(self.attempt()));
        }
    }

    fn ended(&mut self, created: Timestamp, ending: &Ending) {
        // In Releasing, the reason says why the driver was asked to stop.
        let asked = self.status.reason.filter(|_| self.phase() == Phase::Releasing);
        let outcome = restart::outcome(self.status.run.unwrap_or(RunKind::Submit), ending, asked);
        let reason = asked.filter(|_| outcome != Outcome::Success).unwrap_or(ending.reason);
        let message = match asked {
            Some(_) if outcome != Outcome::Success => self.status.message.clone(),
            _ => ending.message.clone(),
        };
        self.record(created, ending, reason, &message);
        let restarts = self.status.restarts.unwrap_or_default();
        let retry = restart::retry(self.spec, outcome, (created, ending.at), restarts, self.observed.jitter)
            .filter(|_| self.observed.wanted == Wanted::Run);
        if let Some(retry) = retry {
            let (ended, next) = (self.attempt(), self.attempt().saturating_add(1));
            self.status.attempt = Some(next);
            self.status.restarts = Some(retry.restarts);
            self.status.next_attempt_time = Some(time(retry.at));
            self.status.driver = None;
            let wait = crate::core::text::seconds(between(self.observed.now, retry.at));
            let message = format!("attempt {ended} ended: {message}; attempt {next} starts in {wait}");
            self.becomes(Phase::Pending, Reason::BackingOff, message);
            let deadline = self.deadline();
            self.passed(deadline);
            self.passed(Some(retry.at));
            return;
        }
        let phase = if outcome == Outcome::Success { Phase::Succeeded } else { Phase::Failed };
        self.finish(phase, reason, message);
    }

    fn record(&mut self, created: Timestamp, ending: &Ending, reason: Reason, message: &str) {
        let driver = self.status.driver.get_or_insert_with(DriverStatus::default);
        driver.exit_code = ending.exit_code;
        driver.reason = Some(ending.reason.as_str().to_owned());
        driver.message = Some(ending.message.clone()).filter(|message| !message.is_empty());
        let attempt = Attempt {
            attempt: self.status.attempt.unwrap_or(1),
            run_number: self.status.run_number.unwrap_or(1),
            reason,
            message: message.to_owned(),
            exit_code: ending.exit_code,
            pod_name: driver.pod_name.clone(),
            start_time: Some(time(created)),
            completion_time: Some(time(ending.at)),
        };
        self.status.attempts.push(attempt);
        let surplus = self.status.attempts.len().saturating_sub(MAX_ATTEMPTS);
        self.status.attempts.drain(..surplus);
    }

    fn finish(&mut self, phase: Phase, reason: Reason, message: String) {
        let now = self.observed.now;
        let start = self.status.start_time.as_ref().map_or(now, |time| time.0);
        self.status.completion_time = Some(time(now));
        self.status.duration = Some(lcmap_spark_crd::Duration::between(start, now));
        self.status.next_attempt_time = None;
        self.wake = None;
        self.becomes(phase, reason, message);
    }

    fn becomes(&mut self, phase: Phase, reason: Reason, message: String) {
        self.status.phase = Some(phase);
        self.status.reason = Some(reason);
        self.status.message = crate::core::text::bounded(message);
    }

    /// When the run must have ended.
    fn deadline(&self) -> Option<Timestamp> {
        later(self.status.start_time.as_ref()?.0, self.spec.active_deadline?.into())
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

fn time(at: Timestamp) -> k8s_openapi::apimachinery::pkg::apis::meta::v1::Time {
    k8s_openapi::apimachinery::pkg::apis::meta::v1::Time(at)
}
