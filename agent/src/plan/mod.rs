//! The launch plan: everything that the agent needs to know of one attempt, and no secret.
//!
//! Written by the operator's `core`, read by the agent. Secrets are named by the path of the file that holds
//! them, so that a plan can live in a pod annotation.

pub(crate) mod check;
mod mesos;
mod packed;
mod read;
mod run;

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

pub use check::{FieldError, RESERVED_PROPERTIES};
pub use mesos::{Mesos, Verify};
pub use packed::{Packed, packed};
pub use read::{MAX_BYTES, PLAIN_LIMIT, PlanError};
pub use run::{Notebook, Run, Shell, Submit};

/// The version of the plan that this agent writes and reads.
///
/// Raised with every change of [`LaunchPlan`], since an older agent refuses what it does not know instead of
/// running half of it.
pub const VERSION: u32 = 3;

/// One attempt of one job, ready to be launched.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LaunchPlan {
    /// The plan's version, [`VERSION`]. Checked before anything else is read.
    pub version: u32,
    /// The job and its attempt.
    pub job: Job,
    /// Spark's application name (`spark.app.name`).
    pub application_name: String,
    /// The image that the job runs in, for the seed's programs (`IMAGE`); empty when there is none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub image: String,
    /// What is run.
    pub run: Run,
    /// Spark properties of operator and job, merged by precedence. They go over the image's own
    /// `spark-defaults.conf` and under [`LaunchPlan::conf_from`].
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub conf: BTreeMap<String, String>,
    /// Folders of Spark properties, one file a property, later folders win. Passwords come this way.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub conf_from: Vec<PathBuf>,
    /// Environment variables, in order; later ones win.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub env: Vec<EnvVar>,
    /// How large the driver is.
    #[serde(default)]
    pub driver: DriverSize,
    /// Where Spark's executors run.
    pub master: Master,
    /// Mesos certificates to install, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificates: Option<Certificates>,
    /// Milliseconds between TERM and KILL when the job is stopped: Spark's share, `terminationGracePeriod`.
    pub grace_period_ms: u64,
    /// What the status says of a program that failed.
    #[serde(default, skip_serializing_if = "is_default")]
    pub failure_message: FailureMessage,
}

/// What the status says of a program that failed, beyond that it did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum FailureMessage {
    /// Its last exception, or its last line.
    #[default]
    Exception,
    /// Nothing that it printed: that may hold data.
    ExitCode,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

impl LaunchPlan {
    /// Whether the job, and not the image alone, has a Spark property.
    pub(crate) fn has_property(&self, name: &str) -> bool {
        self.conf.contains_key(name) || self.conf_from.iter().any(|folder| folder.join(name).is_file())
    }
}

/// The job and the attempt that a plan is for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Job {
    /// The `SparkJob`'s name.
    pub name: String,
    /// Its namespace; empty outside a cluster.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub namespace: String,
    /// Its UID; empty outside a cluster.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub uid: String,
    /// The ordinal of this attempt, from 1.
    pub attempt: u32,
}

/// One environment variable of the image's command.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EnvVar {
    /// The variable's name.
    pub name: String,
    /// Where its value comes from.
    pub value: EnvValue,
    /// The processes that get it.
    #[serde(default)]
    pub visibility: Visibility,
}

/// Where the value of an [`EnvVar`] comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum EnvValue {
    /// The value itself.
    Plain(String),
    /// The whole content of this file, unchanged, read when the plan is launched.
    File(PathBuf),
}

/// The processes that get an [`EnvVar`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Visibility {
    /// The driver alone.
    #[default]
    Driver,
    /// The driver and, by `spark.executorEnv.NAME`, its executors.
    Executors,
}

/// How large the driver is. What is unset is sized from the cgroup (v1 or v2) or, without a limit, from the host.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DriverSize {
    /// The N of `local[N]`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cores: Option<u32>,
    /// The JVM's heap (`spark.driver.memory`), in MiB.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory_mib: Option<u64>,
    /// What the driver needs beside its heap, in MiB. Taken off when the heap is sized from a limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory_overhead_mib: Option<u64>,
}

/// Where Spark's executors run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Master {
    /// In the driver: `local[N]`.
    Local,
    /// On the agents of a Mesos.
    Mesos(Box<Mesos>),
}

/// The certificates that the driver shows to Mesos.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Certificates {
    /// A folder with `mesos.crt`, `mesos.key`, `trustedroot.crt`, or `tls.crt`, `tls.key`, `ca.crt`.
    pub source: PathBuf,
    /// The folder that they are installed in, `/certs` in a container. Without one, the agent's private folder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<PathBuf>,
}

#[cfg(test)]
mod tests;
