//! What the operator adds to every job: its configuration.

use std::collections::BTreeMap;

use lcmap_spark_crd::spec::Certificates;
use lcmap_spark_crd::{Memory, SparkJob};

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
    /// What Distributed jobs get that do not say it.
    pub mesos: MesosDefaults,
    /// The most cores that all executors of a Distributed job may have together.
    pub max_total_cores: Option<i32>,
    /// The cluster that frameworks are labelled with. Empty: they are not.
    pub cluster: String,
}

/// What Distributed jobs get that do not say it. Secrets are in the job's own namespace.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MesosDefaults {
    /// The masters.
    pub master: Option<String>,
    /// The role.
    pub role: Option<String>,
    /// The Unix user that executors run as.
    pub user: Option<String>,
    /// The Secret with principal and secret.
    pub credentials_secret_name: Option<String>,
    /// The certificates of the connection to the masters.
    pub certificates: Option<Certificates>,
    /// The cores of all executors of a job that does not limit them.
    pub total_cores: Option<i32>,
}

impl Settings {
    /// A job with what the operator adds.
    pub fn fill(&self, job: &SparkJob) -> SparkJob {
        self.mesos.fill(job)
    }
}

impl MesosDefaults {
    /// A job with what it does not say itself. Role, credentials and certificates belong to the master here: they are not lent
    /// to a job that names another.
    ///
    /// The mode makes no difference: a job that has just been edited to the other one may still be on Mesos.
    pub fn fill(&self, job: &SparkJob) -> SparkJob {
        let mut job = job.clone();
        let defaults = self;
        let (mesos, executor) = (&mut job.spec.mesos, &mut job.spec.executor);
        executor.total_cores = executor.total_cores.or(defaults.total_cores);
        mesos.user = mesos.user.take().or_else(|| defaults.user.clone());
        if mesos.master.is_none() || mesos.master == defaults.master {
            mesos.master.clone_from(&defaults.master);
            mesos.role = mesos.role.take().or_else(|| defaults.role.clone());
            let name = mesos.credentials_secret_name.take();
            mesos.credentials_secret_name = name.or_else(|| defaults.credentials_secret_name.clone());
            match (&mut mesos.certificates, &defaults.certificates) {
                (Some(own), Some(theirs)) if own.secret_name.is_none() => {
                    own.secret_name.clone_from(&theirs.secret_name);
                }
                (own @ None, theirs) => own.clone_from(theirs),
                _ => {}
            }
        }
        job
    }
}
