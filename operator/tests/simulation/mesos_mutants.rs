//! That the laws of Mesos can be broken: each of them tells what it was made for, and keeps silent where all is well.

use std::time::Duration;

use jiff::Timestamp;
use lcmap_spark_crd::names::{FINALIZER, LABEL_ATTEMPT, LABEL_MODE, driver_pod, framework_id};
use lcmap_spark_crd::status::DriverStatus;
use lcmap_spark_crd::{Phase, Reason, SparkJobStatus};
use serde_json::json;

use crate::cluster::{Cluster, Created, NAME, Sent};
use crate::mesos::{Framework, State};
use crate::mesos_laws::BEREFT;

const SECOND: Duration = Duration::from_secs(1);

/// A cluster with one Distributed job, which is kept by its finalizer.
struct Scene {
    cluster: Cluster,
    job: String,
}

impl Scene {
    fn new() -> Self {
        let mut cluster = Cluster::new();
        let run = json!({"submit": {"application": "pi.py"}});
        cluster.create_job(&json!({"run": run, "image": "spark:4", "mode": "Distributed"}));
        cluster.edit_job(|job| job.metadata.finalizers = Some(vec![FINALIZER.to_owned()]));
        let job = cluster.job.as_ref().and_then(|job| job.metadata.uid.clone()).unwrap_or_default();
        Self { cluster, job }
    }

    /// The driver of an attempt runs, and the status names its pod, whose UID this is.
    fn driver(&mut self, attempt: i32) -> String {
        let name = driver_pod(NAME, attempt);
        let pod = json!({"metadata": {
            "name": name,
            "labels": {LABEL_ATTEMPT: attempt.to_string(), LABEL_MODE: "Distributed"},
            "ownerReferences": [{"uid": self.job}],
        }});
        let Created::Made(pod) = self.cluster.create_pod(&pod, Sent::ByTheLeader) else { panic!("no pod") };
        self.cluster.mesos.driver_starts(&pod, false);
        let uid = pod.metadata.uid.clone();
        let driver = DriverStatus { pod_uid: Some(uid.clone()), ..DriverStatus::default() };
        self.tells(&SparkJobStatus {
            attempt: Some(attempt),
            driver: Some(driver),
            ..SparkJobStatus::default()
        });
        uid
    }

    /// The driver has ended, and its pod is gone.
    fn is_over(&mut self, pod: &str, attempt: i32) {
        let last = crate::mesos::Last::IsCutShort;
        self.cluster.mesos.driver_ends(pod, last);
        self.cluster.remove_pod(&driver_pod(NAME, attempt));
    }

    fn tells(&mut self, status: &SparkJobStatus) {
        let version = self.cluster.job.as_ref().and_then(|job| job.metadata.resource_version.clone());
        self.cluster.write_status(version.as_deref(), status, Sent::ByTheLeader).expect("it is current");
    }

    /// A framework of the first attempt.
    fn framework(&mut self, pod: &str, state: State) -> String {
        let id = framework_id(&self.job, 1);
        let framework = Framework {
            job: self.job.clone(),
            attempt: 1,
            driver: pod.to_owned(),
            registered: self.cluster.now,
            executors: 0,
            running_since: None,
            failed: 0,
            state,
            is_ended: false,
            is_late: false,
            alone_since: None,
        };
        self.cluster.mesos.frameworks.insert(id.clone(), framework);
        id
    }

    /// The law that was broken, if any was.
    fn broken(&self) -> &str {
        let told = self.cluster.laws.broken.as_deref().unwrap_or_default();
        told.split_once(": ").map_or(told, |(law, _)| law)
    }

    /// What is broken after so much time in which somebody could have seen to everything.
    fn broken_after(&mut self, time: Duration) -> &str {
        self.cluster.look_for_leftovers(true);
        self.cluster.wait(time);
        self.cluster.look_for_leftovers(false);
        self.broken()
    }
}

/// A job whose only attempt is over, and its framework in this state.
fn over(phase: Phase, state: State) -> Scene {
    let mut scene = Scene::new();
    let pod = scene.driver(1);
    scene.framework(&pod, state);
    scene.is_over(&pod, 1);
    scene.tells(&SparkJobStatus { phase: Some(phase), attempt: Some(1), ..SparkJobStatus::default() });
    scene
}

#[test]
fn a_live_framework_without_a_live_driver_breaks_the_law_after_the_deadline_and_not_before() {
    let alone = "no framework lives on without its driver";
    for (state, after, law) in [
        (State::Disconnected, BEREFT, ""),
        (State::Disconnected, BEREFT + SECOND, alone),
        (State::Connected, BEREFT + SECOND, alone),
        // Nobody can see it yet, or it does not live.
        (State::Unheard, BEREFT + SECOND, ""),
        (State::UsedUp, BEREFT + SECOND, ""),
    ] {
        let mut scene = over(Phase::Releasing, state);
        assert_eq!(scene.broken_after(after), law, "{state:?} {after:?}");
    }
}

