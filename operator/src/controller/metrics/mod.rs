//! The metrics for Prometheus. Each metric's help says what it means, and what to do when it grows.

mod census;
mod labels;
mod own_certificates;

use std::time::Duration;

use lcmap_spark_crd::{Phase, Reason};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};

use super::lease::Leadership;
use super::mesos::Identities;
use census::AtScrape;
use labels::By;
use own_certificates::OwnCertificates;

pub(crate) use census::{Census, JobCensus};
pub(crate) use labels::{ErrorReason, Label, Lane, Look, Outcome, Watched};

type Timings = Family<By<Phase>, Histogram>;

/// What is counted while the operator works. Clones count together.
#[derive(Debug, Clone)]
pub(crate) struct Metrics {
    reconciles: Family<By<Outcome>, Counter>,
    reconcile_seconds: Histogram,
    errors: Family<By<ErrorReason>, Counter>,
    status_writes: Counter,
    driver_pods_created: Counter,
    attempts_ended: Family<By<Reason>, Counter>,
    job_start_seconds: Histogram,
    job_seconds: Timings,
    queue_depth: Family<By<Lane>, Gauge>,
    watch_restarts: Family<By<Watched>, Counter>,
    mesos_looks: Family<By<Look>, Counter>,
    frameworks_swept: Counter,
}

/// From a job that is looked at and needs nothing to a slow API server, in seconds.
fn reconcile_buckets() -> impl Iterator<Item = f64> {
    exponential_buckets(0.001, 4.0, 8)
}

/// From a pod whose image is there to one that waits half an hour for its node, in seconds.
const START_BUCKETS: [f64; 12] = [0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0];

/// From ten seconds to two days, in seconds.
fn job_histogram() -> Histogram {
    Histogram::new([10.0, 30.0, 60.0, 300.0, 900.0, 3600.0, 10_800.0, 43_200.0, 86_400.0, 172_800.0])
}

impl Metrics {
    /// Metrics with nothing counted.
    pub(crate) fn new() -> Self {
        Self {
            reconciles: from_zero(Outcome::ALL),
            reconcile_seconds: Histogram::new(reconcile_buckets()),
            errors: from_zero(ErrorReason::ALL),
            status_writes: Counter::default(),
            driver_pods_created: Counter::default(),
            attempts_ended: Family::default(),
            job_start_seconds: Histogram::new(START_BUCKETS),
            job_seconds: Timings::new_with_constructor(job_histogram),
            queue_depth: from_zero(Lane::ALL),
            watch_restarts: from_zero(Watched::ALL),
            mesos_looks: from_zero(Look::ALL),
            frameworks_swept: Counter::default(),
        }
    }

    /// A registry of these, of who leads, of where the jobs stand, and of the operator's own certificates.
    pub(crate) fn registry(
        &self,
        leadership: Leadership,
        census: impl Census,
        identities: Identities,
    ) -> Registry {
        let mut registry = Registry::with_prefix("lcmap_spark");
        registry.register(
            "build",
            "Which version this is. Two versions for longer than an upgrade takes: a replica was left behind",
            Info::new([("version", env!("CARGO_PKG_VERSION"))]),
        );
        self.register_work(&mut registry);
        self.register_jobs(&mut registry);
        self.register_mesos(&mut registry);
        registry.register_collector(Box::new(AtScrape { leadership, census: Box::new(census) }));
        registry.register_collector(Box::new(OwnCertificates(identities)));
        registry
    }

    fn register_work(&self, registry: &mut Registry) {
        registry.register(
            "reconciles",
            "Looks at a job, by outcome. Conflicts are normal and few; if failed grows, errors_total tells why",
            self.reconciles.clone(),
        );
        registry.register_with_unit(
            "reconcile",
            "How long a look at a job took, with all that it led to. If it grows, the API server is slow, or the \
             operator has too little CPU",
            Unit::Seconds,
            self.reconcile_seconds.clone(),
        );
        registry.register(
            "errors",
            "Requests to the API server that failed. forbidden: the ClusterRole is older than the operator; throttled, \
             unavailable, timeout, connection: look at the API server; refused, unreadable: the log names the object",
            self.errors.clone(),
        );
        registry.register(
            "status_writes",
            "Statuses written. Three a job are normal; if there are many more, something else writes them too",
            self.status_writes.clone(),
        );
        registry.register(
            "queue_depth",
            "Jobs that wait to be looked at, by lane. If it stays high, raise --concurrency, or look at \
             reconcile_seconds",
            self.queue_depth.clone(),
        );
        registry.register(
            "watch_restarts",
            "Watches that had to begin anew, by what they watch. A few an hour are normal; if it grows, connections to \
             the API server break",
            self.watch_restarts.clone(),
        );
    }

