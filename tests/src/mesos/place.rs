//! A place of one's own on this machine: a folder and a loopback address, shared with no other bed.

use std::{
    fs::{self, File},
    io,
    net::{IpAddr, Ipv4Addr},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicU32, Ordering},
};

use crate::NetworkNamespace;

use super::{plan::Site, sources};

/// A claimed place. Dropping it ends every process that belongs to it and removes the folder.
#[derive(Debug)]
pub(crate) struct Place {
    folder: PathBuf,
    address: IpAddr,
    /// Where its servers are, unless on this machine itself.
    network: Option<NetworkNamespace>,
    /// Tells others that the owner lives; the kernel unlocks it when the owner ends.
    _lock: File,
    /// Ends the bed when its standard input closes, which a killed owner's does too.
    watcher: Child,
}

impl Place {
    /// Claims a free place, after sweeping those whose owners are gone. A site gives it another address.
    pub(crate) fn claim(site: Option<Site>) -> io::Result<Self> {
        let runs = std::env::temp_dir().join("lcmap-bed/mesos");
        fs::create_dir_all(&runs)?;
        let turn = File::create(runs.join(".turn"))?;
        turn.lock()?;
        Command::new(sources().join("sweep.sh")).arg(&runs).status()?;
        let number = free_number(&runs)?;
        let folder = runs.join(format!("{number}.{}.{}", std::process::id(), count()));
        fs::create_dir(&folder)?;
        let lock = File::create(folder.join("lock"))?;
        lock.try_lock()?;
        let watcher = Command::new(sources().join("sweep.sh"))
            .arg("--bed")
            .arg(&folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()?;
        let (address, network) = match site {
            Some(Site { network, address }) => (address, Some(network)),
            None => (Ipv4Addr::new(127, 77, 0, number).into(), None),
        };
        Ok(Self { folder, address, network, _lock: lock, watcher })
    }

    /// Does `work` where its servers are.
    pub(crate) fn inside<T: Send>(&self, work: impl FnOnce() -> T + Send) -> io::Result<T> {
        match &self.network {
            Some(network) => network.inside(work),
            None => Ok(work()),
        }
    }

    pub(crate) fn network(&self) -> Option<&NetworkNamespace> {
        self.network.as_ref()
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    pub(crate) fn address(&self) -> IpAddr {
        self.address
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        drop(self.watcher.stdin.take());
        // A failure here is the next start's to sweep.
        let _ = self.watcher.wait();
    }
}

/// The names of folders are never used twice: a slow sweep of an old bed must not find a new one.
fn count() -> u32 {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    COUNT.fetch_add(1, Ordering::Relaxed)
}

fn free_number(runs: &Path) -> io::Result<u8> {
    let taken: Vec<u8> = fs::read_dir(runs)?
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.split_once('.')?.0.parse().ok())
        .collect();
    (1..=254)
        .find(|number| !taken.contains(number))
        .ok_or_else(|| io::Error::other(format!("254 beds run already, see {}", runs.display())))
}
