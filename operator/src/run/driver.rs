//! One driver on this machine: a living agent, and what is known of it.

use std::os::unix::process::ExitStatusExt;
use std::process::{ExitStatus, Stdio};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use lcmap_spark_agent::owed;
use lcmap_spark_agent::state::DriverState as AgentState;
use lcmap_spark_crd::Reason;
use rustix::process::{Pid, Signal, kill_process};
use tokio::process::{Child, Command};
use tokio::sync::mpsc::Receiver;
use tokio::task::JoinHandle;

use super::RunError;
use super::container::{Engine, Streams};
use super::debt::{Debt, Left};
use super::folder::AttemptFolder;
use super::launcher::{Launcher, Step};
use super::output::{self, Lines, Route};
use crate::core::{self, Ending, Frameworks};

/// How long a driver may take to end whose agent was killed: Spark's own shutdown waits 10 s for executors.
const LAST_WORDS: Duration = Duration::from_secs(20);

/// How a driver is started.
#[derive(Debug)]
pub(crate) struct Start {
    /// What it is started with.
    pub(crate) launcher: Launcher,
    /// Its private folder, with its plan written.
    pub(crate) folder: AttemptFolder,
    /// What it is called.
    pub(crate) name: String,
    /// The ordinal of its attempt.
    pub(crate) attempt: i32,
    /// Its standard input.
    pub(crate) streams: Streams,
    /// Its output.
    pub(crate) route: Route,
    /// The Mesos of a Distributed job.
    pub(crate) mesos: Option<lcmap_mesos::Settings>,
}

/// One driver, from the first step of its start to its end.
#[derive(Debug)]
pub(crate) struct Driver {
    start: Start,
    created: Timestamp,
    stage: Stage,
    container: Option<(Engine, String)>,
    output: Option<Receiver<Lines>>,
    debt: Option<Debt>,
    stops: u32,
}

#[derive(Debug)]
enum Stage {
    /// The image is looked at; the driver itself comes next.
    Looking(Child),
    /// The agent runs.
    Running(Child),
    /// The agent has ended without a report: what its driver left on Mesos is torn down.
    Settling(ExitStatus, JoinHandle<Vec<Left>>),
    /// All is over.
    Ended(Ending),
}

/// What `run` observes of a driver.
#[derive(Debug)]
pub(crate) enum Observation {
    /// Its image is fetched or looked at.
    Looking,
    /// Its agent runs and says this.
    Agent(AgentState),
    /// It has ended.
    Ended(Ending),
}

/// Why [`Driver::next`] came back.
#[derive(Debug)]
pub(crate) enum Happened {
    /// The driver wrote this.
    Output(Lines),
    /// The driver has moved on.
    Moved,
}

impl Driver {
    /// Starts a driver.
    pub(crate) fn start(start: Start) -> Result<Self, RunError> {
        let mut driver = Self {
            created: Timestamp::now(),
            stage: Stage::Ended(lost(Timestamp::now(), "was not started")),
            container: None,
            output: None,
            debt: None,
            stops: 0,
            start,
        };
        match driver.start.launcher.inspect(&driver.start.folder, &driver.start.name)? {
            Some(step) => driver.stage = Stage::Looking(driver.spawn(step)?),
            None => driver.launch()?,
        }
        Ok(driver)
    }

    fn launch(&mut self) -> Result<(), RunError> {
        let Start { launcher, folder, name, streams, route, .. } = &self.start;
        let step = launcher.launch(folder, name, *streams, *route)?;
        let mut child = self.spawn(step)?;
        self.output = Some(output::read(&mut child));
        self.stage = Stage::Running(child);
        Ok(())
    }

    fn spawn(&mut self, mut step: Step) -> Result<Child, RunError> {
        let program = step.command.as_std().get_program().to_string_lossy().into_owned();
        let child = step.command.spawn().map_err(|cause| RunError::Start { program, cause })?;
        self.container = step.container;
        Ok(child)
    }

    /// The ordinal of its attempt.
    pub(crate) fn attempt(&self) -> i32 {
        self.start.attempt
    }

    /// How often it was asked to stop.
    pub(crate) fn stops(&self) -> u32 {
        self.stops
    }

    /// The token that opens its notebook.
    pub(crate) fn token(&self) -> String {
        std::fs::read_to_string(self.start.folder.token()).unwrap_or_default()
    }

    /// What it is called.
    pub(crate) fn name(&self) -> &str {
        &self.start.name
    }

    /// When it was created.
    pub(crate) fn created(&self) -> Timestamp {
        self.created
    }

    /// What it does now.
    pub(crate) fn observe(&self) -> Observation {
        match &self.stage {
            Stage::Looking(_) => Observation::Looking,
            Stage::Running(_) | Stage::Settling(..) => Observation::Agent(self.start.folder.driver_state()),
            Stage::Ended(ending) => Observation::Ended(ending.clone()),
        }
    }

    /// Waits until it writes something or moves on.
    pub(crate) async fn next(&mut self) -> Happened {
        let status = match &mut self.stage {
            Stage::Ended(_) => {
                match &mut self.debt {
                    Some(debt) => debt.paid().await,
                    None => std::future::pending().await,
                }
                return Happened::Moved;
            }
            Stage::Looking(child) => child.wait().await,
            Stage::Running(child) => tokio::select! {
                biased;
                Some(lines) = receive(&mut self.output) => return Happened::Output(lines),
                status = child.wait() => status,
            },
            Stage::Settling(status, task) => {
                let (status, left) = (*status, task.await.unwrap_or_default());
                self.owe(left);
                self.stage = Stage::Ended(self.ending(status));
                return Happened::Moved;
            }
        };
        self.stage = match (status, &self.stage) {
            (Ok(status), Stage::Looking(_)) if status.success() && self.stops == 0 => {
                if let Err(error) = self.launch() {
                    self.stage = Stage::Ended(lost(Timestamp::now(), &error.to_string()));
                }
                return Happened::Moved;
            }
            (Ok(status), Stage::Running(_)) => self.ended(status),
            (Ok(status), _) => Stage::Ended(self.ending(status)),
            (Err(error), _) => Stage::Ended(lost(Timestamp::now(), &error.to_string())),
        };
        Happened::Moved
    }

