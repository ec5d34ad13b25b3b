//! A run that goes on, with a pipe for each of its streams.

use std::path::PathBuf;
use std::process::Child;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::Finished;
use crate::sandbox::Sandbox;
use crate::transcript::Transcript;

/// No run of these tests takes longer: ending a test is all that it is for.
pub(crate) const LIMIT: Duration = Duration::from_secs(180);

/// How long the agent of a killed run may take to end: its driver has a grace period, and Mesos 15 s to confirm what is settled.
const LAST_DUTIES: Duration = Duration::from_secs(60);

/// A run that goes on.
#[derive(Debug)]
pub struct Running {
    child: Child,
    started: Instant,
    stdout: Transcript,
    stderr: Transcript,
    sandbox: Sandbox,
}

impl Running {
    pub(crate) fn new(mut child: Child, sandbox: Sandbox) -> Self {
        let stdout = child.stdout.take().map_or_else(Transcript::empty, Transcript::of);
        let stderr = Transcript::of(child.stderr.take().unwrap());
        Self { child, started: Instant::now(), stdout, stderr, sandbox }
    }

    /// Waits until its standard error says this.
    pub fn wait_for(&self, text: &str) {
        self.stderr.wait_for(text, 0, LIMIT);
    }

    /// Waits until its standard output says this.
    pub fn wait_for_output(&self, text: &str) {
        self.stdout.wait_for(text, 0, LIMIT);
    }

    /// What its standard error said so far.
    pub fn stderr_so_far(&self) -> String {
        self.stderr.so_far()
    }

    /// What its standard output said so far.
    pub fn stdout_so_far(&self) -> String {
        self.stdout.so_far()
    }

    /// The command lines of its processes.
    pub fn command_lines(&self) -> Vec<String> {
        self.sandbox.command_lines()
    }

    /// The environments of its processes.
    pub fn environments(&self) -> Vec<String> {
        self.sandbox.environments()
    }

    /// Every file in its private folders, with its permissions.
    pub fn private_files(&self) -> Vec<(PathBuf, u32)> {
        self.sandbox.private_files()
    }

    /// Sends a signal to `lcmap-spark` alone.
    pub fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// Waits for its end, and looks at what it left behind.
    pub fn finish(mut self) -> Finished {
        let status = wait_for_end(&mut self.child, || self.stderr.so_far());
        let took = self.started.elapsed();
        self.sandbox.check();
        Finished { code: status.code(), stdout: self.stdout.all(), stderr: self.stderr.all(), took }
    }

    /// Kills `lcmap-spark` alone, as it cannot refuse, and fails if a process of the run lives on for longer than it takes to
    /// stop the driver.
    pub fn killed(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        self.sandbox.check_processes(LAST_DUTIES);
    }
}

/// Waits for a process's end. A test that waits for too long fails; what still runs ends with its sandbox.
pub(crate) fn wait(child: &mut Child) -> std::process::ExitStatus {
    wait_for_end(child, String::new)
}

fn wait_for_end(child: &mut Child, said: impl Fn() -> String) -> std::process::ExitStatus {
    let deadline = Instant::now() + LIMIT;
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return status;
        }
        assert!(Instant::now() < deadline, "lcmap-spark did not end within {LIMIT:?}: {}", said());
        std::thread::sleep(Duration::from_millis(10));
    }
}
