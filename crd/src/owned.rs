//! What a field owns: Spark properties, environment variables and options that may not be set beside their field.
//!
//! One table drives the CEL rules, the offline check and the reference.

use lcmap_spark_variables::Manifest;

/// A Spark property, an environment variable or an option, and what owns it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Owned {
    /// The property, variable or option.
    pub name: &'static str,
    /// The field, or the program, that sets it.
    pub owner: Owner,
}

/// The field, or the program, that sets a property, variable or option.
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
const LISTEN: &str = "lcmap-spark sets it, to this machine alone by run and to all addresses in a pod";
const TOKEN: &str = "the notebook's token opens it, and nothing else";
const SOCKET: &str = "browsers do not get to a socket; the notebook listens on its port";
const COARSE: &str = "executors of Mesos' fine-grained mode are not supported";
const CLIENT: &str = "the driver always runs where the job does (client mode)";
const FRAMEWORK_ID: &str = "lcmap-spark chooses framework ids, so that it finds every framework again";

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

/// The environment variables that `spec.env` may not hold, by name.
pub fn variables() -> Vec<Owned> {
    let mut owned: Vec<Owned> = lcmap_spark_variables::all()
        .filter_map(|variable| match variable.manifest {
            Manifest::Honoured => None,
            Manifest::Field(path) => Some(field(variable.name, path)),
            Manifest::Refused(reason) => Some(ours(variable.name, reason)),
        })
        .collect();
    owned.sort_by_key(|owned| owned.name);
    owned
}

/// The options of `spark-shell` and `pyspark` that `args` may not hold. Source: `SparkSubmitOptionParser`.
pub const SHELL_OPTIONS: &[Owned] = &[
    field("--archives", "dependencies.archives"),
    field("--conf", "conf"),
    ours("--deploy-mode", CLIENT),
    field("--driver-cores", "driver.cores"),
    field("--driver-memory", "driver.memory"),
    field("--exclude-packages", "dependencies.excludePackages"),
    field("--executor-cores", "executor.cores"),
    field("--executor-memory", "executor.memory"),
    field("--files", "dependencies.files"),
    field("--jars", "dependencies.jars"),
    field("--master", "mode and spec.mesos.master"),
    field("--name", "name"),
    field("--packages", "dependencies.packages"),
    field("--properties-file", "conf and spec.confFrom"),
    field("--py-files", "dependencies.pyFiles"),
    field("--repositories", "dependencies.repositories"),
    field("--total-executor-cores", "executor.totalCores"),
    field("-c", "conf"),
];

/// The options of `jupyter notebook` that `args` may not hold.
pub const NOTEBOOK_OPTIONS: &[Owned] = &[
    ours("--IdentityProvider.hashed_password", TOKEN),
    ours("--IdentityProvider.login_handler_class", TOKEN),
    field("--IdentityProvider.token", "run.notebook.tokenSecretName"),
    ours("--NotebookApp.ip", LISTEN),
    ours("--NotebookApp.password", TOKEN),
    field("--NotebookApp.port", "run.notebook.port"),
    ours("--NotebookApp.sock", SOCKET),
    field("--NotebookApp.token", "run.notebook.tokenSecretName"),
    ours("--PasswordIdentityProvider.hashed_password", TOKEN),
    ours("--PasswordIdentityProvider.password_required", TOKEN),
    field("--PasswordIdentityProvider.token", "run.notebook.tokenSecretName"),
    ours("--ServerApp.allow_unauthenticated_access", TOKEN),
    ours("--ServerApp.cookie_secret", TOKEN),
    ours("--ServerApp.identity_provider_class", TOKEN),
    ours("--ServerApp.ip", LISTEN),
    ours("--ServerApp.login_handler_class", TOKEN),
    ours("--ServerApp.password", TOKEN),
    field("--ServerApp.port", "run.notebook.port"),
    field("--ServerApp.root_dir", "run.notebook.directory"),
    ours("--ServerApp.sock", SOCKET),
    field("--ServerApp.token", "run.notebook.tokenSecretName"),
    ours("--ip", LISTEN),
    field("--notebook-dir", "run.notebook.directory"),
    field("--port", "run.notebook.port"),
    ours("--sock", SOCKET),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_sorted_and_single() {
        for table in [PROPERTIES, SHELL_OPTIONS, NOTEBOOK_OPTIONS] {
            assert!(table.is_sorted_by(|a, b| a.name < b.name));
        }
    }
}
