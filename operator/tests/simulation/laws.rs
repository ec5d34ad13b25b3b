//! What no history may break.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::time::Duration;

use jiff::Timestamp;
use lcmap_spark::core::pod::{self, DriverPod, Terminated};
use lcmap_spark::core::{Decision, Observed, Requeue, Start, Stopping, decide, reason};
use lcmap_spark_agent::report::{ExitReason, TerminationMessage};
use lcmap_spark_crd::names::{ANNOTATION_RERUN, DRIVER_CONTAINER};
use lcmap_spark_crd::status::{MAX_ATTEMPTS, MAX_MESSAGE};
use lcmap_spark_crd::{
    ConditionStatus, ConditionType, Event, Phase, Reason, Revision, SparkJob, SparkJobStatus, find_condition,
};

use crate::cluster::{Cluster, Sent};

/// Where a status stands, for a story.
fn place(status: &SparkJobStatus) -> String {
    let phase = status.phase.unwrap_or_default();
    format!("{phase:?} {:?} {:?} {:?}", status.reason, status.attempt, status.message)
}

/// What must hold after every step.
#[derive(Default)]
pub(crate) struct Laws {
    /// The first law that was broken, and how.
    pub(crate) broken: Option<String>,
    /// How many statuses were written.
    pub(crate) written: u32,
    companions: BTreeSet<String>,
    /// Pods of ended attempts that were asked for by a leader before, and came too late to be refused: the name that
    /// would have kept them out was free again. Or pods of a job that is gone, and is heard of once more. Or pods that
    /// were asked for before the word of one of their number had come. No one can keep them from being made; they have
    /// to be stopped.
    ghosts: BTreeSet<String>,
    /// The hash of the spec that each pod was made from.
    hashes: BTreeMap<String, String>,
    /// The attempts of which a pod was recorded. From then on their numbers are used up, and not before: what keeps a driver
    /// single until then is its pod's name, which is free again once the pod has gone. Only one more write before each
    /// creation could rule out that a number comes twice by it; what the lost pod did then is nobody's to tell.
    recorded: BTreeSet<(String, i32)>,
    /// Those of which one was by a leader of before, whose write came late: who leads now has listed everything already, and
    /// knows of it once it has written a status itself, for the version that this made.
    recorded_late: BTreeSet<(String, i32)>,
    /// The pods that were recorded.
    seen: BTreeSet<String>,
    /// The attempts that were decided to start while no pod of them was recorded.
    unheard_of: BTreeSet<(String, i32)>,
    /// The run that the following time belongs to.
    timed: Option<String>,
    suspended_since: Option<Timestamp>,
    suspended: Duration,
    /// How many attempts in a row were tried again that never ran.
    in_vain: u32,
}

impl Laws {
    /// Notes that a law was broken, if it is the first.
    pub(crate) fn break_one(&mut self, law: &str, how: &str) {
        self.broken.get_or_insert_with(|| format!("{law}: {how}"));
    }

    pub(crate) fn hold(&mut self, holds: bool, law: &str, how: impl FnOnce() -> String) {
        if !holds && self.broken.is_none() {
            self.broken = Some(format!("{law}: {}", how()));
        }
    }

    /// Whether a pod has a container beside its driver.
    pub(crate) fn has_companion(&self, uid: &str) -> bool {
        self.companions.contains(uid)
    }

    /// Whether a pod was ever taken down in the status.
    pub(crate) fn is_seen(&self, uid: &str) -> bool {
        self.seen.contains(uid)
    }

    /// Whether a pod was asked for by somebody whom nobody could keep from it.
    pub(crate) fn is_ghost(&self, uid: &str) -> bool {
        self.ghosts.contains(uid)
    }

    /// A pod was created.
    pub(crate) fn pod_created(
        &mut self,
        pod: &DriverPod,
        has_companion: bool,
        sent: Sent,
        pods: &BTreeMap<String, Rc<DriverPod>>,
    ) {
        let uid = pod.metadata.uid.clone();
        let owner = pod.metadata.owner_references.first().map(|it| it.uid.clone()).unwrap_or_default();
        let attempt = pod.attempt().unwrap_or_default();
        let is_new = !self.recorded.contains(&(owner.clone(), attempt));
        let was_new = self.unheard_of.remove(&(owner.clone(), attempt));
        let came_late = self.recorded_late.contains(&(owner.clone(), attempt));
        if (sent != Sent::ByTheLeader || was_new) && !is_new || came_late {
            self.ghosts.insert(uid.clone());
        }
        let living = pods
            .values()
            .filter(|pod| !self.ghosts.contains(&pod.metadata.uid))
            .filter(|pod| pod.is_owned_by(&owner) && !pod.is_over());
        let living: Vec<_> = living.map(|pod| pod.metadata.name.as_str()).collect();
        self.hold(living.len() <= 1, "one living driver at most", || format!("{living:?} live"));
        let is_new = is_new || self.ghosts.contains(&uid);
        self.hold(is_new, "no number is used twice", || format!("attempt {attempt} had a pod before"));
        let revision = pod.metadata.annotations.revision.as_deref().and_then(|it| it.split_once('-'));
        self.hashes.insert(uid.clone(), revision.map(|it| it.1.to_owned()).unwrap_or_default());
        if has_companion {
            self.companions.insert(uid);
        }
    }

