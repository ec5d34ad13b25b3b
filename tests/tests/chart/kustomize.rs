//! The kustomize base is what the chart renders.

use serde_json::Value;

use super::{Outcome, check_generated, control_plane, documents, render, rendered, repository};

/// Lines that only make sense in a release of Helm's.
const HELMS: [&str; 3] = ["helm.sh/chart:", "app.kubernetes.io/managed-by:", "# Source:"];

fn without_helm(manifest: &str) -> String {
    let kept = manifest.lines().filter(|line| !HELMS.iter().any(|word| line.trim_start().starts_with(word)));
    kept.flat_map(|line| [line, "\n"]).collect()
}

/// What the base builds, but for the namespace that it brings itself.
fn base() -> Outcome<Vec<Value>> {
    let folder = repository("charts/kustomize").display().to_string();
    let mut objects = documents(&control_plane().kubectl(["kustomize", &folder])?)?;
    objects.retain(|object| object["kind"] != "Namespace");
    Ok(objects)
}

fn identity(object: &Value) -> String {
    format!("{} {} {}", object["kind"], object["metadata"]["namespace"], object["metadata"]["name"])
}

fn sorted(mut objects: Vec<Value>) -> Vec<Value> {
    objects.sort_by_key(identity);
    objects
}

#[test]
fn it_is_up_to_date() {
    let head = "# Generated from charts/lcmap-spark: UPDATE_GENERATED=1 make chart\n";
    let manifest = without_helm(&render(&["--set=crds.install=false"]).unwrap());
    check_generated("charts/kustomize/operator.yaml", &format!("{head}{manifest}"));
}

#[test]
fn it_builds_the_chart_but_for_what_is_helms() {
    let mut objects = rendered(&[]).unwrap();
    for object in &mut objects {
        let metadata = object["metadata"].as_object_mut().unwrap();
        let labels = metadata["labels"].as_object_mut().unwrap();
        labels.retain(|name, _| !HELMS.contains(&format!("{name}:").as_str()));
        if object["kind"] == "CustomResourceDefinition" {
            let metadata = object["metadata"].as_object_mut().unwrap();
            metadata.remove("labels");
            metadata.remove("annotations");
        }
    }
    assert_eq!(sorted(base().unwrap()), sorted(objects));
}

#[test]
fn kubectl_applies_it() {
    let folder = repository("charts/kustomize").display().to_string();
    let said = control_plane().kubectl(["apply", "--validate=strict", "-k", &folder]).unwrap();
    assert!(said.contains("deployment.apps/lcmap-spark created"), "{said}");
}
