//! Executors that cannot start, and those that are lost.

use lcmap_spark_tests::{
    Folder,
    mesos::{Access, Bed},
    says,
};
use rustix::process::Signal;
use serde_json::{Value, json};

use super::bed::{COUNTS, COUNTS_TWICE, kill, nothing_is_left, run, secured, spec};

/// What a job says while its executors fail, until it is stopped.
fn complains(bed: &Bed, spec: Value) -> String {
    let folder = Folder::new();
    let running = run(&folder, bed, COUNTS, spec).start();
    running.wait_for("ExecutorsFailing");
    running.signal(Signal::INT);
    let run = running.finish();
    assert_eq!(run.code, Some(130), "{}", run.stderr);
    nothing_is_left(bed);
    run.stderr
}

#[test]
fn a_spark_that_agents_do_not_have_is_told_in_mesos_words() {
    let bed = Bed::plain().start().unwrap();
    let mut spec = spec(&bed);
    spec["mesos"]["container"]["home"] = json!("/no/such/spark");
    says(&complains(&bed, spec), &["Command exited with status 127"]);
}

#[test]
fn an_image_that_agents_do_not_have_is_told_in_mesos_words() {
    let bed = Bed::plain().docker().start().unwrap();
    let mut spec = spec(&bed);
    spec["image"] = json!("localhost/no-such-image:1");
    says(&complains(&bed, spec), &["REASON_CONTAINER_LAUNCH_FAILED", "localhost/no-such-image:1"]);
}

#[test]
fn a_user_that_agents_do_not_know_is_told_in_mesos_words() {
    let bed = Bed::plain().start().unwrap();
    let mut spec = spec(&bed);
    spec["mesos"]["user"] = json!("nobody-knows-me");
    says(&complains(&bed, spec), &["nobody-knows-me"]);
}

#[test]
fn a_user_that_a_principal_may_not_run_tasks_as_is_told_in_mesos_words() {
    let acls = r#"{"run_tasks": [{"principals": {"type": "ANY"}, "users": {"type": "NONE"}}]}"#;
    let bed = Bed::plain().tls().access(Access::Credentials(acls.to_owned())).start().unwrap();
    let told = complains(&bed, secured(&bed, spec(&bed)));
    says(&told, &["TASK_ERROR", "authorized to launch task", "under user 'root'"]);
}

#[test]
fn a_job_whose_executors_fail_on_every_agent_ends_as_the_infrastructures_fault() {
    let bed = Bed::plain().agents(2).start().unwrap();
    let folder = Folder::new();
    let mut spec = spec(&bed);
    spec["executor"]["totalCores"] = json!(2);
    spec["mesos"]["container"]["home"] = json!("/no/such/spark");
    spec["restart"] = json!({"policy": "OnInfrastructureFailure", "maxRestarts": 1, "backoff": "1s"});
    let running = run(&folder, &bed, COUNTS, spec).start();
    running.wait_for("AgentsExcluded");
    running.wait_for("attempt 2 starts in");
    running.wait_for("attempt 2");
    running.signal(Signal::INT);
    let run = running.finish();
    let told = "2 executors failed on each of the 2 agents that make usable offers, and Spark launches no more there; the last one by \
                TASK_FAILED: Command exited with status 127";
    says(&run.stderr, &[told]);
    nothing_is_left(&bed);
}

#[test]
fn an_agent_whose_host_name_the_driver_does_not_know_is_named() {
    let bed = Bed::plain().agent_flag("MESOS_HOSTNAME", "agent-one.invalid").start().unwrap();
    let folder = Folder::new();
    let running = run(&folder, &bed, COUNTS, spec(&bed)).start();
    running.wait_for("the host name agent-one.invalid of a Mesos agent");
    running.signal(Signal::INT);
    running.finish();
    nothing_is_left(&bed);
}

#[test]
fn a_job_goes_on_without_the_executors_that_it_loses() {
    // Spark asks nothing more of an agent on which two executors failed, whatever the second may fail by.
    let bed = Bed::plain().agents(2).start().unwrap();
    let (folder, go) = (Folder::new(), Folder::new());
    let run = run(&folder, &bed, COUNTS_TWICE, spec(&bed)).env("GO", go.path().join("go"));
    let running = run.start();
    running.wait_for_output("counted 143");
    kill(&bed, "org.apache.spark.executor.CoarseGrainedExecutorBackend");
    go.write("go", "");
    says(&running.finish().succeeded().stdout, &["and again 143"]);
    nothing_is_left(&bed);
}

#[test]
fn executors_that_cannot_reach_the_driver_are_told_of_with_host_and_port() {
    let bed = Bed::plain().start().unwrap();
    let folder = Folder::new();
    // Nothing gets to a host of the documentation's network. A program may say so itself; a manifest may not.
    let elsewhere = ".config('spark.driver.host', '192.0.2.1').config('spark.driver.port', '45711')
    .config('spark.driver.bindAddress', '127.0.0.1').getOrCreate()"
        .replace('\n', "");
    let program = COUNTS.replace(".getOrCreate()", &elsewhere);
    let running = run(&folder, &bed, &program, spec(&bed)).start();
    // While they run, and also when they have failed for it.
    running.wait_for("none has reached the driver at 192.0.2.1:45711");
    running.signal(Signal::INT);
    running.finish();
    nothing_is_left(&bed);
}
