//! Folders of our own where everybody can make some: in `/dev/shm`, `/tmp` and their kin.
//!
//! Another user can plant anything there under the name of such a folder. So a parent counts only where nobody else can put
//! something in the place of what is ours ([`Place`]), and a folder only if it is one, no link to one, ours, and closed to
//! everybody else (`Opened`). It is then reached through its descriptor, since its name may stand for something else by then.
//! Nothing here waits for anybody.
//!
//! A killed process cannot clean up. So each holds a lock on its folder, and the next one finds the abandoned ones.

mod abandoned;
mod opened;
mod place;

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use nix::unistd;

pub use abandoned::{Abandoned, abandoned};
pub use place::Place;

use opened::Opened;

/// Why no folder could be made.
#[derive(Debug, thiserror::Error)]
#[error("no private folder could be made; tried {tried}")]
pub struct OwnFolderError {
    tried: String,
}

/// A folder of mode 0700 in the lock of this process. It is removed when this value is dropped.
#[derive(Debug)]
pub struct OwnFolder {
    path: PathBuf,
    opened: Opened,
    at_end: AtEnd,
    /// Held for as long as the folder is in use.
    _lock: File,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum AtEnd {
    Remove,
    Leave,
}

impl OwnFolder {
    /// Makes one, whose name begins with `prefix`, in the first place where one can be made and has room. `sweep` is called with
    /// each parent before.
    pub fn create(
        places: impl IntoIterator<Item = Place>,
        prefix: &str,
        sweep: impl Fn(&Path),
    ) -> Result<Self, OwnFolderError> {
        let mut tried = String::new();
        for place in places {
            let made = place.checked().and_then(|parent| {
                sweep(&parent);
                Self::create_in(&parent, prefix)
            });
            match made {
                Ok(folder) => return Ok(folder),
                Err(error) => {
                    let comma = if tried.is_empty() { "" } else { ", " };
                    // Writing to a String cannot fail.
                    let _ = write!(tried, "{comma}{} ({error})", place.path().display());
                }
            }
        }
        Err(OwnFolderError { tried })
    }

    fn create_in(parent: &Path, prefix: &str) -> io::Result<Self> {
        let path = unistd::mkdtemp(&parent.join(format!("{prefix}XXXXXX")))?;
        let opened = Opened::at(&path)?;
        // A full tmpfs still makes folders: see whether a page fits before anything depends on it.
        let made = has_room(&opened).and_then(|()| opened.make_lock());
        match made {
            Ok(lock) => Ok(Self { path, opened, at_end: AtEnd::Remove, _lock: lock }),
            Err(error) => {
                // Best effort: what is left is empty.
                let _ = opened.remove();
                Err(error)
            }
        }
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Leaves it to whoever looks for abandoned ones next.
    pub fn leave(&mut self) {
        self.at_end = AtEnd::Leave;
    }

    /// Removes it now.
    pub(crate) fn remove(&mut self) -> io::Result<()> {
        self.leave();
        self.opened.remove()
    }
}

impl Drop for OwnFolder {
    fn drop(&mut self) {
        if self.at_end == AtEnd::Remove {
            // Best effort: the next one sweeps what stays.
            let _ = self.opened.remove();
        }
    }
}

fn has_room(folder: &Opened) -> io::Result<()> {
    let probe = folder.path().join("probe");
    let mut file = File::create_new(&probe)?;
    file.write_all(&[0; 4096])?;
    fs::remove_file(&probe)
}

/// Removes a folder whose name begins with `prefix`, if it is ours and closed to everybody else.
pub(crate) fn remove(folder: &Path, prefix: &str) -> io::Result<()> {
    let is_named = |name: &std::ffi::OsStr| name.as_encoded_bytes().starts_with(prefix.as_bytes());
    if !folder.is_absolute() || !folder.file_name().is_some_and(is_named) {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, format!("is no {prefix}* folder")));
    }
    Opened::at(folder)?.remove()
}

#[cfg(test)]
mod tests;
