//! What no history may break on Mesos.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use jiff::Timestamp;
use lcmap_spark::core::pod::DriverPod;
use lcmap_spark_crd::names::{DRIVER_CONTAINER, FINALIZER, framework_id};
use lcmap_spark_crd::{Phase, SparkJob};

use crate::cluster::Cluster;
use crate::laws::Laws;
use crate::mesos::{Driver, Framework, Mesos};
use crate::operator::PATIENCE;
use crate::sight::{RETRY, STEADY, SWEEP};

/// How long a framework may be left without a driver while everybody works: two sweeps, each of which waits for a turn, or the
/// longest wait before a teardown is tried again; and a moment to hear of it.
const BEREFT: Duration = Duration::from_secs(2 * (SWEEP.as_secs() + STEADY.as_secs()) + RETRY.1.as_secs());

impl Cluster {
    /// Looks for frameworks that nobody needs. `anew`: before now nobody could have torn them down.
    pub(crate) fn look_for_the_bereft(&mut self, anew: bool) {
        let Self { mesos, laws, now, job, .. } = self;
        let can_be_seen = mesos.answers();
        for (id, framework) in &mut mesos.frameworks {
            let is_of = |it: &Driver| it.job == framework.job && it.attempt == framework.attempt;
            let is_unseen =
                !laws.is_seen(&framework.driver) && job.as_ref().is_some_and(|job| is_at(job, framework));
            let is_over = !mesos.drivers.values().any(|it| is_of(it) && it.over.is_none()) && !is_unseen;
            if anew || !can_be_seen || !framework.is_listed() || !is_over {
                framework.alone_since = None;
            }
            if !can_be_seen || !framework.is_listed() || !is_over {
                continue;
            }
            let since = *framework.alone_since.get_or_insert(*now);
            let alone = now.duration_since(since).unsigned_abs();
            laws.hold(alone <= BEREFT, "no framework lives on without its driver", || {
                format!("{id} for {alone:?}")
            });
        }
    }
}

impl Laws {
    /// A pod was created: nothing of the attempts before may be on Mesos.
    pub(crate) fn attempt_begins(&mut self, pod: &DriverPod, mesos: &Mesos, now: Timestamp) {
        if self.is_ghost(&pod.metadata.uid) {
            return;
        }
        let attempt = pod.attempt().unwrap_or_default();
        let is_before =
            |it: &Framework| pod.is_owned_by(&it.job) && it.attempt < attempt && self.is_seen(&it.driver);
        let left = left(mesos, now, is_before);
        self.hold(left.is_none(), "no attempt begins before the last one is gone from Mesos", || {
            format!("attempt {attempt} does, and {left:?} lives")
        });
    }

    /// The job vanishes: nothing of it may be on Mesos, but of a driver that went before anybody took it down. That is swept.
    pub(crate) fn job_vanished(&mut self, job: &SparkJob, mesos: &Mesos, now: Timestamp) {
        let is_its = |it: &Framework| job.metadata.uid.as_ref() == Some(&it.job) && self.is_seen(&it.driver);
        let left = left(mesos, now, is_its);
        self.hold(left.is_none(), "no job vanishes before its frameworks", || format!("{left:?} lives"));
    }

    /// The operator tears down a framework that lives.
    pub(crate) fn torn_down(
        &mut self,
        id: &str,
        framework: &Framework,
        job: Option<&SparkJob>,
        pods: &BTreeMap<String, Rc<DriverPod>>,
    ) {
        let job = job.filter(|job| job.metadata.uid.as_ref() == Some(&framework.job));
        let is_wanted = job.is_some_and(|job| {
            let status = job.status.clone().unwrap_or_default();
            let phase = status.phase.unwrap_or_default();
            let is_asked_to_stop = phase.is_final() || phase == Phase::Releasing;
            let is_kept = job.metadata.deletion_timestamp.is_none();
            is_kept && !is_asked_to_stop && status.attempt.unwrap_or(1) == framework.attempt
        });
        let lives = pods.values().any(|pod| {
            pod.metadata.uid == framework.driver
                && pod.metadata.deletion_timestamp.is_none()
                && pod
                    .status
                    .container_statuses
                    .iter()
                    .any(|it| it.name == DRIVER_CONTAINER && it.state.running.is_some())
        });
        let is_wanted = is_wanted && lives && !self.is_ghost(&framework.driver);
        self.hold(!is_wanted, "no framework is torn down that its driver needs", || id.to_owned());
    }

    /// Everybody is at rest: what keeps a job has gone, and so have its frameworks.
    pub(crate) fn at_rest_on_mesos(&mut self, cluster: &Cluster) {
        let left = cluster.mesos.frameworks.iter().find(|(_, it)| it.lives()).map(|(id, _)| id);
        let is_clean = left.is_none() || !cluster.mesos.answers();
        self.hold(is_clean, "no framework lives on without its driver", || format!("{left:?}"));
        let Some(job) = &cluster.job else { return };
        let is_kept = job.metadata.finalizers.iter().flatten().any(|it| it == FINALIZER);
        let is_deleted = job.metadata.deletion_timestamp.is_some();
        self.hold(!is_kept && !is_deleted, "every job is let go in the end", || {
            format!("{:?}", job.metadata.finalizers)
        });
    }
}

/// Whether a framework is of the attempt that a job is at: one of a driver that went before anybody took it down is swept only
/// when that attempt is over.
fn is_at(job: &SparkJob, framework: &Framework) -> bool {
    let status = job.status.clone().unwrap_or_default();
    let phase = status.phase.unwrap_or_default();
    let is_its = job.metadata.uid.as_ref() == Some(&framework.job);
    let rests = phase.is_final() || phase == Phase::Suspended;
    is_its && status.attempt.unwrap_or(1) == framework.attempt && !rests
}

/// A framework that lives, though it should be gone by now: one that nobody gave up on.
fn left(mesos: &Mesos, now: Timestamp, is_meant: impl Fn(&Framework) -> bool) -> Option<&String> {
    // A further context that nobody had heard of is given up on with the first.
    let is_given_up = |id: &String, framework: &Framework| {
        let first = framework_id(&framework.job, framework.attempt);
        mesos.given_up.contains(id) || mesos.given_up.contains(&first)
    };
    let waited_for = |framework: &Framework| {
        let driver = mesos.drivers.get(&framework.driver);
        let over = driver.and_then(|driver| driver.over);
        let is_past = over.is_some_and(|over| now.duration_since(over).unsigned_abs() >= PATIENCE);
        !framework.is_late && !is_past
    };
    let owed = mesos.frameworks.iter().filter(|(_, it)| it.lives() && is_meant(it) && waited_for(it));
    let mut left = owed.filter(|(id, it)| !is_given_up(id, it));
    left.next().map(|(id, _)| id)
}
