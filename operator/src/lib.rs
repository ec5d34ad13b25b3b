//! SparkJobs on Kubernetes, on Mesos and on this machine.
//!
//! observe → decide → apply: [`core`] decides and is pure; everything that touches the world is behind the
//! feature `io`, so that `cargo check --no-default-features` proves it.

#![deny(clippy::print_stdout, clippy::print_stderr)]

pub mod core;

#[cfg(feature = "io")]
pub mod cli;
#[cfg(feature = "io")]
mod controller;
#[cfg(feature = "io")]
mod crd;
#[cfg(feature = "io")]
mod doctor;
#[cfg(feature = "io")]
pub mod manifest;
#[cfg(feature = "io")]
mod mesos;
#[cfg(feature = "io")]
mod pod_template;
#[cfg(feature = "io")]
mod progress;
#[cfg(feature = "io")]
mod run;
#[cfg(feature = "io")]
mod streams;
#[cfg(feature = "io")]
mod supervise;
#[cfg(feature = "io")]
mod validate;
#[cfg(feature = "io")]
mod warnings;
