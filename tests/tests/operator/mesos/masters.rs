//! Masters that go and come: a job waits for what a new leader has not heard of yet.

use lcmap_spark_tests::mesos::{Bed, Plan};
use serde_json::{Value, json};

use super::{frameworks, is_gone_from, is_kept, is_killed, registered};
use crate::{bed::in_namespace, job::condition};

/// A master that knows from its registry which agents there were. They find it by election: else they would not notice that it
/// was started anew.
fn remembering() -> Plan {
    Bed::plain()
        .masters(1)
        .master_flag("MESOS_REGISTRY", "replicated_log")
        .master_flag("MESOS_QUORUM", "1")
        .master_flag("MESOS_ZK_SESSION_TIMEOUT", "5secs")
}

#[test]
fn a_job_is_kept_until_a_restarted_master_has_heard_of_the_agents_that_it_knew() {
    let mut mesos = remembering().start().unwrap();
    in_namespace("recovered", |space| {
        let (job, mut framework) = registered(space, &mesos, json!({}));
        let uid = job.uid();
        framework.runs("0", "sleep 600");
        mesos.agent(0).freeze().unwrap();
        mesos.master_mut(0).kill().unwrap();
        is_killed(&job, framework);
        let released = |status: &Value| condition(status, "Released");
        job.wait_until("names the trouble", |status| {
            status["reason"] == "TearingDown" && released(status)["reason"] == "MesosUnreachable"
        });
        job.delete();
        mesos.master_mut(0).restart().unwrap();
        job.wait_until("says what is missing", |status| {
            status["message"].as_str().is_some_and(|told| told.contains("has not heard of 1 agent yet"))
        });
        assert!(is_kept(&job), "nobody knows what is left");
        assert!(frameworks(&mesos, &uid).is_empty(), "the master knows nothing of it yet");
        mesos.agent(0).thaw().unwrap();
        job.wait_until_gone();
        is_gone_from(&mesos, &uid);
        let log = mesos.master(0).log();
        assert!(log.contains(&format!("Removing framework {uid}-1")), "{log}");
    });
}
