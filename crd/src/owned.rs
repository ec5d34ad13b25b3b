//! What a field owns: Spark properties and environment variables that may not be set beside their field.
//!
//! One table drives the CEL rules, the offline check and the reference.

/// A Spark property or an environment variable, and what owns it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Owned {
    /// The property or variable.
    pub name: &'static str,
    /// Who sets it.
    pub owner: Owner,
}

/// Who sets a property or variable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Owner {
    /// This field of the specification, as a path below `spec`.
    Field(&'static str),
    /// lcmap-spark itself, for this reason.
    LcmapSpark(&'static str),
}

impl Owned {
    /// What to write instead, in the words of the CEL rule.
    pub fn remedy(&self) -> String {
        match self.owner {
            Owner::Field(field) => format!("set spec.{field} instead of {}", self.name),
            Owner::LcmapSpark(reason) => format!("leave {} out: {reason}", self.name),
        }
    }
}

const fn field(name: &'static str, field: &'static str) -> Owned {
    Owned { name, owner: Owner::Field(field) }
}

const fn ours(name: &'static str, reason: &'static str) -> Owned {
    Owned { name, owner: Owner::LcmapSpark(reason) }
}

const ADDRESS: &str = "lcmap-spark sets it to the address that executors reach";
const COARSE: &str = "executors of Mesos' fine-grained mode are not supported";
const CLIENT: &str = "the driver always runs where the job does (client mode)";
const FRAMEWORK_ID: &str = "lcmap-spark chooses framework ids, so that it finds every framework again";
const PLAN: &str = "lcmap-spark writes Spark's configuration from this specification";

/// The Spark properties that `spec.conf` may not hold.
pub const PROPERTIES: &[Owned] = &[
    field("spark.app.name", "name"),
    field("spark.archives", "dependencies.archives"),
    field("spark.cores.max", "executor.totalCores"),
    ours("spark.driver.bindAddress", ADDRESS),
    field("spark.driver.cores", "driver.cores"),
    ours("spark.driver.host", ADDRESS),
    field("spark.driver.memory", "driver.memory"),
    field("spark.driver.memoryOverhead", "driver.memoryOverhead"),
    field("spark.eventLog.dir", "eventLog.directory"),
    field("spark.eventLog.enabled", "eventLog"),
    field("spark.executor.cores", "executor.cores"),
    field("spark.executor.memory", "executor.memory"),
    field("spark.executor.memoryOverhead", "executor.memoryOverhead"),
    field("spark.files", "dependencies.files"),
    field("spark.jars", "dependencies.jars"),
    field("spark.jars.excludes", "dependencies.excludePackages"),
    field("spark.jars.packages", "dependencies.packages"),
    field("spark.jars.repositories", "dependencies.repositories"),
    field("spark.master", "mode and spec.mesos.master"),
    ours("spark.mesos.coarse", COARSE),
    field("spark.mesos.constraints", "mesos.constraints"),
    field("spark.mesos.containerizer", "mesos.container.type"),
    field("spark.mesos.driver.failoverTimeout", "mesos.failoverTimeout"),
    ours("spark.mesos.driver.frameworkId", FRAMEWORK_ID),
    field("spark.mesos.executor.docker.forcePullImage", "mesos.container.forcePull"),
    field("spark.mesos.executor.docker.image", "image"),
    field("spark.mesos.executor.docker.parameters", "mesos.container.parameters"),
    field("spark.mesos.executor.docker.volumes", "mesos.container.volumes"),
    field("spark.mesos.executor.home", "mesos.container.home"),
    field("spark.mesos.executor.memoryOverhead", "executor.memoryOverhead"),
    field("spark.mesos.gpus.max", "executor.totalGpus"),
    field("spark.mesos.network.name", "mesos.container.network"),
    field("spark.mesos.principal", "mesos.credentialsSecretName"),
    field("spark.mesos.principal.file", "mesos.credentialsSecretName"),
    field("spark.mesos.role", "mesos.role"),
    field("spark.mesos.secret", "mesos.credentialsSecretName"),
    field("spark.mesos.secret.file", "mesos.credentialsSecretName"),
    field("spark.mesos.task.labels", "mesos.taskLabels"),
    field("spark.mesos.uris", "mesos.uris"),
    ours("spark.submit.deployMode", CLIENT),
    field("spark.submit.pyFiles", "dependencies.pyFiles"),
];

/// The environment variables that `spec.env` may not hold.
pub const VARIABLES: &[Owned] = &[
    field("IMAGE", "image"),
    field("JUPYTER_TOKEN", "run.notebook.tokenSecretName"),
    field("JUPYTER_TOKEN_FILE", "run.notebook.tokenSecretName"),
    field("MASTER", "mode and spec.mesos.master"),
    field("MESOS_PRINCIPAL", "mesos.credentialsSecretName"),
    field("MESOS_ROLE", "mesos.role"),
    field("MESOS_SECRET", "mesos.credentialsSecretName"),
    ours("SPARK_CONF_DIR", PLAN),
    field("SPARK_DRIVER_MEMORY", "driver.memory"),
    field("SPARK_EXECUTOR_CORES", "executor.cores"),
    field("SPARK_EXECUTOR_MEMORY", "executor.memory"),
    ours("SPARK_LOCAL_IP", ADDRESS),
    field("SPARK_MESOS_PRINCIPAL", "mesos.credentialsSecretName"),
    field("SPARK_MESOS_PRINCIPAL_FILE", "mesos.credentialsSecretName"),
    field("SPARK_MESOS_SECRET", "mesos.credentialsSecretName"),
    field("SPARK_MESOS_SECRET_FILE", "mesos.credentialsSecretName"),
    field("SPARK_USER", "mesos.user"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_sorted_and_single() {
        for table in [PROPERTIES, VARIABLES] {
            assert!(table.is_sorted_by(|a, b| a.name < b.name));
        }
    }
}