    /// A decision was made.
    pub(crate) fn decided(&mut self, job: &SparkJob, observed: &Observed, decision: &Decision) {
        if let (Some(Start::Driver(attempt)), Some(uid)) = (decision.start, &job.metadata.uid)
            && !self.recorded.contains(&(uid.clone(), attempt))
        {
            self.unheard_of.insert((uid.clone(), attempt));
        }
        let again = decide(job, observed);
        let same = again.start == decision.start
            && again.status == decision.status
            && again.effects == decision.effects
            && again.requeue == decision.requeue;
        self.hold(same, "the same is decided on the same", || "another decision".into());
        let attempt = |status: &SparkJobStatus| status.attempt.unwrap_or(1);
        let moves_on = job.status.as_ref().map_or(1, attempt) != attempt(&decision.status);
        if decision.start.is_some() || decision.requeue == Requeue::AtOnce || moves_on {
            return;
        }
        let mut written = job.clone();
        let json = serde_json::to_value(&decision.status).unwrap_or_default();
        written.status = serde_json::from_value(json).ok();
        let after = decide(&written, observed);
        let still = written.status.as_ref() == Some(&after.status);
        self.hold(still, "nothing is written when nothing changed", || {
            let status = written.status.clone().unwrap_or_default();
            format!("{} becomes {}", place(&status), place(&after.status))
        });
    }

    /// A status was written.
    pub(crate) fn status_written(
        &mut self,
        job: &SparkJob,
        after: &SparkJobStatus,
        sent: Sent,
        now: Timestamp,
    ) {
        self.written += 1;
        let none = SparkJobStatus::default();
        let before = job.status.as_ref().unwrap_or(&none);
        let (was, is) = (before.phase.unwrap_or_default(), after.phase.unwrap_or_default());
        let allowed = Event::ALL.iter().any(|event| was.may_become(is, *event));
        self.hold(allowed, "phases move by their table", || format!("{was:?} to {is:?}"));
        let is_same_attempt = before.attempt == after.attempt && before.driver.is_some();
        let is_under_way = was <= Phase::Releasing && is <= Phase::Releasing;
        let is_forward = !(is_same_attempt && is_under_way) || is >= was;
        self.hold(is_forward, "an attempt goes forward", || format!("{was:?} to {is:?}"));
        self.never_started(job, before, after);
        self.hold(after != before, "nothing is written when nothing changed", || place(after));
        let run = |status: &SparkJobStatus| status.run_number.unwrap_or(1);
        if was.is_final() {
            let new_run = run(after) == run(before) + 1;
            self.hold(is == was || new_run, "what is final stays", || format!("{was:?} to {is:?}"));
        }
        let is_another = std::mem::replace(&mut self.timed, job.metadata.uid.clone()) != job.metadata.uid;
        if is_another || run(after) > run(before) {
            (self.suspended, self.suspended_since) = (Duration::ZERO, None);
        }
        if run(after) > run(before) {
            self.asked_for(job, before);
        }
        self.counts(job, before, after);
        let messages = after.attempts.iter().map(|it| &it.message).chain([&after.message]);
        let messages = messages.chain(after.conditions.iter().map(|it| &it.message));
        let longest = messages.map(String::len).max().unwrap_or_default();
        self.hold(longest <= MAX_MESSAGE, "messages fit", || format!("{longest} bytes"));
        if let (Some(uid), Some(attempt)) = (&job.metadata.uid, after.attempt)
            && let Some(pod) = after.driver.as_ref().and_then(|driver| driver.pod_uid.clone())
        {
            self.seen.insert(pod);
            self.recorded_late.insert((uid.clone(), attempt));
        }
        if sent == Sent::ByTheLeader {
            self.recorded.append(&mut self.recorded_late);
        }
        self.time(job, before, after, now);
    }

