//! What a job stands on goes away under it.

use std::time::{Duration, Instant};

use lcmap_spark_tests::{
    Finished, Folder, Link, Running,
    mesos::{Authority, Bed},
    says,
};
use rustix::process::Signal;
use serde_json::{Value, json};

use super::bed::{
    COUNTS_TWICE, DRIVER, HOLDS, nothing_is_left, nothing_will_be_left, processes, run, secured, spec,
    wait_until,
};

/// A job that counts, is disturbed, and counts again.
fn survives(bed: &mut Bed, spec: Value, disturb: impl FnOnce(&mut Bed, &Running)) -> Finished {
    let (folder, go) = (Folder::new(), Folder::new());
    let running = run(&folder, bed, COUNTS_TWICE, spec).env("GO", go.path().join("go")).start();
    running.wait_for_output("counted 143");
    disturb(bed, &running);
    go.write("go", "");
    let run = running.finish().succeeded();
    says(&run.stdout, &["and again 143"]);
    nothing_is_left(bed);
    run
}

/// A job whose way to its master can be cut.
fn spec_through(link: &Link, bed: &Bed) -> Value {
    let mut spec = spec(bed);
    spec["mesos"]["master"] = json!(format!("mesos://{}", link.address()));
    spec
}

/// The id of the one framework of a bed.
fn framework(bed: &Bed) -> String {
    let [framework] = <[_; 1]>::try_from(bed.frameworks()).unwrap();
    framework.id
}

#[test]
fn an_agent_that_dies_takes_its_executors_and_no_job() {
    let mut bed = Bed::plain().agents(2).resources("cpus:1;mem:2048").start().unwrap();
    let mut spec = spec(&bed);
    spec["executor"]["totalCores"] = json!(2);
    survives(&mut bed, spec, |bed, _| bed.agent_mut(0).kill().unwrap());
}

#[test]
fn a_master_that_starts_again_finds_the_job() {
    let mut bed = Bed::plain().masters(1).start().unwrap();
    let spec = spec(&bed);
    survives(&mut bed, spec, |bed, running| {
        bed.master_mut(0).kill().unwrap();
        running.wait_for("the connection to the master is lost");
        bed.master_mut(0).restart().unwrap();
        running.wait_for("connected to the master");
    });
}

#[test]
fn another_leader_finds_the_job() {
    let mut bed = Bed::plain().masters(2).start().unwrap();
    let spec = spec(&bed);
    survives(&mut bed, spec, |bed, running| {
        bed.master_mut(0).kill().unwrap();
        bed.master_mut(1).wait_for_log(&["Elected as the leading master!"]).unwrap();
        running.wait_for("connected to the master");
    });
}

#[test]
fn a_job_whose_master_gave_it_up_for_lost_goes_on_as_the_same_framework() {
    let mut bed = Bed::plain().start().unwrap();
    let link = Link::to(bed.master(0).address()).unwrap();
    let mut spec = spec_through(&link, &bed);
    spec["mesos"]["failoverTimeout"] = json!("120s");
    survives(&mut bed, spec, |bed, running| {
        let id = framework(bed);
        link.cut_and_given_up();
        wait_until("the master misses it", || bed.frameworks().iter().all(|framework| !framework.connected));
        link.mend();
        running.wait_for("connected to the master");
        assert_eq!(framework(bed), id);
    });
    assert_eq!(bed.state().unwrap()["completed_frameworks"].as_array().unwrap().len(), 1);
}

#[test]
fn certificates_that_are_exchanged_under_a_job_are_those_of_its_next_connection() {
    let mut bed = Bed::plain().tls().start().unwrap();
    let spec = secured(&bed, spec(&bed));
    survives(&mut bed, spec, |bed, running| {
        let folder = bed.folder().join("certificates");
        let trusted = std::fs::read(bed.pki().authority(Authority::Trusted)).unwrap();
        let authority = std::fs::read(bed.pki().authority(Authority::Stranger)).unwrap();
        std::fs::write(folder.join("trustedroot.crt"), [trusted, authority].concat()).unwrap();
        bed.pki().change_authority().unwrap();
        std::fs::copy(bed.pki().client().certificate, folder.join("mesos.crt")).unwrap();
        running.wait_for("took the new Mesos certificates");
        bed.master_mut(0).kill().unwrap();
        bed.agent_mut(0).kill().unwrap();
        bed.master_mut(0).restart().unwrap();
        bed.agent_mut(0).restart().unwrap();
        running.wait_for("connected to the master");
    });
}

/// One whose master forgets its agents for as long as it does not hear from them, but not that there were some.
#[test]
fn a_stop_waits_for_what_a_master_has_not_heard_yet() {
    let registry = [("MESOS_REGISTRY", "replicated_log"), ("MESOS_QUORUM", "1")];
    // By that an agent finds out soon that there is another master at the address of the one that it had.
    let pings = [("MESOS_AGENT_PING_TIMEOUT", "1secs"), ("MESOS_MAX_AGENT_PING_TIMEOUTS", "5")];
    let plan =
        registry.iter().chain(&pings).fold(Bed::plain(), |plan, (name, value)| plan.master_flag(name, value));
    let mut bed = plan.start().unwrap();
    let folder = Folder::new();
    let running = run(&folder, &bed, HOLDS, spec(&bed)).start();
    running.wait_for_output("counted 143");
    bed.agent(0).freeze().unwrap();
    bed.master_mut(0).kill().unwrap();
    running.signal(Signal::INT);
    wait_until("the driver ends", || processes(&bed, DRIVER).is_empty());
    bed.master_mut(0).restart().unwrap();
    // It knows of no framework at that time.
    bed.master_mut(0).wait_for_log(&["Processing call TEARDOWN"]).unwrap();
    bed.agent(0).thaw().unwrap();
    bed.agent_mut(0).wait_for_log(&["Re-registered with master"]).unwrap();
    let run = running.finish();
    assert_eq!(run.code, Some(130), "{}", run.stderr);
    says(&run.stderr, &["Interrupted", "tore down the framework"]);
    nothing_is_left(&bed);
}

#[test]
fn a_mesos_that_is_gone_for_good_holds_nobody_and_what_may_be_left_there_is_named() {
    let mut bed = Bed::plain().start().unwrap();
    let folder = Folder::new();
    // What a later run has to pay stays there.
    let memory = tempfile::tempdir_in("/dev/shm").unwrap();
    let running = run(&folder, &bed, HOLDS, spec(&bed)).env("XDG_RUNTIME_DIR", memory.path()).start();
    running.wait_for_output("counted 143");
    let id = framework(&bed);
    bed.master_mut(0).kill().unwrap();
    let asked = Instant::now();
    running.signal(Signal::INT);
    running.wait_for("s more, which ctrl-C ends");
    running.signal(Signal::INT);
    let run = running.finish();
    assert_eq!(run.code, Some(130), "{}", run.stderr);
    says(&run.stderr, &["Interrupted", &format!("the framework {id} may be left on Mesos: ")]);
    assert!(asked.elapsed() < Duration::from_secs(60), "{}", run.stderr);
}

#[test]
fn a_job_that_is_cut_off_for_longer_than_its_failover_timeout_ends_and_says_why() {
    let bed = Bed::plain().start().unwrap();
    let link = Link::to(bed.master(0).address()).unwrap();
    let mut spec = spec_through(&link, &bed);
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
    bed.tear_down(&framework(&bed)).unwrap();
    let run = running.finish();
    assert_ne!(run.code, Some(0));
    says(&run.stderr, &["FrameworkRemoved", "Framework has been removed"]);
    nothing_is_left(&bed);
}
