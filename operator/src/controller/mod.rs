//! `lcmap-spark operator`: SparkJobs live in Kubernetes.

mod args;
mod health;
mod lease;

pub(crate) use args::Args;
