//! What a `SparkJob` asks for.

mod container;
mod dependencies;
mod env;
mod mesos;
mod notebook;
mod pod;
mod resources;
mod restart;
mod retention;
mod run;

use std::collections::BTreeMap;

use kube::CustomResource;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use container::{Container, ContainerType, DockerParameter};
pub use dependencies::Dependencies;
pub use env::{ConfSource, EnvSource, EnvVar, KeyRef};
pub use mesos::{CertificateVerification, Certificates, Mesos};
pub use notebook::{AccessMode, Notebook, NotebookStorage, WhenDeleted};
pub use pod::PodTemplate;
pub use resources::{Driver, Executor};
pub use restart::{Restart, RestartPolicy};
pub use retention::{RetainPods, Retention};
pub use run::{Run, RunError, RunKind, RunRef, Shell, Submit};

use crate::{Duration, Mode, SparkJobStatus, schema};

/// What a Spark job is, and how it is run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, CustomResource, JsonSchema)]
#[kube(
    group = "lcmap.usgs.gov",
    version = "v1alpha1",
    kind = "SparkJob",
    namespaced,
    shortname = "sj",
    category = "all",
    category = "spark",
    status = "SparkJobStatus",
    derive = "PartialEq",
    doc = "A Spark job: a program, a shell or a notebook, on this machine, in a pod, or on Apache Mesos."
)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = schema::spec()))]
pub struct SparkJobSpec {
    /// The one switch: `NonDistributed` runs Spark in the driver alone (`local[N]`), `Distributed` runs its
    /// executors on Mesos. Everything else may stay as it is: what the other mode needs is then unused.
    /// Edit class: restart.
    #[serde(default)]
    pub mode: Mode,

    /// The image of the driver and, in Distributed mode, of the executors. Must hold Spark and, for Python,
    /// Python; nothing of lcmap-spark. Default: the operator's; on a laptop none is needed.
    /// Edit class: restart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::image")]
    pub image: Option<String>,

    /// When the kubelet pulls the image. Default: Kubernetes' own, `Always` for the tag `latest` or none and
    /// `IfNotPresent` otherwise. Executors: see `mesos.container.forcePull`.
    /// Edit class: restart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image_pull_policy: Option<ImagePullPolicy>,

    /// Secrets with credentials of the image's registry, for the driver pod. Executors get theirs from their
    /// Mesos agent, or by `mesos.uris`.
    /// Edit class: restart.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16))]
    #[schemars(extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["name"]))]
    pub image_pull_secrets: Vec<SecretRef>,

    /// Spark's application name (`spark.app.name`), as Spark's UI and Mesos show it.
    /// Default: `<namespace>/<name>` of the job.
    /// Edit class: restart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::application_name")]
    pub name: Option<String>,

    /// What is run: exactly one of submit, shell, pyspark and notebook.
    /// Edit class: restart.
    pub run: Run,

    /// What Spark brings to driver and executors, for every kind of run.
    /// Edit class: restart.
    #[serde(default, skip_serializing_if = "is_default")]
    pub dependencies: Dependencies,

    /// Spark properties, such as `spark.sql.shuffle.partitions: "64"`. They win over the image's and the
    /// operator's own; what the program sets in code wins over them. Properties that a field of this
    /// specification owns are refused, naming the field.
    /// Edit class: restart.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(schema_with = "schema::conf")]
    pub conf: BTreeMap<String, String>,

    /// Secrets and ConfigMaps with Spark properties, one key a property: passwords for Cassandra, keys for S3.
    /// The driver's agent merges them over `conf`, later ones win; they are never part of the pod.
    /// Edit class: restart.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16))]
    pub conf_from: Vec<ConfSource>,

    /// Environment variables of the driver and, where `executors` says so, of its executors.
    /// Edit class: restart.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 256))]
    #[schemars(extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["name"]))]
    pub env: Vec<EnvVar>,

    /// How large the driver is.
    /// Edit class: restart.
    #[serde(default, skip_serializing_if = "is_default")]
    pub driver: Driver,

    /// How large the executors are, and how many. Distributed mode only; unused otherwise.
    /// Edit class: restart.
    #[serde(default, skip_serializing_if = "is_default")]
    pub executor: Executor,

    /// Where the executors run. Distributed mode only; unused otherwise. What is missing comes from the
    /// operator's configuration.
    #[serde(default, skip_serializing_if = "is_default")]
    pub mesos: Mesos,

    /// A pod template, merged under what lcmap-spark sets itself.
    /// Edit class: restart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pod: Option<PodTemplate>,

