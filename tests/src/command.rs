//! `lcmap-spark`, about to be started.

use std::ffi::{OsStr, OsString};
use std::io::Write;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::sandbox::Sandbox;
use crate::terminal::{Size, Terminal};
use crate::{Finished, Running, StandIn, bed};

/// A command line of `lcmap-spark`, with nothing in its environment that the test did not put there.
#[derive(Debug)]
pub struct LcmapSpark {
    through: Vec<&'static str>,
    program: PathBuf,
    arguments: Vec<OsString>,
    environment: Vec<(OsString, OsString)>,
    folder: Option<PathBuf>,
    input: Option<Vec<u8>>,
    sandbox: Sandbox,
}

impl LcmapSpark {
    /// `lcmap-spark SUBCOMMAND`.
    pub fn new(subcommand: &str) -> Self {
        Self::installed(bed::lcmap_spark(), subcommand)
    }

    /// `lcmap-spark SUBCOMMAND`, the one that is installed here.
    pub fn installed(program: PathBuf, subcommand: &str) -> Self {
        Self {
            through: Vec::new(),
            program,
            arguments: vec![subcommand.into()],
            environment: vec![
                ("PATH".into(), "/usr/bin:/bin".into()),
                ("HOME".into(), std::env::temp_dir().into()),
            ],
            folder: None,
            input: None,
            sandbox: Sandbox::new(),
        }
    }

    /// `lcmap-spark run -f FILE`, with the Spark bed's Spark.
    pub fn run(file: impl AsRef<OsStr>) -> Self {
        Self::new("run").arg("-f").arg(file).environment(bed::spark().iter().cloned())
    }

    /// `lcmap-spark doctor -f FILE`, with the Spark bed's Spark.
    pub fn doctor(file: impl AsRef<OsStr>) -> Self {
        Self::new("doctor").arg("-f").arg(file).environment(bed::spark().iter().cloned())
    }

    /// `lcmap-spark run -f FILE`, with a stand-in for Spark.
    pub fn run_with(spark: &StandIn, file: impl AsRef<OsStr>) -> Self {
        Self::new("run").arg("-f").arg(file).environment(spark.environment())
    }

    /// `lcmap-spark run -f FILE --container podman`, with the podman bed.
    pub fn run_in_container(file: impl AsRef<OsStr>) -> Self {
        let command = Self::new("run").arg("-f").arg(file).environment(bed::podman());
        command.args(["--container", "podman", "--agent"]).arg(bed::agent())
    }

    /// One more argument.
    #[must_use]
    pub fn arg(mut self, argument: impl AsRef<OsStr>) -> Self {
        self.arguments.push(argument.as_ref().to_owned());
        self
    }

    /// More arguments.
    #[must_use]
    pub fn args(self, arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Self {
        arguments.into_iter().fold(self, Self::arg)
    }

    /// One variable of its environment.
    #[must_use]
    pub fn env(self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.environment([(name.into(), value.as_ref().to_owned())])
    }

    /// The folder it is started in; without one, an empty one.
    #[must_use]
    pub fn in_folder(mut self, folder: &Path) -> Self {
        self.folder = Some(folder.to_owned());
        self
    }

    /// What it reads from its standard input; without one, nothing.
    #[must_use]
    pub fn input(mut self, input: impl Into<Vec<u8>>) -> Self {
        self.input = Some(input.into());
        self
    }

    /// Takes from root what lets it pass over the permissions of files, so that they hold for it as for everybody.
    #[must_use]
    pub fn bound_by_permissions(mut self) -> Self {
        if rustix::process::geteuid().is_root() {
            self.through.extend(["/usr/bin/setpriv", "--bounding-set=-dac_override,-dac_read_search"]);
        }
        self
    }

    /// Runs it to its end.
    pub fn finish(self) -> Finished {
        self.start().finish()
    }

    /// Runs it to its end, while nobody reads its standard output.
    pub fn finish_with_closed_output(self) -> Finished {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        self.spawn(writer.into()).finish()
    }

    /// Starts it, with a pipe for each of its streams.
    pub fn start(self) -> Running {
        self.spawn(Stdio::piped())
    }

    fn spawn(mut self, stdout: Stdio) -> Running {
        let input = self.input.take();
        let mut command = self.command();
        command.process_group(0).stdout(stdout).stderr(Stdio::piped());
        command.stdin(if input.is_some() { Stdio::piped() } else { Stdio::null() });
        let mut child = command.spawn().unwrap();
        if let (Some(input), Some(mut pipe)) = (input, child.stdin.take()) {
            // A thread of its own, since nobody promises that all of it is read.
            std::thread::spawn(move || pipe.write_all(&input));
        }
        Running::new(child, self.sandbox)
    }

    /// Starts it at a terminal of this size.
    pub fn at_terminal(self, size: Size) -> Terminal {
        let mut this = self.env("TERM", "xterm");
        this.through.extend(["/usr/bin/setsid", "--ctty"]); // makes the terminal a controlling one, as a login does
        let command = this.command();
        Terminal::open(command, size, this.sandbox)
    }

    fn command(&self) -> Command {
        let words = self.through.iter().map(OsString::from).chain([self.program.clone().into()]);
        let mut words = words.chain(self.arguments.iter().cloned());
        let mut command = Command::new(words.next().unwrap());
        command.args(words).env_clear().envs(self.sandbox.environment());
        command.envs(self.environment.iter().cloned());
        command.current_dir(self.folder.as_deref().unwrap_or(self.sandbox.folder()));
        command
    }

    fn environment(mut self, variables: impl IntoIterator<Item = (OsString, OsString)>) -> Self {
        self.environment.extend(variables);
        self
    }
}
