//! The command line of `lcmap-spark operator`, as far as it is about Mesos.

use std::num::NonZeroU16;
use std::path::PathBuf;

use clap::Args as ClapArgs;
use lcmap_spark_crd::Duration;

use super::identity::JobSecrets;
use crate::core::MesosDefaults;
use crate::mesos::DefaultsArgs;

/// What the operator needs of Mesos.
#[derive(Debug, Clone, ClapArgs)]
#[command(next_help_heading = "Mesos")]
pub(crate) struct MesosArgs {
    #[command(flatten)]
    pub(crate) defaults: DefaultsArgs,
    /// The most cores that all executors of a job may have
    #[arg(long, value_name = "N", env = "LCMAP_MAX_TOTAL_CORES")]
    pub(crate) max_total_cores: Option<NonZeroU16>,
    /// A JSON file with the operator's own identity on each Mesos
    #[arg(long, value_name = "FILE", env = "LCMAP_MESOS_IDENTITIES")]
    pub(crate) mesos_identities: Option<PathBuf>,
    /// Use the Secrets of jobs to ask masters for which the operator has no identity of its own
    #[arg(long, env = "LCMAP_READ_JOB_SECRETS", default_value = "false", action = clap::ArgAction::Set, value_name = "BOOL",
        num_args = 0..=1, default_missing_value = "true")]
    pub(crate) read_job_secrets: bool,
    /// How long a framework that cannot be seen gone keeps its job
    #[arg(long, value_name = "TIME", env = "LCMAP_ABANDON_AFTER", default_value = "24h")]
    pub(crate) abandon_after: Duration,
    /// What this cluster is called on Mesos; by default its Lease's UID
    #[arg(long, value_name = "NAME", env = "LCMAP_CLUSTER")]
    pub(crate) cluster: Option<String>,
}

impl MesosArgs {
    /// What Distributed jobs get that do not say it.
    pub(crate) fn defaults(&self) -> MesosDefaults {
        self.defaults.defaults()
    }

    /// The most cores that all executors of a job may have.
    pub(crate) fn most_cores(&self) -> Option<i32> {
        self.max_total_cores.map(|cores| i32::from(cores.get()))
    }

    /// Whether jobs' Secrets may be used.
    pub(crate) fn job_secrets(&self) -> JobSecrets {
        if self.read_job_secrets { JobSecrets::Read } else { JobSecrets::Untouched }
    }
}
