use std::{fs::File, io, os::fd::AsRawFd, path::PathBuf, process::id, sync::Arc, thread};

use nix::sched::{CloneFlags, setns, unshare};

/// A network namespace, kept by an open file and so gone with the test process and those that it started there.
#[derive(Debug, Clone)]
pub struct NetworkNamespace(Arc<File>);

impl NetworkNamespace {
    /// A new one, in which nothing is up. Needs root.
    pub fn new() -> io::Result<Self> {
        // A thread belongs to one network namespace, so a thread of its own makes it.
        on_own_thread(|| {
            unshare(CloneFlags::CLONE_NEWNET)?;
            Ok(Self(Arc::new(File::open("/proc/thread-self/ns/net")?)))
        })
    }

    /// Does `work` there. Processes and sockets that it makes stay there.
    pub fn inside<T: Send>(&self, work: impl FnOnce() -> T + Send) -> io::Result<T> {
        on_own_thread(|| {
            setns(&self.0, CloneFlags::CLONE_NEWNET)?;
            Ok(work())
        })
    }

    /// A file that stands for it, as long as this process lives.
    pub fn path(&self) -> PathBuf {
        format!("/proc/{}/fd/{}", id(), self.0.as_raw_fd()).into()
    }
}

fn on_own_thread<T: Send>(work: impl FnOnce() -> io::Result<T> + Send) -> io::Result<T> {
    thread::scope(|scope| scope.spawn(work).join()).unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}
