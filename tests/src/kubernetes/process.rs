use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    thread,
    time::{Duration, Instant},
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};

use super::{Error, Result, run};

/// How many bytes of a log a failure shows.
const TAIL: usize = 4096;

/// A program that runs as long as this value, with its log in the run's folder.
#[derive(Debug)]
pub(crate) struct Daemon {
    name: String,
    log: PathBuf,
    child: Child,
}

impl Daemon {
    /// Starts `command` as `name`, marked as part of the run.
    pub(crate) fn start(run: &run::Run, name: &str, command: &mut Command) -> Result<Self> {
        let log = run.logs().join(format!("{name}.log"));
        let out = File::options().create(true).append(true).open(&log).map_err(Error::file("write", &log))?;
        let err = out.try_clone().map_err(Error::file("write", &log))?;
        let child = command
            .env(run::MARK, run.folder())
            .stdin(Stdio::null())
            .stdout(out)
            .stderr(err)
            .spawn()
            .map_err(|source| Error::Start { program: name.into(), source })?;
        Ok(Self { name: name.into(), log, child })
    }

    /// Its process id.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn signal(&self, signal: Signal) -> Result<()> {
        let pid = Pid::from_raw(self.child.id().cast_signed());
        kill(pid, signal).map_err(|errno| Error::Signal { program: self.name.clone(), source: errno.into() })
    }

    /// Waits until it ends by itself. Answers how, unless it takes longer than `limit`.
    pub(crate) fn wait(&mut self, limit: Duration) -> Result<ExitStatus> {
        let what = format!("{} did not end", self.name);
        wait_until(&what, limit, || {
            self.child.try_wait().map_err(|source| Error::Start { program: self.name.clone(), source })
        })
        .map_err(|error| error.explained_by(|| log_tail(&self.log)))
    }

    /// Where it writes its log.
    pub(crate) fn log(&self) -> &Path {
        &self.log
    }

    /// Kills it and waits until it is gone.
    pub(crate) fn stop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// An error when it is no longer there.
    pub(crate) fn check(&mut self) -> Result<()> {
        match self.child.try_wait() {
            Ok(Some(status)) => {
                Err(Error::Ended { program: self.name.clone(), status, log: log_tail(&self.log) })
            }
            _ => Ok(()),
        }
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        self.stop();
    }
}

/// The end of a log, under its name.
pub(crate) fn log_tail(path: &Path) -> String {
    let log = fs::read(path).unwrap_or_default();
    let tail = String::from_utf8_lossy(&log[log.len().saturating_sub(TAIL)..]).into_owned();
    format!("--- {}\n{tail}", path.display())
}

/// Asks `attempt` again and again until it has a value or `limit` is over; `what` reads as "the node was not ready".
pub fn wait_until<T>(
    what: &str,
    limit: Duration,
    mut attempt: impl FnMut() -> Result<Option<T>>,
) -> Result<T> {
    let deadline = Instant::now() + limit;
    loop {
        if let Some(value) = attempt()? {
            return Ok(value);
        }
        if Instant::now() >= deadline {
            return Err(Error::TimedOut { what: what.into(), limit, detail: String::new() });
        }
        thread::sleep(Duration::from_millis(200)); // some attempts start a kubectl
    }
}