    /// A new run begins only where somebody asked for it.
    fn asked_for(&mut self, job: &SparkJob, before: &SparkJobStatus) {
        let now = Revision::of(&job.spec, job.metadata.generation.unwrap_or_default());
        let edited = before.revision.as_ref().is_some_and(|it| it.is_outdated_by(&now));
        let rerun = job.metadata.annotations.as_ref().and_then(|it| it.get(ANNOTATION_RERUN));
        let asked = edited || rerun != before.rerun.as_ref() || before.phase == Some(Phase::Releasing);
        self.hold(asked, "a new run is asked for", || "nobody did".into());
    }

    fn counts(&mut self, job: &SparkJob, before: &SparkJobStatus, after: &SparkJobStatus) {
        let (was, is) = (before.attempt.unwrap_or(1), after.attempt.unwrap_or(1));
        self.hold(is == was || is == was + 1, "attempts count by one", || format!("{was} to {is}"));
        let (was, is) = (before.restarts.unwrap_or(0), after.restarts.unwrap_or(0));
        let max = job.spec.restart.max_restarts();
        let within = is <= was || max.is_none_or(|max| u32::try_from(is).is_ok_and(|is| is <= max));
        self.hold(within, "no more restarts than allowed", || format!("{is} of {max:?}"));
        let told = after.attempts.len();
        self.hold(told <= MAX_ATTEMPTS, "attempts are bounded", || format!("{told} are told of"));
        let numbers: BTreeSet<_> = after.attempts.iter().map(|it| it.attempt).collect();
        self.hold(numbers.len() == told, "each attempt is told of once", || format!("{:?}", after.attempts));
    }

    /// Of attempts none of which ever ran there are no more than retries are allowed, and one.
    fn never_started(&mut self, job: &SparkJob, before: &SparkJobStatus, after: &SparkJobStatus) {
        if before.run_number != after.run_number || before.run_number.is_none() {
            self.in_vain = 0;
        }
        if before.attempt == after.attempt {
            return;
        }
        let Some(last) = after.attempts.last().filter(|_| after.reason == Some(Reason::BackingOff)) else {
            return;
        };
        self.in_vain = if last.start_time.is_none() { self.in_vain + 1 } else { 0 };
        let (in_vain, max) = (self.in_vain, job.spec.restart.max_restarts());
        self.hold(max.is_none_or(|max| in_vain <= max), "what never runs is not tried for ever", || {
            format!("{in_vain} in a row of {max:?}")
        });
    }

    /// Somebody lets the job go on. The suspension ends here, and not when the operator's word of it arrives: that may be
    /// long under way, while the time that it tells ends when it was decided.
    pub(crate) fn resumed(&mut self, now: Timestamp) {
        if let Some(since) = self.suspended_since.take() {
            self.suspended += now.duration_since(since).unsigned_abs();
        }
    }

    /// The deadline does not come early: time that the job was suspended does not count.
    fn time(&mut self, job: &SparkJob, before: &SparkJobStatus, after: &SparkJobStatus, now: Timestamp) {
        let is_suspended = job.spec.suspend && after.phase == Some(Phase::Suspended);
        if is_suspended && after.start_time.is_some() {
            self.suspended_since.get_or_insert(now);
        }
        let exceeded = |status: &SparkJobStatus| status.reason == Some(Reason::DeadlineExceeded);
        if !exceeded(after) || exceeded(before) {
            return;
        }
        let start = after.start_time.as_ref().map_or(now, |it| it.0);
        let ran = now.duration_since(start).unsigned_abs().saturating_sub(self.suspended);
        let deadline = job.spec.active_deadline.map(Duration::from).unwrap_or_default();
        let tolerance = Duration::from_secs(2);
        self.hold(ran + tolerance >= deadline, "no deadline comes early", || format!("after {ran:?}"));
    }

    /// A pod is removed for good.
    pub(crate) fn removed(&mut self, truth: Option<&SparkJob>, job: &SparkJob, attempt: i32) {
        let Some(truth) = truth.filter(|truth| truth.metadata.uid == job.metadata.uid) else { return };
        let status = truth.status.clone().unwrap_or_default();
        let ended = status.attempt.unwrap_or(1) > attempt || status.phase.is_some_and(Phase::is_final);
        self.hold(ended, "only what is recorded is removed", || format!("attempt {attempt}"));
    }

    /// The operator deletes the job itself.
    pub(crate) fn job_deleted(&mut self, truth: Option<&SparkJob>, job: &SparkJob) {
        let Some(truth) = truth.filter(|truth| truth.metadata.uid == job.metadata.uid) else { return };
        let is_final = truth.status.as_ref().and_then(|status| status.phase).is_some_and(Phase::is_final);
        self.hold(is_final, "only a finished job is deleted", || {
            place(&truth.status.clone().unwrap_or_default())
        });
    }

