//! The chart and the kustomize base, by helm and kubectl as people use them, with a real API server.

#![allow(clippy::unwrap_used)] // all of it is a test, and a panic its verdict

mod health;
mod kustomize;
mod monitoring;
mod package;
mod release;
mod rendering;
mod server;
mod values;

use std::{error::Error, fs, sync::OnceLock};

use lcmap_spark_tests::{bed::repository, kubernetes::ControlPlane};
use serde_json::Value;

type Outcome<T> = Result<T, Box<dyn Error>>;

fn chart() -> String {
    repository("charts/lcmap-spark").display().to_string()
}

/// The control plane of all tests here that leave its definitions alone; it ends with the process.
fn control_plane() -> &'static ControlPlane {
    static SHARED: OnceLock<ControlPlane> = OnceLock::new();
    SHARED.get_or_init(|| ControlPlane::start().unwrap())
}

/// What `helm template` writes for a release `lcmap-spark` in the namespace `lcmap-spark`.
fn render(options: &[&str]) -> Outcome<String> {
    let chart = chart();
    let fixed = ["template", "lcmap-spark", &chart, "--namespace=lcmap-spark"];
    Ok(control_plane().helm(fixed.iter().chain(options))?)
}

/// Several YAML documents; empty ones are left out.
fn documents(text: &str) -> Outcome<Vec<Value>> {
    let all: Vec<Value> = serde_saphyr::from_multiple(text)?;
    Ok(all.into_iter().filter(|document| !document.is_null()).collect())
}

fn rendered(options: &[&str]) -> Outcome<Vec<Value>> {
    documents(&render(options)?)
}

/// The only object of a kind.
fn only<'a>(objects: &'a [Value], kind: &str) -> Outcome<&'a Value> {
    let mut found = objects.iter().filter(|object| object["kind"] == kind);
    match (found.next(), found.next()) {
        (Some(object), None) => Ok(object),
        _ => Err(format!("not exactly one {kind}").into()),
    }
}

/// Compares a committed file with what it should be, or writes it when asked to, as crd/tests/generated.rs does.
fn check_generated(path: &str, expected: &str) {
    let path = repository(path);
    if std::env::var_os("UPDATE_GENERATED").is_some() {
        fs::write(&path, expected).unwrap();
    }
    let found = fs::read_to_string(&path).unwrap_or_default();
    assert!(found == expected, "{} is out of date; run with UPDATE_GENERATED=1", path.display());
}
