//! Programs that do with their contexts what programs do.

use lcmap_spark_tests::{Folder, mesos::Bed, packed, says};
use serde_json::json;

use super::bed::{COUNTS, COUNTS_LATER, nothing_is_left, run, spec};

#[test]
fn two_contexts_one_after_the_other_are_two_frameworks() {
    let bed = Bed::plain().start().unwrap();
    let folder = Folder::new();
    let run = run(&folder, &bed, &format!("{COUNTS}{COUNTS}"), spec(&bed)).finish().succeeded();
    assert_eq!(run.stdout.matches("counted 143").count(), 2);
    let state = bed.state().unwrap();
    let mut ids: Vec<_> =
        state["completed_frameworks"].as_array().unwrap().iter().filter_map(|it| it["id"].as_str()).collect();
    ids.sort_unstable();
    assert!(ids.len() == 2 && ids[0].ends_with("-1") && ids[1] == format!("{}-2", ids[0]), "{ids:?}");
    nothing_is_left(&bed);
}

#[test]
fn a_program_that_has_stopped_its_context_goes_on() {
    let bed = Bed::plain().start().unwrap();
    let folder = Folder::new();
    let goes_on = format!("{COUNTS}import time; time.sleep(20); print('done', flush=True)\n");
    let running = run(&folder, &bed, &goes_on, spec(&bed)).start();
    running.wait_for_output("counted 143");
    says(&running.finish().succeeded().stdout, &["done"]);
    nothing_is_left(&bed);
}

#[test]
fn a_program_that_makes_no_context_succeeds_with_a_warning() {
    let bed = Bed::plain().agents(0).start().unwrap();
    let folder = Folder::new();
    let run = run(&folder, &bed, "print('no Spark at all')\n", spec(&bed)).finish().succeeded();
    says(&run.stderr, &["Succeeded", "NeverConnected", "never made a SparkContext on Mesos"]);
    nothing_is_left(&bed);
}

#[test]
fn a_master_that_falls_silent_before_the_registration_is_waited_for_no_longer_than_asked() {
    let bed = Bed::plain().agents(0).start().unwrap();
    let (folder, go) = (Folder::new(), Folder::new());
    let mut spec = spec(&bed);
    spec["mesos"]["registrationTimeout"] = json!("5s");
    let running = run(&folder, &bed, COUNTS_LATER, spec).env("GO", go.path().join("go")).start();
    running.wait_for_output("ready");
    bed.master(0).freeze().unwrap();
    go.write("go", "");
    running.wait_for("could not be registered within 5 s");
    bed.master(0).thaw().unwrap();
    let run = running.finish();
    assert_ne!(run.code, Some(0));
    says(&run.stderr, &["RegistrationTimeout"]);
    nothing_is_left(&bed);
}

#[test]
fn a_packed_python_is_the_executors_and_the_driver_keeps_its_own() {
    let bed = Bed::plain().start().unwrap();
    let folder = Folder::new();
    packed::environment(&folder);
    let mut spec = spec(&bed);
    spec["mesos"]["container"]["python"] = json!("./environment/bin/python");
    spec["dependencies"] = json!({"archives": ["environment.tar.gz#environment"]});
    let run = run(&folder, &bed, packed::SHOWS, spec).finish().succeeded();
    says(&run.stdout, &["driver None", "workers ['yes']"]);
    nothing_is_left(&bed);
}