#[test]
fn a_framework_whose_driver_lives_breaks_no_law() {
    let mut scene = Scene::new();
    let pod = scene.driver(1);
    scene.framework(&pod, State::Connected);
    assert_eq!(scene.broken_after(10 * BEREFT), "");
}

#[test]
fn a_framework_of_a_job_that_is_gone_breaks_the_law_too() {
    let mut scene = Scene::new();
    scene.cluster.job = None;
    scene.framework("a pod that nobody knows", State::Disconnected);
    assert_eq!(scene.broken_after(BEREFT + SECOND), "no framework lives on without its driver");
}

#[test]
fn a_job_that_is_kept_for_nothing_breaks_the_law_after_the_deadline_and_not_before() {
    let kept = "every job is let go once nothing of it can remain";
    for (state, after, law) in [
        (State::UsedUp, BEREFT, ""),
        (State::UsedUp, BEREFT + SECOND, kept),
        // What may be somewhere is a reason.
        (State::Unheard, BEREFT + SECOND, ""),
    ] {
        let mut scene = over(Phase::Failed, state);
        assert_eq!(scene.broken_after(after), law, "{state:?} {after:?}");
    }
}

#[test]
fn an_attempt_that_begins_beside_the_framework_of_the_one_before_breaks_the_law() {
    for (state, law) in [
        (State::Disconnected, "no attempt begins before the last one is gone from Mesos"),
        (State::Unheard, "no attempt begins before the last one is gone from Mesos"),
        (State::UsedUp, ""),
    ] {
        let mut scene = over(Phase::Pending, state);
        scene.driver(2);
        assert_eq!(scene.broken(), law, "{state:?}");
    }
}

#[test]
fn a_job_that_vanishes_before_its_framework_breaks_the_law() {
    for (state, law) in [
        (State::Disconnected, "no job vanishes before its frameworks"),
        (State::Unheard, "no job vanishes before its frameworks"),
        (State::UsedUp, ""),
    ] {
        let mut scene = over(Phase::Releasing, state);
        scene.cluster.edit_job(|job| job.metadata.finalizers = None);
        scene.cluster.delete_job(&scene.job.clone(), false);
        assert_eq!(scene.broken(), law, "{state:?}");
    }
}

#[test]
fn to_tear_down_what_a_driver_needs_breaks_the_law() {
    let mut scene = Scene::new();
    let pod = scene.driver(1);
    let id = scene.framework(&pod, State::Connected);
    scene.cluster.tear_down(&id);
    assert_eq!(scene.broken(), "no framework is torn down that its driver needs");

    let mut scene = over(Phase::Releasing, State::Disconnected);
    scene.cluster.tear_down(&id);
    assert_eq!(scene.broken(), "", "its driver is over");
}

#[test]
fn to_give_a_driver_up_whose_executors_run_breaks_the_law_unless_they_came_after_the_last_look() {
    let given_up = "no driver with executors is given up for want of them";
    let now = Cluster::new().now;
    let earlier = now.saturating_sub(SECOND).unwrap_or(now);
    for (executors, looked, law) in
        [(1, None, given_up), (1, Some(now), given_up), (1, Some(earlier), ""), (0, None, "")]
    {
        let mut scene = Scene::new();
        let pod = scene.driver(1);
        let id = scene.framework(&pod, State::Connected);
        for _ in 0..executors {
            scene.cluster.mesos.frameworks.get_mut(&id).expect("it is there").executor_starts(now);
        }
        assert_eq!(given_up_by(&mut scene, looked), law, "{executors} executors, {looked:?}");
    }
}

/// What is broken by a decision to give the driver up.
fn given_up_by(scene: &mut Scene, looked: Option<Timestamp>) -> &str {
    let reason = Some(Reason::AllocationTimeout);
    let after = SparkJobStatus { attempt: Some(1), reason, ..SparkJobStatus::default() };
    let Cluster { laws, job, mesos, .. } = &mut scene.cluster;
    laws.given_up(job.as_ref().expect("there is one"), &after, mesos, looked);
    scene.broken()
}

#[test]
fn at_rest_nothing_is_left_on_mesos_and_no_job_is_kept() {
    for (phase, state, law) in [
        (Phase::Failed, State::Disconnected, "no framework lives on without its driver"),
        (Phase::Failed, State::UsedUp, "every job is let go in the end"),
    ] {
        let mut scene = over(phase, state);
        let mut laws = std::mem::take(&mut scene.cluster.laws);
        laws.at_rest_on_mesos(&scene.cluster);
        scene.cluster.laws = laws;
        assert_eq!(scene.broken(), law, "{state:?}");
    }
}
