//! Two operators at once: one acts, and it knows when it must not.

use std::{
    thread,
    time::{Duration, Instant},
};

use nix::sys::signal::Signal;
use serde_json::json;

use crate::{bed::shared, driver::after, job::eventually, requests::Request, rights};

const HOUR: i64 = 3600;

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
        // A replica that begins to lead lists anew. The API server records the list that this cuts off as 500.
        let is_refused = |request: &Request| (400..500).contains(&request.code);
        assert!(!space.requests().iter().any(is_refused), "{:#?}", space.requests());
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

#[test]
fn a_leader_that_is_cut_off_stops_acting_before_another_leads() {
    shared().in_namespace("cut-off", |space| {
        let user = format!("cut-off-{}", space.name);
        let kubeconfig = rights::grant_all_but(&space.bed.plane, &user, |_| {});
        let (link, through) = space.bed.plane.link(&kubeconfig).unwrap();
        let cut_off = space.bed.plane.operator(&through).arg(format!("--namespace={}", space.name));
        let cut_off = cut_off.arg(format!("--lease-name={}", space.name)).start().unwrap();
        cut_off.wait_until_leads().unwrap();
        let job = space.job("pi", json!({}));
        job.driver(1).runs();
        job.becomes("Running", "DriverRunning");
        let next = space.operator().start().unwrap();
        next.wait_until_ready().unwrap();

        link.cut();
        let late = space.job("late", json!({}));
        eventually(|| (next.metric("lcmap_spark_leader").unwrap() == 1).then_some(())).unwrap();
        assert_eq!(cut_off.metric("lcmap_spark_leader").unwrap(), 0);
        assert_eq!(cut_off.ask("/livez").unwrap().0, 200, "a network that is down is no reason to restart");
        late.driver(1).runs().ends(0);
        late.becomes("Succeeded", "Completed");
        job.driver(1).ends(0);
        job.becomes("Succeeded", "Completed");

        link.mend();
        next.terminate().unwrap();
        cut_off.wait_until_leads().unwrap();
        let third = space.job("third", json!({}));
        third.driver(1).runs().ends(0);
        third.becomes("Succeeded", "Completed");
        for job in [&job, &late] {
            assert_eq!(job.status()["attempt"], 1, "{:#}", job.status());
        }
    });
}

#[test]
fn a_clock_that_is_set_takes_the_lead_from_nobody() {
    shared().in_namespace("clocks", |space| {
        // A term so long that a busy machine does not end it.
        let start = || space.operator().with_clock().unwrap().arg("--lease-duration=9s").start().unwrap();
        let leader = start();
        leader.wait_until_leads().unwrap();
        let follower = start();
        follower.wait_until_ready().unwrap();
        // Each clock goes forward and back.
        for (of_the_leader, of_the_follower) in [(HOUR, -HOUR), (-HOUR, HOUR)] {
            leader.set_clock(of_the_leader).unwrap();
            follower.set_clock(of_the_follower).unwrap();
            let term_is_over = Instant::now() + Duration::from_secs(10);
            while Instant::now() < term_is_over {
                thread::sleep(Duration::from_millis(300));
                let leads = [&leader, &follower].map(|it| it.metric("lcmap_spark_leader").unwrap());
                assert_eq!(leads, [1, 0], "{of_the_leader} {of_the_follower}");
            }
        }
    });
}

#[test]
fn a_job_goes_its_way_though_the_clock_is_set() {
    shared().in_namespace("set-back", |space| {
        let operator = space.operator().with_clock().unwrap().start().unwrap();
        operator.set_clock(HOUR).unwrap();
        operator.wait_until_leads().unwrap();
        let job = space.job(
            "pi",
            json!({"restart": {"policy": "OnFailure", "backoff": "2s", "backoffMax": "4s"}, "activeDeadline": "2h", "startTimeout": "2h"}),
        );
        // The backoff counts from the end as the node's clock has it: by the clock that was right, it would be over.
        job.driver(1).runs().ends_with(1, json!({"finishedAt": after(HOUR)}));
        job.becomes("Pending", "BackingOff");
        operator.set_clock(0).unwrap();
        job.driver(2).runs().ends(0);
        let status = job.becomes("Succeeded", "Completed");
        assert!(status["duration"].is_string(), "{status:#}");
    });
}
