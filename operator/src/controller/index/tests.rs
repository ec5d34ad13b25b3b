//! What is known of jobs and pods, whatever order it is heard in.

use serde_json::{Value, json};

use super::*;

fn job(uid: &str, version: &str) -> WatchedJob {
    let metadata = json!({"name": "pi", "namespace": "ns", "uid": uid, "resourceVersion": version});
    read(&json!({"metadata": metadata, "spec": {}}))
}

fn pod(uid: &str, version: &str) -> WatchedPod {
    let labels = json!({"lcmap.usgs.gov/job": "pi", "lcmap.usgs.gov/attempt": "1"});
    let metadata = json!({"name": "pi-driver-1", "namespace": "ns", "uid": uid, "resourceVersion": version, "labels": labels});
    read(&json!({"metadata": metadata}))
}

fn read<T: serde::de::DeserializeOwned>(object: &Value) -> T {
    serde_json::from_str(&object.to_string()).unwrap()
}

fn key() -> JobKey {
    JobKey { namespace: "ns".into(), name: "pi".into() }
}

#[test]
fn an_older_version_never_takes_the_place_of_a_newer_one() {
    let index = Index::default();
    assert!(index.put_job(job("a", "10")).is_some());
    assert!(index.put_job(job("a", "9")).is_none());
    assert_eq!(index.snapshot(&key()).unwrap().job.version(), "10");
}

#[test]
fn versions_that_are_no_numbers_count_as_they_are_heard() {
    let index = Index::default();
    for (version, is_news) in [("b", true), ("a", true), ("a", false), ("7", true)] {
        assert_eq!(index.put_job(job("u", version)).is_some(), is_news, "{version}");
        assert_eq!(index.put_pod(pod("p", version)).is_some(), is_news, "{version}");
    }
}

#[test]
fn an_answer_is_believed_over_what_was_known_before_it_was_asked_for() {
    let index = Index::default();
    index.put_job(job("a", "1000"));
    index.put_pod(pod("p", "1000"));
    let asked = index.moment();
    assert_eq!(index.answer_job(job("a", "500"), asked), Heard::Older(Lane::Finishing));
    assert!(index.answer_pod(pod("p", "500"), asked).is_some());
    let snapshot = index.snapshot(&key()).unwrap();
    assert_eq!((snapshot.job.version(), snapshot.pods[0].version()), ("500", "500"));
}

#[test]
fn an_answer_that_was_overtaken_on_its_way_is_not_believed() {
    let index = Index::default();
    index.put_job(job("a", "10"));
    index.put_pod(pod("p", "10"));
    let asked = index.moment();
    index.put_job(job("a", "12"));
    index.put_pod(pod("p", "12"));
    assert_eq!(index.answer_job(job("a", "11"), asked), Heard::Nothing);
    assert!(index.answer_pod(pod("p", "11"), asked).is_none());
    index.remove_job(&key(), "a");
    assert_eq!(index.answer_job(job("a", "13"), asked), Heard::Nothing, "it has gone since");
}

#[test]
fn what_was_gone_is_there_again_if_the_server_lists_it_after_a_restore() {
    let index = Index::default();
    index.put_job(job("a", "1000"));
    index.put_pod(pod("p", "1000"));
    index.remove_pod(&key(), "p");
    index.remove_job(&key(), "a");
    let asked = index.moment();
    assert_ne!(index.answer_job(job("a", "500"), asked), Heard::Nothing);
    assert!(index.answer_pod(pod("p", "500"), asked).is_some());
    assert!(index.put_job(job("a", "501")).is_some(), "and goes on from there");
}

#[test]
fn the_late_answer_for_a_deleted_job_does_not_hide_its_successor() {
    let index = Index::default();
    index.put_job(job("first", "10"));
    index.remove_job(&key(), "first");
    index.put_job(job("second", "20"));
    assert!(index.put_job(job("first", "15")).is_none());
    assert_eq!(index.snapshot(&key()).unwrap().job.uid(), "second");
}

