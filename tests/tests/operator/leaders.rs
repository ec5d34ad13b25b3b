//! Two operators at once: one acts, and it knows when it must not.

use std::{
    thread,
    time::{Duration, Instant},
};

use nix::sys::signal::Signal;
use serde_json::json;

use crate::{bed::shared, job::eventually, requests::Request, rights};

#[test]
fn of_two_operators_one_acts_and_both_are_ready() {
    shared().in_namespace("two", |space| {
        let (one, two) = (space.operator().start().unwrap(), space.operator().start().unwrap());
        for operator in [&one, &two] {
            operator.wait_until_ready().unwrap();
        }
        let job = space.job("pi", json!({}));
        job.driver(1).runs().ends(0);
        job.becomes("Succeeded", "Completed");
        let leads = |operator: &lcmap_spark_tests::kubernetes::Operator| {
            operator.metric("lcmap_spark_leader").unwrap()
        };
        assert_eq!(leads(&one) + leads(&two), 1);
        assert_eq!(space.created_pods(), ["pi-driver-1"]);
        assert!(space.requests().iter().all(|request| request.code < 400), "{:#?}", space.requests());
    });
}

#[test]
fn a_leader_that_is_asked_to_stop_lets_the_next_one_lead_at_once() {
    shared().in_namespace("handover", |space| {
        // So long that waiting for its end would show.
        let start = || space.operator().arg("--lease-duration=2m").start().unwrap();
        let leader = start();
        leader.wait_until_leads().unwrap();
        let follower = start();
        follower.wait_until_ready().unwrap();
        let asked = Instant::now();
        leader.terminate().unwrap();
        follower.wait_until_leads().unwrap();
        assert!(asked.elapsed() < Duration::from_secs(15), "{:?}", asked.elapsed());
        space.job("pi", json!({})).driver(1);
    });
}

#[test]
fn a_leader_that_is_killed_is_succeeded_when_its_lease_is_over() {
    shared().in_namespace("succession", |space| {
        let leader = space.operator().start().unwrap();
        leader.wait_until_leads().unwrap();
        let follower = space.operator().start().unwrap();
        follower.wait_until_ready().unwrap();
        leader.kill();
        space.job("pi", json!({})).driver(1);
    });
}

#[test]
fn a_leader_that_was_paused_for_longer_than_its_lease_does_not_write_when_it_goes_on() {
    shared().in_namespace("paused", |space| {
        let user = format!("paused-{}", space.name);
        let kubeconfig = rights::grant_all_but(&space.bed.plane, &user, |_| {});
        let paused = space.bed.plane.operator(&kubeconfig).arg(format!("--namespace={}", space.name));
        let paused = paused.arg(format!("--lease-name={}", space.name)).start().unwrap();
        paused.wait_until_leads().unwrap();
        let job = space.job("pi", json!({}));
        job.driver(1).runs();
        job.becomes("Running", "DriverRunning");

        paused.signal(Signal::SIGSTOP).unwrap();
        // What it will find to do when it goes on.
        job.edit(json!({"suspend": true}));
        let late = space.job("late", json!({}));
        let next = space.operator().start().unwrap();
        next.wait_until_leads().unwrap();
        late.driver(1);
        job.becomes("Releasing", "Suspended");
        let of_the_paused = || {
            let log = space.bed.plane.audit_log().unwrap();
            let wrote = |it: &Request| {
                it.user == user && ["create", "patch", "delete", "update"].contains(&&*it.verb)
            };
            let about = |it: &Request| it.resource != "leases" && it.resource != "events";
            Request::read(&log).filter(|it| wrote(it) && about(it)).count()
        };
        let before = of_the_paused();
        paused.signal(Signal::SIGCONT).unwrap();
        eventually(|| (paused.metric("lcmap_spark_leader").unwrap() == 0).then_some(())).unwrap();
        thread::sleep(Duration::from_secs(2));
        assert_eq!(of_the_paused(), before);
        assert_eq!(next.metric("lcmap_spark_leader").unwrap(), 1);
        job.driver(1).stops_when_asked();
        job.becomes("Suspended", "Suspended");
    });
}
