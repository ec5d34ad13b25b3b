//! What can go wrong between the operator and the API server.

use lcmap_spark_agent::notebook::NoRandomness;

use super::admin::AdminError;
use super::lease::LeaseError;
use super::telemetry::TelemetryError;
use super::watched::JobKey;

/// Why the operator cannot run.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OperatorError {
    /// Neither a kubeconfig nor a pod's service account leads to an API server.
    #[error("no way to an API server: {0}; run in a pod with a service account, or set KUBECONFIG")]
    Configuration(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The operating system did not give what every program needs.
    #[error("the operating system refused a runtime: {0}")]
    Runtime(#[source] std::io::Error),
    /// Something that should run for ever ended.
    #[error("{0} ended by itself: see the log above; start the operator again")]
    Broken(&'static str),
    /// No log.
    #[error(transparent)]
    Telemetry(#[from] TelemetryError),
    /// No probes.
    #[error(transparent)]
    Admin(#[from] AdminError),
    /// No election.
    #[error(transparent)]
    Lease(#[from] LeaseError),
    /// A setting is not what it should be.
    #[error("{flag}: {message}")]
    Setting {
        /// The flag of the command line.
        flag: &'static str,
        /// What is wrong, and what to write.
        message: String,
    },
}

/// Why a job could not be looked after this time. It is tried again.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReconcileError {
    /// Another replica leads now, or may.
    #[error("no longer the leader")]
    NotLeading,
    /// The job changed under our hands.
    #[error("the job changed meanwhile")]
    Conflict,
    /// The API server did not do what it was asked to.
    #[error("cannot {what} {key}: {source}")]
    Api {
        /// What was tried.
        what: &'static str,
        /// Which job, or child of it.
        key: JobKey,
        /// What came back.
        source: Box<kube::Error>,
    },
    /// The API server does not know a field of the status that this version writes.
    #[error(
        "the status of {key} cannot be written: {message}; the CustomResourceDefinition is older than this operator: \
         apply its own, by the chart's crds.install or by `kubectl apply --server-side -f crd/sparkjobs.yaml`"
    )]
    OldDefinition {
        /// Which job.
        key: JobKey,
        /// The API server's own words.
        message: String,
    },
    /// A fault of ours; the log above has where.
    #[error(
        "looking after {key} broke down, which is a fault of lcmap-spark: please report the panic in the log"
    )]
    Panicked {
        /// Which job.
        key: JobKey,
    },
    /// A notebook cannot be given a token.
    #[error("{key} gets no token for its notebook: {source}")]
    Token {
        /// Which job.
        key: JobKey,
        /// Why not.
        source: NoRandomness,
    },
    /// What was to be sent cannot be written as JSON.
    #[error("{key} cannot be written as JSON: {source}")]
    Encode {
        /// Which job.
        key: JobKey,
        /// Why not.
        source: serde_json::Error,
    },
}
