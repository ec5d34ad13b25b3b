//! Whether this process is alive, and whether it is ready: what `/livez` and `/readyz` answer.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// The pulses of the loops that must not stand still.
#[derive(Debug, Clone)]
pub(crate) struct Health {
    started: Instant,
    pulses: Arc<Mutex<Vec<Arc<Beats>>>>,
}

/// One loop's sign of life. A loop that is gone has no pulse either: dropping this does not take it back.
#[derive(Debug)]
pub(crate) struct Pulse(Arc<Beats>);

#[derive(Debug)]
struct Beats {
    name: &'static str,
    patience: Duration,
    started: Instant,
    /// Milliseconds from `started` until the last one.
    last: AtomicU64,
}

/// A loop that stands still.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Stale {
    /// Which.
    pub(crate) name: &'static str,
    /// For how long, to the millisecond.
    pub(crate) silent: Duration,
    /// How long it may be silent.
    pub(crate) patience: Duration,
}

impl Health {
    /// No pulses yet.
    pub(crate) fn new() -> Self {
        Self { started: Instant::now(), pulses: Arc::default() }
    }

    /// A pulse for the loop `name`, that is to beat at least once every `patience`, from now on.
    pub(crate) fn pulse(&self, name: &'static str, patience: Duration) -> Pulse {
        let pulse = Pulse(Arc::new(Beats { name, patience, started: self.started, last: AtomicU64::new(0) }));
        pulse.beat();
        self.pulses.lock().unwrap_or_else(PoisonError::into_inner).push(Arc::clone(&pulse.0));
        pulse
    }

    /// The loops that have been silent for longer than they may.
    pub(crate) fn stale(&self) -> Vec<Stale> {
        let pulses = self.pulses.lock().unwrap_or_else(PoisonError::into_inner);
        let stale = |beats: &Arc<Beats>| {
            let silent = beats.silent();
            (silent > beats.patience).then_some(Stale { name: beats.name, silent, patience: beats.patience })
        };
        pulses.iter().filter_map(stale).collect()
    }
}

impl Pulse {
    /// The loop has come round once more.
    pub(crate) fn beat(&self) {
        self.0.last.store(self.0.elapsed(), Ordering::Relaxed);
    }
}

impl Beats {
    fn elapsed(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    fn silent(&self) -> Duration {
        Duration::from_millis(self.elapsed().saturating_sub(self.last.load(Ordering::Relaxed)))
    }
}

/// What this process waits for before it is ready.
#[derive(Debug, Clone, Default)]
pub(crate) struct Readiness(Arc<Mutex<Vec<Arc<Awaited>>>>);

/// One thing that is waited for.
#[derive(Debug)]
pub(crate) struct Gate(Arc<Awaited>);

#[derive(Debug)]
struct Awaited {
    what: &'static str,
    here: AtomicBool,
}

impl Readiness {
    /// Waits for `what`, in words that end "waits for …".
    pub(crate) fn awaits(&self, what: &'static str) -> Gate {
        let awaited = Arc::new(Awaited { what, here: AtomicBool::new(false) });
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(Arc::clone(&awaited));
        Gate(awaited)
    }

    /// What is still waited for.
    pub(crate) fn missing(&self) -> Vec<&'static str> {
        let awaited = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        awaited.iter().filter(|one| !one.here.load(Ordering::Relaxed)).map(|one| one.what).collect()
    }
}

impl Gate {
    /// It is here, for good.
    pub(crate) fn open(&self) {
        self.0.here.store(true, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_loop_that_beats_is_not_stale() {
        let health = Health::new();
        let pulse = health.pulse("queue", Duration::from_millis(200));
        std::thread::sleep(Duration::from_millis(20));
        pulse.beat();
        assert_eq!(health.stale(), []);
    }

    #[test]
    fn a_loop_that_stands_still_or_is_gone_is_named() {
        let health = Health::new();
        let _still = health.pulse("queue", Duration::from_millis(5));
        drop(health.pulse("watch", Duration::from_millis(5)));
        let _patient = health.pulse("election", Duration::from_mins(1));
        std::thread::sleep(Duration::from_millis(20));
        let names: Vec<_> = health.stale().iter().map(|stale| stale.name).collect();
        assert_eq!(names, ["queue", "watch"]);
    }

    #[test]
    fn what_is_waited_for_is_missing_until_it_is_here() {
        let readiness = Readiness::default();
        let jobs = readiness.awaits("the list of SparkJobs");
        let pods = readiness.awaits("the list of driver pods");
        jobs.open();
        assert_eq!(readiness.missing(), ["the list of driver pods"]);
        pods.open();
        assert!(readiness.missing().is_empty());
    }
}
