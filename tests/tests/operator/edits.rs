//! What an edit does to a job that exists, by the class of the field; and runs that somebody asks for.

use std::time::Duration;

use serde_json::{Value, json};

use crate::{
    bed::{Bed, definition, in_namespace},
    job::Job,
    space::manifest,
};

const RERUN: &str = "lcmap.usgs.gov/rerun";

fn running(job: &Job) {
    job.driver(1).runs();
    job.becomes("Running", "DriverRunning");
}

fn finished(job: &Job) {
    job.driver(1).runs().ends(0);
    job.becomes("Succeeded", "Completed");
}

/// No attempt follows the first, whatever the generation.
fn goes_on_as_it_is(job: &Job, phase: &str) {
    let status = job.is_up_to_date();
    job.stays_as_it_is(Duration::from_secs(1));
    assert_eq!(
        (&status["phase"], &status["attempt"], &status["runNumber"]),
        (&json!(phase), &json!(1), &json!(1))
    );
    assert_eq!(job.space.created_pods(), [job.driver_name(1)]);
}

#[test]
fn fields_that_are_live_or_hold_from_the_next_attempt_on_leave_a_driver_alone() {
    in_namespace("live", |space| {
        let job = space.job("pi", json!({}));
        running(&job);
        for edit in [
            json!({"ttlAfterFinished": "1h"}),
            json!({"activeDeadline": "10h"}),
            json!({"startTimeout": "1h"}),
            json!({"restart": {"policy": "OnFailure"}}),
            json!({"retention": {"attempts": 1}}),
            json!({"terminationGracePeriod": "1m"}),
            json!({"eventLog": {"directory": "/tmp/events"}}),
        ] {
            job.edit(edit);
        }
        goes_on_as_it_is(&job, "Running");
    });
}

#[test]
fn an_edit_that_takes_a_new_run_stops_a_running_driver_gracefully_first() {
    in_namespace("restart", |space| {
        let job = space.job("pi", json!({}));
        running(&job);
        job.edit(json!({"conf": {"spark.sql.shuffle.partitions": "8"}}));
        job.becomes("Releasing", "Edited");
        assert_eq!(space.created_pods(), ["pi-driver-1"]);
        job.driver(1).stops_when_asked();
        let driver = job.driver(2);
        let plan = driver.object()["metadata"]["annotations"]["lcmap.usgs.gov/plan"].to_string();
        assert!(plan.contains("shuffle.partitions"), "{plan}");
        driver.runs();
        let status = job.becomes("Running", "DriverRunning");
        assert_eq!((&status["runNumber"], &status["restarts"]), (&json!(2), &json!(0)));
        assert_eq!(status["attempts"][0]["reason"], "Edited");
    });
}

#[test]
fn an_edit_of_a_driver_that_waits_makes_another_one() {
    in_namespace("waits", |space| {
        let job = space.job("pi", json!({}));
        job.driver(1).is_bound().waits("ImagePullBackOff", "no such image");
        job.becomes("Pending", "ImagePullFailed");
        job.edit(json!({"image": "bed.test/spark:2"}));
        job.driver(1).is_asked_to_stop();
        job.driver(1).vanishes();
        let image = job.driver(2).object()["spec"]["containers"][0]["image"].clone();
        assert_eq!(image, "bed.test/spark:2");
    });
}

#[test]
fn an_edit_of_a_finished_job_runs_it_again() {
    in_namespace("again", |space| {
        let job = space.job("pi", json!({}));
        finished(&job);
        job.edit(json!({"run": {"submit": {"application": "local:///other.py"}}}));
        job.driver(2).runs().ends(0);
        let status = job
            .wait_until("has run twice", |status| status["runNumber"] == 2 && status["phase"] == "Succeeded");
        assert_eq!(status["attempt"], 2);
    });
}

#[test]
fn an_edit_that_takes_itself_back_leaves_a_driver_alone() {
    in_namespace("back", |space| {
        let job = space.job("pi", json!({"suspend": true, "conf": {"spark.a": "1"}}));
        job.becomes("Suspended", "Suspended");
        job.edit(json!({"conf": {"spark.a": "2"}}));
        job.edit(json!({"conf": {"spark.a": "1"}, "suspend": false}));
        running(&job);
        goes_on_as_it_is(&job, "Running");
    });
}

#[test]
fn applying_the_same_manifest_again_changes_nothing() {
    in_namespace("same", |space| {
        space.apply(&manifest("pi", json!({"driver": {"memory": "1024m"}})));
        let job = space.known_job("pi");
        running(&job);
        assert!(space.apply(&manifest("pi", json!({"driver": {"memory": "1024m"}}))).contains("unchanged"));
        job.stays_as_it_is(Duration::from_secs(2));
    });
}

#[test]
fn the_rerun_annotation_runs_a_finished_job_once_for_each_value() {
    in_namespace("rerun", |space| {
        let mut manifest = manifest("pi", json!({}));
        manifest["metadata"]["annotations"] = json!({RERUN: "at its creation"});
        let job = space.create_job(&manifest);
        finished(&job);
        goes_on_as_it_is(&job, "Succeeded");
        job.annotate(RERUN, "monday");
        job.driver(2).runs().ends(0);
        job.wait_until("has run twice", |status| status["runNumber"] == 2 && status["phase"] == "Succeeded");
        job.annotate(RERUN, "monday");
        job.stays_as_it_is(Duration::from_secs(2));
        assert_eq!(space.created_pods(), ["pi-driver-1", "pi-driver-2"]);
    });
}

#[test]
fn the_rerun_annotation_stops_a_running_driver_gracefully_first() {
    in_namespace("rerun-live", |space| {
        let job = space.job("pi", json!({}));
        running(&job);
        job.annotate(RERUN, "now");
        job.becomes("Releasing", "RunAgain");
        job.driver(1).stops_when_asked();
        job.driver(2).runs();
        let status = job.becomes("Running", "DriverRunning");
        assert_eq!(status["attempts"][0]["reason"], "RunAgain");
    });
}

#[test]
fn a_newer_definition_whose_fields_have_defaults_restarts_nothing() {
    let bed = Bed::start(&[]);
    let _operator = bed.start_operator();
    bed.in_namespace("upgrade", |space| {
        let (lives, ended) = (space.job("lives", json!({})), space.job("ended", json!({})));
        running(&lives);
        finished(&ended);
        let text = std::fs::read_to_string(definition()).unwrap();
        let mut newer: Value = serde_saphyr::from_str(&text).unwrap();
        let spec = "/spec/versions/0/schema/openAPIV3Schema/properties/spec/properties";
        newer.pointer_mut(spec).unwrap()["novelty"] = json!({"type": "string", "default": "on"});
        newer.pointer_mut(spec).unwrap()["driver"]["default"] = json!({});
        let file = bed.plane.folder().join("newer.yaml");
        std::fs::write(&file, newer.to_string()).unwrap();
        bed.plane.apply_definition(&file).unwrap();
        crate::job::eventually(|| (lives.object()["spec"]["novelty"] == "on").then_some(())).unwrap();
        for job in [&lives, &ended] {
            // An edit that restarts nothing, so that the generations differ too.
            job.edit(json!({"ttlAfterFinished": "1h"}));
        }
        std::thread::sleep(Duration::from_secs(2));
        assert_eq!(space.created_pods().len(), 2);
        assert_eq!(
            (&lives.status()["phase"], &ended.status()["phase"]),
            (&json!("Running"), &json!("Succeeded"))
        );
        assert_eq!(lives.status()["runNumber"], 1);
    });
}
