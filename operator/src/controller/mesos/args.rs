//! The command line of `lcmap-spark operator`, as far as it is about Mesos.

use std::num::NonZeroU16;
use std::path::PathBuf;

use clap::Args as ClapArgs;
use lcmap_spark_crd::Duration;
use lcmap_spark_crd::spec::{CertificateVerification, Certificates};

use super::identity::JobSecrets;
use crate::core::MesosDefaults;

/// What the operator needs of Mesos.
#[derive(Debug, Clone, ClapArgs)]
#[command(next_help_heading = "Mesos")]
pub(crate) struct MesosArgs {
    /// The Mesos masters of Distributed jobs that name none
    #[arg(long, value_name = "MESOS", env = "LCMAP_MESOS_MASTER")]
    pub(crate) mesos_master: Option<String>,
    /// The role of such jobs
    #[arg(long, value_name = "ROLE", env = "LCMAP_MESOS_ROLE")]
    pub(crate) mesos_role: Option<String>,
    /// The Unix user that executors run as, of jobs that name none
    #[arg(long, value_name = "USER", env = "LCMAP_MESOS_USER")]
    pub(crate) mesos_user: Option<String>,
    /// The Secret with principal and secret, in the job's namespace, of jobs that name neither master nor Secret
    #[arg(long, value_name = "NAME", env = "LCMAP_MESOS_CREDENTIALS_SECRET")]
    pub(crate) mesos_credentials_secret: Option<String>,
    /// The Secret with certificates, in the job's namespace, of jobs that name neither master nor Secret
    #[arg(long, value_name = "NAME", env = "LCMAP_MESOS_CERTIFICATES_SECRET")]
    pub(crate) mesos_certificates_secret: Option<String>,
    /// What of the masters' certificates is verified: `Full`, `Chain` or `None`
    #[arg(long, value_name = "WHAT", env = "LCMAP_MESOS_VERIFY", default_value = "Full",
        value_parser = ["Full", "Chain", "None"])]
    pub(crate) mesos_verify: String,
    /// The name that the masters' certificates must carry, in place of the one in --mesos-master
    #[arg(long, value_name = "NAME", env = "LCMAP_MESOS_SERVER_NAME")]
    pub(crate) mesos_server_name: Option<String>,
    /// The cores of all executors of a job that does not limit them
    #[arg(long, value_name = "N", env = "LCMAP_TOTAL_CORES")]
    pub(crate) total_cores: Option<NonZeroU16>,
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
        let given = |value: &Option<String>| value.clone().filter(|value| !value.is_empty());
        let secret_name = given(&self.mesos_certificates_secret);
        let certificates = secret_name.is_some().then(|| Certificates {
            secret_name,
            verify: match self.mesos_verify.as_str() {
                "Chain" => CertificateVerification::Chain,
                "None" => CertificateVerification::None,
                _ => CertificateVerification::Full,
            },
            server_name: given(&self.mesos_server_name),
        });
        MesosDefaults {
            master: given(&self.mesos_master),
            role: given(&self.mesos_role),
            user: given(&self.mesos_user),
            credentials_secret_name: given(&self.mesos_credentials_secret),
            certificates,
            total_cores: self.total_cores.map(|cores| i32::from(cores.get())),
        }
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
