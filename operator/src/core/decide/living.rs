//! A job on its way whose driver is there.

use std::time::Duration;

use jiff::Timestamp;
use lcmap_spark_crd::spec::RunKind;
use lcmap_spark_crd::status::NotebookStatus;
use lcmap_spark_crd::{Phase, Reason, SparkJobStatus};

use super::{Step, later, time};
use crate::core::{Driver, DriverState, Effect, StatusWrite, Stopping, Wanted};

/// How long a driver takes to start at most, on a node that has its image, where nothing is wrong but the cluster is busy.
const USUAL_START: Duration = Duration::from_secs(20);

impl Step<'_> {
    pub(super) fn with(&mut self, driver: &Driver) {
        self.note(driver);
        if let DriverState::Ended(ending) = &driver.state {
            if self.is_settled(Some(ending.at)) && (self.has_finalizer() || !self.is_being_deleted()) {
                self.ended(&driver.stopping, ending);
            }
            return;
        }
        if self.asked().is_some() {
            return self.stop(driver);
        }
        // Also of one that is on its way out for another cause: what is asked for must not wait for that to come to something.
        if let Some((reason, message)) = self.cause_to_stop() {
            return self.release(driver, reason, message);
        }
        match &driver.stopping {
            Stopping::No => {}
            Stopping::Asked => {
                let message = "the driver pod is being deleted, and not by lcmap-spark".to_owned();
                return self.becomes(Phase::Releasing, Reason::DriverLost, message);
            }
            Stopping::Disrupted { reason, message } => {
                return self.becomes(Phase::Releasing, *reason, message.clone());
            }
        }
        match &driver.state {
            DriverState::Waiting { reason, message } => self.waiting(driver, *reason, message),
            DriverState::Running { reason, message } => {
                if let Some(mesos) = &driver.mesos {
                    self.runs_on_mesos(driver, mesos, (*reason, message));
                } else {
                    self.goes_its_usual_way(driver, *reason);
                    self.goes_on(Phase::Running, *reason, message.clone());
                }
                self.note_certificate(driver);
                self.note_ui(driver);
                if let Some(notebook) = &driver.notebook {
                    self.status.url = Some(notebook.url.clone());
                }
            }
            DriverState::Ended(_) => {}
        }
    }

    /// Says where a driver that lives has come to. Nothing of an attempt goes backwards: what is seen late, or not seen any more,
    /// takes nothing back.
    pub(super) fn goes_on(&mut self, phase: Phase, reason: Reason, message: String) {
        let is_on_its_way = (Phase::Pending..=Phase::Running).contains(&self.phase());
        if !is_on_its_way || phase >= self.phase() {
            self.becomes(phase, reason, message);
        }
    }

    /// Takes down what a driver is called and where it is, and that its run has begun.
    fn note(&mut self, driver: &Driver) {
        let at = self.status.driver.get_or_insert_default();
        let is_new = at.pod_uid != driver.uid;
        at.pod_name = Some(driver.name.clone());
        at.pod_uid.clone_from(&driver.uid);
        if driver.node.is_some() {
            at.node.clone_from(&driver.node);
        }
        if is_new {
            at.start_time = None;
        }
        if let Some(started) = started(driver, self.status.run, self.observed.now) {
            at.start_time.get_or_insert_with(|| time(started));
        }
        if let Some(mesos) = &driver.mesos {
            self.note_where(mesos);
        }
        if let Some(notebook) = &driver.notebook {
            let token_secret_name = Some(notebook.token_secret.clone());
            self.status.notebook = Some(NotebookStatus { token_secret_name });
        }
        self.status.next_attempt_time = None;
        if !self.spec.suspend {
            self.count_the_suspension();
        }
        self.status.start_time.get_or_insert_with(|| time(driver.created));
        // Its pod may be older than the last edit, if whoever made it died before it could say so.
        match &driver.revision {
            Some(revision) if is_new => self.status.revision = Some(revision.clone()),
            _ if self.status.revision.is_none() => self.status.revision = self.revision(),
            _ => {}
        }
    }

    /// Takes down where Spark's UI is and how far Spark is. Mesos knows of a new context before it has a UI that answers.
    fn note_ui(&mut self, driver: &Driver) {
        let on_mesos = driver.mesos.as_ref().and_then(|mesos| mesos.ui).map(|ui| format!("http://{ui}"));
        let answers = driver.ui.as_ref().map(|ui| ui.url.clone());
        if let Some(url) = on_mesos.or(answers) {
            self.status.ui_url = Some(url.clone());
            self.status.url = Some(url);
        }
        if let Some(ui) = &driver.ui {
            self.status.progress = Some(ui.progress);
        }
    }

    /// Why a driver that lives should stop, if it should.
    fn cause_to_stop(&mut self) -> Option<(Reason, String)> {
        if self.observed.wanted == Wanted::Stop {
            return Some((Reason::Interrupted, "asked to stop".into()));
        }
        if self.is_being_deleted() {
            return Some((Reason::StoppingDriver, "the job is being deleted".into()));
        }
        if let Some(renewal) = self.renewal() {
            return Some((renewal.reason, renewal.message.into()));
        }
        if self.spec.suspend {
            return Some((Reason::Suspended, "spec.suspend is true: the driver is stopping".into()));
        }
        let deadline = self.deadline();
        self.passed(deadline).then(|| (Reason::DeadlineExceeded, self.deadline_message()))
    }

    fn waiting(&mut self, driver: &Driver, reason: Reason, message: &str) {
        if self.status.driver.as_ref().is_some_and(|driver| driver.start_time.is_some()) {
            return self.pauses();
        }
        let timeout = self.spec.start_timeout;
        if self.passed(later(driver.created, timeout.into())) {
            let message =
                format!("the driver did not run within startTimeout ({timeout}); it waited for: {message}");
            return self.release(driver, Reason::StartTimeout, message);
        }
        if self.is_told_to_start(reason) && !self.passed(later(driver.created, USUAL_START)) {
            // Its place and the steps of its start are left out: each would cost a write, and the next is near.
            self.status.driver = self.job.status.as_ref().and_then(|told| told.driver.clone());
            return;
        }
        self.goes_its_usual_way(driver, reason);
        self.goes_on(Phase::Pending, reason, message.to_owned());
    }

    /// A driver that has run does not wait for its start any more, though it looks as if it did: its command is over and its
    /// agent is not, or its notebook is too busy to answer.
    fn pauses(&mut self) {
        if self.status.run == Some(RunKind::Notebook) {
            let message = "Jupyter runs, and does not answer at the moment".to_owned();
            self.goes_on(Phase::Running, Reason::DriverRunning, message);
        }
    }

    /// A young driver that starts and runs as expected is no news that anybody must not wait for, but a notebook's address.
    fn goes_its_usual_way(&mut self, driver: &Driver, reason: Reason) {
        let is_usual = matches!(reason, Reason::Starting | Reason::DriverRunning);
        let is_submitted = self.status.run == Some(RunKind::Submit);
        if is_usual && is_submitted && !self.passed(later(driver.created, USUAL_START)) {
            self.write = StatusWrite::WhenQuiet;
        }
    }

    /// Whether the status, as it was read, says that this driver starts, and that is all that is to be said.
    fn is_told_to_start(&self, reason: Reason) -> bool {
        let Some(told) = self.job.status.as_ref() else { return false };
        let pod = |status: &SparkJobStatus| status.driver.as_ref().and_then(|driver| driver.pod_uid.clone());
        reason == Reason::Starting
            && told.phase == Some(Phase::Pending)
            && told.reason == Some(Reason::Starting)
            && pod(told) == pod(&self.status)
    }

    pub(super) fn release(&mut self, driver: &Driver, reason: Reason, message: String) {
        self.becomes(Phase::Releasing, reason, message);
        self.stop(driver);
    }

    /// Asks the driver to stop, once the status says why: else a successor would take it for lost.
    fn stop(&mut self, driver: &Driver) {
        if self.asked().is_none() || driver.stopping != Stopping::No {
            return;
        }
        let recorded = self.job.status.as_ref().and_then(|status| status.phase);
        if recorded == Some(Phase::Releasing) {
            self.effects.push(Effect::StopDriver(self.attempt()));
        } else {
            self.again = true;
        }
    }
}

/// Since when a driver runs, if it does or did. A notebook runs once it answers, which nobody dates but whoever sees it.
fn started(driver: &Driver, run: Option<RunKind>, now: Timestamp) -> Option<Timestamp> {
    let is_notebook = run == Some(RunKind::Notebook);
    match &driver.state {
        DriverState::Waiting { .. } => None,
        DriverState::Running { .. } => Some(driver.started.filter(|_| !is_notebook).unwrap_or(now)),
        DriverState::Ended(_) => driver.started.filter(|_| !is_notebook),
    }
}
