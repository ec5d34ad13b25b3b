//! New runs: by an edit of a field of the restart class, or by the rerun annotation.

use lcmap_spark_crd::names::ANNOTATION_RERUN;
use lcmap_spark_crd::{Phase, Reason, Revision};

use super::Step;

/// Why a new run is to begin.
pub(super) struct Renewal {
    pub(super) reason: Reason,
    pub(super) message: &'static str,
}

impl Step<'_> {
    /// The value of the annotation that is there when a job is created counts as done.
    pub(super) fn note_the_first_rerun(&mut self) {
        if self.job.status.as_ref().is_none_or(|status| status.phase.is_none()) {
            self.status.rerun = self.rerun().map(str::to_owned);
        }
    }

    /// Whether the job asks for a new run, and why.
    ///
    /// An edit that restarts nothing is taken note of, so that it is not looked at again.
    pub(super) fn renewal(&mut self) -> Option<Renewal> {
        if self.is_being_deleted() {
            return None;
        }
        if self.is_edited() {
            let message = "a field was edited that takes a new run: see the edit classes in the reference";
            return Some(Renewal { reason: Reason::Edited, message });
        }
        let wanted = self.rerun().filter(|value| self.status.rerun.as_deref() != Some(value));
        let message = "the annotation lcmap.usgs.gov/rerun has a new value";
        wanted.map(|_| Renewal { reason: Reason::RunAgain, message })
    }

    /// Begins a new run. Its first attempt has a number that no driver has had.
    pub(super) fn begin(&mut self, renewal: &Renewal) {
        let (revision, rerun) = (self.revision(), self.rerun().map(str::to_owned));
        let status = &self.status;
        let is_used = status.driver.is_some() || status.phase.is_some_and(Phase::is_final);
        self.forget_the_driver();
        let status = &mut self.status;
        status.attempt = status.attempt.map(|attempt| attempt.saturating_add(i32::from(is_used)));
        status.run_number = status.run_number.map(|number| number.saturating_add(1));
        status.restarts = Some(0);
        status.start_time = None;
        status.completion_time = None;
        status.duration = None;
        status.suspended_since = None;
        status.suspended_for = None;
        status.rerun = rerun;
        status.revision = revision;
        self.becomes(Phase::Pending, renewal.reason, renewal.message.to_owned());
        if self.spec.suspend {
            self.suspend();
        }
        self.again = true;
    }

    /// What the spec is now. Outside a cluster nothing is ever edited.
    pub(super) fn revision(&self) -> Option<Revision> {
        self.job.metadata.generation.map(|generation| Revision::of(self.spec, generation))
    }

    fn is_edited(&mut self) -> bool {
        let generation = self.job.metadata.generation;
        let Some(started) = self.status.revision.as_ref() else { return false };
        if Some(started.generation) == generation {
            return false;
        }
        let Some(now) = self.revision() else { return false };
        let edited = started.is_outdated_by(&now);
        if !edited {
            self.status.revision = Some(now);
        }
        edited
    }

    fn rerun(&self) -> Option<&str> {
        self.job.metadata.annotations.as_ref()?.get(ANNOTATION_RERUN).map(String::as_str)
    }
}
