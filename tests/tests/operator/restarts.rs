//! Whether an attempt is followed by another, and when.

use std::time::Duration;

use serde_json::{Value, json};

use crate::{bed::in_namespace, driver::Driver, job::Job};

/// What befalls a driver.
type End = fn(&Driver);

/// Lets attempt after attempt fail, from `first` to `last`.
fn fail(job: &Job, first: u32, last: u32) {
    for attempt in first..=last {
        job.driver(attempt).runs().reports(1, "ExitedNonZero", "it failed");
    }
}

fn on_failure(more: Value) -> Value {
    let mut restart = json!({"policy": "OnFailure", "backoff": "1s"});
    restart.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    json!({"restart": restart})
}

#[test]
fn policies_judge_failures_of_the_program_and_of_what_is_around_it() {
    // Policy, and whether another attempt follows: success, a failure, a lost driver.
    let table = [
        ("Never", [false, false, false]),
        ("OnFailure", [false, true, true]),
        ("OnInfrastructureFailure", [false, false, true]),
        ("Always", [true, true, true]),
    ];
    in_namespace("policies", |space| {
        let ends: [(&str, End); 3] = [
            ("good", |driver| {
                driver.reports(0, "Completed", "");
            }),
            ("bad", |driver| {
                driver.reports(1, "ExitedNonZero", "it failed");
            }),
            ("gone", |driver| driver.vanishes()),
        ];
        let mut jobs = vec![];
        for (policy, expected) in table {
            for ((name, end), again) in ends.iter().zip(expected) {
                let name = format!("{}-{name}", policy.to_lowercase());
                let job = space.job(&name, json!({"restart": {"policy": policy, "backoff": "1s"}}));
                let driver = job.driver(1);
                driver.runs();
                job.becomes("Running", "DriverRunning");
                end(&driver);
                jobs.push((job, again));
            }
        }
        for (job, again) in jobs {
            if again {
                job.driver(2);
            } else {
                job.wait_until("is finished", |status| crate::job::holding(status).contains(&"Finished"));
            }
        }
    });
}

#[test]
fn a_job_that_backs_off_says_why_when_and_how_often() {
    in_namespace("backoff", |space| {
        let job =
            space.job("pi", json!({"restart": {"policy": "OnFailure", "backoff": "1h", "backoffMax": "2h"}}));
        job.driver(1).runs().reports(3, "ExitedNonZero", "pi.py: ValueError");
        let status = job.becomes("Pending", "BackingOff");
        assert_eq!((&status["attempt"], &status["restarts"]), (&json!(2), &json!(1)));
        assert!(status["nextAttemptTime"].is_string(), "{status:#}");
        let message = status["message"].as_str().unwrap();
        // Jitter adds up to a tenth: 60 to 66 minutes.
        for word in ["attempt 1 ended", "pi.py: ValueError", "attempt 2 starts in 6"] {
            assert!(message.contains(word), "{word:?} is not in {message:?}");
        }
        assert_eq!(crate::job::holding(&status), ["Accepted", "Reconciling"]);
        assert_eq!(status["attempts"][0]["reason"], "ExitedNonZero");
        assert_eq!(status["attempts"][0]["exitCode"], 3);
        job.stays_as_it_is(Duration::from_secs(2));
    });
}

#[test]
fn after_its_last_restart_a_job_has_failed_for_the_last_reason() {
    in_namespace("most", |space| {
        let job = space.job("pi", on_failure(json!({"maxRestarts": 2})));
        fail(&job, 1, 3);
        let status = job.becomes("Failed", "ExitedNonZero");
        assert_eq!((&status["attempt"], &status["restarts"]), (&json!(3), &json!(2)));
        assert_eq!(status["attempts"].as_array().unwrap().len(), 3);
        assert_eq!(space.created_pods(), ["pi-driver-1", "pi-driver-2", "pi-driver-3"]);
    });
}

#[test]
fn a_limit_that_is_raised_while_the_job_backs_off_holds_at_once() {
    in_namespace("raised", |space| {
        let job = space.job("pi", on_failure(json!({"maxRestarts": 1, "backoff": "3s"})));
        fail(&job, 1, 1);
        job.becomes("Pending", "BackingOff");
        job.edit(json!({"restart": {"maxRestarts": 2}}));
        fail(&job, 2, 3);
        let status = job.becomes("Failed", "ExitedNonZero");
        assert_eq!(status["runNumber"], 1, "an edit of the policy is no new run");
    });
}

#[test]
fn backoff_counts_from_the_failure_and_not_from_the_start() {
    in_namespace("counted", |space| {
        let job = space.job("pi", on_failure(json!({"backoff": "4s"})));
        let driver = job.driver(1);
        driver.runs();
        job.becomes("Running", "DriverRunning");
        std::thread::sleep(Duration::from_secs(5)); // longer than the backoff
        let failed = std::time::Instant::now();
        driver.reports(1, "ExitedNonZero", "it failed");
        job.driver(2);
        assert!(failed.elapsed() > Duration::from_secs(2), "{:?}", failed.elapsed());
    });
}

#[test]
fn a_stretch_of_health_forgets_the_failures_before_it() {
    in_namespace("health", |space| {
        let job = space.job("pi", on_failure(json!({"maxRestarts": 1, "resetAfter": "2s"})));
        for attempt in 1..=3 {
            let driver = job.driver(attempt);
            driver.runs();
            std::thread::sleep(Duration::from_secs(3));
            driver.reports(1, "ExitedNonZero", "it failed");
        }
        let status = job.wait_until("has tried thrice", |status| status["attempt"] == 4);
        assert_eq!(status["restarts"], 1);
    });
}

#[test]
fn retention_keeps_the_pods_that_it_says() {
    in_namespace("kept", |space| {
        let with = |pods: &str| json!({"restart": {"policy": "OnFailure", "backoff": "1s"}, "retention": {"pods": pods, "attempts": 2}});
        let jobs: Vec<_> = ["Always", "OnFailure", "Never"]
            .map(|pods| space.job(&pods.to_lowercase(), with(pods)))
            .into_iter()
            .collect();
        for job in &jobs {
            fail(job, 1, 3);
            job.driver(4).runs().reports(0, "Completed", "");
            let status = job.becomes("Succeeded", "Completed");
            let told: Vec<_> =
                status["attempts"].as_array().unwrap().iter().map(|it| it["attempt"].clone()).collect();
            assert_eq!(told, [3, 4]);
        }
        let expected = ["always-driver-3", "always-driver-4", "onfailure-driver-3"];
        let kept = crate::job::eventually(|| Some(space.names("pods")).filter(|names| names == &expected));
        assert!(kept.is_some(), "{:?}", space.names("pods"));
    });
}
