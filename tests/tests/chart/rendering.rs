//! What the chart renders, and which values it refuses.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{Outcome, chart, control_plane, only, render, rendered, repository};

/// Settings that are refused, and what the refusal names.
const REFUSED: [(&str, &str); 20] = [
    ("replica=3", "'replica' not allowed"),
    ("image.repo=x", "'repo' not allowed"),
    ("image.pullPolicy=Sometimes", "/image/pullPolicy"),
    ("image.digest=sha256:abc", "/image/digest"),
    ("replicas=0", "/replicas"),
    ("replicas=two", "/replicas"),
    ("watch.namespace=a", "'namespace' not allowed"),
    ("watch.namespaces={A}", "/watch/namespaces/0"),
    ("watch.namespaces=a", "/watch/namespaces"),
    ("watch.namespaces={a,a}", "/watch/namespaces"),
    ("jobs.driver.memory=2048", "/jobs/driver/memory"),
    ("jobs.driver.memory=2x", "/jobs/driver/memory"),
    ("jobs.driver.core=2", "'core' not allowed"),
    ("jobs.conf.spark\\.cores\\.max=4", "/jobs/conf/spark.cores.max"),
    ("log.level=debug", "'level' not allowed"),
    ("leaderElection.leaseDuration=1d", "/leaderElection/leaseDuration"),
    ("crds.instal=false", "'instal' not allowed"),
    ("metrics.serviceMonitor.enable=true", "'enable' not allowed"),
    ("runAsUser=0", "/runAsUser"),
    ("resources.request.cpu=1", "'request' not allowed"),
];

#[test]
fn helm_finds_nothing_to_complain_about() {
    control_plane().helm(["lint", "--strict", &chart()]).unwrap();
}

#[test]
fn a_value_that_is_misspelt_or_impossible_is_refused_by_name() {
    for (setting, named) in REFUSED {
        let refusal = render(&["--set", setting]).expect_err(setting).to_string();
        assert!(refusal.contains(named), "{setting}: {refusal}");
    }
}

#[test]
fn names_and_a_selector_of_namespaces_exclude_each_other() {
    let refusal = render(&["--set=watch.namespaces={a}", "--set=watch.namespaceSelector=b=c"]).unwrap_err();
    assert!(refusal.to_string().contains("set one of them"), "{refusal}");
}

/// The operator's environment, by name.
fn environment(options: &[&str]) -> Outcome<Vec<(String, Value)>> {
    let objects = rendered(options)?;
    let container = &only(&objects, "Deployment")?["spec"]["template"]["spec"]["containers"][0];
    let variables = container["env"].as_array().ok_or("no env")?;
    let name = |variable: &Value| variable["name"].as_str().unwrap_or_default().to_owned();
    Ok(variables.iter().map(|variable| (name(variable), variable["value"].clone())).collect())
}

#[test]
fn every_variable_is_one_that_the_operator_reads() {
    let source = std::fs::read_to_string(repository("operator/src/controller/args.rs")).unwrap();
    let read: BTreeSet<&str> =
        source.split("env = \"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    assert!(read.len() > 10, "{read:?}");

    let everything = ["--set=jobs.image=a:1,jobs.conf.a=b", "--set=watch.namespaces={a}"];
    let mut set = environment(&everything).unwrap();
    set.extend(environment(&["--set=watch.namespaceSelector=a"]).unwrap());
    let set: BTreeSet<&str> = set.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(set.difference(&read).collect::<Vec<_>>(), Vec::<&&str>::new(), "not read by the operator");
    // Fixed by the chart's port, and by the file that takes the filter's place.
    assert_eq!(
        read.difference(&set).collect::<Vec<_>>(),
        [&"LCMAP_LISTEN", &"LCMAP_LOG"],
        "not set by the chart"
    );
}

#[test]
fn properties_reach_the_operator_one_a_line_whatever_is_in_them() {
    let options = [r#"--set-json=jobs.conf={"spark.b":"x=1, \"y\": '#'","spark.a":" "}"#];
    let environment = environment(&options).unwrap();
    let conf = environment.iter().find(|(name, _)| name == "LCMAP_CONF").unwrap();
    assert_eq!(conf.1, "spark.a= \nspark.b=x=1, \"y\": '#'");
}

#[test]
fn another_log_filter_restarts_nothing() {
    let pods = |filter: &str| only(&rendered(&[filter]).unwrap(), "Deployment").unwrap()["spec"].clone();
    assert_eq!(pods("--set=log.filter=info"), pods("--set=log.filter=debug"));
    let objects = rendered(&["--set=log.filter=debug"]).unwrap();
    assert_eq!(only(&objects, "ConfigMap").unwrap()["data"]["log-filter"], "debug");
}

#[test]
fn with_named_namespaces_the_operator_has_no_right_in_the_cluster() {
    let objects = rendered(&["--set=watch.namespaces={a,b}"]).unwrap();
    assert!(objects.iter().all(|object| object["kind"] != "ClusterRoleBinding"));
    let roles = objects.iter().filter(|object| object["kind"] == "Role");
    let namespaces: Vec<&Value> = roles.map(|role| &role["metadata"]["namespace"]).collect();
    assert_eq!(namespaces, ["a", "b", "lcmap-spark"], "the last for the Lease alone");
}

#[test]
fn the_rights_are_the_same_wherever_they_are_granted() {
    let everywhere = rendered(&["--set=rbac.aggregateRoles=false"]).unwrap();
    let chosen = rendered(&["--set=watch.namespaces={a}"]).unwrap();
    let role =
        chosen.iter().find(|object| object["kind"] == "Role" && object["metadata"]["namespace"] == "a");
    assert_eq!(role.unwrap()["rules"], only(&everywhere, "ClusterRole").unwrap()["rules"]);

    let selected = rendered(&["--set=watch.namespaceSelector=a", "--set=rbac.aggregateRoles=false"]).unwrap();
    let rules = &only(&selected, "ClusterRole").unwrap()["rules"];
    assert_eq!(rules.as_array().unwrap().last().unwrap()["resources"], serde_json::json!(["namespaces"]));
}

#[test]
fn a_single_operator_has_no_disruption_budget_that_would_block_every_drain() {
    let objects = rendered(&["--set=replicas=1"]).unwrap();
    assert!(only(&objects, "PodDisruptionBudget").is_err());
}
