//! What those who were killed have left.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::opened::{Opened, descriptor, open_parent};

/// A folder of our own whose maker is gone. We hold its lock.
#[derive(Debug)]
pub struct Abandoned {
    opened: Opened,
    _lock: File,
}

impl Abandoned {
    /// Its path for this process alone: it stands for the folder itself, whatever its name stands for by now.
    pub fn path(&self) -> PathBuf {
        self.opened.path()
    }

    /// Removes it with all that is in it.
    pub fn remove(self) -> io::Result<()> {
        self.opened.remove()
    }
}

/// Our own folders in `parent` whose name begins with `prefix` and whose lock nobody holds. Others can plant any number: this
/// looks for no longer than `patience`. One without a lock is just being made, and left alone.
pub fn abandoned(parent: &Path, prefix: &str, patience: Duration) -> impl Iterator<Item = Abandoned> {
    let until = Instant::now() + patience;
    let parent = open_parent(parent).ok().map(Arc::new);
    let entries = parent.as_ref().and_then(|parent| fs::read_dir(descriptor(parent)).ok());
    let entries = entries.into_iter().flatten().flatten().take_while(move |_| Instant::now() < until);
    entries.filter_map(move |entry| {
        let name = entry.file_name();
        let parent = parent.as_ref().filter(|_| name.as_encoded_bytes().starts_with(prefix.as_bytes()))?;
        let opened = Opened::within(Arc::clone(parent), &name).ok()?;
        let lock = opened.take_lock().ok()?;
        Some(Abandoned { opened, _lock: lock })
    })
}
