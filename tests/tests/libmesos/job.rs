//! A Spark job that runs, and what it says.

use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, ExitStatus, Stdio},
    sync::mpsc::{Receiver, channel},
    thread,
    time::Duration,
};

use nix::{sys::signal::Signal, unistd::Pid};

/// How long the next thing may take: a JVM, a Python and an executor start on a busy machine.
const PATIENCE: Duration = Duration::from_secs(150);

/// A job that runs, and what it says.
pub(crate) struct Job {
    child: Child,
    lines: Receiver<String>,
}

impl Job {
    /// Starts slow.py, with so many seconds between its two turns.
    pub(crate) fn start(mut command: Command, pause: &str) -> Self {
        let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/libmesos/slow.py");
        command.arg(program).arg(pause).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let (sender, lines) = channel();
        let output = BufReader::new(child.stdout.take().unwrap());
        let errors = BufReader::new(child.stderr.take().unwrap());
        let forward = sender.clone();
        thread::spawn(move || output.lines().map_while(Result::ok).all(|line| sender.send(line).is_ok()));
        thread::spawn(move || errors.lines().map_while(Result::ok).all(|line| forward.send(line).is_ok()));
        Self { child, lines }
    }

    /// Waits until it says something of the kind.
    pub(crate) fn until(&self, text: &str) -> String {
        loop {
            let line =
                self.lines.recv_timeout(PATIENCE).unwrap_or_else(|error| panic!("no {text:?}: {error}"));
            eprintln!("{line}");
            if line.contains(text) {
                return line;
            }
        }
    }

    /// Sends it a signal.
    pub(crate) fn signal(&self, signal: Signal) {
        let pid = Pid::from_raw(i32::try_from(self.child.id()).unwrap());
        nix::sys::signal::kill(pid, signal).unwrap();
    }

    /// Waits until it has ended.
    pub(crate) fn end(mut self) -> ExitStatus {
        self.lines.iter().for_each(|line| eprintln!("{line}"));
        self.child.wait().unwrap()
    }
}
