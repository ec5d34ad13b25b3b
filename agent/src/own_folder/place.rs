//! Where a folder of our own can lie safely.

use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use nix::unistd::geteuid;

/// Where a folder may be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// In this one, if nobody else can put something in the place of what is ours there.
    Shared(PathBuf),
    /// In this one, which whoever started us has chosen for us alone.
    Given(PathBuf),
}

impl Place {
    /// The folder as it was named.
    pub(super) fn path(&self) -> &Path {
        match self {
            Self::Shared(path) | Self::Given(path) => path,
        }
    }

    /// The folder as it may be used.
    pub(super) fn checked(&self) -> io::Result<PathBuf> {
        match self {
            Self::Shared(path) => sheltered(path),
            Self::Given(path) => Ok(path.clone()),
        }
    }
}

/// The folder by a path without links. Whoever may rename it, or something on the way to it, could put another in its place: so
/// each folder of the path belongs to us or to root, and is written by nobody else or is sticky, as `/tmp` is.
fn sheltered(path: &Path) -> io::Result<PathBuf> {
    let path = path.canonicalize()?;
    // The owner of / can do anything. In a user namespace the owner may have no id there.
    let trusted = [0, geteuid().as_raw(), fs::metadata("/")?.uid()];
    for folder in path.ancestors() {
        if let Some(why) = danger(&fs::metadata(folder)?, &trusted) {
            let why = format!("{} {why}", folder.display());
            return Err(io::Error::new(io::ErrorKind::PermissionDenied, why));
        }
    }
    Ok(path)
}

fn danger(folder: &Metadata, trusted: &[u32]) -> Option<String> {
    const STICKY: u32 = 0o1000;
    const WRITTEN_BY_OTHERS: u32 = 0o022;
    let owner = folder.uid();
    if !trusted.contains(&owner) {
        return Some(format!("belongs to user id {owner}"));
    }
    let is_open = folder.mode() & WRITTEN_BY_OTHERS != 0 && folder.mode() & STICKY == 0;
    is_open.then(|| "can be written by others and is not sticky".to_owned())
}
