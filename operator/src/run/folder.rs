//! The private folder of one attempt.

use std::fs::{self, Permissions, TryLockError};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use lcmap_mesos::{open_plain_file, read_plain_file};
use lcmap_spark_agent::notebook::random_token;
use lcmap_spark_agent::owed;
use lcmap_spark_agent::own_folder::{Abandoned, OwnFolder, Place, abandoned};
use lcmap_spark_agent::plan::LaunchPlan;
use lcmap_spark_agent::report::TerminationMessage;
use lcmap_spark_agent::state::{self, DriverState};

use super::RunError;

/// The name of the termination message in the state folder.
pub(crate) const TERMINATION: &str = "termination.json";
/// The agent's state folder.
const STATE: &str = "state";
/// The launch plan.
const PLAN: &str = "plan.json";
/// The same for whoever settles on Mesos what the driver left there: with paths of this machine, not of a container.
const OWED: &str = "owed.json";
/// How every such folder's name begins.
const PREFIX: &str = "lcmap-spark-run-";
/// What a container's user writes there is not longer.
const LONGEST: usize = 4 << 20;
/// For how long is looked for what killed runs have left.
const PATIENCE: Duration = Duration::from_secs(60);

/// Holds what agent and `run` tell each other of one attempt. Removed when dropped.
#[derive(Debug)]
pub(crate) struct AttemptFolder(OwnFolder);

impl AttemptFolder {
    /// Makes the folder, readable by its owner alone, in memory where there is some: `$XDG_RUNTIME_DIR`,
    /// `/dev/shm`, or where temporary files go. A notebook's token should not reach a disk.
    pub(crate) fn create() -> Result<Self, RunError> {
        let runtime = std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from);
        // A relative one is to be ignored (XDG Base Directory Specification).
        let runtime = runtime.filter(|path| path.is_absolute());
        let parents = runtime.into_iter().chain(["/dev/shm".into(), std::env::temp_dir()]);
        let folder = OwnFolder::create(parents.map(Place::Shared), PREFIX, sweep).map(Self);
        let folder = folder.map_err(RunError::NoFolder)?;
        for path in [folder.state(), folder.identity()] {
            // A container's user need not be ours; everybody else is kept out by the folder around them.
            let made = fs::create_dir(&path)
                .and_then(|()| fs::set_permissions(&path, Permissions::from_mode(0o777)));
            made.map_err(|cause| RunError::Folder { path, cause })?;
        }
        Ok(folder)
    }

    /// The folder itself.
    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    /// The agent's state folder.
    pub(crate) fn state(&self) -> PathBuf {
        self.path().join(STATE)
    }

    /// Where passwd and group with an entry for the container's user are written.
    pub(crate) fn identity(&self) -> PathBuf {
        self.path().join("identity")
    }

    /// A file that a container wrote to [`Self::identity`], where no container can change it any more.
    pub(crate) fn take_identity(&self, file: &str) -> Option<PathBuf> {
        let content = read_plain_file(&self.identity().join(file), LONGEST).ok()?;
        let taken = self.path().join(file);
        fs::write(&taken, content).ok()?;
        // The container's user reads it.
        fs::set_permissions(&taken, Permissions::from_mode(0o644)).ok()?;
        Some(taken)
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
        self.0.leave();
        // It opens nothing any more; there need not be one.
        let _ = fs::remove_file(self.token());
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
            None => random_token()?,
        };
        std::fs::write(self.token(), token).map_err(|cause| fault(&self.token(), cause))
    }

    /// What the agent last said of the living driver.
    pub(crate) fn driver_state(&self) -> DriverState {
        state::read(&self.state())
    }

    /// What the agent said of the driver's end.
    pub(crate) fn termination_message(&self) -> Option<TerminationMessage> {
        serde_json::from_slice(&read_plain_file(&self.termination_log(), LONGEST).ok()?).ok()
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

/// Removes what killed runs of this user have left behind. No job waits for it.
fn sweep(parent: &Path) {
    let parent = parent.to_owned();
    // Best effort: without a thread the next run does it.
    let _ = thread(move || {
        abandoned(&parent, PREFIX, PATIENCE).filter(|folder| !has_agent(&folder.path())).for_each(clear);
    });
}

/// Whether an agent that has outlived its `run` still stops its driver.
fn has_agent(folder: &Path) -> bool {
    open_plain_file(&folder.join(STATE).join(state::LOCK_NAME))
        .is_ok_and(|lock| matches!(lock.try_lock(), Err(TryLockError::WouldBlock)))
}

/// Removes a folder. If its driver was on Mesos, what that left there goes first.
fn clear(folder: Abandoned) {
    let state = folder.path().join(STATE);
    if lcmap_mesos::read_states(&state).is_empty() {
        // Best effort: the next run tries again.
        let _ = folder.remove();
        return;
    }
    let _ = thread(move || {
        let left = owed::settle_plan(&folder.path().join(OWED), &state);
        for (id, why) in &left {
            crate::streams::complain(format!(
                "the framework {id} of an earlier run may be left on Mesos: {why}"
            ));
        }
        if left.is_empty() {
            let _ = folder.remove();
        }
    });
}

fn thread(work: impl FnOnce() + Send + 'static) -> std::io::Result<std::thread::JoinHandle<()>> {
    std::thread::Builder::new().name("sweep".to_owned()).spawn(work)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_container_puts_in_the_place_of_a_file_is_neither_followed_nor_waited_for() {
        let folder = AttemptFolder::create().unwrap();
        fs::write(folder.path().join("secret"), r#"{"pid": 1}"#).unwrap();
        let put_a_pipe = |at: &Path| {
            let made = std::process::Command::new("mkfifo").arg(at).status().unwrap();
            assert!(made.success());
        };
        let put_a_link = |at: &Path| std::os::unix::fs::symlink(folder.path().join("secret"), at).unwrap();
        for put in [&put_a_pipe as &dyn Fn(&Path), &put_a_link] {
            let files = [folder.state().join(state::FILE_NAME), folder.termination_log()];
            let files = files.into_iter().chain([folder.state().join(state::LOCK_NAME)]);
            let files: Vec<PathBuf> = files.chain([folder.identity().join("passwd")]).collect();
            for file in &files {
                put(file);
            }
            assert_eq!(folder.driver_state(), DriverState::default());
            assert_eq!(folder.termination_message(), None);
            assert_eq!(folder.take_identity("passwd"), None);
            assert!(!has_agent(folder.path()));
            for file in &files {
                fs::remove_file(file).unwrap();
            }
        }
        fs::write(folder.identity().join("passwd"), "root:").unwrap();
        assert_eq!(fs::read(folder.take_identity("passwd").unwrap()).unwrap(), b"root:");
    }
}
