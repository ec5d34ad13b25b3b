//! `lcmap-spark operator`: SparkJobs live in Kubernetes.
//!
//! watch → index and queue → dispatch → reconcile (observe → decide → write). Every replica watches, so that a
//! successor knows everything when its turn comes; only the leader acts.

mod admin;
mod args;
mod dispatch;
mod error;
mod events;
mod health;
mod incidents;
mod index;
mod launch;
mod lease;
mod mesos;
mod metrics;
mod namespaces;
mod observe;
mod obstacles;
mod operator;
mod progress;
mod queue;
mod reconcile;
mod telemetry;
mod watch;
mod watched;
mod writer;

use std::process::ExitCode;

pub(crate) use args::Args;

/// Runs until it is asked to stop. 0 then, and 1 when it could not go on.
pub(crate) fn main(args: &Args) -> ExitCode {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let result = match runtime {
        Ok(runtime) => runtime.block_on(operator::run(args)),
        Err(source) => Err(error::OperatorError::Runtime(source)),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            crate::streams::complain(format!("operator: {error}"));
            ExitCode::FAILURE
        }
    }
}
