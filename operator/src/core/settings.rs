//! What the operator adds to every job: its configuration.

use std::collections::BTreeMap;

use lcmap_spark_crd::Memory;

/// What the operator adds to every job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The image that holds the agent.
    pub agent_image: String,
    /// When the kubelet pulls the agent's image.
    pub agent_image_pull_policy: String,
    /// The image of jobs that name none.
    pub default_image: Option<String>,
    /// The cores of drivers that ask for none.
    pub driver_cores: u32,
    /// The heap of drivers that ask for none.
    pub driver_memory: Memory,
    /// Spark properties under the job's own.
    pub conf: BTreeMap<String, String>,
}
