//! The container that each executor runs in, on Mesos.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::schema;

/// The container that each executor runs in, on Mesos.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Container {
    /// Which of Mesos' containerizers runs it (`spark.mesos.containerizer`). GPUs need `Mesos`. Default: `Docker`.
    /// Edit class: restart.
    #[serde(rename = "type")]
    pub type_: ContainerType,
    /// Whether each agent pulls the image before each executor (`spark.mesos.executor.docker.forcePullImage`).
    /// Default: false.
    /// Edit class: restart.
    pub force_pull: bool,
    /// A network by name (`spark.mesos.network.name`). Default: the agent's own network.
    /// Edit class: restart.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::network_name")]
    pub network: Option<String>,
    /// Folders of the agent to mount: `[host:]container[:ro|:rw]` (`spark.mesos.executor.docker.volumes`).
    /// Edit class: restart.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "schema::volumes")]
    pub volumes: Vec<String>,
    /// Further options of `docker run`, such as key `cap-add` with value `SYS_PTRACE`
    /// (`spark.mesos.executor.docker.parameters`). Keys may repeat.
    /// Edit class: restart.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 64))]
    pub parameters: Vec<DockerParameter>,
    /// Spark's home for executors (`spark.mesos.executor.home`). Default: where the driver's own image has it
    /// (`SPARK_HOME`); `/opt/spark` where the driver runs without an image.
    /// Edit class: restart.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::absolute_path")]
    pub home: Option<String>,
    /// Python for executors, by name or path (their `PYSPARK_PYTHON`), or in one of `dependencies.archives`, such as
    /// `./environment/bin/python`; such a one serves in NonDistributed, too. The driver keeps its own. Default: what the driver's own image says
    /// (`PYSPARK_PYTHON`), else `python3`.
    /// Edit class: restart.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 1024), regex(pattern = schema::NO_NUL))]
    pub python: Option<String>,
}

/// One of Mesos' containerizers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum ContainerType {
    /// The Docker daemon on the agent.
    #[default]
    Docker,
    /// Mesos' own, which reads Docker images, too.
    Mesos,
}

/// One option of `docker run`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DockerParameter {
    /// The option's long name, without dashes before it. Edit class: restart.
    #[schemars(schema_with = "schema::option_name")]
    pub key: String,
    /// Its value. Spark writes all parameters with commas, so that it may not hold one.
    /// Edit class: restart.
    #[schemars(schema_with = "schema::option_value")]
    pub value: String,
}
