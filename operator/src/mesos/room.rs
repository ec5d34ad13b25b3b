//! PURE: what room agents have for executors, for people.

use std::fmt;

/// What room agents have for executors.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Room {
    /// How many agents are active.
    pub(crate) agents: usize,
    /// How many of them meet the constraints.
    pub(crate) fitting: usize,
    /// How many executors they would hold now.
    pub(crate) executors: u64,
    /// The one of those that comes nearest to holding one.
    pub(crate) nearest: Option<Nearest>,
}

/// The agent that comes nearest to holding an executor.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Nearest {
    pub(super) host: String,
    pub(super) role: String,
    /// Cores and MiB.
    pub(super) free: (f64, f64),
    /// Cores and MiB.
    pub(super) lacks: (f64, f64),
    /// What is lacking, as a share of what is needed.
    pub(super) short: f64,
}

impl fmt::Display for Nearest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { host, role, free, lacks, .. } = self;
        write!(f, "the agent that comes nearest, {host}, has {} free for the role {role}", amount(*free))?;
        match lacks {
            (0.0, 0.0) => Ok(()),
            (cores, 0.0) => write!(f, ": it lacks {}", of_cores(*cores)),
            (0.0, memory) => write!(f, ": it lacks {} MiB", rounded(*memory)),
            lacks => write!(f, ": it lacks {}", amount(*lacks)),
        }
    }
}

/// Cores and MiB, for people.
pub(super) fn amount((cores, memory_mib): (f64, f64)) -> String {
    format!("{} and {} MiB", of_cores(cores), rounded(memory_mib))
}

fn of_cores(cores: f64) -> String {
    let cores = rounded(cores);
    let noun = if cores > 0.0 && cores <= 1.0 { "core" } else { "cores" };
    format!("{cores} {noun}")
}

/// As people write it. Mesos counts in thousandths.
fn rounded(amount: f64) -> f64 {
    (amount * 1000.0).round() / 1000.0
}
