//! What is: a plain value, read in one place and judged in another.

use jiff::Timestamp;
use lcmap_spark_crd::Reason;

use super::Jitter;

/// Everything that a decision rests on, besides the job itself.
#[derive(Debug, Clone)]
pub struct Observed {
    /// Now.
    pub now: Timestamp,
    /// What is wanted of the job beside its spec.
    pub wanted: Wanted,
    /// The driver of the attempt that the job's status names, if there is one.
    pub driver: Option<Driver>,
    /// Where in its spread the next backoff falls.
    pub jitter: Jitter,
}

/// What is wanted of a job beside its spec.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// It should go on.
    Run,
    /// It should stop gracefully and not be tried again: ctrl-C, or its deletion.
    Stop,
}

/// A driver: a pod, a container or a process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Driver {
    /// What it is called where it runs: a pod's name, a container's name.
    pub name: String,
    /// When it was created.
    pub created: Timestamp,
    /// Whether it has been asked to stop.
    pub stopping: Stopping,
    /// What it is doing.
    pub state: DriverState,
}

/// Whether a driver has been asked to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stopping {
    /// It has not.
    No,
    /// It has.
    Asked,
}

/// What a driver is doing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DriverState {
    /// It is there and does not run yet.
    Waiting {
        /// Why.
        reason: Reason,
        /// The same for people.
        message: String,
    },
    /// It runs: the command was started and, of a notebook, the server answers.
    Running {
        /// In what way.
        reason: Reason,
        /// The same for people.
        message: String,
    },
    /// It has ended.
    Ended(Ending),
}

/// How a driver ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ending {
    /// When.
    pub at: Timestamp,
    /// Its exit code, when it left one.
    pub exit_code: Option<i32>,
    /// Why.
    pub reason: Reason,
    /// The same for people.
    pub message: String,
}
