//! PID 1 beside Spark: plan → certificates → configuration → launch → supervise → report.
//!
//! Knows nothing of Kubernetes: it is given a [`plan::LaunchPlan`] and runs it, in a pod, in a container or as
//! a child of `lcmap-spark run`.

pub mod plan;
pub mod report;
pub mod state;
