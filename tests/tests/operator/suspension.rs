//! Suspended jobs hold nothing, and go on where they were.

use std::time::Duration;

use serde_json::json;

use crate::{
    bed::in_namespace,
    job::{condition, holding},
};

#[test]
fn a_job_that_is_created_suspended_has_no_driver_until_it_is_resumed() {
    in_namespace("asleep", |space| {
        let job = space.job("pi", json!({"suspend": true}));
        let status = job.becomes("Suspended", "Suspended");
        assert_eq!(holding(&status), ["Accepted", "Released"]);
        job.stays_as_it_is(Duration::from_secs(1));
        assert_eq!(space.created_pods(), Vec::<String>::new());
        job.edit(json!({"suspend": false}));
        job.driver(1).runs();
        let status = job.becomes("Running", "DriverRunning");
        assert_eq!((&status["attempt"], &status["runNumber"]), (&json!(1), &json!(1)));
    });
}

#[test]
fn a_running_job_that_is_suspended_stops_gracefully_and_goes_on_as_its_next_attempt() {
    in_namespace("pause", |space| {
        let job = space.job("pi", json!({}));
        let driver = job.driver(1);
        driver.runs();
        job.becomes("Running", "DriverRunning");
        job.edit(json!({"suspend": true}));
        let status = job.becomes("Releasing", "Suspended");
        assert_eq!(condition(&status, "Released")["status"], "False", "the driver still stops");
        driver.stops_when_asked();
        let status = job.becomes("Suspended", "Suspended");
        assert_eq!(holding(&status), ["Accepted", "Released"]);
        assert_eq!(status["attempts"][0]["reason"], "Suspended");
        job.edit(json!({"suspend": false}));
        job.driver(2).runs().reports(0, "Completed", "");
        let status = job.becomes("Succeeded", "Completed");
        assert_eq!(
            (&status["runNumber"], &status["restarts"]),
            (&json!(1), &json!(0)),
            "no restart is used up"
        );
        assert!(status["suspendedFor"].is_string(), "{status:#}");
    });
}

#[test]
fn a_driver_that_ends_well_while_it_is_asked_to_stop_has_ended_well() {
    in_namespace("well", |space| {
        let job = space.job("pi", json!({}));
        let driver = job.driver(1);
        driver.runs();
        job.becomes("Running", "DriverRunning");
        job.edit(json!({"suspend": true}));
        driver.is_asked_to_stop();
        // In one breath, as a kubelet does: nobody may have looked in between.
        driver.reports(0, "Completed", "").vanishes();
        job.becomes("Succeeded", "Completed");
    });
}

#[test]
fn a_job_that_backs_off_can_be_suspended_and_resumed_at_once() {
    in_namespace("hold", |space| {
        let job =
            space.job("pi", json!({"restart": {"policy": "OnFailure", "backoff": "1h", "backoffMax": "1h"}}));
        job.driver(1).runs().ends(1);
        job.becomes("Pending", "BackingOff");
        job.edit(json!({"suspend": true}));
        job.becomes("Suspended", "Suspended");
        job.edit(json!({"suspend": false}));
        job.driver(2);
    });
}

#[test]
fn suspending_a_finished_job_changes_nothing() {
    in_namespace("late", |space| {
        let job = space.job("pi", json!({}));
        job.driver(1).runs().ends(0);
        let before = job.becomes("Succeeded", "Completed");
        job.edit(json!({"suspend": true}));
        let after = job.is_up_to_date();
        for field in ["phase", "reason", "attempt", "runNumber", "completionTime", "duration"] {
            assert_eq!(after[field], before[field], "{field}");
        }
        job.edit(json!({"suspend": false}));
        job.is_up_to_date();
        job.stays_as_it_is(Duration::from_secs(2));
        assert_eq!(space.created_pods(), ["pi-driver-1"]);
    });
}
