//! The command line, the same for `lcmap-agent` and for the hidden `lcmap-spark agent`.
//!
//! A program that offers the agent as a subcommand nests [`Command`] in its own and calls [`Command::run`], or
//! hands the remaining arguments to [`main`]. Either way this must happen on the main thread, before any other
//! thread exists (a runtime's, say): signals are blocked for the whole process, and the kernel ends the driver when
//! the thread that started it ends.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use nix::unistd::{getegid, geteuid, getppid};

use crate::attempt::{self, Doors, report};
use crate::console;
use crate::identity::Entry;
use crate::{exec, inspect, install, state};

/// PID 1 beside Spark: certificates, configuration, launch, signals, exit.
#[derive(Debug, Parser)]
#[command(name = "lcmap-agent", version)]
struct CommandLine {
    #[command(subcommand)]
    command: Command,
}

/// What the agent is asked to do.
#[derive(Debug, Clone, Subcommand)]
pub enum Command {
    /// Runs a launch plan to its end and exits with its command's exit code.
    Launch(Launch),
    /// Runs a command as PID 1, the way `docker run IMAGE COMMAND` does with the agent as the image's entrypoint: passes
    /// signals on, reaps orphans, installs the certificates in /certs.
    Exec(Exec),
    /// Copies the agent into a folder, to be run in other images.
    Install {
        /// The folder, made if need be.
        #[arg(value_name = "DIR")]
        folder: PathBuf,
    },
    /// Whether the notebook server that an agent looks after answers: exit code 0 if so, for a probe of the kubelet.
    Ready {
        /// The folder that the agent keeps its state.json in.
        #[arg(long, value_name = "DIR")]
        state: PathBuf,
    },
    /// Looks at the image that it runs in: refuses private keys under /certs, writes passwd and group with an entry
    /// for the user.
    Inspect(Inspect),
}

/// The arguments of `exec`.
#[derive(Debug, Clone, Args)]
pub struct Exec {
    /// The folder with mesos.crt, mesos.key and trustedroot.crt, if there are any. A variable that turns TLS on or off
    /// wins.
    #[arg(long, value_name = "DIR", default_value = "/certs")]
    certificates: PathBuf,
    /// The command and its arguments.
    #[arg(value_name = "COMMAND", required = true, trailing_var_arg = true, allow_hyphen_values = true)]
    command: Vec<OsString>,
}

/// The arguments of `inspect`.
#[derive(Debug, Clone, Args)]
pub struct Inspect {
    /// The folder that passwd and group are written to; without one they are not.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// The folder of the certificates that the driver will show to Mesos; they are checked, and their end is reported.
    #[arg(long, value_name = "DIR")]
    certificates: Option<PathBuf>,
    /// The file that the termination message is written to.
    #[arg(long, value_name = "FILE")]
    termination_log: Option<PathBuf>,
    /// The user id; by default the agent's own.
    #[arg(long)]
    uid: Option<u32>,
    /// The group id; by default the agent's own.
    #[arg(long)]
    gid: Option<u32>,
    /// The user's name.
    #[arg(long, default_value = "lcmap")]
    name: String,
    /// The user's home folder, which Java takes from here.
    #[arg(long, value_name = "DIR", default_value = "/home/lcmap")]
    home: PathBuf,
}

/// The arguments of `launch`.
#[derive(Debug, Clone, Args)]
pub struct Launch {
    /// The file that holds the launch plan.
    #[arg(long, value_name = "FILE")]
    plan: PathBuf,
    /// The folder that state.json is kept in, made if need be.
    #[arg(long, value_name = "DIR")]
    state: PathBuf,
    /// The file that the termination message is written to.
    #[arg(long, value_name = "FILE")]
    termination_log: Option<PathBuf>,
    /// Stops, as on TERM, when the process that started the agent is gone.
    #[arg(long)]
    with_parent: bool,
}

impl Command {
    /// Does it. The exit code of `launch` and `exec` is their command's: 128 + n when signal n killed it, 127 when it was not
    /// found, 126 when it could not be started, 125 when the agent itself failed before.
    pub fn run(self) -> ExitCode {
        match self {
            Self::Launch(launch) => ExitCode::from(attempt::run(&launch.doors())),
            Self::Exec(Exec { certificates, command }) => {
                ExitCode::from(exec::run(&exec::Request { command, certificates }))
            }
            Self::Install { folder } => match install::install(&folder) {
                Ok(_) => ExitCode::SUCCESS,
                Err(error) => failed(&format!("the agent cannot be copied to {}: {error}", folder.display())),
            },
            Self::Ready { state } if state::read(&state).notebook.is_some() => ExitCode::SUCCESS,
            Self::Ready { .. } => failed("Jupyter does not answer yet"),
            Self::Inspect(inspect) => inspect.run(),
        }
    }
}

fn failed(message: &str) -> ExitCode {
    console::say(message);
    ExitCode::FAILURE
}

impl Inspect {
    fn run(&self) -> ExitCode {
        let (out, certificates) = (self.out.as_deref(), self.certificates.as_deref());
        match inspect::inspect(&inspect::Wanted { out, entry: &self.entry(), certificates }) {
            Ok(inspection) => {
                if let (Some(path), Ok(json)) = (&self.termination_log, serde_json::to_string(&inspection))
                    && let Err(error) = std::fs::write(path, json)
                {
                    console::say(&format!("what was found cannot be told: {}: {error}", path.display()));
                }
                ExitCode::SUCCESS
            }
            Err(error) => {
                let message = error.termination_message();
                report(&message, self.termination_log.as_deref());
                ExitCode::from(message.exit_code)
            }
        }
    }

    fn entry(&self) -> Entry {
        let uid = self.uid.unwrap_or_else(|| geteuid().as_raw());
        let gid = self.gid.unwrap_or_else(|| getegid().as_raw());
        Entry::new(uid, gid, Some(&self.name), &self.home)
    }
}

impl Launch {
    fn doors(self) -> Doors {
        Doors {
            plan: self.plan,
            state: self.state,
            termination_log: self.termination_log,
            parent: self.with_parent.then(getppid),
        }
    }
}

/// Runs the agent with a command line, whose first item is the program's own name. Help and faults of the command
/// line are printed; the exit code is then 0 or 2.
pub fn main<I, T>(args: I) -> ExitCode
where
    I: IntoIterator<Item = T>,
    T: Into<OsString> + Clone,
{
    match CommandLine::try_parse_from(args) {
        Ok(line) => line.command.run(),
        Err(error) => {
            // Nobody may be reading; there is nothing left to do about it.
            let _ = error.print();
            ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2))
        }
    }
}