    /// Which network the driver is in: its node's (`Host`) or its pod's (`Pod`). Executors must reach the driver
    /// and are no pods. Default: `Host` in Distributed mode, `Pod` in NonDistributed mode.
    /// Edit class: restart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub network: Option<Network>,

    /// Whether the driver shares its node's process ids. Edit class: restart.
    #[serde(default, rename = "hostPID")]
    pub host_pid: bool,

    /// The user that the driver runs as. Default: the image's.
    /// Edit class: restart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<User>,

    /// Where Spark writes its event log, for a history server. Default: no event log.
    /// Edit class: next attempt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event_log: Option<EventLog>,

    /// Whether and how a driver that ended is started again. Default: never.
    /// Edit class: live.
    #[serde(default, skip_serializing_if = "is_default")]
    pub restart: Restart,

    /// What is kept of attempts that have ended. Edit class: live.
    #[serde(default, skip_serializing_if = "is_default")]
    pub retention: Retention,

    /// Whether the job holds still: true stops it gracefully and holds nothing anywhere, false goes on. Suspending
    /// a finished job changes nothing. Default: false.
    /// Edit class: live.
    #[serde(default)]
    pub suspend: bool,

    /// How long an attempt may take from the creation of its pod until its driver runs. Default: 10m.
    /// Edit class: live.
    #[serde(default = "default_start_timeout")]
    pub start_timeout: Duration,

    /// How long a run may take, all its attempts together, without the time that it is suspended.
    /// Default: no end.
    /// Edit class: live.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub active_deadline: Option<Duration>,

    /// What the status says of a program that failed: its last exception, or without one its last line (`Exception`), or no more
    /// than its exit code (`ExitCode`), where what it prints may hold data that is not for all who may read SparkJobs.
    /// Known secrets are left out always. Default: Exception.
    /// Edit class: next attempt.
    #[serde(default, skip_serializing_if = "is_default")]
    pub failure_message: FailureMessage,

    /// How long Spark may take to stop after it was asked to, before it is killed. The pod gets 20 seconds more, in
    /// which the agent settles what is owed on Mesos. Default: 30s.
    /// Edit class: next attempt.
    #[serde(default = "default_termination_grace_period")]
    pub termination_grace_period: Duration,

    /// How long a finished job is kept before it deletes itself. Does not run while suspended.
    /// Default: for ever.
    /// Edit class: live.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ttl_after_finished: Option<Duration>,
}

/// What a status says of a program that failed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(transform = crate::schema::undescribed)]
pub enum FailureMessage {
    /// Its last exception, or its last line.
    #[default]
    Exception,
    /// Its exit code.
    ExitCode,
}

/// When the kubelet pulls an image (`imagePullPolicy` of a Kubernetes container).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(transform = crate::schema::undescribed)]
pub enum ImagePullPolicy {
    /// Before every start of a container.
    Always,
    /// When the node does not have it.
    IfNotPresent,
    /// Not at all.
    Never,
}

/// Which network a driver is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(transform = crate::schema::undescribed)]
pub enum Network {
    /// Its node's. Needs a namespace whose Pod Security level is `privileged`.
    Host,
    /// Its pod's. In Distributed mode its address must be routable from the Mesos agents.
    Pod,
}

/// A Secret in the job's namespace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SecretRef {
    /// The Secret's name. Edit class: restart.
    #[schemars(schema_with = "schema::object_name")]
    pub name: String,
}

/// The user that a driver runs as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct User {
    /// Its number. It needs no entry in the image's passwd: the agent provides one.
    /// Edit class: restart.
    #[schemars(range(min = 0, max = 2_147_483_647))]
    pub uid: i64,
    /// Its primary group's number. Default: 0, which images for arbitrary users let write.
    /// Edit class: restart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 2_147_483_647))]
    pub gid: Option<i64>,
}

/// Where Spark writes its event log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct EventLog {
    /// A folder or URI that exists and is writable (`spark.eventLog.dir`; it also sets `spark.eventLog.enabled`).
    /// Edit class: next attempt.
    #[schemars(length(min = 1, max = 2048), regex(pattern = schema::NO_NUL))]
    pub directory: String,
}

impl SparkJobSpec {
    /// The network that the driver is in, with the mode's default.
    pub fn network(&self) -> Network {
        self.network.unwrap_or(match self.mode {
            Mode::Distributed => Network::Host,
            Mode::NonDistributed => Network::Pod,
        })
    }
}

/// Whether a block says nothing, so that it is not written.
fn is_default<T: Default + PartialEq>(block: &T) -> bool {
    *block == T::default()
}

fn default_start_timeout() -> Duration {
    Duration::from_secs(600)
}

fn default_termination_grace_period() -> Duration {
    Duration::from_secs(30)
}
