//! The operator dies at any moment, and a successor knows what to do.

use std::{collections::BTreeSet, thread, time::Duration};

use serde_json::{Value, json};

use crate::{
    bed::shared,
    driver::Driver,
    job::{Job, eventually},
    rights,
    space::Space,
};

/// How often it is killed.
const ROUNDS: u64 = 8;

/// Random enough, and the same each time.
fn random(seed: u64, below: u64) -> u64 {
    let mixed = seed.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    (mixed ^ (mixed >> 29)).wrapping_mul(0xBF58_476D_1CE4_E5B9) % below
}

/// Plays kubelet for every pod that is there: first attempts fail, later ones end well.
fn play(space: &Space) {
    for name in space.names("pods") {
        let driver = Driver::named(space, &name);
        let pod = driver.object();
        if pod["status"]["phase"] != "Pending" {
            continue;
        }
        if pod["spec"]["nodeName"].is_null() {
            driver.is_bound();
        }
        driver.ends(u8::from(driver.name.ends_with("-driver-1")));
    }
}

#[test]
fn an_operator_that_is_killed_again_and_again_makes_one_driver_for_each_attempt() {
    shared().in_namespace("killed", |space| {
        let restart = json!({"policy": "OnFailure", "backoff": "1s"});
        let create = |i: u64| space.job(&format!("job-{i}"), json!({"restart": restart.clone()}));
        let mut jobs: Vec<Job> = vec![];
        for round in 0..ROUNDS {
            jobs.extend((0..3).map(|i| create(round * 3 + i)));
            // A Lease for each, so that none waits for the one before.
            let lease = format!("--lease-name=killed-{round}");
            let operator =
                space.bed.operator().arg(format!("--namespace={}", space.name)).arg(lease).start().unwrap();
            operator.wait_until_leads().unwrap();
            play(space);
            thread::sleep(Duration::from_millis(random(round, 400)));
            operator.kill();
            play(space);
        }
        let last = space.operator().start().unwrap();
        let finished = eventually(|| {
            play(space);
            jobs.iter().all(|job| job.status()["phase"] == "Succeeded").then_some(())
        });
        assert!(finished.is_some(), "{:#?}", last.log());
        for job in &jobs {
            let status = job.status();
            assert_eq!((&status["attempt"], &status["restarts"]), (&json!(2), &json!(1)), "{status:#}");
        }
        // The log has no answer to a request whose sender was killed meanwhile, so that the pods count.
        let created = space.created_pods();
        assert_eq!(created.iter().collect::<BTreeSet<_>>().len(), created.len(), "{created:?}");
        assert_eq!(space.names("pods").len(), jobs.len() * 2);
    });
}

/// Runs an operator that may not do one thing until `until`, kills it, and gives its place to one that may.
fn without_the_right_to(space: &Space, (verb, resource): (&str, &str), until: impl Fn()) {
    let user = format!("crippled-{}", space.name);
    let spared = |rule: &mut Value| {
        if rule["resources"].as_array().unwrap().iter().any(|it| it == resource) {
            rule["verbs"].as_array_mut().unwrap().retain(|it| it != verb);
        }
    };
    let kubeconfig = rights::grant_all_but(&space.bed.plane, &user, spared);
    let operator = space.bed.plane.operator(&kubeconfig);
    let operator = operator
        .arg(format!("--namespace={}", space.name))
        .arg(format!("--lease-name={user}"))
        .start()
        .unwrap();
    operator.wait_until_leads().unwrap();
    until();
    let told =
        operator.wait_for_log(|line| line["error"].as_str().is_some_and(|error| error.contains("forbidden")));
    assert!(told.unwrap()["job"].is_string(), "the log names the job");
    operator.kill();
}

#[test]
fn a_driver_whose_creation_was_never_noted_is_adopted() {
    shared().in_namespace("adopted", |space| {
        let job = space.job("pi", json!({}));
        without_the_right_to(space, ("patch", "sparkjobs/status"), || {
            job.driver(1);
        });
        assert_eq!(job.status(), Value::Null);
        let _successor = space.operator().start().unwrap();
        job.driver(1).runs();
        job.becomes("Running", "DriverRunning");
        assert_eq!(space.names("pods"), ["pi-driver-1"]);
    });
}

#[test]
fn a_driver_that_ended_before_its_creation_was_noted_has_its_result() {
    shared().in_namespace("ended", |space| {
        let job =
            space.job("pi", json!({"restart": {"policy": "Always", "backoff": "1h", "backoffMax": "1h"}}));
        without_the_right_to(space, ("patch", "sparkjobs/status"), || {
            job.driver(1).runs().reports(0, "Completed", "");
        });
        let _successor = space.operator().start().unwrap();
        let status = job.becomes("Pending", "BackingOff");
        assert_eq!((&status["attempts"][0]["reason"], &status["attempt"]), (&json!("Completed"), &json!(2)));
    });
}

#[test]
fn a_stop_that_was_decided_on_is_carried_out_by_the_successor() {
    shared().in_namespace("stopped", |space| {
        let job = space.job("pi", json!({}));
        without_the_right_to(space, ("delete", "pods"), || {
            job.driver(1).runs();
            job.becomes("Running", "DriverRunning");
            job.edit(json!({"suspend": true}));
            job.becomes("Releasing", "Suspended");
        });
        assert!(job.driver(1).object()["metadata"]["deletionTimestamp"].is_null());
        let _successor = space.operator().start().unwrap();
        job.driver(1).stops_when_asked();
        job.becomes("Suspended", "Suspended");
    });
}

#[test]
fn a_restart_of_the_operator_restarts_and_rewrites_nothing() {
    shared().in_namespace("untouched", |space| {
        let first = space.operator().start().unwrap();
        let (lives, ended) = (space.job("lives", json!({})), space.job("ended", json!({})));
        lives.driver(1).runs();
        lives.becomes("Running", "DriverRunning");
        ended.driver(1).runs().ends(0);
        ended.becomes("Succeeded", "Completed");
        first.terminate().unwrap();
        let before = space.requests().len();
        let second = space.operator().start().unwrap();
        second.wait_until_leads().unwrap();
        lives.stays_as_it_is(Duration::from_secs(2));
        let writes: Vec<_> = space
            .requests()
            .split_off(before)
            .into_iter()
            .filter(|it| !["list", "watch"].contains(&&*it.verb))
            .collect();
        assert!(writes.is_empty(), "{writes:#?}");
    });
}
