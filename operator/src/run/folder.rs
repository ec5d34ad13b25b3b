//! The private folder of one attempt.

use std::fs::File;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use lcmap_spark_agent::owed;
use lcmap_spark_agent::plan::LaunchPlan;
use lcmap_spark_agent::report::TerminationMessage;
use lcmap_spark_agent::state::{self, DriverState};

use super::RunError;

/// The name of the termination message in the state folder.
pub(crate) const TERMINATION: &str = "termination.json";
/// The file that is locked.
const LOCK: &str = "lock";
/// The agent's state folder.
const STATE: &str = "state";
/// The launch plan.
const PLAN: &str = "plan.json";
/// The same for whoever settles on Mesos what the driver left there: with paths of this machine, not of a container.
const OWED: &str = "owed.json";
/// How every such folder's name begins.
const PREFIX: &str = "lcmap-spark-run-";

/// Holds what agent and `run` tell each other of one attempt. Removed when dropped.
#[derive(Debug)]
pub(crate) struct AttemptFolder {
    temporary: tempfile::TempDir,
    /// Locked for as long as this `run` lives, by which the next one knows what a killed one has left behind.
    _lock: File,
}

impl AttemptFolder {
    /// Makes the folder, readable by its owner alone, in memory where there is some: `$XDG_RUNTIME_DIR`,
    /// `/dev/shm`, or where temporary files go. A notebook's token should not reach a disk.
    pub(crate) fn create() -> Result<Self, RunError> {
        let last = std::env::temp_dir();
        let in_memory =
            std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from).into_iter().chain(["/dev/shm".into()]);
        let made =
            in_memory.filter(|parent| parent.is_dir()).find_map(|parent| Self::create_in(&parent).ok());
        made.map_or_else(|| Self::create_in(&last), Ok)
            .map_err(|cause| RunError::Folder { path: last, cause })
    }

    fn create_in(parent: &Path) -> std::io::Result<Self> {
        sweep(parent);
        let temporary = tempfile::Builder::new()
            .prefix(PREFIX)
            .permissions(std::fs::Permissions::from_mode(0o700))
            .tempdir_in(parent)?;
        let lock = File::create(temporary.path().join(LOCK))?;
        lock.lock()?;
        let folder = Self { temporary, _lock: lock };
        for path in [folder.state(), folder.identity()] {
            // A container's user need not be ours; everybody else is kept out by the folder around them.
            std::fs::create_dir(&path)?;
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o777))?;
        }
        Ok(folder)
    }

    /// The folder itself.
    pub(crate) fn path(&self) -> &Path {
        self.temporary.path()
    }

    /// The agent's state folder.
    pub(crate) fn state(&self) -> PathBuf {
        self.path().join(STATE)
    }

    /// Where passwd and group with an entry for the container's user are written.
    pub(crate) fn identity(&self) -> PathBuf {
        self.path().join("identity")
    }

    /// The launch plan.
    pub(crate) fn plan(&self) -> PathBuf {
        self.path().join(PLAN)
    }

    /// Writes the launch plan.
    pub(crate) fn write_plan(&self, plan: &LaunchPlan) -> Result<(), RunError> {
        write_plan(&self.plan(), plan)
    }

    /// Writes what it takes to settle on Mesos what the driver may leave there: its plan, with the paths of this machine.
    pub(crate) fn write_owed(&self, plan: &LaunchPlan) -> Result<(), RunError> {
        write_plan(&self.path().join(OWED), plan)
    }

    /// Leaves the folder to the next `run`, which settles what the driver left on Mesos.
    pub(crate) fn leave(&mut self) {
        self.temporary.disable_cleanup(true);
        // It opens nothing any more; there need not be one.
        let _ = std::fs::remove_file(self.token());
    }

    /// The file with the token of a notebook server.
    pub(crate) fn token(&self) -> PathBuf {
        self.path().join("token")
    }

    /// Writes the token of a notebook server: the one that is given, or a new one.
    pub(crate) fn write_token(&self, given: Option<&Path>) -> Result<(), RunError> {
        let fault = |path: &Path, cause| RunError::Folder { path: path.to_owned(), cause };
        let token = match given {
            // Jupyter takes the file as it is, and with its newline no request would ever fit.
            Some(path) => {
                std::fs::read_to_string(path).map_err(|cause| fault(path, cause))?.trim_end().to_owned()
            }
            None => random_token().map_err(|cause| fault(&self.token(), cause))?,
        };
        std::fs::write(self.token(), token).map_err(|cause| fault(&self.token(), cause))
    }

    /// What the agent last said of the living driver.
    pub(crate) fn driver_state(&self) -> DriverState {
        std::fs::read(self.state().join(state::FILE_NAME))
            .ok()
            .and_then(|text| serde_json::from_slice(&text).ok())
            .unwrap_or_default()
    }

    /// What the agent said of the driver's end.
    pub(crate) fn termination_message(&self) -> Option<TerminationMessage> {
        serde_json::from_slice(&std::fs::read(self.termination_log()).ok()?).ok()
    }

    /// Where the agent writes its termination message.
    pub(crate) fn termination_log(&self) -> PathBuf {
        self.state().join(TERMINATION)
    }
}

