//! The command line of `lcmap-spark operator`.

use std::net::SocketAddr;
use std::num::NonZeroU16;
use std::path::PathBuf;

use clap::Args as ClapArgs;
use lcmap_spark_crd::{Duration, Memory};

use super::error::OperatorError;
use super::mesos::MesosArgs;
use super::progress::Pace;
use crate::core::Settings;

/// Arguments of `lcmap-spark operator`. Each can come from the environment too, as the chart gives it.
#[derive(Debug, Clone, ClapArgs)]
pub(crate) struct Args {
    /// Look after the jobs of this namespace only; may be given several times. Default: all namespaces
    #[arg(
        long = "namespace",
        value_name = "NAME",
        env = "LCMAP_NAMESPACES",
        value_delimiter = ',',
        conflicts_with = "namespace_selector"
    )]
    pub(crate) namespaces: Vec<String>,
    /// Look after the jobs of namespaces with these labels only, whenever they get them
    #[arg(long, value_name = "SELECTOR", env = "LCMAP_NAMESPACE_SELECTOR")]
    pub(crate) namespace_selector: Option<String>,
    /// The image that holds the agent, for the driver pods' init container: the operator's own
    #[arg(long, value_name = "IMAGE", env = "LCMAP_AGENT_IMAGE")]
    pub(crate) agent_image: String,
    /// When the kubelet pulls the agent's image: `Always`, `IfNotPresent` or `Never`
    #[arg(
        long,
        value_name = "POLICY",
        env = "LCMAP_AGENT_IMAGE_PULL_POLICY",
        default_value = "IfNotPresent",
        value_parser = ["Always", "IfNotPresent", "Never"]
    )]
    pub(crate) agent_image_pull_policy: String,
    /// The image of jobs that name none
    #[arg(long, value_name = "IMAGE", env = "LCMAP_DEFAULT_IMAGE")]
    pub(crate) default_image: Option<String>,
    /// The cores of drivers that ask for none
    #[arg(long, value_name = "N", env = "LCMAP_DRIVER_CORES", default_value = "1")]
    pub(crate) driver_cores: NonZeroU16,
    /// The heap of drivers that ask for none
    #[arg(long, value_name = "MEMORY", env = "LCMAP_DRIVER_MEMORY", default_value = "2g")]
    pub(crate) driver_memory: Memory,
    /// A Spark property of every job, under the job's own; may be given several times
    #[arg(long = "conf", value_name = "NAME=VALUE", env = "LCMAP_CONF", value_delimiter = '\n')]
    pub(crate) conf: Vec<String>,
    /// The namespace of the Lease that replicas elect their leader by, the operator's own
    #[arg(long, value_name = "NAME", env = "POD_NAMESPACE")]
    pub(crate) lease_namespace: Option<String>,
    /// The name of that Lease. Operators that share namespaces must share it
    #[arg(long, value_name = "NAME", env = "LCMAP_LEASE_NAME", default_value = "lcmap-spark")]
    pub(crate) lease_name: String,
    /// How long a leader that was heard of last is waited for
    #[arg(long, value_name = "TIME", env = "LCMAP_LEASE_DURATION", default_value = "15s")]
    pub(crate) lease_duration: Duration,
    /// What this replica calls itself, its pod's name
    #[arg(long, value_name = "NAME", env = "POD_NAME")]
    pub(crate) identity: Option<String>,
    /// Where /livez, /readyz and /metrics are served
    #[arg(long, value_name = "ADDRESS", env = "LCMAP_LISTEN", default_value = "0.0.0.0:8080")]
    pub(crate) listen: SocketAddr,
    /// What is logged: error, warn, info, debug or trace, or directives such as `info,kube=debug`
    #[arg(long, value_name = "FILTER", env = "LCMAP_LOG", default_value = "info")]
    pub(crate) log_filter: String,
    /// A file with the filter, read again whenever it changes; the filter above holds while there is none
    #[arg(long, value_name = "FILE", env = "LCMAP_LOG_FILTER_FILE")]
    pub(crate) log_filter_file: Option<PathBuf>,
    /// How often running drivers are asked for their progress, `never` for not at all; a status tells of it half as often
    #[arg(long, value_name = "TIME", env = "LCMAP_PROGRESS_INTERVAL", default_value = "15s")]
    pub(crate) progress_interval: Pace,
    /// How many jobs are worked on at a time
    #[arg(long, value_name = "N", env = "LCMAP_CONCURRENCY", default_value = "32")]
    pub(crate) concurrency: NonZeroU16,
    #[command(flatten)]
    pub(crate) mesos: MesosArgs,
}

impl Args {
    /// What is added to every job.
    pub(super) fn settings(&self) -> Result<Settings, OperatorError> {
        let property = |line: &String| {
            let (name, value) = line.split_once('=').ok_or_else(|| OperatorError::Setting {
                flag: "--conf",
                message: format!(
                    "{line:?} is no Spark property; write NAME=VALUE, such as spark.ui.enabled=true"
                ),
            })?;
            Ok((name.trim().to_owned(), value.to_owned()))
        };
        let conf = self.conf.iter().filter(|line| !line.trim().is_empty()).map(property);
        Ok(Settings {
            agent_image: self.agent_image.clone(),
            agent_image_pull_policy: self.agent_image_pull_policy.clone(),
            default_image: self.default_image.clone().filter(|image| !image.is_empty()),
            driver_cores: u32::from(self.driver_cores.get()),
            driver_memory: self.driver_memory,
            conf: conf.collect::<Result<_, OperatorError>>()?,
            mesos: self.mesos.defaults(),
            max_total_cores: self.mesos.most_cores(),
            cluster: String::new(),
        })
    }

    /// What this replica calls itself.
    pub(super) fn identity(&self) -> String {
        self.identity.clone().unwrap_or_else(|| {
            let node = rustix::system::uname();
            format!("{}-{}", node.nodename().to_string_lossy(), std::process::id())
        })
    }
}
