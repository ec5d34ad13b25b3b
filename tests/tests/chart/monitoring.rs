//! The service monitor and the alerts, as the Prometheus Operator defines them.

use std::{path::PathBuf, process::Command};

use serde_json::Value;

use super::{Outcome, control_plane, only, render, rendered, repository, server::judge};

const MONITORED: [&str; 2] = [
    "--set=metrics.serviceMonitor.enabled=true,metrics.prometheusRule.enabled=true",
    "--set=crds.install=false",
];

/// The Prometheus Operator's own definitions, from the Go module proxy, as pinned in the bed.
fn definition(plural: &str) -> Outcome<PathBuf> {
    let module = "github.com/prometheus-operator/prometheus-operator";
    let downloaded = Command::new("go")
        .args(["mod", "download", "-json", module])
        .current_dir(repository("tests/beds/kubernetes/tools/prometheus-operator"))
        .output()?;
    let module: Value = serde_json::from_slice(&downloaded.stdout)?;
    let folder = module["Dir"].as_str().ok_or_else(|| module.to_string())?;
    Ok([folder, "example/prometheus-operator-crd", &format!("monitoring.coreos.com_{plural}.yaml")]
        .iter()
        .collect())
}

#[test]
fn the_prometheus_operators_definitions_accept_them() {
    for plural in ["servicemonitors", "prometheusrules"] {
        control_plane().apply_definition(&definition(plural).unwrap()).unwrap();
    }
    let said = judge(&render(&MONITORED).unwrap()).unwrap();
    for kind in ["servicemonitor", "prometheusrule"] {
        assert!(said.contains(&format!("{kind}.monitoring.coreos.com/lcmap-spark created")), "{said}");
    }
}

#[test]
fn every_alert_says_what_it_means_and_stands_in_the_documentation() {
    let page = std::fs::read_to_string(repository("docs/operations.md")).unwrap();
    let objects = rendered(&MONITORED).unwrap();
    let rules = &only(&objects, "PrometheusRule").unwrap()["spec"]["groups"][0]["rules"];
    for rule in rules.as_array().unwrap() {
        let alert = rule["alert"].as_str().unwrap();
        assert!(rule["annotations"]["summary"].is_string(), "{alert}");
        assert!(rule["annotations"]["description"].is_string(), "{alert}");
        assert!(page.contains(&format!("| `{alert}` |")), "{alert}");
    }
}
