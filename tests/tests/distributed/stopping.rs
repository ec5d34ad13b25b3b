//! Ctrl-C in each phase.

use lcmap_spark_tests::{Finished, Folder, Running, mesos::Bed, says};
use rustix::process::Signal;
use serde_json::{Value, json};

use super::bed::{COUNTS, HOLDS, nothing_is_left, run, spec};

fn interrupted(bed: &Bed, program: &str, spec: Value, reached: impl FnOnce(&Running)) -> Finished {
    let folder = Folder::new();
    let running = run(&folder, bed, program, spec).start();
    reached(&running);
    running.signal(Signal::INT);
    let run = running.finish();
    assert_eq!(run.code, Some(130), "{}", run.stderr);
    says(&run.stderr, &["Interrupted"]);
    run
}

#[test]
fn while_mesos_does_not_answer() {
    let bed = Bed::plain().agents(0).start().unwrap();
    bed.master(0).freeze().unwrap();
    interrupted(&bed, COUNTS, spec(&bed), |running| running.wait_for("DriverStarting"));
    bed.master(0).thaw().unwrap();
    nothing_is_left(&bed);
}

#[test]
fn while_the_driver_connects() {
    let bed = Bed::plain().agents(0).start().unwrap();
    let slow = format!("import time; time.sleep(600)\n{COUNTS}");
    interrupted(&bed, &slow, spec(&bed), |running| running.wait_for("Connecting"));
    nothing_is_left(&bed);
}

#[test]
fn while_it_asks_for_executors() {
    let bed = Bed::plain().start().unwrap();
    let mut spec = spec(&bed);
    spec["mesos"]["constraints"] = json!({"rack": ["elsewhere"]});
    interrupted(&bed, COUNTS, spec, |running| running.wait_for("Requesting"));
    nothing_is_left(&bed);
}

#[test]
fn while_executors_run() {
    let bed = Bed::plain().start().unwrap();
    interrupted(&bed, HOLDS, spec(&bed), |running| running.wait_for("CoresMaxReached"));
    nothing_is_left(&bed);
}
