//! What the kubelet, Prometheus and whoever reads the log are told.

use std::fs;

use lcmap_spark_tests::kubernetes::OperatorCommand;
use serde_json::json;

use crate::{
    bed::{Bed, definition, shared, with_operator},
    job::eventually,
};

#[test]
fn metrics_tell_where_jobs_stand_and_what_was_done() {
    with_operator("metrics", &[], |space, operator| {
        space.job("waits", json!({"image": null})).becomes("Pending", "ImageRequired");
        let job = space.job("pi", json!({}));
        job.driver(1).runs().ends(3);
        job.becomes("Failed", "ExitedNonZero");
        for (name, expected) in [
            (r#"lcmap_spark_jobs{phase="Failed"}"#, 1),
            (r#"lcmap_spark_jobs{phase="Pending"}"#, 1),
            (r#"lcmap_spark_stalled_jobs{reason="ImageRequired"}"#, 1),
            (r#"lcmap_spark_attempts_ended_total{reason="ExitedNonZero"}"#, 1),
            ("lcmap_spark_driver_pods_created_total", 1),
            ("lcmap_spark_leader", 1),
        ] {
            let seen = eventually(|| (operator.metric(name).unwrap() == expected).then_some(()));
            assert!(seen.is_some(), "{name}: {}", operator.ask("/metrics").unwrap().1);
        }
    });
}

#[test]
fn the_logs_filter_can_be_changed_while_the_operator_runs() {
    let file = shared().plane.folder().join("filter");
    let argument = format!("--log-filter-file={}", file.display());
    with_operator("filter", &[&argument], |space, operator| {
        space.job("one", json!({})).driver(1);
        let of_job = |name: &str| {
            let job = format!("{}/{name}", space.name);
            operator.log().unwrap().iter().any(|line| line["job"] == *job)
        };
        eventually(|| of_job("one").then_some(())).unwrap();
        fs::write(&file, "warn,lcmap_spark::controller::telemetry=info\n").unwrap();
        operator.wait_for_log(|line| line["message"] == "the log's filter has changed").unwrap();
        space.job("two", json!({})).driver(1);
        space.known_job("two").becomes("Pending", "Starting");
        assert!(!of_job("two"));
    });
}

#[test]
fn an_operator_waits_for_the_definition_and_begins_once_it_is_there() {
    let bed = Bed::undefined(&[]);
    bed.plane.kubectl(["create", "serviceaccount", "default"]).unwrap();
    let operator = bed.operator().start().unwrap();
    operator.wait_for_log(|line| line["level"] == "WARN" && line["kind"] == "SparkJob").unwrap();
    let (code, told) = operator.ask("/readyz").unwrap();
    assert_eq!((code, told.as_str()), (503, "waits for the first lists of jobs and pods\n"));
    assert_eq!(operator.ask("/livez").unwrap().0, 200);
    bed.plane.apply_definition(&definition()).unwrap();
    operator.wait_until_leads().unwrap();
    bed.space("default").job("pi", json!({})).driver(1);
}

#[test]
fn an_operator_without_rights_says_which_it_lacks() {
    shared().in_namespace("rightless", |space| {
        let kubeconfig = space.bed.plane.kubeconfig_for("nobody", None).unwrap();
        let operator = space.bed.plane.operator(&kubeconfig).start().unwrap();
        for words in ["cannot list resource \"sparkjobs\"", "cannot list resource \"pods\"", "leases"] {
            let says = |line: &serde_json::Value| line.to_string().replace("\\\"", "\"").contains(words);
            operator.wait_for_log(says).unwrap();
        }
        assert_eq!(operator.ask("/readyz").unwrap().0, 503);
        operator.terminate().unwrap();
    });
}

#[test]
fn settings_that_cannot_be_are_refused_by_name() {
    let operator = || shared().operator();
    for (args, words) in [
        (vec!["--lease-duration=1s"], "--lease-duration is 1 s"),
        (vec!["--conf=nonsense"], "--conf"),
        (vec!["--log-filter=inof"], "--log-filter inof"),
        (vec!["--namespace-selector=team=a=b"], "--namespace-selector"),
        (vec!["--namespace=a", "--namespace-selector=b=c"], "cannot be used with"),
    ] {
        let command = args.iter().fold(operator(), OperatorCommand::arg);
        let refusal = command.refusal().unwrap();
        assert!(refusal.contains(words), "{args:?}: {refusal}");
    }
}
