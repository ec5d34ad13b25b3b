//! The usual way of a Distributed job, and the ways people change it.

use lcmap_spark_tests::mesos::Bed;
use serde_json::json;

use super::{Framework, frameworks, is_gone_from, is_kept, is_let_go, job, registered, shared};
use crate::{bed::in_namespace, job::holding};

#[test]
fn a_job_goes_from_connecting_to_its_end_and_leaves_nothing() {
    // What others hold on a shared one would be told too, in one more write.
    let mesos = Bed::plain().start().unwrap();
    in_namespace("life", |space| {
        let job = job(space, &mesos, "pi", json!({"executor": {"totalCores": 64}}));
        let driver = job.driver(1);
        assert!(is_kept(&job), "kept before its driver is made");
        driver.runs();
        job.becomes("Connecting", "Connecting");
        let mut framework = Framework::of(&driver, &mesos);
        let status = job.wait_until("is Requesting", |status| status["phase"] == "Requesting");
        assert_eq!(status["mesos"]["frameworkIds"], json!([format!("{}-1", job.uid())]));
        assert!(holding(&status).contains(&"MesosRegistered"), "{status:#}");
        framework.runs("0", "sleep 600");
        let status = job.becomes("Running", "ExecutorsRunning");
        assert_eq!(status["mesos"]["executors"], json!({"running": 1, "failed": 0, "lost": 0}));
        assert_eq!(status["mesos"]["memory"], "64Mi");
        assert!(holding(&status).contains(&"ResourcesAllocated"), "{status:#}");
        framework.stops();
        driver.reports(0, "Completed", "");
        let status = job.becomes("Succeeded", "Completed");
        assert_eq!(status["mesos"]["executors"]["running"], 0);
        assert_eq!(status["mesos"]["frameworkIds"], serde_json::Value::Null);
        is_let_go(&job);
        is_gone_from(&mesos, &job.uid());
        assert!(holding(&job.status()).contains(&"Released"));
        let asked = space.requests().len();
        assert!(asked <= 12, "{asked} requests: {:#?}", space.requests());
    });
}

#[test]
fn several_frameworks_of_one_driver_are_all_found_again() {
    in_namespace("several", |space| {
        let job = job(space, shared(), "several", json!({}));
        let driver = job.driver(1);
        driver.runs();
        let frameworks = [Framework::of(&driver, shared()), Framework::further(&driver, shared(), "-2")];
        let both = |status: &serde_json::Value| {
            status["mesos"]["frameworkIds"].as_array().is_some_and(|it| it.len() == 2)
        };
        job.wait_until("names both", both);
        frameworks.into_iter().for_each(Framework::dies);
        driver.reports(137, "KilledBySignal", "killed");
        job.becomes("Failed", "KilledBySignal");
        is_gone_from(shared(), &job.uid());
    });
}

#[test]
fn a_suspended_job_holds_nothing_and_goes_on_with_another_framework() {
    in_namespace("suspended", |space| {
        let (job, framework) = registered(space, shared(), json!({}));
        job.edit(json!({"suspend": true}));
        job.driver(1).is_asked_to_stop();
        framework.dies();
        job.driver(1).reports(143, "Stopped", "stopped as asked").vanishes();
        job.becomes("Suspended", "Suspended");
        is_gone_from(shared(), &job.uid());
        is_let_go(&job);
        job.edit(json!({"suspend": false}));
        job.driver(2).runs();
        let framework = Framework::of(&job.driver(2), shared());
        job.wait_until("is Requesting", |status| status["phase"] == "Requesting");
        assert_eq!(frameworks(shared(), &job.uid()), [format!("{}-2", job.uid())]);
        framework.stops();
        job.driver(2).reports(0, "Completed", "");
        job.becomes("Succeeded", "Completed");
    });
}

#[test]
fn one_field_switches_a_living_job_to_its_own_pod_and_back() {
    in_namespace("switch", |space| {
        let (job, framework) = registered(space, shared(), json!({}));
        job.edit(json!({"mode": "NonDistributed"}));
        job.driver(1).is_asked_to_stop();
        framework.dies();
        job.driver(1).reports(143, "Stopped", "stopped as asked").vanishes();
        let driver = job.driver(2);
        is_gone_from(shared(), &job.uid());
        is_let_go(&job);
        driver.runs();
        job.becomes("Running", "DriverRunning");
        job.edit(json!({"mode": "Distributed"}));
        job.driver(2).stops_when_asked();
        job.driver(3).runs();
        job.becomes("Connecting", "Connecting");
        assert!(is_kept(&job));
    });
}

#[test]
fn a_deleted_job_vanishes_when_its_framework_has() {
    in_namespace("deleted", |space| {
        let (job, framework) = registered(space, shared(), json!({}));
        let uid = job.uid();
        job.delete();
        job.driver(1).is_asked_to_stop();
        framework.dies();
        assert_eq!(frameworks(shared(), &uid).len(), 1);
        job.driver(1).reports(143, "Stopped", "stopped as asked").vanishes();
        job.wait_until_gone();
        is_gone_from(shared(), &uid);
    });
}
