//! The agent's private folder: where secrets lie while the driver runs.
//!
//! On memory-backed storage if the machine has any that we may write; readable by our user alone; gone at the end. What agents
//! that were killed have left of ours, the next one sweeps.

use std::ffi::OsStr;
use std::path::Path;
use std::time::Duration;

use nix::sys::statfs::{FsType, TMPFS_MAGIC, statfs};

use crate::console;
use crate::own_folder::{OwnFolder, OwnFolderError, Place, abandoned};

/// How the name of every private folder begins.
pub(crate) const PREFIX: &str = "lcmap-spark-agent-";

/// For how long is looked for abandoned folders: the driver waits for it, and others can plant any number of folders.
const PATIENCE: Duration = Duration::from_secs(1);

/// Why there is no private folder.
#[derive(Debug, thiserror::Error)]
#[error(
    "{0}; give the agent a memory-backed folder of its own by XDG_RUNTIME_DIR, or room in /dev/shm or /tmp"
)]
pub(crate) struct PrivateFolderError(OwnFolderError);

/// A folder of mode 0700 that is removed when this value is dropped.
#[derive(Debug)]
pub(crate) struct PrivateFolder(OwnFolder);

impl PrivateFolder {
    /// Makes a private folder in the first of `XDG_RUNTIME_DIR`, `/dev/shm` and `/tmp` that is memory-backed, safe from others and
    /// has room, else in `fallback` on a disk.
    pub(crate) fn create(runtime_dir: Option<&OsStr>, fallback: &Path) -> Result<Self, PrivateFolderError> {
        // A relative one is to be ignored (XDG Base Directory Specification).
        let runtime_dir = runtime_dir.map(Path::new).filter(|path| path.is_absolute());
        let shared = runtime_dir.into_iter().chain([Path::new("/dev/shm"), Path::new("/tmp")]);
        let shared = shared.filter(|parent| is_memory_backed(parent)).map(|path| Place::Shared(path.into()));
        let places = shared.chain([Place::Given(fallback.into())]);
        OwnFolder::create(places, PREFIX, sweep).map(Self).map_err(PrivateFolderError)
    }

    /// The folder.
    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    /// Whether nothing in it ever reaches a disk (swap aside).
    pub(crate) fn memory_backed(&self) -> bool {
        is_memory_backed(self.path())
    }
}

impl Drop for PrivateFolder {
    fn drop(&mut self) {
        if let Err(error) = self.0.remove() {
            console::warn(&format!("{} could not be removed: {error}", self.path().display()));
        }
    }
}

fn sweep(parent: &Path) {
    for folder in abandoned(parent, PREFIX, PATIENCE) {
        // Best effort: the next one tries again.
        let _ = folder.remove();
    }
}

/// What statfs(2) says of ramfs; nix has no name for it.
const RAMFS_MAGIC: FsType = FsType(0x8584_58f6);

/// Whether a folder lies on tmpfs or ramfs.
pub(crate) fn is_memory_backed(folder: &Path) -> bool {
    statfs(folder).is_ok_and(|stat| [TMPFS_MAGIC, RAMFS_MAGIC].contains(&stat.filesystem_type()))
}
