//! The API server goes and comes, and is slow; the operator goes on without a restart of its own.

use std::{thread, time::Duration};

use serde_json::json;

use crate::bed::Bed;

#[test]
fn jobs_go_on_after_the_api_server_was_restarted() {
    let mut bed = Bed::start(&[]);
    bed.plane.kubectl(["create", "serviceaccount", "default"]).unwrap();
    let operator = bed.start_operator();
    {
        let space = bed.space("default");
        let job = space.job("running", json!({}));
        job.driver(1).runs();
        job.becomes("Running", "DriverRunning");
        space.job("ends-meanwhile", json!({})).driver(1).runs();
        space.known_job("ends-meanwhile").becomes("Running", "DriverRunning");
    }
    bed.plane.restart_api_server().unwrap();
    let space = bed.space("default");
    space.known_job("ends-meanwhile").driver(1).ends(0);
    space.known_job("ends-meanwhile").becomes("Succeeded", "Completed");
    space.known_job("running").driver(1).reports(0, "Completed", "");
    space.known_job("running").becomes("Succeeded", "Completed");
    let job = space.job("new", json!({}));
    job.driver(1).runs().ends(0);
    job.becomes("Succeeded", "Completed");
    assert_eq!(operator.ask("/livez").unwrap().0, 200);
    assert_eq!(space.created_pods().len(), 3);
    operator.terminate().unwrap();
}

#[test]
fn jobs_go_on_after_etcd_stood_still() {
    let bed = Bed::start(&[]);
    bed.plane.kubectl(["create", "serviceaccount", "default"]).unwrap();
    let operator = bed.start_operator();
    let space = bed.space("default");
    let jobs: Vec<_> = (0..10).map(|i| space.job(&format!("job-{i}"), json!({}))).collect();
    thread::scope(|scope| {
        let stall = scope.spawn(|| bed.plane.stall_etcd(Duration::from_secs(10)).unwrap());
        let mut has_led_throughout = true;
        while !stall.is_finished() {
            assert_eq!(operator.ask("/livez").unwrap().0, 200, "a slow API server is no reason to restart");
            has_led_throughout &= operator.metric("lcmap_spark_leader").unwrap() == 1;
            thread::sleep(Duration::from_millis(100));
        }
        assert!(!has_led_throughout, "its lease of 3 s is over");
    });
    for job in &jobs {
        job.driver(1).runs().ends(0);
        job.becomes("Succeeded", "Completed");
    }
    assert_eq!(space.created_pods().len(), jobs.len());
    operator.terminate().unwrap();
}

#[test]
fn a_watch_that_has_gone_stale_is_begun_anew() {
    let mut bed = Bed::start(&[]);
    bed.plane.kubectl(["create", "serviceaccount", "default"]).unwrap();
    let kubeconfig = bed.plane.kubeconfig_for(crate::rights::USER, None).unwrap();
    let (link, through) = bed.plane.link(&kubeconfig).unwrap();
    let operator = bed.plane.operator(&through).start().unwrap();
    operator.wait_until_leads().unwrap();
    let space = bed.space("default");
    for name in ["runs", "deleted"] {
        space.job(name, json!({})).driver(1).runs();
        space.known_job(name).becomes("Running", "DriverRunning");
    }
    // What it misses, and then a server that has no memory of it.
    let lists = |bed: &Bed| bed.requests().iter().filter(|it| it.is("list", "sparkjobs")).count();
    let listed = lists(&bed);
    link.cut();
    space.known_job("runs").driver(1).ends(0);
    space.known_job("deleted").driver(1).vanishes();
    space.known_job("deleted").delete();
    space.job("new", json!({}));
    bed.plane.restart_api_server().unwrap();
    link.mend();
    let space = bed.space("default");
    space.known_job("runs").becomes("Succeeded", "Completed");
    let new = space.known_job("new");
    new.driver(1).runs().ends(0);
    new.becomes("Succeeded", "Completed");
    // A watch that just broke off goes on where it was; only one that is too old takes a new list.
    assert!(lists(&bed) > listed, "the watch was not stale");
    let metrics = operator.ask("/metrics").unwrap().1;
    let jobs = metrics.lines().filter(|line| line.starts_with("lcmap_spark_jobs{")).collect::<Vec<_>>();
    assert!(jobs.iter().any(|line| line.contains("Succeeded") && line.ends_with(" 2")), "{jobs:?}");
    assert!(jobs.iter().all(|line| !line.contains("Running") || line.ends_with(" 0")), "{jobs:?}");
    operator.terminate().unwrap();
}
