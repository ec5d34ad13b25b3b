//! The pods of a job: one driver per attempt, and never another job's.

use serde_json::json;

use crate::{bed::in_namespace, job::holding};

#[test]
fn a_driver_that_vanishes_has_been_lost() {
    in_namespace("vanished", |space| {
        let job = space.job("pi", json!({"restart": {"policy": "Never"}}));
        let driver = job.driver(1);
        driver.runs();
        job.becomes("Running", "DriverRunning");
        driver.vanishes();
        let status = job.becomes("Failed", "DriverLost");
        assert!(status["message"].as_str().unwrap().contains("deleted"), "{status:#}");
    });
}

#[test]
fn a_driver_that_somebody_deletes_is_waited_for_and_its_end_is_laid_to_them() {
    in_namespace("deleted", |space| {
        let job = space.job("pi", json!({"restart": {"policy": "OnInfrastructureFailure", "backoff": "1s"}}));
        let driver = job.driver(1);
        driver.runs();
        job.becomes("Running", "DriverRunning");
        space.kubectl(["delete", "pod", "pi-driver-1", "--wait=false"]);
        let status = job.becomes("Releasing", "DriverLost");
        assert!(status["message"].as_str().unwrap().contains("not by lcmap-spark"), "{status:#}");
        assert_eq!(space.created_pods(), ["pi-driver-1"], "the next waits until this one is gone");
        driver.reports(143, "Stopped", "stopped as asked").vanishes();
        job.driver(2);
        assert_eq!(job.status()["attempts"][0]["reason"], "DriverLost");
    });
}

#[test]
fn a_finished_jobs_pod_may_be_deleted() {
    in_namespace("after", |space| {
        let job = space.job("pi", json!({"restart": {"policy": "Always", "maxRestarts": 0}}));
        job.driver(1).runs().ends(0);
        job.becomes("Succeeded", "Completed");
        job.driver(1).vanishes();
        job.stays_as_it_is(std::time::Duration::from_secs(2));
    });
}

#[test]
fn a_pod_of_the_drivers_name_that_is_somebody_elses_is_left_alone_and_named() {
    in_namespace("foreign", |space| {
        let containers = json!([{"name": "theirs", "image": "bed.test/x:1"}]);
        space.create(
            "pods",
            &json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "pi-driver-1"},
            "spec": {"containers": containers}}),
        );
        let job = space.job("pi", json!({}));
        let status = job.becomes("Pending", "NameTaken");
        assert_eq!(holding(&status), ["Stalled"]);
        let message = status["message"].as_str().unwrap();
        assert!(message.contains("pod named pi-driver-1") && message.contains("delete it"), "{message}");
        space.kubectl(["delete", "pod", "pi-driver-1", "--force"]);
        job.driver(1).runs();
        job.becomes("Running", "DriverRunning");
    });
}

#[test]
fn a_pod_with_our_labels_that_is_somebody_elses_is_left_alone() {
    in_namespace("labelled", |space| {
        let labels = json!({"lcmap.usgs.gov/job": "pi", "lcmap.usgs.gov/attempt": "1"});
        space.create(
            "pods",
            &json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "theirs", "labels": labels},
            "spec": {"containers": [{"name": "driver", "image": "bed.test/x:1"}]}}),
        );
        let job = space.job("pi", json!({"retention": {"pods": "Never"}}));
        let driver = job.driver(1);
        driver.runs().ends(0);
        job.becomes("Succeeded", "Completed");
        driver.is_gone();
        assert_eq!(space.names("pods"), ["theirs"]);
    });
}

#[test]
fn a_job_that_is_made_again_at_once_waits_for_its_predecessors_driver() {
    in_namespace("remade", |space| {
        let old = space.job("pi", json!({}));
        let driver = old.driver(1);
        driver.runs();
        old.becomes("Running", "DriverRunning");
        old.delete();
        old.wait_until_gone();
        let new = space.job("pi", json!({}));
        let status = new.becomes("Pending", "NameTaken");
        assert!(status["message"].as_str().unwrap().contains("earlier job of this name"), "{status:#}");
        assert_eq!(holding(&status), ["Accepted", "Reconciling"], "it passes by itself");
        driver.stops_when_asked();
        let driver = new.driver(1);
        assert_eq!(driver.object()["metadata"]["ownerReferences"][0]["uid"], new.uid());
        driver.runs();
        new.becomes("Running", "DriverRunning");
    });
}
