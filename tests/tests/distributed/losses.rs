//! What a job stands on goes away under it.

use std::time::Duration;

use lcmap_spark_tests::{Finished, Folder, Link, mesos::Bed, says};
use rustix::process::Signal;
use serde_json::json;

use super::bed::{COUNTS_TWICE, HOLDS, kill, nothing_is_left, nothing_will_be_left, run, signal, spec};

/// A job that counts, is disturbed, and counts again.
fn survives(bed: &mut Bed, spec: serde_json::Value, disturb: impl FnOnce(&mut Bed)) -> Finished {
    let (folder, go) = (Folder::new(), Folder::new());
    let running = run(&folder, bed, COUNTS_TWICE, spec).env("GO", go.path().join("go")).start();
    running.wait_for_output("counted 143");
    disturb(bed);
    go.write("go", "");
    let run = running.finish().succeeded();
    says(&run.stdout, &["and again 143"]);
    nothing_is_left(bed);
    run
}

#[test]
fn an_agent_that_dies_takes_its_executors_and_no_job() {
    let mut bed = Bed::plain().agents(2).resources("cpus:1;mem:2048").start().unwrap();
    let spec = spec(&bed);
    survives(&mut bed, spec, |bed| bed.agent_mut(0).kill().unwrap());
}

#[test]
fn a_master_that_starts_again_finds_the_job() {
    let mut bed = Bed::plain().masters(1).start().unwrap();
    let mut spec = spec(&bed);
    // Spark asks nothing more of an agent on which two executors failed.
    spec["executor"]["totalCores"] = json!(1);
    let run = survives(&mut bed, spec, |bed| {
        bed.master_mut(0).kill().unwrap();
        std::thread::sleep(Duration::from_secs(2));
        bed.master_mut(0).restart().unwrap();
        bed.master_mut(0).wait_until_ready().unwrap();
    });
    says(&run.stderr, &["the connection to the master is lost", "connected to the master"]);
}

#[test]
fn another_leader_finds_the_job() {
    let mut bed = Bed::plain().masters(2).start().unwrap();
    let spec = spec(&bed);
    let (folder, go) = (Folder::new(), Folder::new());
    let running = run(&folder, &bed, COUNTS_TWICE, spec).env("GO", go.path().join("go")).start();
    running.wait_for_output("counted 143");
    bed.master_mut(0).kill().unwrap();
    bed.master_mut(1).wait_for_log(&["Elected as the leading master!"]).unwrap();
    running.wait_for("connected to the master");
    go.write("go", "");
    says(&running.finish().succeeded().stdout, &["and again 143"]);
    nothing_is_left(&bed);
}

#[test]
fn a_job_whose_master_is_cut_off_for_a_while_goes_on() {
    let mut bed = Bed::plain().start().unwrap();
    let link = Link::to(bed.master(0).address()).unwrap();
    let mut spec = spec(&bed);
    spec["mesos"]["master"] = json!(format!("mesos://{}", link.address()));
    survives(&mut bed, spec, |_| {
        link.cut();
        std::thread::sleep(Duration::from_secs(5));
        link.mend();
    });
}

#[test]
fn a_job_that_is_cut_off_for_longer_than_its_failover_timeout_ends_and_says_why() {
    let bed = Bed::plain().start().unwrap();
    let link = Link::to(bed.master(0).address()).unwrap();
    let mut spec = spec(&bed);
    spec["mesos"]["master"] = json!(format!("mesos://{}", link.address()));
    spec["mesos"]["failoverTimeout"] = json!("3s");
    let folder = Folder::new();
    let running = run(&folder, &bed, HOLDS, spec).start();
    running.wait_for_output("counted 143");
    link.cut_and_given_up();
    nothing_will_be_left(&bed);
    link.mend();
    let run = running.finish();
    assert_ne!(run.code, Some(0));
    says(&run.stderr, &["FrameworkRemoved", "Framework has been removed"]);
    nothing_is_left(&bed);
}

#[test]
fn a_framework_that_an_admin_tears_down_ends_its_driver() {
    let bed = Bed::plain().start().unwrap();
    let folder = Folder::new();
    let running = run(&folder, &bed, HOLDS, spec(&bed)).start();
    running.wait_for_output("counted 143");
    let id = bed.state().unwrap()["frameworks"][0]["id"].as_str().unwrap().to_owned();
    bed.tear_down(&id).unwrap();
    let run = running.finish();
    assert_ne!(run.code, Some(0));
    says(&run.stderr, &["FrameworkRemoved", "Framework has been removed"]);
    nothing_is_left(&bed);
}

#[test]
fn a_driver_that_is_killed_leaves_nothing_in_spite_of_its_failover_timeout() {
    let bed = Bed::plain().start().unwrap();
    let folder = Folder::new();
    let running = run(&folder, &bed, HOLDS, spec(&bed)).start();
    running.wait_for_output("counted 143");
    kill(&bed, "org.apache.spark.deploy.SparkSubmit");
    let run = running.finish();
    assert_eq!(run.code, Some(137), "{}", run.stderr);
    says(&run.stderr, &["KilledBySignal", "tore down the framework"]);
    nothing_is_left(&bed);
}

#[test]
fn an_agent_and_a_driver_that_are_killed_leave_nothing() {
    let bed = Bed::plain().start().unwrap();
    let folder = Folder::new();
    // It notices that its JVM is gone: nobody is left who would end it.
    let holds = HOLDS.replace("time.sleep(600)", "while not context._jsc.sc().isStopped(): time.sleep(0.2)");
    let running = run(&folder, &bed, &holds, spec(&bed)).start();
    running.wait_for_output("counted 143");
    kill(&bed, "agent launch");
    let run = running.finish();
    assert_eq!(run.code, Some(137), "{}", run.stderr);
    says(&run.stderr, &["DriverLost", "was killed by signal 9"]);
    nothing_will_be_left(&bed);
}

#[test]
fn a_run_that_is_killed_leaves_nothing() {
    let bed = Bed::plain().start().unwrap();
    let folder = Folder::new();
    let running = run(&folder, &bed, HOLDS, spec(&bed)).start();
    running.wait_for_output("counted 143");
    running.killed();
    nothing_will_be_left(&bed);
}

#[test]
fn a_run_that_is_killed_with_all_its_processes_is_settled_by_the_next() {
    let bed = Bed::plain().start().unwrap();
    let memory = tempfile::tempdir_in("/dev/shm").unwrap();
    let started = |folder: &Folder, program: &str| {
        run(folder, &bed, program, spec(&bed)).env("XDG_RUNTIME_DIR", memory.path()).start()
    };
    let folder = Folder::new();
    let running = started(&folder, HOLDS);
    running.wait_for_output("counted 143");
    // One that sees another end would settle.
    signal(&bed, "agent launch", Signal::STOP);
    for text in ["run -f", "job.py", "agent launch"] {
        kill(&bed, text);
    }
    assert_eq!(running.finish().code, None);
    assert_eq!(bed.frameworks().len(), 1);
    let next = started(&Folder::new(), "import time; time.sleep(2)").finish().succeeded();
    says(&next.stderr, &["tore down the framework"]);
    nothing_is_left(&bed);
    assert_eq!(std::fs::read_dir(memory.path()).unwrap().count(), 0);
}
