//! The frameworks of the driver, by what libmesos.so writes of them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use lcmap_mesos::{FrameworkPhase, FrameworkState, SupervisedFramework, read_states};
use nix::unistd::Pid;

use crate::supervise::signals::Signal;

/// How long a program may take to end by itself once Mesos took its framework: its own words about it are better.
const RESPITE: Duration = Duration::from_secs(5);

/// How long a JVM may take to end that was told to, before it is killed: Spark's own shutdown waits 10 s for executors.
const GRACE: Duration = Duration::from_secs(15);

/// Follows them while the driver runs.
#[derive(Debug)]
pub(crate) struct Frameworks {
    folder: PathBuf,
    /// JVMs that are to end.
    doomed: BTreeMap<u32, Doom>,
}

/// What was done to end a JVM.
#[derive(Debug)]
enum Doom {
    /// Nothing: it may still end by itself. Since when.
    Spared(Instant),
    /// It was told to. When.
    Told(Instant),
}

impl Frameworks {
    /// Follows those of a state folder.
    pub(crate) fn new(folder: PathBuf) -> Self {
        Self { folder, doomed: BTreeMap::new() }
    }

    /// Looks, and ends the JVM of a framework that Mesos took from a living program: Spark alone would live on, and its next
    /// job hang for ever. Only `descendants` are ever signalled.
    pub(crate) fn look(&mut self, descendants: impl FnOnce() -> Vec<Pid>) -> Vec<SupervisedFramework> {
        let frameworks = read_states(&self.folder);
        let taken: BTreeSet<u32> =
            frameworks.iter().filter(|it| is_taken(&it.state)).map(|it| it.state.pid).collect();
        // A program that has stopped its context meanwhile has understood.
        self.doomed.retain(|pid, doom| matches!(doom, Doom::Told(_)) || taken.contains(pid));
        for pid in taken {
            self.doomed.entry(pid).or_insert_with(|| Doom::Spared(Instant::now()));
        }
        if !self.doomed.is_empty() {
            let ours = descendants();
            self.doomed.retain(|pid, doom| {
                let process = i32::try_from(*pid).map(Pid::from_raw).ok().filter(|pid| ours.contains(pid));
                process.is_some_and(|process| {
                    doom.advance(process);
                    true
                })
            });
        }
        frameworks
    }
}

impl Doom {
    fn advance(&mut self, process: Pid) {
        match self {
            Self::Spared(since) if since.elapsed() >= RESPITE => {
                Signal::TERM.send(process);
                *self = Self::Told(Instant::now());
            }
            Self::Told(when) if when.elapsed() >= GRACE => Signal::KILL.send(process),
            Self::Spared(_) | Self::Told(_) => {}
        }
    }
}

/// Whether Mesos took a framework from a program that had not stopped it.
fn is_taken(state: &FrameworkState) -> bool {
    state.phase == FrameworkPhase::Aborted && !state.stop_called && state.was_registered
}

/// Why Mesos refused or removed the driver's last framework, or never registered it, if so: by that its driver failed, if it
/// did. What became of an earlier one the program has survived.
pub(crate) fn refusal(frameworks: &[SupervisedFramework]) -> Option<&FrameworkState> {
    let last = &frameworks.last()?.state;
    Some(last).filter(|state| state.phase == FrameworkPhase::Aborted && state.reason.is_some())
}