    fn register_jobs(&self, registry: &mut Registry) {
        registry.register(
            "driver_pods_created",
            "Driver pods created, one an attempt. If it grows faster than jobs are made, they fail and are restarted: \
             attempts_ended_total tells why",
            self.driver_pods_created.clone(),
        );
        registry.register(
            "attempts_ended",
            "Attempts that ended, by reason. What each reason asks for stands in the SparkJob reference",
            self.attempts_ended.clone(),
        );
        registry.register_with_unit(
            "job_start",
            "How long it took from a job's creation until it was Running. If it grows, waiting_jobs tells what for: \
             nodes, quota, images, Mesos",
            Unit::Seconds,
            self.job_start_seconds.clone(),
        );
        registry.register_with_unit(
            "job",
            "How long jobs took that ended, by the phase they ended in. If it grows, the jobs do, not the operator",
            Unit::Seconds,
            self.job_seconds.clone(),
        );
    }

    fn register_mesos(&self, registry: &mut Registry) {
        registry.register(
            "mesos_looks",
            "Looks at a Mesos, one for all its jobs, by outcome. If failed grows, the log names master and reason; jobs in \
             Releasing wait until it answers",
            self.mesos_looks.clone(),
        );
        registry.register(
            "frameworks_swept",
            "Frameworks torn down whose job was gone. None is normal; if it grows, somebody removes jobs' finalizers",
            self.frameworks_swept.clone(),
        );
    }

    /// A Mesos was looked at.
    pub(crate) fn looked_at_mesos(&self, look: Look) {
        self.mesos_looks.get_or_create(&By(look)).inc();
    }

    /// A framework was torn down whose job is gone.
    pub(crate) fn swept_framework(&self) {
        self.frameworks_swept.inc();
    }

    /// A job was looked at, and that took so long.
    pub(crate) fn reconciled(&self, outcome: Outcome, took: Duration) {
        self.reconciles.get_or_create(&By(outcome)).inc();
        self.reconcile_seconds.observe(took.as_secs_f64());
    }

    /// A request to the API server failed.
    pub(crate) fn request_failed(&self, reason: ErrorReason) {
        self.errors.get_or_create(&By(reason)).inc();
    }

    /// A status was written.
    pub(crate) fn status_written(&self) {
        self.status_writes.inc();
    }

    /// A driver pod was created.
    pub(crate) fn driver_pod_created(&self) {
        self.driver_pods_created.inc();
    }

    /// An attempt ended.
    pub(crate) fn attempt_ended(&self, reason: Reason) {
        self.attempts_ended.get_or_create(&By(reason)).inc();
    }

    /// A job is Running, so long after it was created.
    pub(crate) fn job_started(&self, after: Duration) {
        self.job_start_seconds.observe(after.as_secs_f64());
    }

    /// A job ended in `phase`, and took so long.
    pub(crate) fn job_ended(&self, phase: Phase, took: Duration) {
        self.job_seconds.get_or_create(&By(phase)).observe(took.as_secs_f64());
    }

    /// So many jobs wait in `lane`.
    pub(crate) fn queued(&self, lane: Lane, depth: usize) {
        self.queue_depth.get_or_create(&By(lane)).set(i64::try_from(depth).unwrap_or(i64::MAX));
    }

    /// A watch had to begin anew.
    pub(crate) fn watch_restarted(&self, watched: Watched) {
        self.watch_restarts.get_or_create(&By(watched)).inc();
    }
}

/// A family whose every member is there from the beginning: a rate needs a zero to count from.
fn from_zero<L, M>(labels: &[L]) -> Family<By<L>, M>
where
    L: Label + Eq + std::hash::Hash,
    M: Default,
{
    let family = Family::default();
    for label in labels {
        drop(family.get_or_create(&By(*label)));
    }
    family
}

#[cfg(test)]
mod tests;
