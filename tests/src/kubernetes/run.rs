use std::{
    fs::{self, File},
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio, id},
    sync::atomic::{AtomicU32, Ordering},
};

use super::{Error, Result, process::log_tail, programs};

/// The environment variable that marks every process of a run, with the run's folder as its value; `sweep.sh` goes
/// by it.
pub(crate) const MARK: &str = "LCMAP_BED_RUN";

/// The folder of one bed, and the promise that everything started for it ends with it.
#[derive(Debug)]
pub(crate) struct Run {
    folder: PathBuf,
    keeper: Child,
    _lock: File,
}

impl Run {
    /// Makes a folder for a new bed, after sweeping those whose test process is dead.
    pub(crate) fn create() -> Result<Self> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let runs = programs::folder().join("run");
        fs::create_dir_all(&runs).map_err(Error::file("create", &runs))?;
        let runs = runs.canonicalize().map_err(Error::file("find", &runs))?;
        // One start at a time: a folder is never seen between being made and being locked.
        let _turn = lock(&runs.with_extension("lock"))?;
        sweep_dead(&runs)?;

        let folder = runs.join(format!("{}-{}", id(), COUNT.fetch_add(1, Ordering::Relaxed)));
        fs::create_dir(&folder).map_err(Error::file("create", &folder))?;
        let lock = lock(&lock_of(&folder))?;
        let keeper = keeper(&folder)?;
        fs::create_dir(folder.join("log")).map_err(Error::file("create", &folder))?;
        Ok(Self { folder, keeper, _lock: lock })
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Where every program of the run writes its log.
    pub(crate) fn logs(&self) -> PathBuf {
        self.folder.join("log")
    }

    /// The ends of all logs.
    pub(crate) fn log_tails(&self) -> String {
        let logs = fs::read_dir(self.logs()).into_iter().flatten().flatten();
        let mut tails: Vec<String> = logs.map(|log| log_tail(&log.path())).collect();
        tails.sort();
        tails.join("\n")
    }

    /// The prefix of everything with a name that is the machine's, such as a cgroup.
    pub(crate) fn prefix(&self) -> String {
        let name = self.folder.file_name().unwrap_or_default();
        format!("lcmap-bed-{}", name.display())
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        drop(self.keeper.stdin.take());
        let _ = self.keeper.wait();
    }
}

fn lock_of(folder: &Path) -> PathBuf {
    folder.join("lock")
}

fn lock(path: &Path) -> Result<File> {
    let file = File::create(path).map_err(Error::file("create", path))?;
    file.lock().map_err(Error::file("lock", path))?;
    Ok(file)
}

/// In a process group of its own, so that ctrl-C at the tests does not end it before its work.
fn keeper(folder: &Path) -> Result<Child> {
    Command::new(programs::scripts().join("sweep.sh"))
        .arg("--at-eof")
        .arg(folder)
        .stdin(Stdio::piped())
        .process_group(0)
        .spawn()
        .map_err(|source| Error::Start { program: "sweep.sh".into(), source })
}

/// A run whose lock can be taken has no living harness; its keeper may still be at work, which does no harm.
fn sweep_dead(runs: &Path) -> Result<()> {
    for entry in fs::read_dir(runs).map_err(Error::file("read", runs))? {
        let folder = entry.map_err(Error::file("read", runs))?.path();
        let alive = File::open(lock_of(&folder)).is_ok_and(|lock| lock.try_lock().is_err());
        if !alive {
            let _ = Command::new(programs::scripts().join("sweep.sh")).arg(&folder).status();
        }
    }
    Ok(())
}
