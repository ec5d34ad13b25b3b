//! A release's life: install, upgrade, uninstall, and again.

use std::{fs, process::Command};

use lcmap_spark_tests::kubernetes::ControlPlane;
use serde_json::{Value, json};

use super::{Outcome, chart, repository};

const JOB: &str = "{apiVersion: lcmap.usgs.gov/v1alpha1, kind: SparkJob, metadata: {name: NAME}, \
    spec: {run: {submit: {application: 'local:///a.py'}}SPEC}}";

fn job(name: &str, more: &str) -> String {
    JOB.replace("NAME", name).replace("SPEC", more)
}

fn apply(control_plane: &ControlPlane, manifest: &str) -> Outcome<()> {
    control_plane.kubectl_with_input(["apply", "--validate=strict", "-f", "-"], manifest)?;
    Ok(())
}

fn uid(control_plane: &ControlPlane, object: &str) -> Outcome<String> {
    Ok(control_plane.kubectl(["get", object, "-o=jsonpath={.metadata.uid}"])?)
}

/// A copy of the chart as a later version may be: SparkJobs have a colour.
fn later_chart(control_plane: &ControlPlane) -> Outcome<String> {
    let copy = control_plane.folder().join("later");
    let copied = Command::new("cp").args(["-r", &chart()]).arg(&copy).status()?;
    assert!(copied.success());
    let definition = copy.join("files/sparkjobs.yaml");
    let mut later: Value = serde_saphyr::from_str(&fs::read_to_string(&definition)?)?;
    let schema = &mut later["spec"]["versions"][0]["schema"]["openAPIV3Schema"];
    schema["properties"]["spec"]["properties"]["colour"] = json!({"type": "string"});
    fs::write(&definition, later.to_string())?;
    Ok(copy.display().to_string())
}

/// Helm's words of the release `name` in the namespace `spark`.
fn helm(control_plane: &ControlPlane, verb: &str, name: &str, rest: &[&str]) -> Outcome<String> {
    let words = [verb, name].into_iter().chain(rest.iter().copied()).chain(["--namespace=spark"]);
    Ok(control_plane.helm(words)?)
}

#[test]
fn jobs_and_their_definition_outlive_releases() {
    let control_plane = ControlPlane::start().unwrap();
    let bed = &control_plane;
    let chart = chart();
    let notes = helm(bed, "install", "lcmap-spark", &[&chart, "--create-namespace"]).unwrap();
    assert!(notes.contains("looks after the SparkJobs of all namespaces"), "{notes}");
    bed.kubectl(["wait", "--for=condition=Established", "crd/sparkjobs.lcmap.usgs.gov"]).unwrap();
    apply(bed, &job("first", "")).unwrap();
    apply(bed, &job("red", ", colour: red")).expect_err("colour is unknown before the upgrade");
    let before = ["sparkjob/first", "crd/sparkjobs.lcmap.usgs.gov"].map(|object| uid(bed, object).unwrap());

    let later = later_chart(bed).unwrap();
    helm(bed, "upgrade", "lcmap-spark", &[&later]).unwrap();
    apply(bed, &job("red", ", colour: red")).unwrap();

    helm(bed, "uninstall", "lcmap-spark", &[]).unwrap();
    bed.kubectl(["-n", "spark", "get", "deployment/lcmap-spark"]).expect_err("the operator is gone");
    helm(bed, "install", "lcmap-spark", &[&later]).unwrap();
    helm(bed, "uninstall", "lcmap-spark", &[]).unwrap();

    let refusal = helm(bed, "install", "another", &[&later]).unwrap_err().to_string();
    assert!(refusal.contains("meta.helm.sh/release-name"), "{refusal}");
    helm(bed, "install", "another", &[&later, "--take-ownership"]).unwrap();
    let after = ["sparkjob/first", "crd/sparkjobs.lcmap.usgs.gov"].map(|object| uid(bed, object).unwrap());
    assert_eq!(before, after);
    helm(bed, "upgrade", "another", &[&later, "--set=crds.install=false"]).unwrap();
    uid(bed, "sparkjob/red").unwrap();
}

#[test]
fn a_definition_applied_before_by_kubectl_is_taken_over() {
    let control_plane = ControlPlane::start().unwrap();
    control_plane.apply_definition(&repository("crd/sparkjobs.yaml")).unwrap();
    let chart = chart();
    let take = [chart.as_str(), "--create-namespace", "--take-ownership"];
    helm(&control_plane, "install", "lcmap-spark", &take).unwrap();

    // Helm applies on the server's side, where kubectl still owns what it wrote.
    let later = later_chart(&control_plane).unwrap();
    let refusal = helm(&control_plane, "upgrade", "lcmap-spark", &[&later]).unwrap_err().to_string();
    assert!(refusal.contains("conflict with \"kubectl-client-side-apply\""), "{refusal}");
    helm(&control_plane, "upgrade", "lcmap-spark", &[&later, "--force-conflicts"]).unwrap();
    helm(&control_plane, "upgrade", "lcmap-spark", &[&chart]).unwrap();
    helm(&control_plane, "upgrade", "lcmap-spark", &[&later]).unwrap();
    apply(&control_plane, &job("red", ", colour: red")).unwrap();
}

#[test]
fn a_release_stays_far_below_what_a_secret_holds() {
    let control_plane = ControlPlane::start().unwrap();
    let chart = chart();
    helm(&control_plane, "install", "lcmap-spark", &[&chart, "--create-namespace"]).unwrap();
    let path = "-o=jsonpath={.items[0].data.release}";
    let release =
        control_plane.kubectl(["-n", "spark", "get", "secret", "--selector=owner=helm", path]).unwrap();
    // The API server refuses Secrets above 1 MiB.
    assert!((1..200_000).contains(&release.len()), "{} bytes", release.len());
    eprintln!("the release's Secret: {} bytes", release.len());
}
