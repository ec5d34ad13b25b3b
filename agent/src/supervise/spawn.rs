//! Starting the image's command in a process group of its own.

use std::borrow::Cow;
use std::ffi::OsString;
use std::io::{self, IsTerminal};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use nix::sys::prctl;
use nix::sys::signal::{SigSet, SigmaskHow, Signal as Known, sigprocmask};
use nix::unistd::{Pid, setpgid};

use super::step::Attendance;
use super::terminal;
use crate::launch::{CommandLine, Input};
use crate::output::Output;
use crate::spark::{Environment, Located};

/// The longest argument or variable that Linux takes, in bytes (`MAX_ARG_STRLEN`, execve(2)).
const LONGEST_STRING: usize = 128 * 1024;

/// A command, ready to be started.
#[derive(Debug)]
pub(crate) struct Prepared {
    /// Its name, for messages.
    pub command: Cow<'static, str>,
    /// Its file.
    pub program: PathBuf,
    /// Its arguments.
    pub args: Vec<String>,
    /// What it reads.
    pub input: Input,
    /// Its whole environment.
    pub environment: Environment,
}

/// Why the command could not be started.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LaunchError {
    /// There is no such command.
    #[error(
        "{command} was not found in {}; is Spark in this image, and SPARK_HOME or PATH set?",
        searched.iter().map(|folder| folder.display().to_string()).collect::<Vec<_>>().join(":")
    )]
    NotFound {
        /// The command.
        command: Cow<'static, str>,
        /// The folders that were searched: Spark's `bin` and those of `PATH`.
        searched: Vec<PathBuf>,
    },
    /// There is such a file, and it is not executable.
    #[error("{} is not executable; set its mode with chmod +x", path.display())]
    NotExecutable {
        /// The file.
        path: PathBuf,
    },
    /// Something is longer than Linux takes.
    #[error(
        "{command} cannot be started: {what} is {length} bytes long, and Linux takes {LONGEST_STRING}; pass it in a file"
    )]
    TooLong {
        /// The command.
        command: Cow<'static, str>,
        /// Which argument or variable.
        what: String,
        /// How long it is, in bytes.
        length: usize,
    },
    /// The kernel refused to start it.
    #[error("{} cannot be started: {source}{}", path.display(), hint(source))]
    Refused {
        /// The file.
        path: PathBuf,
        /// What the kernel said.
        source: io::Error,
    },
}

impl Prepared {
    /// Puts a command together, once its file is located.
    pub(crate) fn new(
        line: CommandLine,
        located: Located,
        environment: Environment,
    ) -> Result<Self, LaunchError> {
        let CommandLine { command, args, input } = line;
        match located {
            Located::At(program) => Ok(Self { command, program, args, input, environment }),
            Located::NotExecutable(path) => Err(LaunchError::NotExecutable { path }),
            Located::Nowhere(searched) => Err(LaunchError::NotFound { command, searched }),
        }
    }

    /// Starts the command: own process group, the given signal mask, TERM when the agent itself is killed.
    pub(crate) fn spawn(
        &self,
        mask: SigSet,
        attendance: Attendance,
        output: &mut Output,
    ) -> Result<Pid, LaunchError> {
        let mut command = Command::new(&self.program);
        command.args(&self.args).env_clear().envs(&self.environment).stdin(self.stdin());
        output.attach(&mut command);
        let before_exec = move || -> io::Result<()> {
            setpgid(Pid::from_raw(0), Pid::from_raw(0))?;
            if attendance == Attendance::Interactive {
                // A terminal that hung up meanwhile is the shell's own affair.
                let _ = terminal::take_foreground();
            }
            prctl::set_pdeathsig(Known::SIGTERM)?;
            sigprocmask(SigmaskHow::SIG_SETMASK, Some(&mask), None)?;
            Ok(())
        };
        // SAFETY: between fork and exec only system calls are made; nothing is allocated, no lock is taken.
        #[allow(unsafe_code)]
        unsafe {
            command.pre_exec(before_exec);
        }
        match command.spawn() {
            Ok(child) => Ok(Pid::from_raw(child.id().cast_signed())),
            Err(source) if source.kind() == io::ErrorKind::ArgumentListTooLong => Err(self.too_long(source)),
            Err(source) => Err(LaunchError::Refused { path: self.program.clone(), source }),
        }
    }

    /// A command that is no shell gets no terminal, since in the background its first read of one would stop it; it
    /// keeps a pipe or a file that it was given.
    fn stdin(&self) -> Stdio {
        match self.input {
            Input::Data if io::stdin().is_terminal() => Stdio::null(),
            Input::Data | Input::Commands => Stdio::inherit(),
        }
    }

    fn too_long(&self, source: io::Error) -> LaunchError {
        let args = self.args.iter().enumerate().map(|(n, arg)| (format!("argument {}", n + 1), arg.len()));
        let length = |(name, value): (&OsString, &OsString)| {
            (format!("variable {}", name.display()), name.len() + 1 + value.len())
        };
        let longest = args.chain(self.environment.iter().map(length)).max_by_key(|(_, length)| *length);
        match longest.filter(|(_, length)| *length >= LONGEST_STRING) {
            Some((what, length)) => LaunchError::TooLong { command: self.command.clone(), what, length },
            None => LaunchError::Refused { path: self.program.clone(), source },
        }
    }
}

/// What to do about a refusal, where the kernel's word alone does not say.
fn hint(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::NotFound => "; the interpreter that its first line names does not exist in this image",
        io::ErrorKind::ArgumentListTooLong => "; pass less on the command line, or in files",
        io::ErrorKind::PermissionDenied => "; its interpreter or its file system does not allow execution",
        _ => "",
    }
}