fn write_plan(path: &Path, plan: &LaunchPlan) -> Result<(), RunError> {
    let text = plan.encode().map_err(RunError::Plan)?;
    std::fs::write(path, text).map_err(|cause| RunError::Folder { path: path.to_owned(), cause })
}

/// Removes what killed runs of the same user have left behind.
fn sweep(parent: &Path) {
    for folder in parent.read_dir().into_iter().flatten().flatten() {
        let ours = folder.file_name().to_string_lossy().starts_with(PREFIX);
        // One that is just being made has no lock file yet, and is left alone.
        if ours
            && let Ok(lock) = File::open(folder.path().join(LOCK))
            && lock.try_lock().is_ok()
            && !has_agent(&folder.path())
        {
            clear(folder.path(), lock);
        }
    }
}

/// Whether an agent that has outlived its `run` still stops its driver.
fn has_agent(folder: &Path) -> bool {
    File::open(folder.join(STATE).join(state::LOCK_NAME)).is_ok_and(|lock| lock.try_lock().is_err())
}

/// Removes a folder. If its driver was on Mesos, what that left there goes first: meanwhile nobody waits for it.
fn clear(folder: PathBuf, lock: File) {
    let state = folder.join(STATE);
    if lcmap_mesos::read_states(&state).is_empty() {
        let _ = std::fs::remove_dir_all(folder); // somebody else's cannot be removed
        return;
    }
    std::thread::spawn(move || {
        let left = owed::settle_plan(&folder.join(OWED), &state);
        for (id, why) in &left {
            eprintln!("lcmap-spark: the framework {id} of an earlier run may be left on Mesos: {why}");
        }
        if left.is_empty() {
            let _ = std::fs::remove_dir_all(folder);
        }
        drop(lock);
    });
}

/// 192 bits of the kernel's own randomness.
fn random_token() -> std::io::Result<String> {
    use std::io::Read;
    let mut bytes = [0; 24];
    File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    Ok(bytes.iter().fold(String::new(), |token, byte| format!("{token}{byte:02x}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_killed_run_left_behind_is_swept_and_the_living_are_spared() {
        let parent = tempfile::tempdir().unwrap();
        let folder = |name: &str| {
            let path = parent.path().join(format!("{PREFIX}{name}"));
            std::fs::create_dir(&path).unwrap();
            let lock = File::create(path.join(LOCK)).unwrap();
            (path, lock)
        };
        let (living, lock) = folder("living");
        lock.lock().unwrap();
        let (dead, _) = folder("dead");
        std::fs::create_dir(parent.path().join("of-another-program")).unwrap();
        sweep(parent.path());
        assert!(living.exists() && !dead.exists() && parent.path().join("of-another-program").exists());
    }

    #[test]
    fn tokens_are_long_and_never_the_same() {
        let (one, other) = (random_token().unwrap(), random_token().unwrap());
        assert_eq!(one.len(), 48);
        assert_ne!(one, other);
    }
}
