//! The agent's private folder: where secrets lie while the driver runs.
//!
//! On memory-backed storage if the machine has any that we may write; readable by our user alone; gone at the end.
//! An agent that was killed cannot clean up, so each holds a lock on its folder, and the next one to start sweeps
//! the folders whose lock is free.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use nix::fcntl::{Flock, FlockArg};
use nix::sys::statfs::{FsType, TMPFS_MAGIC, statfs};
use nix::unistd;

use crate::console;

/// How the name of every private folder begins.
pub(crate) const PREFIX: &str = "lcmap-spark-agent-";

/// Why there is no private folder.
#[derive(Debug, thiserror::Error)]
#[error(
    "no private folder for secrets could be made; tried {tried}; give the agent a memory-backed folder by XDG_RUNTIME_DIR, or room in /dev/shm or /tmp"
)]
pub(crate) struct PrivateFolderError {
    tried: String,
}

/// A folder of mode 0700 that is removed when this value is dropped.
#[derive(Debug)]
pub(crate) struct PrivateFolder {
    path: PathBuf,
    memory_backed: bool,
    /// Held as long as the folder is in use; see [`sweep`].
    _lock: Flock<File>,
}

impl PrivateFolder {
    /// Makes a private folder in the first of `XDG_RUNTIME_DIR`, `/dev/shm` and `/tmp` that is memory-backed and
    /// has room, else in `fallback` on a disk.
    pub(crate) fn create(runtime_dir: Option<&OsStr>, fallback: &Path) -> Result<Self, PrivateFolderError> {
        let runtime_dir = runtime_dir.map(Path::new).filter(|path| path.is_absolute());
        let memory = runtime_dir.into_iter().chain([Path::new("/dev/shm"), Path::new("/tmp")]);
        let memory = memory.filter(|parent| is_memory_backed(parent)).map(|parent| (parent, true));
        let mut tried = Vec::new();
        for (parent, memory_backed) in memory.chain([(fallback, false)]) {
            sweep(parent);
            match create_in(parent) {
                Ok((path, lock)) => return Ok(Self { path, memory_backed, _lock: lock }),
                Err(error) => tried.push(format!("{} ({error})", parent.display())),
            }
        }
        Err(PrivateFolderError { tried: tried.join(", ") })
    }

    /// The folder.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Whether nothing in it ever reaches a disk (swap aside).
    pub(crate) fn memory_backed(&self) -> bool {
        self.memory_backed
    }
}

impl Drop for PrivateFolder {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_dir_all(&self.path) {
            console::warn(&format!("{} could not be removed: {error}", self.path.display()));
        }
    }
}

/// What statfs(2) says of ramfs; nix has no name for it.
const RAMFS_MAGIC: FsType = FsType(0x8584_58f6);

/// Whether a folder lies on tmpfs or ramfs.
pub(crate) fn is_memory_backed(folder: &Path) -> bool {
    statfs(folder).is_ok_and(|stat| [TMPFS_MAGIC, RAMFS_MAGIC].contains(&stat.filesystem_type()))
}

/// How often a folder is made anew that a sweeping agent took for an abandoned one, before its lock was taken.
const ATTEMPTS: usize = 3;

fn create_in(parent: &Path) -> io::Result<(PathBuf, Flock<File>)> {
    let swept = |error: &io::Error| {
        matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::NotFound) && parent.is_dir()
    };
    let mut made = make(parent);
    for _ in 1..ATTEMPTS {
        match made {
            Err(error) if swept(&error) => made = make(parent),
            _ => break,
        }
    }
    made
}

fn make(parent: &Path) -> io::Result<(PathBuf, Flock<File>)> {
    let path = unistd::mkdtemp(&parent.join(format!("{PREFIX}XXXXXX")))?;
    let lock = lock(&path)?;
    // A full tmpfs still makes folders: see whether a page fits before anything depends on it.
    let probe = path.join("probe");
    if let Err(error) = fs::write(&probe, [0; 4096]).and_then(|()| fs::remove_file(&probe)) {
        // Best effort: what is left is empty, and the next agent sweeps it.
        let _ = fs::remove_dir_all(&path);
        return Err(error);
    }
    Ok((path, lock))
}

fn lock(folder: &Path) -> io::Result<Flock<File>> {
    Flock::lock(File::open(folder)?, FlockArg::LockExclusiveNonblock).map_err(|(_, errno)| errno.into())
}

/// Removes what agents that were killed left in `parent`: our own user's folders that nobody holds a lock on.
fn sweep(parent: &Path) {
    let Ok(entries) = fs::read_dir(parent) else { return };
    for entry in entries.flatten() {
        if entry.file_name().as_encoded_bytes().starts_with(PREFIX.as_bytes()) && lock(&entry.path()).is_ok()
        {
            // Best effort: a folder of another user is locked by nobody and refuses to be removed.
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}
