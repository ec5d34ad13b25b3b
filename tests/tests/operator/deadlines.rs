//! Times that run out, and jobs that go.

use std::time::Duration;

use serde_json::json;

use crate::{bed::in_namespace, driver::Driver, job::eventually};

#[test]
fn a_driver_that_does_not_start_in_time_is_given_up_and_the_job_says_what_it_waited_for() {
    in_namespace("start", |space| {
        let job = space.job("pi", json!({"startTimeout": "3s", "restart": {"policy": "Never"}}));
        let driver = job.driver(1);
        driver.is_bound().waits("ImagePullBackOff", "no such image");
        driver.is_asked_to_stop();
        driver.vanishes();
        let status = job.becomes("Failed", "StartTimeout");
        let message = status["message"].as_str().unwrap();
        assert!(message.contains("startTimeout (3s)") && message.contains("no such image"), "{message}");
    });
}

#[test]
fn a_driver_that_does_not_start_in_time_is_tried_again_as_infrastructure_failures_are() {
    in_namespace("start-again", |space| {
        let restart = json!({"policy": "OnInfrastructureFailure", "backoff": "1s"});
        let job = space.job("pi", json!({"startTimeout": "2s", "restart": restart}));
        job.driver(1).is_gone();
        job.driver(2);
    });
}

#[test]
fn a_run_that_takes_too_long_is_stopped_gracefully_and_has_failed() {
    in_namespace("deadline", |space| {
        let job = space.job("pi", json!({"activeDeadline": "3s", "restart": {"policy": "Always"}}));
        let driver = job.driver(1);
        driver.runs();
        driver.stops_when_asked();
        let status = job.becomes("Failed", "DeadlineExceeded");
        assert!(status["message"].as_str().unwrap().contains("activeDeadline (3s)"), "{status:#}");
    });
}

#[test]
fn the_deadline_holds_while_the_job_backs_off_too() {
    in_namespace("deadline-off", |space| {
        let restart = json!({"policy": "Always", "backoff": "1h", "backoffMax": "1h"});
        let job = space.job("pi", json!({"activeDeadline": "3s", "restart": restart}));
        job.driver(1).runs().ends(1);
        job.becomes("Failed", "DeadlineExceeded");
    });
}

#[test]
fn time_that_a_job_is_suspended_does_not_count_towards_its_deadline() {
    in_namespace("deadline-not", |space| {
        let job = space.job("pi", json!({"activeDeadline": "12s"}));
        job.driver(1).runs();
        job.becomes("Running", "DriverRunning");
        job.edit(json!({"suspend": true}));
        job.driver(1).stops_when_asked();
        job.becomes("Suspended", "Suspended");
        std::thread::sleep(Duration::from_secs(12));
        job.edit(json!({"suspend": false}));
        job.driver(2).runs();
        job.becomes("Running", "DriverRunning");
        job.driver(2).reports(0, "Completed", "");
        job.becomes("Succeeded", "Completed");
    });
}

#[test]
fn a_deadline_that_is_lengthened_in_time_holds_at_once() {
    in_namespace("deadline-edit", |space| {
        let job = space.job("pi", json!({"activeDeadline": "6s"}));
        job.driver(1).runs();
        job.becomes("Running", "DriverRunning");
        job.edit(json!({"activeDeadline": "1h"}));
        std::thread::sleep(Duration::from_secs(7));
        assert_eq!(job.status()["phase"], "Running");
    });
}

#[test]
fn a_finished_job_goes_when_its_time_is_over_and_takes_its_pods_along() {
    in_namespace("ttl", |space| {
        let job = space.job("pi", json!({"ttlAfterFinished": "2s"}));
        job.driver(1).runs().ends(0);
        job.becomes("Succeeded", "Completed");
        job.wait_until_gone();
        eventually(|| space.names("pods").is_empty().then_some(())).unwrap();
    });
}

#[test]
fn a_finished_job_that_is_suspended_is_kept() {
    in_namespace("ttl-not", |space| {
        let job = space.job("pi", json!({"ttlAfterFinished": "4s"}));
        job.driver(1).runs().ends(0);
        job.becomes("Succeeded", "Completed");
        job.edit(json!({"suspend": true}));
        std::thread::sleep(Duration::from_secs(6));
        assert_eq!(job.status()["phase"], "Succeeded");
        job.edit(json!({"suspend": false}));
        job.wait_until_gone();
        // The API server writes its audit log once it has answered.
        let codes = eventually(|| {
            let requests = space.requests();
            let codes: Vec<_> =
                requests.iter().filter(|it| it.is("delete", "sparkjobs")).map(|it| it.code).collect();
            (!codes.is_empty()).then_some(codes)
        });
        assert_eq!(codes.unwrap(), [200], "none is of a version that was written over");
    });
}

#[test]
fn a_deleted_job_takes_its_driver_along_gracefully() {
    in_namespace("deletion", |space| {
        let jobs = ["background", "foreground"].map(|cascade| space.job(cascade, json!({})));
        for job in &jobs {
            job.driver(1).runs();
            job.becomes("Running", "DriverRunning");
            let cascade = format!("--cascade={}", job.name);
            space.kubectl(["delete", "sj", &job.name, &cascade, "--wait=false"]);
        }
        for job in &jobs {
            let driver = Driver::named(space, &job.driver_name(1));
            driver.is_asked_to_stop();
            let period = driver.object()["metadata"]["deletionGracePeriodSeconds"].clone();
            assert_eq!(period, 50, "Spark's 30 s and the agent's 20");
            driver.stops_when_asked();
            job.wait_until_gone();
        }
        assert_eq!(space.created_pods().len(), 2);
    });
}

#[test]
fn a_job_that_is_deleted_before_it_runs_leaves_nothing() {
    in_namespace("early", |space| {
        for spec in [json!({}), json!({"suspend": true}), json!({"image": null})] {
            let job = space.job("pi", spec);
            job.wait_until("is seen", |status| status["phase"].is_string());
            space.kubectl(["delete", "sj", "pi", "--cascade=foreground"]);
            eventually(|| space.names("pods").is_empty().then_some(())).unwrap();
        }
    });
}
