//! A folder that was looked at after it was opened, not before.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use nix::errno::Errno;
use nix::fcntl::{OFlag, OpenHow, ResolveFlag, open, openat, openat2, renameat};
use nix::sys::stat::{FileStat, Mode, SFlag, fstat};
use nix::unistd::{UnlinkatFlags, geteuid, unlinkat};

/// The file that is locked.
pub(super) const LOCK: &str = "lock";
/// The same before it is held.
const LOCK_TO_BE: &str = "lock.new";

/// What every folder is opened with. Without links on the way nothing else is opened than what was asked for.
const FOLDER: OFlag = OFlag::O_DIRECTORY.union(OFlag::O_CLOEXEC);

/// A folder of our own, and where it lies.
#[derive(Debug)]
pub(super) struct Opened {
    parent: Arc<OwnedFd>,
    name: OsString,
    folder: OwnedFd,
}

impl Opened {
    /// Opens the folder with this path, whose parent is known.
    pub(super) fn at(path: &Path) -> io::Result<Self> {
        match (path.parent(), path.file_name()) {
            (Some(parent), Some(name)) => Self::within(Arc::new(open_parent(parent)?), name),
            _ => Err(io::ErrorKind::InvalidInput.into()),
        }
    }

    /// Opens a folder of this parent. What is none, or is not ours alone, is an error.
    pub(super) fn within(parent: Arc<OwnedFd>, name: &OsStr) -> io::Result<Self> {
        let folder = open_folder(&parent, name)?;
        let stat = fstat(&folder)?;
        if !is_ours(&stat) || stat.st_mode & 0o077 != 0 {
            return Err(io::Error::new(io::ErrorKind::PermissionDenied, "is not this user's alone"));
        }
        Ok(Self { parent, name: name.to_owned(), folder })
    }

    /// Its path for this process alone: it stands for the folder itself, whatever its name stands for by now.
    pub(super) fn path(&self) -> PathBuf {
        descriptor(&self.folder)
    }

    /// Makes the lock and takes it. It gets its name once it is held, so that nobody finds it free in between.
    pub(super) fn make_lock(&self) -> io::Result<File> {
        // Agents of before look at the folder's own lock.
        File::from(self.folder.try_clone()?).try_lock()?;
        let lock = File::create_new(self.path().join(LOCK_TO_BE))?;
        lock.try_lock()?;
        renameat(&self.folder, LOCK_TO_BE, &self.folder, LOCK)?;
        Ok(lock)
    }

    /// Takes the lock, if it is there and nobody holds it.
    pub(super) fn take_lock(&self) -> io::Result<File> {
        let flags =
            OFlag::O_RDWR | OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK | OFlag::O_NOCTTY | OFlag::O_CLOEXEC;
        let file = openat(&self.folder, LOCK, flags, Mode::empty())?;
        let stat = fstat(&file)?;
        if !is_ours(&stat) || SFlag::from_bits_truncate(stat.st_mode & SFlag::S_IFMT.bits()) != SFlag::S_IFREG
        {
            return Err(io::Error::new(io::ErrorKind::PermissionDenied, "its lock is no file of this user"));
        }
        let lock = File::from(file);
        lock.try_lock()?;
        Ok(lock)
    }

    /// Removes it with all that is in it. The lock goes last, so that the next one finds what a failure leaves.
    pub(super) fn remove(&self) -> io::Result<()> {
        let mut failure = None;
        for entry in fs::read_dir(self.path())? {
            let entry = entry?;
            if entry.file_name() == LOCK {
                continue;
            }
            let (path, is_folder) = (entry.path(), entry.file_type()?.is_dir());
            let removed = if is_folder { fs::remove_dir_all(path) } else { fs::remove_file(path) };
            failure = failure.or(removed.err());
        }
        if let Some(failure) = failure {
            return Err(failure);
        }
        match unlinkat(&self.folder, LOCK, UnlinkatFlags::NoRemoveDir) {
            Ok(()) | Err(Errno::ENOENT) => {}
            Err(error) => return Err(error.into()),
        }
        Ok(unlinkat(&self.parent, self.name.as_os_str(), UnlinkatFlags::RemoveDir)?)
    }
}

/// Opens a folder to look for others in it.
pub(super) fn open_parent(parent: &Path) -> io::Result<OwnedFd> {
    Ok(open(parent, FOLDER, Mode::empty())?)
}

/// The path of an open folder, for this process alone.
pub(super) fn descriptor(folder: &OwnedFd) -> PathBuf {
    format!("/proc/self/fd/{}", folder.as_raw_fd()).into()
}

fn open_folder(parent: &OwnedFd, name: &OsStr) -> io::Result<OwnedFd> {
    let flags = FOLDER | OFlag::O_NOFOLLOW;
    // A file system that somebody has mounted there says of owner and mode what it likes, and may never answer.
    let how = OpenHow::new().flags(flags).resolve(ResolveFlag::RESOLVE_NO_XDEV);
    match openat2(parent, name, how) {
        // A kernel before 5.6, or a sandbox that knows none later.
        Err(Errno::ENOSYS | Errno::EPERM) => {
            let folder = openat(parent, name, flags, Mode::empty())?;
            let is_mounted = fstat(&folder)?.st_dev != fstat(parent)?.st_dev;
            if is_mounted { Err(io::ErrorKind::CrossesDevices.into()) } else { Ok(folder) }
        }
        opened => Ok(opened?),
    }
}

fn is_ours(stat: &FileStat) -> bool {
    stat.st_uid == geteuid().as_raw()
}
