//! PID 1 beside Spark: plan → certificates → configuration → launch → supervise → report.
//!
//! Knows nothing of Kubernetes: it is given a [`plan::LaunchPlan`] and runs it, in a pod, in a container or as
//! a child of `lcmap-spark run`. [`command`] is the way in; [`plan`], [`state`] and [`report`] are what others
//! write and read.

#[cfg(not(target_os = "linux"))]
compile_error!("the agent looks after processes by Linux' own means: /proc, signalfd, cgroups");

mod attempt;
pub mod certificates;
pub mod command;
mod compatibility;
mod configuration;
mod console;
mod environment;
mod error;
mod exec;
mod failure;
mod home;
mod identity;
mod inherited;
mod inputs;
mod inspect;
mod install;
mod launch;
mod lingering;
mod locale;
mod mesos;
mod mounts;
pub mod notebook;
mod output;
pub mod owed;
pub mod own_folder;
pub mod plan;
mod prepare;
mod private;
mod python;
pub mod report;
mod rscript;
pub mod sizing;
mod sockets;
mod spark;
pub mod state;
mod supervise;
mod ui;
mod verdict;
mod watch;
