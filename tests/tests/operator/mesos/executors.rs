//! Executors that do not come, or fail: told in words that help, until the job ends.

use lcmap_spark_tests::mesos::{Bed, driver::state};
use serde_json::json;

use super::{Framework, ends_well, job, leaves_nothing, shared};
use crate::{bed::in_namespace, job::condition};

#[test]
fn what_keeps_executors_away_is_told_by_name_and_number() {
    in_namespace("away", |space| {
        for (name, changes, reason, words) in [
            ("large", json!({"executor": {"memory": "1000g"}}), "OffersTooSmall", "1024032 MiB"),
            (
                "nowhere",
                json!({"mesos": {"constraints": {"rack": ["elsewhere"]}}}),
                "ConstraintsUnmet",
                "mesos.constraints",
            ),
        ] {
            let job = job(space, shared(), name, changes);
            job.driver(1).runs();
            let framework = Framework::of(&job.driver(1), shared());
            let status = job.becomes("Requesting", reason);
            assert!(status["message"].as_str().unwrap().contains(words), "{status:#}");
            assert_eq!(condition(&status, "ResourcesAllocated")["reason"], reason);
            ends_well(&job, framework, shared());
        }
    });
}

#[test]
fn a_job_that_gets_no_executor_within_its_allocation_timeout_ends_and_says_what_mesos_offered() {
    let mesos = Bed::plain().agents(0).start().unwrap();
    in_namespace("nothing", |space| {
        let job = job(space, &mesos, "pi", json!({}));
        job.driver(1).runs();
        let framework = Framework::of(&job.driver(1), &mesos);
        let status = job.becomes("Requesting", "NoOffers");
        assert!(status["message"].as_str().unwrap().contains("no agent"), "{status:#}");
        job.edit(json!({"mesos": {"allocationTimeout": "1s"}}));
        job.becomes("Releasing", "AllocationTimeout");
        job.driver(1).is_asked_to_stop();
        framework.dies();
        job.driver(1).reports(143, "Stopped", "stopped as asked").vanishes();
        let status = job.becomes("Failed", "AllocationTimeout");
        let message = status["message"].as_str().unwrap();
        assert!(message.contains("allocationTimeout (1s)") && message.contains("no agent"), "{message}");
        leaves_nothing(&job, &mesos);
    });
}

#[test]
fn executors_that_fail_are_told_of_in_mesos_words() {
    in_namespace("failing", |space| {
        for (name, user, ends, words) in [
            ("fails", "root", state::FAILED, "Command exited with status 7"),
            ("unknown", "nobody-of-that-name", state::LOST, "No such user 'nobody-of-that-name'"),
        ] {
            let job = job(space, shared(), name, json!({}));
            job.driver(1).runs();
            let mut framework = Framework::of_user(user, &job.driver(1), shared());
            framework.brings("0", "exit 7", ends);
            let status = job.wait_until("tells of failures", |status| status["reason"] == "ExecutorsFailing");
            assert!(status["message"].as_str().unwrap().contains(words), "{status:#}");
            let executors = &status["mesos"]["executors"];
            assert_eq!(executors["failed"].as_i64().unwrap() + executors["lost"].as_i64().unwrap(), 1);
            ends_well(&job, framework, shared());
        }
    });
}
