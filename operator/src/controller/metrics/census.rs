//! What is counted when somebody asks, rather than kept up to date: who leads, and where the jobs stand.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::time::Duration;

use lcmap_spark_crd::{Phase, Reason};
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::gauge::ConstGauge;

use super::labels::{By, Label};
use crate::controller::lease::Leadership;

/// Where the jobs stand now.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct JobCensus {
    /// How many jobs are in each phase.
    pub(crate) phases: HashMap<Phase, u64>,
    /// How many jobs wait, and what for.
    pub(crate) waiting: BTreeMap<Reason, u64>,
    /// How many jobs cannot go on until somebody mends them, and why.
    pub(crate) stalled: BTreeMap<Reason, u64>,
    /// How many jobs have a driver that began with a certificate that is near its end, or past it.
    pub(crate) expiring: u64,
    /// How many stored jobs cannot be read.
    pub(crate) unreadable: u64,
    /// How long the job that has waited longest has done so: for its driver, for Mesos, or to let go.
    pub(crate) oldest_waiting: Option<Duration>,
}

/// The source of the numbers of jobs by phase and reason.
pub(crate) trait Census: fmt::Debug + Send + Sync + 'static {
    /// Counts the jobs, as quickly as a scrape may take.
    fn count(&self) -> JobCensus;
}

/// Counts at each scrape.
#[derive(Debug)]
pub(super) struct AtScrape {
    pub(super) leadership: Leadership,
    pub(super) census: Box<dyn Census>,
}

impl Collector for AtScrape {
    fn encode(&self, mut encoder: DescriptorEncoder) -> fmt::Result {
        let census = self.census.count();
        one(
            &mut encoder,
            "leader",
            "Whether this replica acts (1) or stands by (0). The sum over all replicas is 1; if it is 0 for longer than \
             the lease, nothing is started or followed: look at the log for what keeps them from the Lease.",
            u32::from(self.leadership.leads()),
        )?;
        let phases = Phase::ALL.map(|phase| (phase, census.phases.get(&phase).copied().unwrap_or_default()));
        each(
            &mut encoder,
            "jobs",
            "SparkJobs by phase. If Pending or Releasing grows, waiting_jobs tells why.",
            phases,
        )?;
        each(
            &mut encoder,
            "waiting_jobs",
            "SparkJobs that wait, by what they wait for. If one reason grows, its entry in the SparkJob reference tells \
             what to do.",
            census.waiting,
        )?;
        each(
            &mut encoder,
            "stalled_jobs",
            "SparkJobs that cannot go on until somebody mends them, by reason. Their Stalled condition names object, \
             field and remedy.",
            census.stalled,
        )?;
        one(
            &mut encoder,
            "jobs_with_expiring_certificates",
            "SparkJobs whose driver has a certificate that is near its end or past it. If it is not 0, renew the \
             Secrets: their CertificatesValid condition tells until when.",
            census.expiring,
        )?;
        one(
            &mut encoder,
            "unreadable_jobs",
            "Stored SparkJobs that this version cannot read, and leaves alone. If it is not 0, the log names them: \
             the CustomResourceDefinition is missing a rule, or newer than the operator.",
            census.unreadable,
        )?;
        one(
            &mut encoder,
            "oldest_waiting_seconds",
            "For how long the job that has been Pending, Connecting, Requesting or Releasing longest has been on its way, or \
             held; 0 if none is. If it grows, waiting_jobs tells why.",
            census.oldest_waiting.unwrap_or_default().as_secs_f64(),
        )
    }
}

fn one<N>(encoder: &mut DescriptorEncoder, name: &str, help: &str, value: N) -> fmt::Result
where
    ConstGauge<N>: EncodeMetric,
{
    let gauge = ConstGauge::new(value);
    gauge.encode(encoder.encode_descriptor(name, help, None, MetricType::Gauge)?)
}

fn each<L: Label>(
    encoder: &mut DescriptorEncoder,
    name: &str,
    help: &str,
    counts: impl IntoIterator<Item = (L, u64)>,
) -> fmt::Result {
    let mut family = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
    for (label, count) in counts {
        ConstGauge::new(count).encode(family.encode_family(&By(label))?)?;
    }
    Ok(())
}
