//! Waits for changes of objects. A kubectl that is started again and again takes a whole processor.

use std::{
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
    sync::mpsc::{Receiver, RecvTimeoutError, channel},
    thread,
    time::Duration,
};

use super::{Error, Result};

/// How long a change may go unnoticed if the watch breaks.
const LONGEST: Duration = Duration::from_secs(5);

/// A `kubectl get --watch`, which ends when it is dropped.
#[derive(Debug)]
pub(super) struct Changes {
    watch: Child,
    changes: Receiver<()>,
}

impl Changes {
    /// Starts `kubectl get KIND --watch`. It prints a line for each object, and then for each change.
    pub(super) fn watch(mut kubectl: Command) -> Result<Self> {
        let failed = |source| Error::Start { program: "kubectl".into(), source };
        let mut watch = kubectl
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(failed)?;
        let (sender, changes) = channel();
        if let Some(output) = watch.stdout.take() {
            let mut lines = BufReader::new(output).lines().map_while(std::result::Result::ok);
            thread::spawn(move || lines.all(|_| sender.send(()).is_ok()));
        }
        Ok(Self { watch, changes })
    }

    /// Waits for the next change, at most for `limit`. Several changes that have come by then count as one.
    pub(super) fn next(&self, limit: Duration) {
        let limit = limit.min(LONGEST);
        if self.changes.recv_timeout(limit) == Err(RecvTimeoutError::Disconnected) {
            thread::sleep(limit.min(Duration::from_secs(1)));
        }
        while self.changes.try_recv().is_ok() {}
    }
}

impl Drop for Changes {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.watch.kill();
        let _ = self.watch.wait();
    }
}
