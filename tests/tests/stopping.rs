//! Ctrl-C and its kin: once stops gracefully, twice kills, and nothing lives on in either case.

use std::time::Duration;

use lcmap_spark_tests::{Folder, LcmapSpark, Running, StandIn, says};
use rustix::process::Signal;
use serde_json::json;

/// Stops when it is asked to, and says so.
const POLITE: &str = "trap 'echo stopping; exit 0' TERM; echo ready >&2; sleep 300 & wait";
/// Takes no notice.
const DEAF: &str = "trap '' TERM; echo ready >&2; while :; do sleep 1; done";

fn started(spark: &StandIn, restart: &str) -> Running {
    let folder = Folder::new();
    folder.write("job.py", "");
    let spec = json!({
        "run": {"submit": {"application": "job.py"}},
        "restart": {"policy": restart, "backoff": "50ms"},
        "terminationGracePeriod": "120s",
    });
    let run = LcmapSpark::run_with(spark, folder.job("job", spec)).start();
    run.wait_for("ready");
    run
}

#[test]
fn an_interrupt_stops_the_job_gracefully() {
    let run = started(&StandIn::new(POLITE), "Never");
    run.signal(Signal::INT);
    let run = run.finish().failed_with(130);
    assert_eq!(run.stdout, "stopping\n");
    says(&run.stderr, &["Failed", "Interrupted"]);
}

#[test]
fn a_second_interrupt_kills_a_job_that_will_not_stop() {
    let run = started(&StandIn::new(DEAF), "Never");
    run.signal(Signal::INT);
    std::thread::sleep(Duration::from_millis(500));
    run.signal(Signal::INT);
    let run = run.finish().failed_with(130);
    assert!(run.took < Duration::from_secs(60), "long before the grace period is over: {:?}", run.took);
}

#[test]
fn a_termination_request_stops_gracefully_too() {
    let run = started(&StandIn::new(POLITE), "Never");
    run.signal(Signal::TERM);
    assert_eq!(run.finish().failed_with(143).stdout, "stopping\n");
}

#[test]
fn a_terminal_that_goes_away_stops_the_job() {
    let run = started(&StandIn::new(POLITE), "Never");
    run.signal(Signal::HUP);
    assert_eq!(run.finish().failed_with(143).stdout, "stopping\n");
}

#[test]
fn a_stopped_job_is_not_tried_again() {
    let run = started(&StandIn::new(POLITE), "Always");
    run.signal(Signal::INT);
    assert_eq!(run.finish().failed_with(130).stdout, "stopping\n");
}

#[test]
fn a_job_that_waits_for_its_next_try_ends_at_once() {
    let folder = Folder::new();
    folder.write("job.py", "");
    let spec = json!({
        "run": {"submit": {"application": "job.py"}},
        "restart": {"policy": "OnFailure", "backoff": "1h", "backoffMax": "1h"},
    });
    let spark = StandIn::new("exit 1");
    let run = LcmapSpark::run_with(&spark, folder.job("job", spec)).start();
    run.wait_for("BackingOff");
    run.signal(Signal::INT);
    assert!(run.finish().failed_with(130).took < Duration::from_secs(30));
}

#[test]
fn the_jobs_that_were_to_follow_are_named_and_not_started() {
    let folder = Folder::new();
    folder.write("job.py", "");
    let spec = json!({"run": {"submit": {"application": "job.py"}}});
    let file = folder.jobs("jobs.yaml", [("first", spec.clone()), ("second", spec)]);
    let spark = StandIn::new(POLITE);
    let run = LcmapSpark::run_with(&spark, file).start();
    run.wait_for("ready");
    run.signal(Signal::INT);
    let run = run.finish().failed_with(130);
    assert_eq!(run.stdout, "stopping\n");
    says(&run.stderr, &["not started: asked to stop"]);
}

#[test]
fn a_driver_does_not_outlive_lcmap_spark_killed() {
    started(&StandIn::new(POLITE), "Never").killed();
}
