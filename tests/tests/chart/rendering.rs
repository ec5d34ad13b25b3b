//! What the chart renders, and which values it refuses.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{Outcome, chart, control_plane, only, render, rendered, repository};

/// Settings that are refused, and what the refusal names.
const REFUSED: [(&str, &str); 27] = [
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
    ("mesos.master=m:5050", "/mesos/master"),
    ("mesos.master=mesos://zk://user:secret@z:2181/mesos", "/mesos/master"),
    ("mesos.identities[0].master=mesos://zk://user:secret@z:2181/mesos", "/mesos/identities/0/master"),
    ("mesos.certificates.verify=Some", "/mesos/certificates/verify"),
    ("mesos.identities[0].credentialsSecretName=a", "missing property 'master'"),
    ("mesos.identities[0].principal=a", "'principal' not allowed"),
    ("mesos.abandonAfter=1d", "/mesos/abandonAfter"),
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
    let parts = [
        "operator/src/controller/args.rs",
        "operator/src/controller/mesos/args.rs",
        "operator/src/mesos/defaults.rs",
    ];
    let source: String = parts.map(|part| std::fs::read_to_string(repository(part)).unwrap()).concat();
    let read: BTreeSet<&str> =
        source.split("env = \"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    assert!(read.len() > 10, "{read:?}");

    let everything = [
        "--set=jobs.image=a:1,jobs.conf.a=b",
        "--set=watch.namespaces={a}",
        "--set=mesos.master=mesos://m:5050,mesos.role=r,mesos.user=u,mesos.credentialsSecretName=c,mesos.cluster=x",
        "--set=mesos.certificates.secretName=s,mesos.certificates.serverName=n,mesos.totalCores=1",
        "--set=mesos.maxTotalCores=2,mesos.readJobSecrets=true,mesos.identities[0].master=mesos://m:5050",
    ];
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

#[test]
fn each_identity_on_a_mesos_has_its_secrets_mounted_where_the_operator_looks_for_them() {
    let options = [
        "--set=mesos.identities[0].master=mesos://a:5050,mesos.identities[0].credentialsSecretName=who",
        "--set=mesos.identities[1].master=mesos://b:5050,mesos.identities[1].certificates.secretName=keys",
        "--set=mesos.identities[1].certificates.verify=Chain,mesos.identities[1].certificates.serverName=mesos",
    ];
    let objects = rendered(&options).unwrap();
    let list =
        only(&objects, "ConfigMap").unwrap()["data"]["mesos-identities.json"].as_str().unwrap().to_owned();
    let list: Value = serde_json::from_str(&list).unwrap();
    let verification = serde_json::json!({"verify": "Chain", "serverName": "mesos"});
    assert_eq!(
        list,
        serde_json::json!([
            {"master": "mesos://a:5050", "credentials": "/etc/lcmap-spark-mesos/0/credentials"},
            {"master": "mesos://b:5050", "certificates": "/etc/lcmap-spark-mesos/1/certificates",
                "verification": verification},
        ])
    );
    let pod = only(&objects, "Deployment").unwrap()["spec"]["template"]["spec"].clone();
    for (secret, path) in [("who", &list[0]["credentials"]), ("keys", &list[1]["certificates"])] {
        let volumes = pod["volumes"].as_array().unwrap();
        let volume = volumes.iter().find(|volume| volume["secret"]["secretName"] == secret).unwrap();
        let mounts = pod["containers"][0]["volumeMounts"].as_array().unwrap();
        assert!(
            mounts.iter().any(|mount| mount["name"] == volume["name"] && mount["mountPath"] == *path),
            "{secret}"
        );
    }
}

#[test]
fn no_secret_is_read_unless_the_chart_lets_the_operator() {
    let may_read = |options: &[&str]| {
        let role = only(&rendered(options).unwrap(), "ClusterRole").unwrap()["rules"].clone();
        let is_it = |rule: &&Value| rule["resources"].as_array().unwrap().contains(&"secrets".into());
        let verbs =
            role.as_array().unwrap().iter().filter(is_it).flat_map(|rule| rule["verbs"].as_array().unwrap());
        verbs.map(|verb| verb.as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let alone = "--set=rbac.aggregateRoles=false";
    assert_eq!(may_read(&[alone]), ["create"]);
    assert_eq!(may_read(&[alone, "--set=mesos.readJobSecrets=true"]), ["create", "get"]);
}
