//! What the operator may do: exactly what the chart grants.

use std::{collections::BTreeSet, path::PathBuf, time::Duration};

use lcmap_spark_tests::kubernetes::ControlPlane;
use serde_json::{Value, json};

use crate::{
    bed::{Bed, repository},
    driver::{container, now},
    job::eventually,
    requests::Request,
    space::Space,
};

/// The service account that the chart grants rights to, as a user.
pub(crate) const USER: &str = "system:serviceaccount:default:lcmap-spark";

/// Grants what the chart does, to an operator of namespaces with labels, which needs most.
pub(crate) fn grant(plane: &ControlPlane) {
    let chart = repository("charts/lcmap-spark").display().to_string();
    let rules = plane.helm([
        "template",
        "lcmap-spark",
        &chart,
        "--namespace=default",
        "--show-only=templates/rbac.yaml",
        "--set-string=watch.namespaceSelector=any=any",
    ]);
    plane.kubectl_with_input(["apply", "-f", "-"], &rules.unwrap()).unwrap();
}

/// Grants `user` all that the operator may, after `change` was made to each rule. Answers a kubeconfig.
pub(crate) fn grant_all_but(plane: &ControlPlane, user: &str, change: impl FnMut(&mut Value)) -> PathBuf {
    let role = plane.kubectl(["get", "clusterrole", "lcmap-spark", "-o", "json"]).unwrap();
    let mut rules = serde_json::from_str::<Value>(&role).unwrap()["rules"].take();
    let rules_left = rules.as_array_mut().unwrap();
    rules_left.iter_mut().for_each(change);
    rules_left.retain(|rule| rule["verbs"] != json!([]));
    let api = "rbac.authorization.k8s.io";
    let subjects = json!([{"apiGroup": api, "kind": "User", "name": user}]);
    let lead = json!({"apiGroup": api, "kind": "Role", "name": "lcmap-spark-leader"});
    let work = json!({"apiGroup": api, "kind": "ClusterRole", "name": user});
    let version = format!("{api}/v1");
    let objects = json!({"apiVersion": "v1", "kind": "List", "items": [
        {"apiVersion": version, "kind": "ClusterRole", "metadata": {"name": user}, "rules": rules},
        {"apiVersion": version, "kind": "ClusterRoleBinding", "metadata": {"name": user},
            "roleRef": work, "subjects": subjects},
        {"apiVersion": version, "kind": "RoleBinding", "metadata": {"name": user, "namespace": "default"},
            "roleRef": lead, "subjects": subjects},
    ]});
    plane.kubectl_with_input(["apply", "-f", "-"], &objects.to_string()).unwrap();
    plane.kubeconfig_for(user, None).unwrap()
}

/// Verbs on resources, such as `create pods`.
type Rights = BTreeSet<String>;

fn granted(plane: &ControlPlane) -> Rights {
    let mut rights = Rights::new();
    for role in ["clusterrole/lcmap-spark", "role/lcmap-spark-leader"] {
        let role = plane.kubectl(["get", role, "-o", "json"]).unwrap();
        let role: Value = serde_json::from_str(&role).unwrap();
        for rule in role["rules"].as_array().unwrap() {
            let words = |list: &Value| -> Vec<String> { serde_json::from_value(list.clone()).unwrap() };
            for resource in words(&rule["resources"]) {
                rights.extend(words(&rule["verbs"]).iter().map(|verb| format!("{verb} {resource}")));
            }
        }
    }
    rights
}

fn used(bed: &Bed) -> Rights {
    let log = bed.plane.audit_log().unwrap();
    let requests = Request::read(&log).filter(|request| request.user == USER);
    requests.map(|request| format!("{} {}", request.verb, request.resource)).collect()
}

/// A notebook whose driver is lost, so that its second attempt finds its Service there.
fn a_notebook_that_is_lost(space: &Space) {
    let storage = json!({"size": "1Gi"});
    let restart = json!({"policy": "Always", "backoff": "1s"});
    let job = space.job("nb", json!({"run": {"notebook": {"storage": storage}}, "restart": restart}));
    job.driver(1).runs();
    job.becomes("Running", "NotebookReady");
    job.driver(1).vanishes();
    job.driver(2);
}

/// A job that is suspended twice, for the same words, and goes when its time is over.
fn a_job_that_is_suspended_twice_and_goes(space: &Space) {
    let job = space.job("pi", json!({"ttlAfterFinished": "1s"}));
    for attempt in 1..=2 {
        job.driver(attempt).runs();
        job.becomes("Running", "DriverRunning");
        job.edit(json!({"suspend": true}));
        job.driver(attempt).stops_when_asked();
        job.becomes("Suspended", "Suspended");
        job.edit(json!({"suspend": false}));
    }
    job.driver(3).runs().ends(0);
    job.wait_until_gone();
}

/// A job that is kept until its frameworks are gone.
fn a_distributed_job(space: &Space) {
    let job = space.job("far", json!({"mode": "Distributed", "mesos": {"master": "mesos://127.0.0.1:1"}}));
    job.driver(1).runs();
    job.becomes("Connecting", "MesosUnreachable");
}

/// A job that somebody else writes too, until a write of the operator's comes too late.
fn a_job_that_is_raced_for(space: &Space) {
    let job = space.job("raced", json!({"pod": {"spec": {"initContainers": [{"name": "a", "image": "x"}]}}}));
    let driver = job.driver(1);
    driver.is_bound();
    let raced = (0..500).any(|i| {
        let word = ["ErrImagePull", "CreateContainerError"][i % 2];
        let state = json!({"waiting": {"reason": word, "message": now()}});
        driver.shows(&json!({"initContainerStatuses": [container("a", false, state)]}));
        (0..5).for_each(|n| job.annotate("bed.test/note", &format!("{i}.{n}")));
        i % 10 == 0 && used(space.bed).contains("get sparkjobs")
    });
    assert!(raced, "no write came too late");
}

#[test]
fn the_operator_uses_every_right_that_the_chart_grants_and_lacks_none() {
    let bed = Bed::start(&[]);
    bed.plane.kubectl(["create", "serviceaccount", "default"]).unwrap();
    bed.plane.kubectl(["label", "namespace", "default", "any=any"]).unwrap();
    let operator = bed.operator().arg("--namespace-selector=any=any").start().unwrap();
    operator.wait_until_leads().unwrap();
    let space = bed.space("default");
    let slow = space.job("slow", json!({}));
    slow.driver(1).is_bound().waits("ContainerCreating", "");
    a_notebook_that_is_lost(&space);
    a_job_that_is_suspended_twice_and_goes(&space);
    a_distributed_job(&space);
    a_job_that_is_raced_for(&space);
    eventually(|| used(&bed).contains("list events").then_some(())).unwrap();
    std::thread::sleep(Duration::from_secs(1));
    operator.terminate().unwrap();

    let unused: Vec<_> = granted(&bed.plane).difference(&used(&bed)).cloned().collect();
    // What only clusters ask for that check who may block the deletion of an owner: it is no request of its own.
    assert_eq!(unused, ["update sparkjobs/finalizers"], "granted and never used");
    let refused: Vec<_> = bed.requests().into_iter().filter(|request| request.code == 403).collect();
    assert!(refused.is_empty(), "{refused:#?}");
}
