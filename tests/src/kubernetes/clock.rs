use std::{
    fs::{self, File},
    io::Write,
    path::{Path, PathBuf},
    process::Command,
    sync::atomic::{AtomicU32, Ordering},
};

use super::{Error, Result, run::Run};

/// Where the time of day can be set for one program.
const SOURCE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/beds/kubernetes/clock.c");

/// The time of day as one program sees it: the machine's, until it is set.
#[derive(Debug)]
pub(super) struct Clock {
    library: PathBuf,
    ahead: PathBuf,
}

impl Clock {
    /// A clock that goes right.
    pub(super) fn new(run: &Run) -> Result<Self> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let file = |kind: &str| run.folder().join(format!("clock-{number}.{kind}"));
        let this = Self { library: file("so"), ahead: file("ahead") };
        compile(&this.library)?;
        fs::write(&this.ahead, 0_i64.to_ne_bytes()).map_err(Error::file("write", &this.ahead))?;
        Ok(this)
    }

    /// Gives it to a program that is about to be started.
    pub(super) fn give(&self, command: &mut Command) {
        command.env("LD_PRELOAD", &self.library).env("BED_CLOCK", &self.ahead);
    }

    /// Sets it, so many seconds ahead of the machine's.
    pub(super) fn set(&self, ahead: i64) -> Result<()> {
        // In place: the program has the file mapped.
        let file = File::options().write(true).open(&self.ahead);
        file.and_then(|mut file| file.write_all(&ahead.to_ne_bytes()))
            .map_err(Error::file("write", &self.ahead))
    }
}

fn compile(library: &Path) -> Result<()> {
    let mut command = Command::new("cc");
    command.args(["-Wall", "-Werror", "-O1", "-shared", "-fPIC", "-o"]).arg(library).arg(SOURCE);
    let start = |source| Error::Start { program: "cc".into(), source };
    let output = command.output().map_err(start)?;
    if output.status.success() {
        return Ok(());
    }
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    Err(Error::Failed { command: format!("cc {SOURCE}"), code: output.status.code(), stderr })
}
