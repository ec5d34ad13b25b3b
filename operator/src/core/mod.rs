//! PURE: what should happen to a job, given what is.
//!
//! No client, no clock, no environment, no randomness: time and jitter are part of what was observed. The same
//! decisions serve pods in a cluster and processes on a laptop.

mod announce;
mod backoff;
mod conditions;
mod conf;
mod decide;
mod decision;
mod distributed;
mod ending;
mod observed;
mod plan;
pub mod pod;
mod restart;
mod settings;
mod text;

pub use announce::{Announcement, Severity, announcements};
pub use backoff::Jitter;
pub use decide::decide;
pub use decision::{Decision, Effect, Requeue, Start, StatusWrite};
pub use ending::reason;
pub use observed::{
    Connection, Driver, DriverState, Ending, Frameworks, Keeping, Life, NotebookAccess, Observed, Obstacle,
    Offers, OnMesos, Remedy, Remnant, SparkUi, Stopping, Wanted,
};
pub use plan::{Fault, PlanFault, Site, plan, qualified_name};
pub use settings::{MesosDefaults, Settings};
pub use text::bounded;
