//! `lcmap-spark run`: the way of a job without a cluster. observe and apply are done by processes, or by
//! containers, of this machine; `core` does not know the difference.

mod binding;
mod container;
mod debt;
mod driver;
pub(crate) mod exit;
mod fault;
mod folder;
mod folders;
mod job;
mod launcher;
pub(crate) mod leash;
mod localise;
mod on_mesos;
mod output;
mod paths;
pub(crate) mod prepare;
mod progress;
mod queue;
mod report;
mod reported;
mod signals;
mod spark;
mod template;

use std::path::PathBuf;
use std::process::ExitCode;

use binding::{Binding, Maps};
use container::Engine;
pub(crate) use fault::Fault;
use folders::Folders;
use prepare::{Place, Surface};
pub(crate) use report::Output;
use report::Reporter;

use crate::manifest::Files;
use crate::mesos::DefaultsArgs;
use crate::streams;

/// Arguments of `lcmap-spark run`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    pub(crate) files: Files,
    /// How to tell what happens
    #[arg(short, long, value_enum, default_value_t)]
    pub(crate) output: Output,
    /// Run in spec.image, by this program
    #[arg(long, value_name = "PROGRAM")]
    container: Option<Engine>,
    /// The static lcmap-agent that containers are given [default: the one beside lcmap-spark]
    #[arg(long, value_name = "FILE", requires = "container")]
    agent: Option<PathBuf>,
    /// The libmesos.so for Distributed jobs [default: the one beside lcmap-spark]
    #[arg(long, value_name = "FILE")]
    libmesos: Option<PathBuf>,
    /// A folder, with a file for each key, that stands for a Secret
    #[arg(long, value_name = "NAME=DIR")]
    secret: Vec<Binding>,
    /// A folder, with a file for each key, that stands for a ConfigMap
    #[arg(long, value_name = "NAME=DIR")]
    config_map: Vec<Binding>,
    /// A folder that stands for one of the image, such as /home/lcmap=DIR
    #[arg(long, value_name = "PATH=DIR")]
    map: Vec<Binding>,
    #[command(flatten)]
    mesos: DefaultsArgs,
}

/// Why a job could not be started, or its driver not be followed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RunError {
    /// A private folder, or a file in it, cannot be made.
    #[error("{}: cannot be written: {cause}; free some space, or set XDG_RUNTIME_DIR or TMPDIR to another folder", path.display())]
    Folder {
        /// The folder or file.
        path: PathBuf,
        /// What the operating system said.
        cause: std::io::Error,
    },
    /// A notebook cannot be given a token.
    #[error(transparent)]
    Token(#[from] lcmap_spark_agent::notebook::NoRandomness),
    /// There is no place for a private folder.
    #[error("{0}; free some space, or set XDG_RUNTIME_DIR or TMPDIR to a folder of your own")]
    NoFolder(lcmap_spark_agent::own_folder::OwnFolderError),
    /// A plan cannot be written.
    #[error("{0}")]
    Plan(lcmap_spark_agent::plan::PlanError),
    /// A job that could be planned cannot be any more: a folder that it needs is gone.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Unplannable(Vec<crate::core::PlanFault>),
    /// A program cannot be started.
    #[error("{program} cannot be started: {cause}")]
    Start {
        /// The program.
        program: String,
        /// What the operating system said.
        cause: std::io::Error,
    },
    /// The container engine is not there.
    #[error(
        "{program} was not found on the PATH; install it, or leave out --container to run with the Spark of this machine"
    )]
    NoEngine {
        /// Its program.
        program: &'static str,
    },
    /// The agent for containers is not there.
    #[error("there is no static lcmap-agent at {}; build it with `make build`, or name it with --agent FILE", path.display())]
    NoAgent {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// The libmesos.so that was named is not there.
    #[error("there is no libmesos.so at {}; build it with `make libmesos`, or leave out --libmesos", path.display())]
    NoLibmesos {
        /// Where it was looked for.
        path: PathBuf,
    },
}

/// Runs jobs.
pub(crate) fn main(args: &Args) -> ExitCode {
    let surface = match surface(args) {
        Ok(surface) => surface,
        Err(error) => return fault(&error),
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(cause) => return fault(&RunError::Start { program: "the event loop".into(), cause }),
    };
    let code = runtime.block_on(queue::run(args, &surface, Reporter::new(args.output)));
    // What still reads a stream that nobody will ever close must not keep the command from ending.
    runtime.shutdown_background();
    ExitCode::from(code)
}

/// Tells what keeps everything from being done.
pub(crate) fn fault(error: &RunError) -> ExitCode {
    streams::complain(error);
    ExitCode::from(exit::FAULT)
}

/// What is the same for every manifest of a command line.
pub(crate) fn surface(args: &Args) -> Result<Surface, RunError> {
    let folders = Folders {
        secrets: binding::by_name(&args.secret),
        config_maps: binding::by_name(&args.config_map),
        maps: Maps::new(&args.map),
    };
    let place = match args.container {
        None => Place::Host,
        Some(engine) => Place::Container { engine: engine.found()?, agent: agent(args.agent.clone())? },
    };
    let libmesos = libmesos(args.libmesos.clone())?;
    Ok(Surface { folders, place, libmesos, mesos: args.mesos.defaults() })
}

/// The libmesos.so that was named, which must be there, or the one that is installed beside this command, if there is one.
fn libmesos(named: Option<PathBuf>) -> Result<Option<PathBuf>, RunError> {
    let beside = || std::env::current_exe().unwrap_or_default().with_file_name("libmesos.so");
    match named {
        Some(path) => path.canonicalize().map(Some).map_err(|_| RunError::NoLibmesos { path }),
        None => Ok(beside().canonicalize().ok()),
    }
}

/// The static agent: the one that was named, or the one that is installed beside this command.
fn agent(named: Option<PathBuf>) -> Result<PathBuf, RunError> {
    let own = || std::env::current_exe().unwrap_or_default().with_file_name("lcmap-agent");
    let path = named.unwrap_or_else(own);
    path.canonicalize().map_err(|_| RunError::NoAgent { path })
}
