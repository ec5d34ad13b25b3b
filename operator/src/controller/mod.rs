//! `lcmap-spark operator`: SparkJobs live in Kubernetes.

mod admin;
mod args;
mod health;
mod lease;
mod metrics;
mod telemetry;

pub(crate) use args::Args;