#[test]
fn what_is_gone_does_not_come_back_by_an_answer_that_was_overtaken() {
    let index = Index::default();
    index.put_job(job("a", "1"));
    index.put_pod(pod("p", "2"));
    index.remove_pod(&key(), "p");
    assert!(index.put_pod(pod("p", "2")).is_none());
    index.remove_job(&key(), "a");
    assert!(index.put_job(job("a", "3")).is_none());
    assert!(index.snapshot(&key()).is_none());
}

/// A job at its second attempt.
fn at_phase(phase: &str, version: &str) -> WatchedJob {
    let metadata = json!({"name": "pi", "namespace": "ns", "uid": "a", "resourceVersion": version});
    read(&json!({"metadata": metadata, "spec": {}, "status": {"phase": phase, "attempt": 2}}))
}

fn pod_of(attempt: &str, phase: &str, owner: &str) -> WatchedPod {
    let labels = json!({"lcmap.usgs.gov/job": "pi", "lcmap.usgs.gov/attempt": attempt});
    let owner = json!({"apiVersion": "lcmap.usgs.gov/v1alpha1", "kind": "SparkJob", "name": "pi", "uid": owner, "controller": true});
    let metadata = json!({"name": "d", "namespace": "ns", "uid": "p", "resourceVersion": "2", "labels": labels, "ownerReferences": [owner]});
    read(&json!({"metadata": metadata, "status": {"phase": phase}}))
}

#[test]
fn how_a_driver_ended_is_known_after_its_pod_until_the_status_tells_it() {
    for (pod, phase, is_known) in [
        (pod_of("2", "Succeeded", "another"), "Releasing", false),
        (pod_of("2", "Succeeded", "a"), "Releasing", true),
        (pod_of("2", "Failed", "a"), "Running", true),
        (pod_of("2", "Running", "a"), "Running", false),
        (pod_of("1", "Succeeded", "a"), "Running", false),
        (pod_of("2", "Succeeded", "a"), "Suspended", false),
        (pod_of("2", "Succeeded", "a"), "Succeeded", false),
    ] {
        for by_a_new_list in [false, true] {
            let index = Index::default();
            index.put_job(at_phase(phase, "1"));
            index.put_pod(pod.clone());
            if by_a_new_list {
                assert_eq!(index.retain_pods(None, &HashSet::new()), [key()]);
            } else {
                index.remove_pod(&key(), "p");
            }
            let snapshot = index.snapshot(&key()).unwrap();
            assert_eq!(snapshot.own_pods().count(), 0);
            assert_eq!(snapshot.last_word("p").is_some(), is_known, "{pod:?}, {phase}");
            assert!(snapshot.last_word("another").is_none());
            index.put_job(at_phase("Suspended", "3"));
            assert!(index.snapshot(&key()).unwrap().last_word("p").is_none());
        }
    }
}

#[test]
fn a_new_list_takes_away_what_it_does_not_have_within_its_range() {
    let index = Index::default();
    index.put_job(job("a", "1"));
    assert!(index.retain_jobs(Some("other"), &HashSet::new()).is_empty());
    assert_eq!(index.retain_jobs(Some("ns"), &HashSet::new()), [key()]);
}

#[test]
fn what_an_attempt_left_is_swept_once_nobody_else_asks_for_it() {
    for (phase, current, attempt, is_over) in [
        ("Running", 2, 1, true),
        ("Running", 2, 2, false),
        ("Pending", 2, 2, false),
        ("Releasing", 2, 2, false),
        ("Suspended", 2, 2, true),
        ("Succeeded", 2, 2, true),
        ("Failed", 2, 2, true),
        ("Failed", 2, 3, false),
    ] {
        let index = Index::default();
        let metadata = json!({"name": "pi", "namespace": "ns", "uid": "a", "resourceVersion": "1"});
        let status = json!({"phase": phase, "attempt": current});
        index.put_job(read(&json!({"metadata": metadata, "spec": {}, "status": status})));
        assert_eq!(index.is_over(&key(), "a", attempt), Some(is_over), "{attempt} of {current}, {phase}");
        assert_eq!(index.is_over(&key(), "another", attempt), None, "of a job that is not known");
    }
}

