//! A job's way, and what is left of it.

use lcmap_spark_tests::{
    Folder,
    mesos::{Access, Bed},
    says,
};
use serde_json::json;

use super::bed::{COUNTS, COUNTS_TWICE, nothing_is_left, run, secured, spec};

fn phases(events: &[serde_json::Value]) -> Vec<String> {
    let mut phases: Vec<String> =
        events.iter().filter_map(|event| event["phase"].as_str().map(str::to_owned)).collect();
    phases.dedup();
    phases
}

#[test]
fn a_job_goes_through_its_phases_and_leaves_nothing() {
    let bed = Bed::plain().start().unwrap();
    let folder = Folder::new();
    let run = run(&folder, &bed, COUNTS, spec(&bed)).args(["--output", "json"]).finish().succeeded();
    says(&run.stderr, &["counted 143\n"]);
    let phases = phases(&run.events_of("phase"));
    // Whether it is seen to run depends on when Mesos is asked: its executors live for seconds.
    let phases: Vec<&str> = phases.iter().map(String::as_str).filter(|phase| *phase != "Running").collect();
    assert_eq!(phases, ["Pending", "Connecting", "Requesting", "Succeeded"]);
    nothing_is_left(&bed);
}

#[test]
fn executors_and_progress_are_told_while_they_run() {
    let bed = Bed::plain().start().unwrap();
    let (folder, go) = (Folder::new(), Folder::new());
    let mut spec = spec(&bed);
    spec["executor"]["totalCores"] = json!(2);
    spec["conf"]["spark.ui.enabled"] = json!("true");
    // The web UI alone: agents go on reaching the driver at the address that it reaches them from.
    spec["env"] = json!([{"name": "SPARK_LOCAL_IP", "value": "127.0.0.2", "executors": false}]);
    let command = run(&folder, &bed, COUNTS_TWICE, spec).env("GO", go.path().join("go"));
    let running = command.args(["--output", "json"]).start();
    running.wait_for_output("\"type\":\"executors\"");
    running.wait_for_output("\"tasksDone\":4");
    go.write("go", "");
    let run = running.finish().succeeded();
    let executors = run.events_of("executors");
    let most = executors.iter().max_by_key(|event| event["running"].as_i64()).unwrap();
    assert_eq!(most["running"], most["cores"], "each has one core: {executors:?}");
    says(run.events_of("ui")[0]["url"].as_str().unwrap(), &["http://127.0.0.2:"]);
    nothing_is_left(&bed);
}

#[test]
fn the_same_job_runs_here_with_one_field_switched() {
    let bed = Bed::plain().agents(0).start().unwrap();
    let folder = Folder::new();
    let mut spec = spec(&bed);
    spec["mode"] = json!("NonDistributed");
    spec["mesos"]["container"]["home"] = json!("/opt/spark");
    let run = run(&folder, &bed, COUNTS, spec).finish().succeeded();
    says(&run.stdout, &["counted 143\n"]);
}

#[test]
fn certificates_and_credentials_come_from_folders() {
    let bed = Bed::plain().tls().access(Access::Credentials("{}".to_owned())).start().unwrap();
    let folder = Folder::new();
    let spec = secured(&bed, spec(&bed));
    let run = run(&folder, &bed, COUNTS, spec).finish().succeeded();
    says(&run.stdout, &["counted 143\n"]);
    assert!(!run.stderr.contains("spark-secret") && !run.stdout.contains("spark-secret"));
    assert!(bed.master(0).log().contains("Removing framework"));
}
