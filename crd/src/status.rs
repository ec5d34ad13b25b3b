//! What a `SparkJob` has come to.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::spec::{CertificateVerification, Mesos, RunKind};
use crate::{Condition, Duration, Phase, Reason, Revision};

/// The most ended attempts that a status tells of.
pub const MAX_ATTEMPTS: usize = 10;

/// The most frameworks that a status names.
pub const MAX_FRAMEWORKS: usize = 64;

/// The longest message, in bytes.
pub const MAX_MESSAGE: usize = 1024;

/// What a `SparkJob` has come to. Written by lcmap-spark alone.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SparkJobStatus {
    /// The `metadata.generation` that this status tells of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// Where the job stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phase: Option<Phase>,
    /// Why, as one word of a closed list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "crate::reason::text")]
    pub reason: Option<Reason>,
    /// The same for people: object, field and remedy.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[schemars(length(max = 1024))]
    pub message: String,
    /// What is run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<RunKind>,
    /// The ordinal of the run, from 1. A run begins when the job is created, run again by annotation, or edited.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run_number: Option<i32>,
    /// Which version of the spec this run was started with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision: Option<Revision>,
    /// The ordinal of the attempt, from 1, over all runs; never used twice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attempt: Option<i32>,
    /// Retries after the first try of this run, since the count was last reset.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restarts: Option<i32>,
    /// When the next attempt starts, while the job backs off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_attempt_time: Option<Time>,
    /// What programs wait for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 32))]
    #[schemars(extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["type"]))]
    pub conditions: Vec<Condition>,
    /// When this run began: when its first driver was created. `activeDeadline` counts from here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_time: Option<Time>,
    /// Since when the job is suspended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suspended_since: Option<Time>,
    /// How long this run was suspended before. `activeDeadline` leaves it out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suspended_for: Option<Duration>,
    /// When the run ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub completion_time: Option<Time>,
    /// How long the run took. Written once, at its end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration: Option<Duration>,
    /// The driver of the current attempt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub driver: Option<DriverStatus>,
    /// What the job has on Mesos.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mesos: Option<MesosStatus>,
    /// How far Spark has come, by its own account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub progress: Option<Progress>,
    /// How to get into the notebook.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notebook: Option<NotebookStatus>,
    /// What a person opens: the notebook if there is one, else Spark's web UI.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 2048))]
    pub url: Option<String>,
    /// Spark's web UI.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 2048))]
    pub ui_url: Option<String>,
    /// The attempts that have ended, the latest last.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 10))]
    #[schemars(extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["attempt"]))]
    pub attempts: Vec<Attempt>,
    /// The value of the annotation `lcmap.usgs.gov/rerun` that was last acted on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 262_144))]
    pub rerun: Option<String>,
}

/// The driver of an attempt.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DriverStatus {
    /// Its pod's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 253))]
    pub pod_name: Option<String>,
    /// Its pod's UID. Once it is here, the absence of that pod is the end of the attempt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64))]
    pub pod_uid: Option<String>,
    /// The node that it runs on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 253))]
    pub node: Option<String>,
    /// When it began to run: its command was started and, of a notebook, Jupyter answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_time: Option<Time>,
    /// Its exit code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exit_code: Option<i32>,
    /// Kubernetes' own word for how its container waits or ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 128))]
    pub reason: Option<String>,
    /// Kubernetes' or the agent's own words on it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 1024))]
    pub message: Option<String>,
}

/// What a job has on Mesos.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct MesosStatus {
    /// The Mesos that the attempt registers on, as `mesos.master` names it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 512))]
    pub master: Option<String>,
    /// As whom the attempt registers there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity: Option<MesosIdentity>,
    /// The frameworks of the job that are not yet seen gone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 64), inner(length(max = 255)))]
    #[schemars(extend("x-kubernetes-list-type" = "set"))]
    pub framework_ids: Vec<String>,
    /// The role that the resources come from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 255))]
    pub role: Option<String>,
    /// When the first framework of the attempt was registered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub registered_time: Option<Time>,
    /// The executors of the attempt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub executors: Option<Executors>,
    /// The cores that its executors hold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cores: Option<i64>,
    /// The memory that its executors hold, overhead and all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 16))]
    pub memory: Option<String>,
    /// Since when the driver is over and its frameworks are waited for to go.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settling_since: Option<Time>,
}

/// As whom an attempt registers on Mesos, and what it verifies there. An edit of the job begins with the next attempt: this one's
/// Mesos is never shown what was meant for another.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct MesosIdentity {
    /// The Secret with principal and secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 253))]
    pub credentials_secret_name: Option<String>,
    /// The Secret with the certificates.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 253))]
    pub certificates_secret_name: Option<String>,
    /// What of the masters' certificates is verified.
    #[serde(default)]
    pub verify: CertificateVerification,
    /// The name that the masters' certificates must carry, in place of the one in `master`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 253))]
    pub server_name: Option<String>,
}

impl MesosIdentity {
    /// The one that a job's fields name.
    pub fn of(mesos: &Mesos) -> Self {
        let certificates = mesos.certificates.clone().unwrap_or_default();
        Self {
            credentials_secret_name: mesos.credentials_secret_name.clone(),
            certificates_secret_name: certificates.secret_name,
            verify: certificates.verify,
            server_name: certificates.server_name,
        }
    }
}

/// The executors of an attempt.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Executors {
    /// How many run.
    pub running: i32,
    /// How many have failed.
    pub failed: i32,
    /// How many were lost with their agents.
    pub lost: i32,
}

/// How far Spark has come.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Progress {
    /// Its stages.
    pub stages: Count,
    /// Their tasks.
    pub tasks: Count,
    /// The share of tasks that are complete, of those known so far: 0 to 100.
    #[schemars(range(min = 0, max = 100))]
    pub percent: i32,
}

/// So many of so many.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Count {
    /// How many are complete.
    pub completed: i64,
    /// How many are known so far.
    pub total: i64,
}

/// How to get into a notebook.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct NotebookStatus {
    /// The Secret whose key `token` is what a person types to get in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 253))]
    pub token_secret_name: Option<String>,
}

/// An attempt that has ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Attempt {
    /// Its ordinal.
    pub attempt: i32,
    /// The ordinal of its run.
    pub run_number: i32,
    /// How it ended, as one word of a closed list.
    #[schemars(schema_with = "crate::reason::text")]
    pub reason: Reason,
    /// The same for people.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[schemars(length(max = 1024))]
    pub message: String,
    /// The driver's exit code, where it had one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exit_code: Option<i32>,
    /// The driver's pod.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 253))]
    pub pod_name: Option<String>,
    /// When its driver began to run, if it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_time: Option<Time>,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub completion_time: Option<Time>,
}
