//! How large drivers and executors are.

use kube::core::Rule;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Memory;

/// How large the driver is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Driver {
    /// Its cores: the CPU request of its pod and, in NonDistributed mode, the N of `local[N]`.
    /// Default: in Kubernetes the operator's (1), by `lcmap-spark run` all cores.
    /// Edit class: restart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1024))]
    pub cores: Option<i32>,
    /// The heap of its JVM (`spark.driver.memory`), binary. Default: in Kubernetes the operator's (2g), by
    /// `lcmap-spark run` half of the memory that is available.
    /// Edit class: restart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory: Option<Memory>,
    /// What it needs beside the heap: Python, Jupyter, native memory. Heap and this are the pod's memory.
    /// Default: 384m, or 40 % of the heap for Python and 10 % for a jar where that is more.
    /// Edit class: restart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory_overhead: Option<Memory>,
}

/// How large executors are, and how many.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = [
    Rule::new("!has(self.cores) || !has(self.totalCores) || self.cores <= self.totalCores")
    .message("must not be less than executor.cores, or no executor ever starts")
    .field_path(".totalCores"),
]))]
pub struct Executor {
    /// The cores of one executor (`spark.executor.cores`). Default: all that Mesos offers on an agent.
    /// Edit class: restart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1024))]
    pub cores: Option<i32>,
    /// The heap of one executor's JVM (`spark.executor.memory`), binary. Default: 1g, Spark's own.
    /// Edit class: restart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory: Option<Memory>,
    /// What one executor needs beside the heap (`spark.mesos.executor.memoryOverhead`). Default: 384m, or 10 % of the
    /// heap where that is more, as Spark does.
    /// Edit class: restart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory_overhead: Option<Memory>,
    /// The cores of all executors together (`spark.cores.max`); Spark rounds down to a multiple of `cores`.
    /// Default: the operator's.
    /// Edit class: restart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1_000_000))]
    pub total_cores: Option<i32>,
    /// The most GPUs that all executors take together (`spark.mesos.gpus.max`). Default: none.
    /// Edit class: restart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 100_000))]
    pub total_gpus: Option<i32>,
}
