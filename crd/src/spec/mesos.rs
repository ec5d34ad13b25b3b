//! Where executors run.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Container;
use crate::{Duration, schema};

/// Where executors run. What is missing comes from the operator's configuration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Mesos {
    /// The Mesos masters, in one string: `mesos://host:5050`, `mesos://host1:5050,host2:5050`, or
    /// `mesos://zk://zk1:2181,zk2:2181/mesos`. Default: the operator's.
    /// Edit class: restart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::mesos_master")]
    pub master: Option<String>,
    /// The Mesos role whose resources the executors take. Default: the operator's, else `*`.
    /// Edit class: restart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::mesos_role")]
    pub role: Option<String>,
    /// The Unix user that executors run as. It must exist on every Mesos agent. Default: the operator's, else the
    /// driver's own.
    /// Edit class: restart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::user_name")]
    pub user: Option<String>,
    /// A Secret with the keys `principal` and `secret`, by which Mesos knows the framework. Only libmesos.so
    /// reads it: Spark, its UI and its executors never see it.
    /// Edit class: restart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::object_name")]
    pub credentials_secret_name: Option<String>,
    /// The certificates of the connection to Mesos. Edit class: restart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificates: Option<Certificates>,
    /// Attributes that a Mesos agent must have, each with the values that will do; no values: the attribute is there
    /// (`spark.mesos.constraints`).
    /// Edit class: restart.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(schema_with = "schema::constraints")]
    pub constraints: BTreeMap<String, Vec<String>>,
    /// Labels of the Mesos tasks that the executors are (`spark.mesos.task.labels`).
    /// Edit class: restart.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(schema_with = "schema::task_labels")]
    pub task_labels: BTreeMap<String, String>,
    /// What the Mesos fetcher brings into each executor's sandbox, such as a `.dockercfg` (`spark.mesos.uris`).
    /// Edit class: restart.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "schema::uris")]
    pub uris: Vec<String>,
    /// The container that each executor runs in. Edit class: restart.
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub container: Container,
    /// How long Mesos keeps the executors of a driver that it cannot reach (`spark.mesos.driver.failoverTimeout`; Spark's
    /// own default, 0, kills them at the first blip). Default: 120s.
    /// Edit class: live.
    #[serde(default = "default_failover_timeout")]
    pub failover_timeout: Duration,
    /// How long Mesos may take to register the framework, from when the program asks for it. Default: 2m.
    /// Edit class: live.
    #[serde(default = "default_registration_timeout")]
    pub registration_timeout: Duration,
    /// How long the job waits for its first executor, from when it wants one. It is ended only once Mesos, asked after that time,
    /// shows its framework without one. Default: no end; the status says why it waits.
    /// Edit class: live.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allocation_timeout: Option<Duration>,
}

/// The certificates of the connection to Mesos.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Certificates {
    /// A Secret with the keys `mesos.crt`, `mesos.key` and `trustedroot.crt`, or `tls.crt`, `tls.key` and `ca.crt`.
    /// Default: the operator's.
    /// Edit class: restart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::object_name")]
    pub secret_name: Option<String>,
    /// What of the master's certificate is verified. Default: `Full`.
    /// Edit class: restart.
    #[serde(default)]
    pub verify: CertificateVerification,
    /// The name that the master's certificate must carry. Default: the host in `mesos.master`.
    /// Edit class: restart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::server_name")]
    pub server_name: Option<String>,
}

/// What of the master's certificate is verified.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum CertificateVerification {
    /// The chain to a trusted root, and the name.
    #[default]
    Full,
    /// The chain to a trusted root.
    Chain,
    /// Nothing: whoever is between may read and write.
    None,
}

impl Default for Mesos {
    fn default() -> Self {
        Self {
            master: None,
            role: None,
            user: None,
            credentials_secret_name: None,
            certificates: None,
            constraints: BTreeMap::new(),
            task_labels: BTreeMap::new(),
            uris: Vec::new(),
            container: Container::default(),
            failover_timeout: default_failover_timeout(),
            registration_timeout: default_registration_timeout(),
            allocation_timeout: None,
        }
    }
}

fn default_failover_timeout() -> Duration {
    Duration::from_secs(120)
}

fn default_registration_timeout() -> Duration {
    Duration::from_secs(120)
}
