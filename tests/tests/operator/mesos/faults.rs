//! Mesos, drivers and operators that fail: what a job says, how it ends, and what is left on the master.

use lcmap_spark_tests::mesos::Bed;
use serde_json::{Value, json};

use super::{
    Framework, ends_well, frameworks, is_killed, is_let_go, job, leaves_nothing, registered, shared,
};
use crate::{
    bed::{in_namespace, shared as kubernetes, with_operator},
    job::{Job, condition},
};

#[test]
fn what_a_killed_driver_leaves_is_torn_down_before_the_next_attempt() {
    in_namespace("killed", |space| {
        let restart = json!({"restart": {"policy": "OnFailure", "backoff": "1s"}});
        let job = job(space, shared(), "pi", restart);
        job.driver(1).runs();
        let mut framework = Framework::of(&job.driver(1), shared());
        framework.runs("0", "sleep 600");
        job.becomes("Running", "ExecutorsRunning");
        framework.dies();
        assert_eq!(frameworks(shared(), &job.uid()).len(), 1, "Mesos keeps it for its failover timeout");
        job.driver(1).reports(137, "KilledBySignal", "killed");
        job.driver(2);
        assert!(frameworks(shared(), &job.uid()).is_empty(), "gone before its successor is made");
    });
}

#[test]
fn a_driver_that_vanished_with_its_node_leaves_nothing() {
    in_namespace("vanished", |space| {
        let (job, framework) = registered(space, shared(), json!({}));
        framework.dies();
        job.driver(1).vanishes();
        job.becomes("Failed", "DriverLost");
        leaves_nothing(&job, shared());
    });
}

/// A job that is given up on says so, by the id of what may be left, and is let go.
fn is_abandoned(job: &Job, status: &Value) {
    let id = format!("{}-1", job.uid());
    let released = condition(status, "Released");
    assert_eq!((&released["status"], &released["reason"]), (&json!("False"), &json!("FrameworkAbandoned")));
    is_let_go(job);
    let events = job.space.events(&job.name);
    let warns = |(kind, reason, note): &(String, String, String)| {
        kind == "Warning" && reason == "FrameworkAbandoned" && note.contains(&id)
    };
    assert!(events.iter().any(warns), "{events:#?}");
}

#[test]
fn a_mesos_that_is_gone_for_good_is_given_up_on_by_name() {
    let mut mesos = Bed::plain().agents(0).start().unwrap();
    in_namespace("gone", |space| {
        let (job, framework) = registered(space, &mesos, json!({}));
        mesos.master_mut(0).kill().unwrap();
        is_killed(&job, framework);
        job.becomes("Releasing", "TearingDown");
        job.annotate("lcmap.usgs.gov/abandon-framework", &format!("{}-1", job.uid()));
        is_abandoned(&job, &job.becomes("Failed", "KilledBySignal"));
    });
}

#[test]
fn a_mesos_that_is_gone_for_good_is_given_up_on_after_the_operators_limit() {
    let mut mesos = Bed::plain().agents(0).start().unwrap();
    with_operator("limit", &["--abandon-after=5s"], |space, _operator| {
        let (job, framework) = registered(space, &mesos, json!({}));
        mesos.master_mut(0).kill().unwrap();
        is_killed(&job, framework);
        is_abandoned(&job, &job.becomes("Failed", "KilledBySignal"));
    });
}

#[test]
fn a_successor_pays_the_debts_of_a_leader_that_was_killed() {
    let mut mesos = Bed::plain().start().unwrap();
    kubernetes().in_namespace("successor", |space| {
        let operator = space.operator().start().unwrap();
        operator.wait_until_leads().unwrap();
        let (job, framework) = registered(space, &mesos, json!({}));
        mesos.master_mut(0).freeze().unwrap();
        is_killed(&job, framework);
        job.becomes("Releasing", "TearingDown");
        operator.kill();
        mesos.master_mut(0).thaw().unwrap();
        let _successor = space.operator().start().unwrap();
        job.becomes("Failed", "KilledBySignal");
        leaves_nothing(&job, &mesos);
    });
}

#[test]
fn a_running_job_outlives_its_operator_and_the_master() {
    let mut mesos = Bed::plain().start().unwrap();
    kubernetes().in_namespace("outlives", |space| {
        let operator = space.operator().start().unwrap();
        operator.wait_until_leads().unwrap();
        let job = job(space, &mesos, "pi", json!({}));
        job.driver(1).runs();
        let mut framework = Framework::of(&job.driver(1), &mesos);
        framework.runs("0", "sleep 600");
        job.becomes("Running", "ExecutorsRunning");
        operator.kill();
        mesos.master_mut(0).kill().unwrap();
        let _successor = space.operator().start().unwrap();
        job.wait_until("cannot tell", |status| condition(status, "MesosRegistered")["status"] == "Unknown");
        assert_eq!(job.status()["phase"], "Running");
        mesos.master_mut(0).restart().unwrap();
        job.wait_until("is seen again", |status| condition(status, "MesosRegistered")["status"] == "True");
        assert_eq!(job.status()["phase"], "Running");
        ends_well(&job, framework, &mesos);
    });
}
