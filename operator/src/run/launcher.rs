//! Starting the agent: as a process of this machine, or as PID 1 of a container.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use tokio::process::Command;

use super::RunError;
use super::container::{Container, Engine, Mount, Network, PidNamespace, Privilege, Pull, Streams};
use super::folder::{AttemptFolder, TERMINATION};
use super::output::Route;
use super::spark::Spark;

/// Where the agent, its plan and its state lie in a container.
const AGENT: &str = "/lcmap/lcmap-agent";
const PLAN: &str = "/lcmap/plan.json";
const TOKEN: &str = "/lcmap/token";
const STATE: &str = "/lcmap/state";
const IDENTITY: &str = "/lcmap/identity";
/// Where certificates are installed in a container, as the seed document has it.
pub(crate) const CERTIFICATES: &str = "/certs";

/// What drivers are started with.
#[derive(Debug, Clone)]
pub(crate) enum Launcher {
    /// Processes of this machine, with the Spark that was found here.
    Host(Spark),
    /// Containers of the job's image.
    Image(ImageLauncher),
}

/// What containers are started with.
#[derive(Debug, Clone)]
pub(crate) struct ImageLauncher {
    /// The program that runs them.
    pub(crate) engine: Engine,
    /// The static agent that becomes their PID 1.
    pub(crate) agent: PathBuf,
    /// The job's image.
    pub(crate) image: String,
    /// When the image is fetched.
    pub(crate) pull: Pull,
    /// The uid and gid they run as.
    pub(crate) user: (u32, u32),
    /// The network they are in.
    pub(crate) network: Network,
    /// The processes that drivers see.
    pub(crate) pid: PidNamespace,
    /// What the job needs mounted.
    pub(crate) mounts: Vec<Mount>,
    /// The folders that they have in memory.
    pub(crate) tmpfs: Vec<PathBuf>,
}

/// One step on the way to a driver.
#[derive(Debug)]
pub(crate) struct Step {
    /// The process to start.
    pub(crate) command: Command,
    /// The container that it runs, to be signalled by name.
    pub(crate) container: Option<(Engine, String)>,
}

impl Launcher {
    /// Where drivers run, for people.
    pub(crate) fn place(&self) -> String {
        match self {
            Self::Host(spark) => format!("with the Spark in {}", spark.home.display()),
            Self::Image(image) => format!("in {}", image.image),
        }
    }

    /// Whether what a driver listens on at the loopback interface can be reached from here.
    pub(crate) fn shares_network(&self) -> bool {
        match self {
            Self::Host(_) => true,
            Self::Image(image) => image.network == Network::Host,
        }
    }

    /// Where a driver finds its notebook's token.
    pub(crate) fn token(&self, folder: &AttemptFolder) -> PathBuf {
        match self {
            Self::Host(_) => folder.token(),
            Self::Image(_) => TOKEN.into(),
        }
    }

    /// The first step: a look at the image, as the user who will run in it. A process needs none.
    pub(crate) fn inspect(&self, folder: &AttemptFolder, name: &str) -> Result<Option<Step>, RunError> {
        let Self::Image(image) = self else { return Ok(None) };
        let (uid, gid) = image.user;
        let mut args: Vec<OsString> = vec!["inspect".into(), "--out".into(), IDENTITY.into()];
        args.extend(["--termination-log".into(), termination_log()]);
        args.extend(["--uid".into(), uid.to_string().into(), "--gid".into(), gid.to_string().into()]);
        let mut container = image.container(format!("{name}-look"), Streams::Output);
        container.mounts = vec![
            Mount::read_only(&image.agent, AGENT),
            Mount::read_write(folder.identity(), IDENTITY),
            Mount::read_write(folder.state(), STATE),
        ];
        container.tmpfs.clear(); // what the image has at /certs must be seen
        image.step(&container, &args).map(Some)
    }

    /// The driver itself.
    pub(crate) fn launch(
        &self,
        folder: &AttemptFolder,
        name: &str,
        streams: Streams,
        route: Route,
    ) -> Result<Step, RunError> {
        let mut step = match self {
            Self::Host(spark) => Step { command: host(spark, folder)?, container: None },
            Self::Image(image) => {
                let args = ["launch", "--plan", PLAN, "--state", STATE, "--termination-log"];
                let mut args: Vec<OsString> = args.iter().map(OsString::from).collect();
                args.push(termination_log());
                image.step(&image.driver(folder, name, streams), &args)?
            }
        };
        step.command.stdin(match streams {
            Streams::Output => Stdio::null(),
            Streams::Piped | Streams::Terminal => Stdio::inherit(),
        });
        if streams != Streams::Terminal || step.container.is_none() {
            // Ctrl-C at the terminal is for `run` to pass on. An engine that serves a terminal must stay in its
            // foreground, and the agent puts an interactive command there itself.
            step.command.process_group(0);
        }
        route
            .prepare(&mut step.command)
            .map_err(|cause| RunError::Start { program: "the driver".into(), cause })?;
        Ok(step)
    }
}

fn termination_log() -> OsString {
    Path::new(STATE).join(TERMINATION).into()
}

fn host(spark: &Spark, folder: &AttemptFolder) -> Result<Command, RunError> {
    let mut command = Command::new(own_program()?);
    command.args(["agent", "launch", "--with-parent", "--plan"]).arg(folder.plan());
    command.arg("--state").arg(folder.state()).arg("--termination-log").arg(folder.termination_log());
    command.envs(spark.environment());
    Ok(command)
}

fn own_program() -> Result<PathBuf, RunError> {
    std::env::current_exe().map_err(|cause| RunError::Start { program: "lcmap-spark itself".into(), cause })
}

impl ImageLauncher {
    fn container(&self, name: String, streams: Streams) -> Container {
        let root = rustix::process::geteuid().is_root();
        Container {
            engine: self.engine,
            privilege: if root { Privilege::Root } else { Privilege::Rootless },
            name,
            image: self.image.clone(),
            pull: self.pull,
            user: self.user,
            network: self.network.clone(),
            pid: self.pid,
            streams,
            tmpfs: self.tmpfs.clone(),
            mounts: Vec::new(),
        }
    }

    fn driver(&self, folder: &AttemptFolder, name: &str, streams: Streams) -> Container {
        let mut container = self.container(name.to_owned(), streams);
        // The image was fetched, if it had to be, when it was looked at.
        container.pull = if self.pull == Pull::Always { Pull::Missing } else { self.pull };
        container.mounts = vec![
            Mount::read_only(&self.agent, AGENT),
            Mount::read_only(folder.plan(), PLAN),
            Mount::read_write(folder.state(), STATE),
        ];
        if folder.token().exists() {
            container.mounts.push(Mount::read_only(folder.token(), TOKEN));
        }
        for file in ["passwd", "group"] {
            if let Some(written) = folder.take_identity(file) {
                container.mounts.push(Mount::read_only(written, Path::new("/etc").join(file)));
            }
        }
        container.mounts.extend(self.mounts.iter().cloned());
        container
    }

    fn step(&self, container: &Container, args: &[OsString]) -> Result<Step, RunError> {
        let mut command = Command::new(own_program()?);
        command
            .args(["leash", "--parent", &std::process::id().to_string(), "--", self.engine.program()])
            .args(container.arguments(Path::new(AGENT), args));
        command.stdin(Stdio::null());
        Ok(Step { command, container: Some((self.engine, container.name.clone())) })
    }
}
