//! The driver, the agent or `run` is killed, in each phase.

use lcmap_spark_tests::{Folder, mesos::Bed, says};
use rustix::process::Signal;
use serde_json::json;

use super::bed::{
    ASKED, COUNTS, COUNTS_LATER, DRIVER, HOLDS, a_killed_driver_leaves_nothing, kill, nothing_is_left,
    nothing_will_be_left, run, signal, spec,
};

#[test]
fn a_driver_that_is_killed_while_it_connects_leaves_nothing() {
    let bed = Bed::plain().agents(0).start().unwrap();
    let (folder, go) = (Folder::new(), Folder::new());
    let running = run(&folder, &bed, COUNTS_LATER, spec(&bed)).env("GO", go.path().join("go")).start();
    running.wait_for_output("ready");
    bed.master(0).freeze().unwrap();
    go.write("go", "");
    // It has asked by then, and the master will hear of it.
    running.wait_for("gave no sign of life");
    kill(&bed, DRIVER);
    bed.master(0).thaw().unwrap();
    let run = running.finish();
    assert_eq!(run.code, Some(137), "{}", run.stderr);
    says(&run.stderr, &["Connecting", "KilledBySignal"]);
    says(&bed.master(0).log(), &[ASKED]);
    nothing_is_left(&bed);
}

#[test]
fn a_driver_or_a_run_that_is_killed_while_it_asks_for_executors_leaves_nothing() {
    let bed = Bed::plain().agents(0).start().unwrap();
    let folder = Folder::new();
    let requesting = || {
        let running = run(&folder, &bed, COUNTS, spec(&bed)).start();
        running.wait_for("Requesting");
        running
    };
    let running = requesting();
    kill(&bed, DRIVER);
    let run = running.finish();
    assert_eq!(run.code, Some(137), "{}", run.stderr);
    says(&run.stderr, &["KilledBySignal", "tore down the framework"]);
    nothing_is_left(&bed);
    requesting().killed();
    nothing_will_be_left(&bed);
}

/// The master, too, and all of its agents.
#[test]
fn a_job_that_asks_for_executors_outlives_all_of_mesos() {
    let mut bed = Bed::plain().agents(2).start().unwrap();
    bed.agent_mut(1).kill().unwrap();
    let mut spec = spec(&bed);
    spec["mesos"]["constraints"] = json!({"rack": ["r1"]});
    let folder = Folder::new();
    let running = run(&folder, &bed, COUNTS, spec).start();
    running.wait_for("ConstraintsUnmet");
    bed.agent_mut(0).kill().unwrap();
    running.wait_for("NoOffers");
    bed.master_mut(0).kill().unwrap();
    running.wait_for("the connection to the master is lost");
    bed.master_mut(0).restart().unwrap();
    running.wait_for("connected to the master");
    bed.agent_mut(1).restart().unwrap();
    says(&running.finish().succeeded().stdout, &["counted 143"]);
    nothing_is_left(&bed);
}

#[test]
fn a_driver_that_is_killed_leaves_nothing_in_spite_of_its_failover_timeout() {
    let bed = Bed::plain().start().unwrap();
    a_killed_driver_leaves_nothing(&bed, spec(&bed));
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