/// A job that was created 3,600 s ago, of which each condition turned so many seconds ago.
fn of_a_phase(phase: &str, turned: &[(&str, &str, i64)]) -> WatchedJob {
    let ago = |seconds: i64| (Timestamp::now() - SignedDuration::from_secs(seconds)).to_string();
    let condition = |(type_, status, seconds): &(&str, &str, i64)| json!({"type": type_, "status": status, "lastTransitionTime": ago(*seconds), "reason": "Starting"});
    let conditions: Vec<_> = turned.iter().map(condition).collect();
    let metadata = json!({"name": "pi", "namespace": "ns", "uid": "a", "resourceVersion": "1", "creationTimestamp": ago(3600)});
    read(&json!({"metadata": metadata, "spec": {}, "status": {"phase": phase, "conditions": conditions}}))
}

#[test]
fn a_job_waits_since_it_was_last_running_or_at_rest() {
    let (ready, on_its_way) = (("DriverReady", "False", 3600), ("Reconciling", "True", 3600));
    for (phase, turned, waited) in [
        ("Pending", &[][..], Some(3600)),
        ("Pending", &[ready, on_its_way], Some(3600)),
        ("Connecting", &[ready, on_its_way], Some(3600)),
        ("Requesting", &[ready, on_its_way], Some(3600)),
        ("Releasing", &[("DriverReady", "False", 5), ("Reconciling", "True", 5)], Some(5)),
        ("Pending", &[ready, ("Reconciling", "True", 7)], Some(7)),
        ("Pending", &[ready, ("Finished", "False", 9), ("Stalled", "True", 3600)], Some(9)),
        ("Running", &[("DriverReady", "True", 5)], None),
        ("Suspended", &[ready], None),
        ("Failed", &[ready, ("Finished", "True", 5)], None),
    ] {
        let index = Index::default();
        index.put_job(of_a_phase(phase, turned));
        let oldest = index.count().oldest_waiting.map(|it| it.as_secs());
        let is_it = oldest.zip(waited).is_some_and(|(oldest, waited)| (waited..waited + 5).contains(&oldest));
        assert!(is_it || oldest.is_none() && waited.is_none(), "{phase}, {turned:?}: {oldest:?}");
    }
}

#[test]
fn the_certificate_of_a_driver_that_is_over_alarms_nobody() {
    for (phase, status, expiring) in [
        ("Running", "False", 1),
        ("Running", "Unknown", 0),
        ("Running", "True", 0),
        ("Suspended", "False", 0),
        ("Failed", "False", 0),
    ] {
        let index = Index::default();
        index.put_job(of_a_phase(phase, &[("CertificatesValid", status, 5)]));
        assert_eq!(index.count().expiring, expiring, "{phase}, {status}");
    }
}

#[test]
fn a_driver_on_its_nodes_network_is_asked_where_its_status_tells() {
    let ui = |told: &str| {
        let index = Index::default();
        let metadata = json!({"name": "pi", "namespace": "ns", "uid": "a", "resourceVersion": "1"});
        index.put_job(read(&json!({"metadata": metadata, "spec": {}, "status": {"uiUrl": told}})));
        let labels = json!({"lcmap.usgs.gov/job": "pi", "lcmap.usgs.gov/attempt": "1"});
        let metadata = json!({"name": "pi-driver-1", "namespace": "ns", "uid": "p", "resourceVersion": "1", "labels": labels});
        let status = json!({"phase": "Running", "podIP": "10.1.2.3"});
        index.put_pod(read(
            &json!({"metadata": metadata, "spec": {"containers": [{"name": "driver"}]}, "status": status}),
        ));
        index.uis().into_iter().map(|ui| ui.address.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(ui("http://10.1.2.3:4041"), ["10.1.2.3:4041"]);
    assert!(ui("http://10.1.2.4:4041").is_empty(), "at another's address");
}
