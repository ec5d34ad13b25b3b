//! The folder that certificates come from: how it looks from outside, and reading it while it may be exchanged.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::CertificateError;
use super::read::{Bundle, present, read};

/// How often a folder is read that changes while it is read.
const READINGS: usize = 3;

/// How the files of a folder look from outside. Whatever happens to one of them makes it another stamp: a new content, an
/// exchange by the kubelet, which moves a link above them, a new mode.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Stamp(Vec<(PathBuf, Option<Look>)>);

/// Which file it is, how long, and when it was changed: its content, then anything about it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Look {
    device: u64,
    inode: u64,
    length: u64,
    changed: [(i64, i64); 2],
}

impl Stamp {
    /// How they look now. A few calls to the kernel; nothing is opened.
    pub(super) fn of(folder: &Path) -> Self {
        let look = |path: &Path| {
            let file = fs::metadata(path).ok()?;
            Some(Look {
                device: file.dev(),
                inode: file.ino(),
                length: file.size(),
                changed: [(file.mtime(), file.mtime_nsec()), (file.ctime(), file.ctime_nsec())],
            })
        };
        Self(present(folder).into_iter().map(|path| (path.clone(), look(&path))).collect())
    }
}

/// Reads a folder, and says how it looked before.
///
/// Three files cannot be read in one step. Where they were exchanged meanwhile they are read again, so that no pair is
/// judged of which each half is good.
pub(super) fn read_whole(folder: &Path) -> (Stamp, Result<Bundle, CertificateError>) {
    let mut before = Stamp::of(folder);
    let mut bundle = read(folder);
    for _ in 1..READINGS {
        let after = Stamp::of(folder);
        if after == before {
            break;
        }
        before = after;
        bundle = read(folder);
    }
    (before, bundle)
}
