//! What Distributed jobs get that do not say it, from a command line or its environment.

use std::num::NonZeroU16;

use clap::Args as ClapArgs;
use lcmap_spark_crd::spec::{CertificateVerification, Certificates};

use crate::core::MesosDefaults;

/// A site's Mesos, said once: to the operator by its chart, on a laptop by the environment.
#[derive(Debug, Clone, ClapArgs)]
#[command(next_help_heading = "Mesos")]
pub(crate) struct DefaultsArgs {
    /// The Mesos masters of Distributed jobs that name none
    #[arg(long, value_name = "MESOS", env = "LCMAP_MESOS_MASTER")]
    mesos_master: Option<String>,
    /// The role of such jobs
    #[arg(long, value_name = "ROLE", env = "LCMAP_MESOS_ROLE")]
    mesos_role: Option<String>,
    /// The Unix user that executors run as, of jobs that name none
    #[arg(long, value_name = "USER", env = "LCMAP_MESOS_USER")]
    mesos_user: Option<String>,
    /// The Secret with principal and secret, the job's own, of jobs that name neither master nor Secret
    #[arg(long, value_name = "NAME", env = "LCMAP_MESOS_CREDENTIALS_SECRET")]
    mesos_credentials_secret: Option<String>,
    /// The Secret with certificates, the job's own, of jobs that name neither master nor Secret
    #[arg(long, value_name = "NAME", env = "LCMAP_MESOS_CERTIFICATES_SECRET")]
    mesos_certificates_secret: Option<String>,
    /// What of the masters' certificates is verified: `Full`, `Chain` or `None`
    #[arg(long, value_name = "WHAT", env = "LCMAP_MESOS_VERIFY", default_value = "Full",
        value_parser = ["Full", "Chain", "None"])]
    mesos_verify: String,
    /// The name that the masters' certificates must carry, in place of the one in --mesos-master
    #[arg(long, value_name = "NAME", env = "LCMAP_MESOS_SERVER_NAME")]
    mesos_server_name: Option<String>,
    /// The cores of all executors of a job that does not limit them
    #[arg(long, value_name = "N", env = "LCMAP_TOTAL_CORES")]
    total_cores: Option<NonZeroU16>,
}

impl DefaultsArgs {
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
}
