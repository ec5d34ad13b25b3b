//! What should happen.

use std::time::Duration;

use lcmap_spark_crd::SparkJobStatus;

/// What should happen to a job now.
///
/// In this order: start what is to be started, write the status, and then the rest. A driver is started before the
/// status tells of it, since its creation is what keeps it single; whatever takes something away comes after the
/// status that says why, so that whoever takes over from a dead operator knows it too.
#[derive(Debug, Clone)]
pub struct Decision {
    /// What is to be done to get a driver started, if one is. The rest waits for the next decision.
    pub start: Option<Start>,
    /// The status to write, if it differs from the one there is.
    pub status: SparkJobStatus,
    /// When the status is to be written.
    pub write: StatusWrite,
    /// What to do once the status is written.
    pub effects: Vec<Effect>,
    /// When to look again if nothing happens before.
    pub requeue: Requeue,
}

/// A step on the way to a driver.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// Keep the job from vanishing before its frameworks on Mesos have.
    AddFinalizer,
    /// Create the driver of this attempt.
    Driver(i32),
}

/// When a status is to be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StatusWrite {
    /// Now.
    Now,
    /// Once few other jobs wait. The status only says that a new driver starts or runs as expected. In a burst of jobs the next
    /// status is near, and each write delays other jobs.
    WhenQuiet,
}

/// One thing to do. Each names its attempt, so that doing it twice, or late, harms nobody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// Ask the driver of this attempt to stop: TERM, the grace period, KILL.
    StopDriver(i32),
    /// Remove what is left of this attempt, which has ended: its logs go with it.
    RemoveDriver(i32),
    /// Delete the job itself, with all that it owns.
    DeleteJob,
    /// Let the job vanish: nothing of it can be on Mesos any more.
    RemoveFinalizer,
    /// See to it that no framework of this attempt is left on Mesos. Its driver is over.
    Settle(i32),
}

/// When to look at a job again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Requeue {
    /// When something of it changes.
    OnChange,
    /// After this long at the latest.
    After(Duration),
    /// As soon as the status is written.
    AtOnce,
}
