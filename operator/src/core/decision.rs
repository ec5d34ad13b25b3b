//! What should happen.

use std::time::Duration;

use lcmap_spark_crd::SparkJobStatus;

/// What should happen to a job now.
#[derive(Debug, Clone)]
pub struct Decision {
    /// What to do, in this order.
    pub effects: Vec<Effect>,
    /// The status to write, if it differs from the one there is.
    pub status: SparkJobStatus,
    /// When to look again if nothing happens before.
    pub requeue: Requeue,
}

/// One thing to do. Each names its attempt, so that doing it twice, or late, harms nobody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// Create the driver of this attempt.
    StartDriver(i32),
    /// Ask the driver of this attempt to stop: TERM, the grace period, KILL.
    StopDriver(i32),
}

/// When to look at a job again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Requeue {
    /// When something of it changes.
    OnChange,
    /// After this long at the latest.
    After(Duration),
}
