//! The frameworks of the driver, by what libmesos.so writes of them.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use lcmap_mesos::{FrameworkPhase, FrameworkState, SupervisedFramework, read_states};
use nix::unistd::Pid;

use crate::supervise::signals::Signal;

/// How long a JVM may take to end that was told to, before it is killed: Spark's own shutdown waits 10 s for executors.
const GRACE: Duration = Duration::from_secs(15);

/// Follows them while the driver runs.
#[derive(Debug)]
pub(crate) struct Frameworks {
    folder: PathBuf,
    /// JVMs that were told to end, and when.
    told: BTreeMap<u32, Instant>,
}

impl Frameworks {
    /// Follows those of a state folder.
    pub(crate) fn new(folder: PathBuf) -> Self {
        Self { folder, told: BTreeMap::new() }
    }

    /// Looks, and ends the JVM of a framework that Mesos took from a living program: Spark alone would live on, and its next
    /// job hang for ever. Only `descendants` are ever signalled.
    pub(crate) fn look(&mut self, descendants: impl FnOnce() -> Vec<Pid>) -> Vec<SupervisedFramework> {
        let frameworks = read_states(&self.folder);
        let abandoned: Vec<u32> =
            frameworks.iter().filter(|it| is_taken(&it.state)).map(|it| it.state.pid).collect();
        if !abandoned.is_empty() {
            let ours = descendants();
            for pid in abandoned {
                let Some(process) =
                    i32::try_from(pid).ok().map(Pid::from_raw).filter(|pid| ours.contains(pid))
                else {
                    continue;
                };
                match self.told.get(&pid) {
                    None => {
                        self.told.insert(pid, Instant::now());
                        Signal::TERM.send(process);
                    }
                    Some(when) if when.elapsed() > GRACE => Signal::KILL.send(process),
                    Some(_) => {}
                }
            }
        }
        frameworks
    }
}

/// Whether Mesos took a framework from a program that had not stopped it.
fn is_taken(state: &FrameworkState) -> bool {
    state.phase == FrameworkPhase::Aborted && !state.stop_called && state.was_registered
}

/// The last framework that Mesos refused, removed or never registered: why its driver failed, if it did.
pub(crate) fn refusal(frameworks: &[SupervisedFramework]) -> Option<&FrameworkState> {
    let refused = |state: &&FrameworkState| state.phase == FrameworkPhase::Aborted && state.reason.is_some();
    frameworks.iter().rev().map(|framework| &framework.state).find(refused)
}