    /// Everybody is at rest: is everything as it should be?
    pub(crate) fn at_rest(&mut self, cluster: &Cluster) {
        let Some(job) = &cluster.job else {
            let left: Vec<_> = cluster.pods.keys().collect();
            return self.hold(left.is_empty(), "what has no job goes", || format!("{left:?}"));
        };
        let none = SparkJobStatus::default();
        let status = job.status.as_ref().unwrap_or(&none);
        let phase = status.phase.unwrap_or_default();
        let rests = phase.is_final() || job.spec.suspend && phase == Phase::Suspended;
        self.hold(rests, "every job comes to its end", || {
            format!("{phase:?} {:?} {}", status.reason, status.message)
        });
        let living: Vec<_> = cluster.pods.values().filter(|pod| !pod.is_over()).collect();
        self.hold(living.is_empty(), "everything is released in the end", || {
            format!("{phase:?}, and {} lives", living[0].metadata.name)
        });
        let released = find_condition(&status.conditions, ConditionType::Released);
        let is_told = released
            .is_some_and(|it| it.status == ConditionStatus::True || it.reason == Reason::FrameworkAbandoned);
        self.hold(is_told, "what is released is told", || format!("{released:?}"));
        let observed = status.observed_generation == job.metadata.generation;
        self.hold(observed, "every edit is taken note of", || format!("{:?}", status.observed_generation));
        let rerun = job.metadata.annotations.as_ref().and_then(|it| it.get(ANNOTATION_RERUN));
        self.hold(rerun == status.rerun.as_ref(), "every rerun is acted on", || {
            format!("{:?}", status.rerun)
        });
        self.outcome(cluster, job, status);
        self.retained(cluster, job, status);
    }

    fn outcome(&mut self, cluster: &Cluster, job: &SparkJob, status: &SparkJobStatus) {
        let Some(uid) = status.driver.as_ref().and_then(|driver| driver.pod_uid.as_ref()) else { return };
        let now = Revision::of(&job.spec, 0).hash;
        let made_from = self.hashes.get(uid).cloned().unwrap_or_default();
        let is_final = status.phase.is_some_and(Phase::is_final);
        self.hold(!is_final || made_from == now, "the last run is of the spec as it is", || {
            format!("{made_from} was run, and {now} is wanted")
        });
        let pod = cluster.pods.values().find(|pod| pod.metadata.uid == *uid);
        let driver =
            pod.and_then(|pod| pod.status.container_statuses.iter().find(|it| it.name == DRIVER_CONTAINER));
        if let Some(end) = driver.and_then(|driver| driver.state.terminated.as_ref()) {
            let expected = if end.exit_code == 0 { Phase::Succeeded } else { Phase::Failed };
            self.hold(status.phase == Some(expected), "a job ends as its driver did", || {
                format!("{:?} with exit code {}", status.phase, end.exit_code)
            });
            let is_disrupted =
                pod.is_some_and(|pod| matches!(pod::stopping(pod), Stopping::Disrupted { .. }));
            if is_final && !(is_disrupted && end.exit_code != 0) {
                self.told_as_reported(status, end);
            }
        }
    }

    /// A driver's end is told by what its agent said, unless it was stopped: then by why.
    fn told_as_reported(&mut self, status: &SparkJobStatus, end: &Terminated) {
        let report =
            end.message.as_deref().and_then(|it| serde_json::from_str::<TerminationMessage>(it).ok());
        let Some(said) = report.map(|it| it.reason).filter(|it| *it != ExitReason::Stopped) else { return };
        let said = reason(said).as_str();
        let told = status.driver.as_ref().and_then(|driver| driver.reason.as_deref());
        self.hold(told == Some(said), "a driver's end is told in its agent's words", || {
            format!("{said} as {told:?}")
        });
    }

    fn retained(&mut self, cluster: &Cluster, job: &SparkJob, status: &SparkJobStatus) {
        let told: BTreeSet<_> = status.attempts.iter().map(|it| it.attempt).collect();
        let left: BTreeSet<_> = cluster.pods.values().filter_map(|pod| pod.attempt()).collect();
        let kept = usize::try_from(job.spec.retention.attempts).unwrap_or_default();
        self.hold(
            left.is_subset(&told) && left.len() <= kept.max(told.len()),
            "pods are kept as attempts are",
            || format!("pods {left:?}, attempts {told:?}"),
        );
    }
}
