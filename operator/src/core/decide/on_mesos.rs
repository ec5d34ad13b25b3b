//! A Distributed job whose driver runs: how far its frameworks and executors are.

use std::time::Duration;

use jiff::Timestamp;
use lcmap_spark_agent::report::Expiry;
use lcmap_spark_crd::spec::RunKind;
use lcmap_spark_crd::status::MAX_FRAMEWORKS;
use lcmap_spark_crd::{Phase, Reason};

use super::{Step, conditions, later, time};
use crate::core::conditions::{Certificate, CertificateEnd};
use crate::core::{Driver, OnMesos};

/// When it is looked again whether a driver whose time for an executor is over has one, until somebody has seen that.
const LOOK_AGAIN: Duration = Duration::from_secs(5);

impl Step<'_> {
    /// A driver that runs, as far as Mesos is concerned. `reason` and `message` are what it says of itself.
    pub(super) fn runs_on_mesos(
        &mut self,
        driver: &Driver,
        mesos: &OnMesos,
        (reason, message): (Reason, &str),
    ) {
        if mesos.registered.is_none() && self.was_registered() {
            return self.goes_on_unseen(reason, message);
        }
        self.note_mesos(mesos);
        let (phase, why, told) = self.standing(driver, mesos);
        self.allocation = Some((why, told.clone()));
        let run = self.status.run;
        if phase == Phase::Requesting
            && run != Some(RunKind::Notebook)
            && why != Reason::NoExecutorsWanted
            && let Some(timeout) = self.has_waited_in_vain(driver, mesos)
        {
            let message = format!("no executor ran within mesos.allocationTimeout ({timeout}): {told}");
            return self.release(driver, Reason::AllocationTimeout, message);
        }
        match run {
            // Its kernels come and go, each with a framework of its own.
            Some(RunKind::Notebook) if conditions::is_in_the_way(why) => {
                self.goes_on(Phase::Running, reason, format!("{message}; {told}"));
            }
            Some(RunKind::Notebook) => self.goes_on(Phase::Running, reason, message.to_owned()),
            // What Mesos shows of a driver that may be gone is of the past.
            _ if reason == Reason::NodeLost => self.goes_on(phase, reason, message.to_owned()),
            // How to get into it.
            Some(RunKind::Shell | RunKind::PySpark) if !message.is_empty() => {
                self.goes_on(phase, why, format!("{told}; {message}"));
            }
            _ => self.goes_on(phase, why, told),
        }
    }

    /// How far a driver is on Mesos, and why.
    fn standing(&mut self, driver: &Driver, mesos: &OnMesos) -> (Phase, Reason, String) {
        let wait = wait(driver, mesos);
        let or = |reason, message: &str| wait.clone().unwrap_or_else(|| (reason, message.to_owned()));
        let running = mesos.executors.running;
        // A notebook runs before any kernel of it asks Mesos for anything.
        let was_running = self.phase() == Phase::Running && self.status.run != Some(RunKind::Notebook);
        let (phase, (reason, message)) = if running > 0 {
            let executors = if running == 1 { "executor runs" } else { "executors run" };
            let message = format!("{running} {executors} with {} cores", mesos.cores);
            (Phase::Running, or(Reason::ExecutorsRunning, &message))
        } else if mesos.has_run || was_running {
            let message = "no executor runs any more; the driver goes on";
            (Phase::Running, or(Reason::ExecutorsGone, message))
        } else if mesos.registered.is_some() {
            (Phase::Requesting, or(Reason::Registered, "registered on Mesos; no executor runs yet"))
        } else {
            let trouble = mesos.trouble.clone().filter(|_| wait.is_none());
            (Phase::Connecting, trouble.unwrap_or_else(|| or(Reason::Connecting, &self.unseen(driver))))
        };
        (phase, reason, message)
    }

    /// An operator that was started a moment ago has not looked at Mesos yet: all is as the one before has told, but what is known
    /// of the driver's node.
    fn goes_on_unseen(&mut self, reason: Reason, message: &str) {
        let was_silent = self.status.reason == Some(Reason::NodeLost);
        if was_silent != (reason == Reason::NodeLost) {
            self.becomes(self.phase(), reason, message.to_owned());
        }
    }

    /// What it may mean that Mesos shows no framework. A driver whose registration fails ends by itself: one that goes on for
    /// longer may be hidden from us.
    fn unseen(&mut self, driver: &Driver) -> String {
        let timeout = self.spec.mesos.registration_timeout;
        let hint = if self.passed(later(driver.created, timeout.into())) {
            "; if its log says that it is registered, Mesos does not let lcmap-spark see it: its principal needs the ACLs \
             view_frameworks and view_tasks"
        } else {
            ""
        };
        format!("the driver runs and has not asked Mesos for executors yet{hint}")
    }

    /// Whether the attempt was on Mesos when somebody last looked.
    fn was_registered(&self) -> bool {
        let was_seen = matches!(self.phase(), Phase::Requesting | Phase::Running);
        let told = self.status.mesos.as_ref();
        was_seen && told.is_some_and(|told| told.registered_time.is_some())
    }

    /// Whether the time for a first executor is over, and none has come. Answers that time.
    fn has_waited_in_vain(&mut self, driver: &Driver, mesos: &OnMesos) -> Option<lcmap_spark_crd::Duration> {
        let timeout = self.spec.mesos.allocation_timeout?;
        let asked = mesos.registered.unwrap_or(driver.created);
        // A driver that wants no executor is not short of any.
        let until =
            later(mesos.offers.wanted_since.map_or(asked, |wanted| wanted.max(asked)), timeout.into())?;
        if !self.passed(Some(until)) {
            return None;
        }
        // Where nobody has looked since, or its framework is not shown, it may have some.
        if mesos.looked.is_some_and(|looked| looked >= until) && !mesos.frameworks.is_empty() {
            return Some(timeout);
        }
        self.passed(later(self.observed.now, LOOK_AGAIN));
        None
    }

    /// Says of a driver's certificate whether it is near its end: of the one that it uses, where that is known, else of the one
    /// that it began with.
    pub(super) fn note_certificate(&mut self, driver: &Driver) {
        let used = driver.mesos.as_ref().and_then(|mesos| mesos.certificate);
        let Some(Expiry { at, warn_from }) = used.or(driver.certificate) else { return };
        let moment = |second| Timestamp::from_second(second).ok();
        let (Some(at), Some(warn_from)) = (moment(at), moment(warn_from)) else { return };
        let end = if self.passed(Some(at)) {
            match &driver.mesos {
                Some(mesos) if used.is_none() && !mesos.frameworks.is_empty() => CertificateEnd::Outlived,
                Some(mesos) if used.is_none() && mesos.looked.is_none() => return, // nobody can tell yet
                _ => CertificateEnd::Past,
            }
        } else if self.passed(Some(warn_from)) {
            CertificateEnd::Near
        } else {
            CertificateEnd::Far
        };
        let which = if used.is_some() { Certificate::InUse } else { Certificate::AtFirst };
        conditions::certificate(&mut self.status, self.observed, (which, at), end);
    }

    /// Takes down where an attempt is to be on Mesos: from then on it may have something there.
    pub(super) fn note_where(&mut self, mesos: &OnMesos) {
        let told = self.status.mesos.get_or_insert_default();
        told.master = mesos.master.clone().or(told.master.take());
        told.identity = mesos.identity.clone().or(told.identity.take());
        told.role = Some(mesos.role.clone().unwrap_or_else(|| "*".to_owned()));
    }

    /// Records what an attempt has on Mesos. What cannot be asked at the moment stays as it is known.
    fn note_mesos(&mut self, mesos: &OnMesos) {
        if mesos.registered.is_none() {
            return;
        }
        let told = self.status.mesos.get_or_insert_default();
        told.framework_ids.clone_from(&mesos.frameworks);
        told.framework_ids.truncate(MAX_FRAMEWORKS);
        told.registered_time = told.registered_time.take().or(mesos.registered.map(time));
        let executors = mesos.executors;
        let any = told.executors.is_some() || executors.running + executors.failed + executors.lost > 0;
        told.executors = any.then_some(executors);
        told.cores = any.then_some(mesos.cores);
        told.memory = (any && mesos.memory_mib > 0).then(|| format!("{}Mi", mesos.memory_mib));
    }
}

/// What keeps executors from counting, if anything does.
fn wait(driver: &Driver, mesos: &OnMesos) -> Option<(Reason, String)> {
    mesos.hindered(driver.ui.as_ref().and_then(|ui| ui.unreached.as_deref()))
}
