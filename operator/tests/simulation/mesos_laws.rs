//! What no history may break on Mesos.
//!
//! That each can be broken is tested (`mesos_mutants.rs`). That histories do break them was tried with faults put in on purpose,
//! each found within two thousand seeds:
//! * every job is let go: not one that is suspended, none before its end though it has switched to its own pod, not one that
//!   is deleted before it had a driver, none that only time or a person has given up on;
//! * no framework is torn down that its driver needs: the sweep takes the attempt that a job is at for over, or one that is
//!   asked to stop; a driver is settled that is asked to stop, or whose executors have all ended.

use std::time::Duration;

use jiff::Timestamp;
use lcmap_spark::core::pod::DriverPod;
use lcmap_spark_crd::names::{ANNOTATION_ABANDON_FRAMEWORK, FINALIZER, framework_id};
use lcmap_spark_crd::{Mode, Phase, Reason, SparkJob, SparkJobStatus};

use crate::cluster::Cluster;
use crate::laws::Laws;
use crate::mesos::{Driver, Framework, Mesos};
use crate::observer::{PATIENCE, RETRY, STEADY, SWEEP};

/// How long a framework may be left without a driver while everybody works: two sweeps, each of which waits for a turn, or the
/// longest wait before a teardown is tried again; and a moment to hear of it.
pub(crate) const BEREFT: Duration =
    Duration::from_secs(2 * (SWEEP.as_secs() + STEADY.as_secs()) + RETRY.1.as_secs());

impl Cluster {
    /// Looks for what should have gone by now. `anew`: before now nobody could have seen to it.
    pub(crate) fn look_for_leftovers(&mut self, anew: bool) {
        self.look_for_the_bereft(anew);
        self.look_for_the_kept(anew);
    }