    /// What it wrote before its end and nobody has read yet.
    pub(crate) async fn rest(&mut self) -> Option<Lines> {
        // Its descendants are gone with it, so that its streams are at their end: the bound is for the day when
        // somebody else holds them.
        tokio::time::timeout(Duration::from_secs(2), receive(&mut self.output)).await.ok().flatten()
    }

    /// The end of its agent. What that, if it was killed, did not settle on Mesos is settled here.
    fn ended(&mut self, status: ExitStatus) -> Stage {
        let message = self.start.folder.termination_message();
        match self.start.mesos.clone() {
            Some(settings) if message.is_none() => {
                let state = self.start.folder.state();
                // In a container it went with the agent, which was its PID 1.
                let driver = self.start.folder.driver_state().pid.filter(|_| self.container.is_none());
                let task = tokio::task::spawn_blocking(move || {
                    driver.into_iter().for_each(wait_for_end);
                    owed::settle(&settings, &state)
                });
                Stage::Settling(status, task)
            }
            _ => {
                let left = message.and_then(|message| message.frameworks).unwrap_or_default().left;
                let why = "its agent did not see it go";
                self.owe(left.into_iter().map(|id| (id, why.to_owned())).collect());
                Stage::Ended(self.ending(status))
            }
        }
    }

    fn owe(&mut self, left: Vec<Left>) {
        let settings = self.start.mesos.clone().filter(|_| !left.is_empty());
        self.debt = settings.map(|settings| Debt::new(settings, self.start.folder.state(), left));
    }

    /// What it may have left on Mesos, now that it is over, if anything.
    pub(crate) fn debt(&mut self) -> Option<&mut Debt> {
        self.debt.as_mut().filter(|debt| !debt.left().is_empty())
    }

    /// The same for `core`.
    pub(crate) fn frameworks(&self) -> Frameworks {
        self.debt.as_ref().map_or(Frameworks::Gone, Debt::frameworks)
    }

    /// Leaves it to the next `run` to tear down what is left.
    pub(crate) fn give_up(&mut self) -> Vec<Left> {
        let left = self.debt.take().map(|debt| debt.left().to_vec()).unwrap_or_default();
        if !left.is_empty() {
            self.start.folder.leave();
        }
        left
    }

    fn ending(&self, status: ExitStatus) -> Ending {
        let at = Timestamp::now();
        let state = self.start.folder.driver_state();
        if let Some(message) = self.start.folder.termination_message() {
            return Ending {
                at,
                exit_code: Some(message.exit_code.into()),
                reason: core::reason(message.reason),
                message: message.message,
            };
        }
        // The agent itself was killed: what it would have wiped is wiped here. In a container the folder went with it, and what
        // a container says of paths is none of this machine's.
        if let (Some(private), None) = (state.private_folder, &self.container) {
            owed::wipe(&private);
        }
        match (&self.container, status.code()) {
            (Some((engine, _)), Some(125)) => Ending {
                at,
                exit_code: Some(125),
                reason: Reason::ImagePullFailed,
                message: format!("{} could not start the container; its words are above", engine.program()),
            },
            (_, Some(code)) => {
                lost_with(at, &format!("ended without a report, with exit code {code}"), Some(code))
            }
            (_, None) => {
                let signal = status.signal().unwrap_or_default();
                lost_with(at, &format!("was killed by signal {signal} from outside"), Some(128 + signal))
            }
        }
    }

    /// Asks it to stop: gracefully at first, at once when asked again, and without its agent's help after that.
    pub(crate) fn stop(&mut self) {
        self.stops += 1;
        let (Stage::Looking(child) | Stage::Running(child)) = &self.stage else { return };
        let signal = if self.stops > 2 { Signal::KILL } else { Signal::TERM };
        if let Some((engine, name)) = &self.container {
            let name_of = if signal == Signal::KILL { "KILL" } else { "TERM" };
            let mut kill = Command::new(engine.program());
            kill.args(["kill", "--signal", name_of, name]).stdin(Stdio::null());
            // Best effort: a container that is not there yet is stopped by its engine's own end, below.
            let _ = kill.stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        }
        let pulling = matches!(self.stage, Stage::Looking(_));
        if (self.container.is_none() || pulling)
            && let Some(pid) = child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw)
        {
            let _ = kill_process(pid, signal); // it may have ended by itself
        }
    }
}

/// Waits for the end of a driver whose agent was killed: the kernel has told it to end, and it may still settle all by itself.
fn wait_for_end(pid: u32) {
    let deadline = Instant::now() + LAST_WORDS;
    // One that has ended and that nobody reaps has no command line any more.
    let lives = || std::fs::read(format!("/proc/{pid}/cmdline")).is_ok_and(|line| !line.is_empty());
    while lives() && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(100));
    }
}

async fn receive(output: &mut Option<Receiver<Lines>>) -> Option<Lines> {
    output.as_mut()?.recv().await
}

fn lost(at: Timestamp, what: &str) -> Ending {
    lost_with(at, what, None)
}

fn lost_with(at: Timestamp, what: &str, code: Option<i32>) -> Ending {
    Ending { at, exit_code: code, reason: Reason::DriverLost, message: format!("the driver's agent {what}") }
}
