//! `lcmap-spark operator`: SparkJobs live in Kubernetes.

mod args;

pub(crate) use args::Args;
