//! What is: the driver on this machine, as its process, its agent and Mesos tell of it.

use jiff::Timestamp;
use lcmap_spark_agent::state::DriverState as AgentState;
use lcmap_spark_crd::Reason;
use lcmap_spark_crd::spec::RunKind;

use super::JobRun;
use crate::core::{
    self, DriverState, Frameworks, Jitter, Keeping, Life, Observed, OnMesos, Stopping, Wanted,
};
use crate::run::driver::{Driver, Observation};
use crate::run::on_mesos;

impl JobRun<'_> {
    pub(super) fn observe(&self) -> Observed {
        let status = self.job.status.as_ref();
        let attempt = status.and_then(|status| status.attempt);
        let driver = self.driver.as_ref().filter(|driver| Some(driver.attempt()) == attempt);
        Observed {
            now: Timestamp::now(),
            wanted: if self.request.is_some() || self.gave_up { Wanted::Stop } else { Wanted::Run },
            driver: driver.map(|driver| self.observe_driver(driver)).or_else(|| self.observe_stillborn()),
            remnants: Vec::new(), // a process that has ended leaves nothing here
            obstacle: None,       // what is in the way was told before the first attempt
            frameworks: self.driver.as_ref().map_or(Frameworks::Gone, Driver::frameworks),
            keeping: Keeping::Attended,
            jitter: Jitter::NONE, // one job on one machine comes back alone
        }
    }

    fn observe_driver(&self, driver: &Driver) -> core::Driver {
        let state = match driver.observe() {
            Observation::Looking => DriverState::Waiting {
                reason: Reason::PullingImage,
                message: format!(
                    "fetching and looking at {}",
                    self.job.spec.image.as_deref().unwrap_or_default()
                ),
            },
            Observation::Agent(state) => self.running(&state),
            Observation::Ended(ending) => DriverState::Ended(ending),
        };
        let stopping = if driver.stops() > 0 { Stopping::Asked } else { Stopping::No };
        let mesos = self.observe_mesos(driver);
        core::Driver { mesos, ..described(driver.name().to_owned(), driver.created(), stopping, state) }
    }

    fn observe_mesos(&self, driver: &Driver) -> Option<OnMesos> {
        let mesos = self.on_mesos.as_ref()?.borrow().clone();
        Some(match driver.observe() {
            Observation::Agent(state) => {
                on_mesos::completed(mesos, &state, self.job.status.as_ref(), Timestamp::now())
            }
            Observation::Looking | Observation::Ended(_) => mesos,
        })
    }

    fn observe_stillborn(&self) -> Option<core::Driver> {
        let ending = self.stillborn.clone()?;
        let (name, created) = (self.subject.job.clone().unwrap_or_default(), ending.at);
        Some(described(name, created, Stopping::No, DriverState::Ended(ending)))
    }

    fn running(&self, state: &AgentState) -> DriverState {
        match (state.pid, &state.notebook) {
            (Some(_), None) if self.kind == RunKind::Notebook => {
                DriverState::Waiting { reason: Reason::DriverStarting, message: "Jupyter starts".into() }
            }
            (Some(_), Some(_)) => {
                DriverState::Running { reason: Reason::NotebookReady, message: "Jupyter answers".into() }
            }
            (Some(_), None) if state.lingers => {
                let message =
                    "the program is over and its JVM is not; it is ended after terminationGracePeriod".into();
                DriverState::Running { reason: Reason::JvmLingers, message }
            }
            (Some(_), None) => {
                DriverState::Running { reason: Reason::DriverRunning, message: self.launcher.place() }
            }
            (None, _) => {
                DriverState::Waiting { reason: Reason::DriverStarting, message: "the agent starts".into() }
            }
        }
    }
}

/// A driver on this machine: it has neither UID nor node, and nothing beside it.
fn described(name: String, created: Timestamp, stopping: Stopping, state: DriverState) -> core::Driver {
    let life = if matches!(state, DriverState::Ended(_)) { Life::Over } else { Life::Living };
    core::Driver {
        name,
        uid: None,
        node: None,
        notebook: None,
        ui: None,
        certificate: None,
        left: None,
        mesos: None,
        revision: None,
        created,
        started: None,
        stopping,
        state,
        life,
    }
}
