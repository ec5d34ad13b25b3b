//! What a plan says of Mesos.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// The Mesos on which executors run, and what the driver's framework is to be there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Mesos {
    /// The masters, as Spark takes them after `mesos://`.
    pub masters: String,
    /// The role whose resources executors take; none is Mesos' `*`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// A folder with the files `principal` and `secret`, which libmesos.so alone reads.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credentials: Option<PathBuf>,
    /// What of a master's certificate is verified.
    #[serde(default)]
    pub verify: Verify,
    /// The name that a master's certificate must carry, instead of the one that is dialled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server_name: Option<String>,
    /// The id of the driver's first framework; further ones get `-2`, `-3` … behind it.
    pub framework_id: String,
    /// Labels of its frameworks, by which they are found again.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
    /// How long Mesos may take to register a framework, in milliseconds.
    pub registration_timeout_ms: u64,
    /// The libmesos.so to load, unless the job names another by `MESOS_NATIVE_JAVA_LIBRARY`. None: the image's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub library: Option<PathBuf>,
    /// The executors' Python, where it is not the driver's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub python: Option<String>,
}

/// What of a master's certificate is verified.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Verify {
    /// The chain to a trusted root, and the name.
    #[default]
    Full,
    /// The chain to a trusted root.
    Chain,
    /// Nothing.
    None,
}