    /// Looks for frameworks that nobody needs.
    fn look_for_the_bereft(&mut self, anew: bool) {
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

impl Cluster {
    /// Looks whether the job is kept though nothing of it can be on Mesos, or though what is there was given up on: then no
    /// Mesos needs to answer.
    fn look_for_the_kept(&mut self, anew: bool) {
        let can_be_seen = self.mesos.answers() && !self.mesos.is_deaf;
        let is_kept = self.job.as_ref().is_some_and(|job| {
            let is_given_up = is_given_up(job);
            has_finalizer(job)
                && (can_be_seen || is_given_up)
                && !self.may_come(job)
                && (is_given_up || !self.has_something(job))
        });
        if anew || !is_kept {
            self.kept_since = None;
        }
        if !is_kept {
            return;
        }
        let since = *self.kept_since.get_or_insert(self.now);
        let kept = self.now.duration_since(since).unsigned_abs();
        self.laws.hold(kept <= BEREFT, "every job is let go once nothing of it can remain", || {
            format!("kept for {kept:?}")
        });
    }

    /// Whether something of the job may come to Mesos yet.
    fn may_come(&self, job: &SparkJob) -> bool {
        let uid = job.metadata.uid.as_deref().unwrap_or_default();
        let phase = job.status.as_ref().and_then(|status| status.phase).unwrap_or_default();
        let rests = phase.is_final() || phase == Phase::Suspended;
        let will_begin =
            job.spec.mode == Mode::Distributed && !rests && job.metadata.deletion_timestamp.is_none();
        let is_distributed =
            |pod: &DriverPod| pod.metadata.labels.mode.as_deref() == Some(Mode::Distributed.as_str());
        let mut living = self.pods.values().filter(|pod| pod.is_owned_by(uid) && !pod.is_over());
        will_begin || living.any(|pod| is_distributed(pod))
    }

    fn has_something(&self, job: &SparkJob) -> bool {
        let is_its = |it: &Framework| job.metadata.uid.as_ref() == Some(&it.job);
        self.mesos.frameworks.values().any(|it| is_its(it) && it.lives())
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
        driver: Option<&Driver>,
    ) {
        let job = job.filter(|job| job.metadata.uid.as_ref() == Some(&framework.job));
        let is_wanted = job.is_some_and(|job| {
            let status = job.status.clone().unwrap_or_default();
            let is_over = status.phase.is_some_and(Phase::is_final);
            !is_over && status.attempt.unwrap_or(1) == framework.attempt
        });
        // Also one that is asked to stop: it ends by itself, and lets its executors go.
        let runs = driver.is_some_and(|driver| driver.over.is_none());
        let is_wanted = is_wanted && runs && !self.is_ghost(&framework.driver);
        self.hold(!is_wanted, "no framework is torn down that its driver needs", || id.to_owned());
    }

    /// A decision was made: is it one to give a driver up for want of executors, though it has some? `looked` is when the
    /// operator last saw what there was: it has to have looked, and what has come since it cannot know.
    pub(crate) fn given_up(
        &mut self,
        job: &SparkJob,
        after: &SparkJobStatus,
        mesos: &Mesos,
        looked: Option<Timestamp>,
    ) {
        let is_new = job.status.as_ref().is_none_or(|it| it.reason != Some(Reason::AllocationTimeout));
        if !is_new || after.reason != Some(Reason::AllocationTimeout) {
            return;
        }
        let (uid, attempt) = (job.metadata.uid.as_ref(), after.attempt.unwrap_or(1));
        let has_run =
            |it: &Framework| it.running_since.is_some_and(|since| looked.is_none_or(|at| since <= at));
        let mut its = mesos.frameworks.iter().filter(|(_, it)| Some(&it.job) == uid && it.attempt == attempt);
        let has_executors = its.find(|(_, it)| it.lives() && has_run(it));
        self.hold(has_executors.is_none(), "no driver with executors is given up for want of them", || {
            format!("{:?}, looked at {looked:?}", has_executors.map(|(id, _)| id))
        });
    }

    /// Everybody is at rest: what keeps a job has gone, and so have its frameworks.
    pub(crate) fn at_rest_on_mesos(&mut self, cluster: &Cluster) {
        let left = cluster.mesos.frameworks.iter().find(|(_, it)| it.lives()).map(|(id, _)| id);
        let is_clean = left.is_none() || !cluster.mesos.answers();
        self.hold(is_clean, "no framework lives on without its driver", || format!("{left:?}"));
        let Some(job) = &cluster.job else { return };
        let is_kept = has_finalizer(job);
        let is_deleted = job.metadata.deletion_timestamp.is_some();
        self.hold(!is_kept && !is_deleted, "every job is let go in the end", || {
            format!("{:?}", job.metadata.finalizers)
        });
    }
}

/// Whether a person has given up on all that the status of a job names, and on what it would name first.
fn is_given_up(job: &SparkJob) -> bool {
    let annotations = job.metadata.annotations.as_ref();
    let Some(given_up) = annotations.and_then(|all| all.get(ANNOTATION_ABANDON_FRAMEWORK)) else {
        return false;
    };
    let status = job.status.clone().unwrap_or_default();
    let first = framework_id(job.metadata.uid.as_deref().unwrap_or_default(), status.attempt.unwrap_or(1));
    let mut ids = status.mesos.map(|mesos| mesos.framework_ids).unwrap_or_default();
    ids.push(first);
    ids.iter().all(|id| given_up.split(' ').any(|it| it == id))
}

fn has_finalizer(job: &SparkJob) -> bool {
    job.metadata.finalizers.iter().flatten().any(|it| it == FINALIZER)
}

/// Whether a framework is of the attempt that a job is at. One whose pod came and went before any status named it stays until
/// the sweep that follows the end of that attempt: the attempt begins again with the same number, so that by its id the
/// framework is the one that its next driver takes over, and nobody may tear it down. To rule that out, each start would
/// have to ask Mesos first, or to be written down before; what it takes is that an operator dies, or hears nothing, between a
/// creation and the write that follows it, and that the pod is removed meanwhile, after its driver has registered.
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
