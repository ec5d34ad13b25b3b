//! What the agent could not tear down, since its Mesos was cut off: `run` does, or the next one.

use lcmap_spark_tests::{Folder, Link, Running, mesos::Bed, says};
use rustix::process::Signal;
use serde_json::{Value, json};

use super::bed::{COUNTS_TWICE, kill, nothing_is_left, nothing_will_be_left, run, spec};

/// A job whose Mesos is behind a link.
fn behind(link: &Link, bed: &Bed) -> Value {
    let mut spec = spec(bed);
    spec["mesos"]["master"] = json!(format!("mesos://{}", link.address()));
    spec["restart"] = json!({"policy": "OnFailure", "maxRestarts": 1, "backoff": "1s"});
    spec["terminationGracePeriod"] = json!("1s");
    spec
}

/// Kills the driver while Mesos is cut off, and waits until its agent has tried for long enough.
fn indebted(running: &Running, bed: &Bed, link: &Link) {
    running.wait_for_output("counted 143");
    link.cut();
    kill(bed, "org.apache.spark.deploy.SparkSubmit");
    running.wait_for("s more, which ctrl-C ends");
}

#[test]
fn no_attempt_starts_beside_one_that_may_have_a_framework_and_the_next_does_once_it_is_torn_down() {
    let bed = Bed::plain().start().unwrap();
    let link = Link::to(bed.master(0).address()).unwrap();
    let (folder, go) = (Folder::new(), Folder::new());
    let running =
        run(&folder, &bed, COUNTS_TWICE, behind(&link, &bed)).env("GO", go.path().join("go")).start();
    indebted(&running, &bed, &link);
    running.wait_for("TearingDown");
    assert_eq!(bed.frameworks().len(), 1);
    go.write("go", "");
    link.mend();
    let run = running.finish().succeeded();
    says(&run.stdout, &["and again 143"]);
    says(&run.stderr, &["attempt 2 starts in"]);
    nothing_is_left(&bed);
}

#[test]
fn ctrl_c_gives_up_and_the_next_run_tears_down_what_is_named() {
    let bed = Bed::plain().start().unwrap();
    let link = Link::to(bed.master(0).address()).unwrap();
    let memory = tempfile::tempdir_in("/dev/shm").unwrap();
    let started = |folder: &Folder, program: &str| {
        let command = run(folder, &bed, program, behind(&link, &bed)).env("GO", "/nonexistent");
        command.env("XDG_RUNTIME_DIR", memory.path()).start()
    };
    let folder = Folder::new();
    let running = started(&folder, COUNTS_TWICE);
    indebted(&running, &bed, &link);
    let [framework] = bed.frameworks().try_into().unwrap();
    running.signal(Signal::INT);
    let run = running.finish();
    says(&run.stderr, &["given up on, and may be left on Mesos: ", &framework.id]);
    assert_eq!(run.code, Some(137), "its own end is told, and no other attempt begins: {}", run.stderr);
    link.mend();
    started(&Folder::new(), "import time; time.sleep(2)").finish().succeeded();
    nothing_will_be_left(&bed);
}
