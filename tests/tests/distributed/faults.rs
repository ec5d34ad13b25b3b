//! What stands between a job and its Mesos is named within seconds, with what to do; and nothing is left.

use lcmap_spark_tests::{
    Finished, Folder,
    mesos::{Access, Bed},
    says,
};
use serde_json::{Value, json};

use super::bed::{COUNTS, nothing_is_left, run, secured, spec};

/// The result of a job that fails.
fn fails(bed: &Bed, spec: Value) -> Finished {
    let folder = Folder::new();
    let run = run(&folder, bed, COUNTS, spec).finish();
    assert_ne!(run.code, Some(0), "{}", run.stderr);
    run
}

#[test]
fn a_master_that_is_not_there_is_told_before_spark_starts() {
    let bed = Bed::plain().agents(0).start().unwrap();
    let mut spec = spec(&bed);
    spec["mesos"]["master"] = json!("mesos://127.0.0.1:1");
    let run = fails(&bed, spec);
    says(&run.stderr, &["ConnectionRefused", "127.0.0.1:1 refused the connection"]);
    assert!(!run.stderr.contains("WARN"), "Spark was started: {}", run.stderr);
}

#[test]
fn a_wrong_secret_is_told_before_spark_starts() {
    let bed = Bed::plain().agents(0).tls().access(Access::Credentials("{}".to_owned())).start().unwrap();
    let spec = secured(&bed, spec(&bed));
    std::fs::write(bed.folder().join("credentials/secret"), "wrong").unwrap();
    let run = fails(&bed, spec);
    says(&run.stderr, &["CredentialsRefused", "did not take those of \"spark\""]);
}

#[test]
fn a_role_that_is_not_allowed_is_told_with_mesos_words() {
    let bed = Bed::plain().agents(0).master_flag("MESOS_ROLES", "listed").start().unwrap();
    let mut spec = spec(&bed);
    spec["mesos"]["role"] = json!("unlisted");
    let run = fails(&bed, spec);
    says(&run.stderr, &["RoleRefused", "unlisted"]);
    nothing_is_left(&bed);
}

#[test]
fn a_framework_that_an_admin_tears_down_ends_its_driver() {
    let bed = Bed::plain().start().unwrap();
    let folder = Folder::new();
    let forever = COUNTS.replace("context.stop()", "import time; time.sleep(600)");
    let running = run(&folder, &bed, &forever, spec(&bed)).start();
    running.wait_for_output("counted 143");
    let id = bed.state().unwrap()["frameworks"][0]["id"].as_str().unwrap().to_owned();
    bed.tear_down(&id).unwrap();
    let run = running.finish();
    assert_ne!(run.code, Some(0));
    says(&run.stderr, &["FrameworkRemoved"]);
    nothing_is_left(&bed);
}

#[test]
fn a_driver_that_is_killed_leaves_nothing_in_spite_of_its_failover_timeout() {
    let bed = Bed::plain().start().unwrap();
    let folder = Folder::new();
    let kills = COUNTS.replace(
        "context.stop()",
        "import os; os.system('pkill -9 -P ' + str(os.getppid()) + ' ; kill -9 ' + str(os.getppid()))",
    );
    let run = run(&folder, &bed, &kills, spec(&bed)).finish();
    assert_ne!(run.code, Some(0));
    says(&run.stderr, &["tore down the framework"]);
    nothing_is_left(&bed);
}

#[test]
fn constraints_that_no_agent_meets_are_named_while_it_waits() {
    let bed = Bed::plain().start().unwrap();
    let folder = Folder::new();
    let mut spec = spec(&bed);
    spec["mesos"]["constraints"] = json!({"rack": ["elsewhere"]});
    spec["mesos"]["allocationTimeout"] = json!("8s");
    let run = run(&folder, &bed, COUNTS, spec).finish();
    says(&run.stderr, &["Requesting", "ConstraintsUnmet", "mesos.constraints", "AllocationTimeout"]);
    nothing_is_left(&bed);
}
