//! A Distributed job whose driver runs: how far its frameworks and executors are.

use lcmap_spark_crd::spec::RunKind;
use lcmap_spark_crd::status::MesosStatus;
use lcmap_spark_crd::{Phase, Reason};

use super::{Step, later, time};
use crate::core::{Driver, OnMesos};

impl Step<'_> {
    /// A driver that runs, as far as Mesos is concerned. `reason` and `message` are what it says of itself.
    pub(super) fn runs_on_mesos(
        &mut self,
        driver: &Driver,
        mesos: &OnMesos,
        (reason, message): (Reason, &str),
    ) {
        let had_executors = self.status.mesos.as_ref().is_some_and(|told| told.executors.is_some());
        self.note_mesos(mesos);
        let running = mesos.executors.running;
        if self.status.run == Some(RunKind::Notebook) {
            // Its kernels come and go, each with a framework of its own.
            self.becomes(Phase::Running, reason, message.to_owned());
        } else if running > 0 {
            let message = format!(
                "{running} {} with {} cores",
                if running == 1 { "executor runs" } else { "executors run" },
                mesos.cores
            );
            self.becomes(Phase::Running, Reason::ExecutorsRunning, message);
        } else if had_executors || self.phase() == Phase::Running {
            let (reason, message) = mesos.wait.clone().unwrap_or_else(|| {
                (Reason::ExecutorsGone, "no executor runs any more; the driver goes on".to_owned())
            });
            self.becomes(Phase::Running, reason, message);
        } else if mesos.registered.is_some() {
            self.requesting(driver, mesos);
        } else {
            let (reason, message) = mesos.wait.clone().unwrap_or_else(|| {
                (Reason::Connecting, "the driver runs and has not asked Mesos for executors yet".to_owned())
            });
            self.becomes(Phase::Connecting, reason, message);
        }
    }

    fn requesting(&mut self, driver: &Driver, mesos: &OnMesos) {
        let (reason, message) = mesos
            .wait
            .clone()
            .unwrap_or_else(|| (Reason::Registered, "registered on Mesos; no executor runs yet".to_owned()));
        let timeout = self.spec.mesos.allocation_timeout;
        let since = mesos.registered.unwrap_or(driver.created);
        if let Some(timeout) = timeout
            && self.passed(later(since, timeout.into()))
        {
            let message = format!("no executor ran within mesos.allocationTimeout ({timeout}): {message}");
            return self.release(driver, Reason::AllocationTimeout, message);
        }
        self.becomes(Phase::Requesting, reason, message);
    }

    fn note_mesos(&mut self, mesos: &OnMesos) {
        let before = self.status.mesos.take().unwrap_or_default();
        let executors = mesos.executors;
        let any = executors.running + executors.failed + executors.lost > 0;
        self.status.mesos = Some(MesosStatus {
            master: mesos.master.clone().or(before.master),
            framework_ids: mesos.frameworks.clone(),
            role: Some(self.spec.mesos.role.clone().unwrap_or_else(|| "*".to_owned())),
            registered_time: mesos.registered.map(time).or(before.registered_time),
            executors: any.then_some(executors).or(before.executors.map(|_| executors)),
            cores: Some(mesos.cores).filter(|_| any),
            memory: (any && mesos.memory_mib > 0).then(|| format!("{}Mi", mesos.memory_mib)),
        });
    }
}
