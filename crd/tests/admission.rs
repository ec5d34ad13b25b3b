//! Manifests that an API server accepts and refuses: `admission/accepted` and `admission/refused`.
//!
//! Each refused manifest begins with the fields that it is refused for, one to a line, as the API server names them.
//! The same table runs against a real API server elsewhere.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use lcmap_spark_crd::SparkJob;
use lcmap_spark_crd::admission::{Violation, admit};
use lcmap_spark_crd::owned::{NOTEBOOK_OPTIONS, PROPERTIES, SHELL_OPTIONS, variables};
use serde_json::{Value, json};

/// The manifests in one folder of the table, by path, with their text.
fn table(folder: &str) -> Vec<(PathBuf, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/admission").join(folder);
    let files = std::fs::read_dir(&folder).into_iter().flatten().flatten().map(|entry| entry.path());
    files.map(|path| (path.clone(), std::fs::read_to_string(path).unwrap_or_default())).collect()
}

fn judge(text: &str) -> Result<SparkJob, Vec<Violation>> {
    let manifest: Value = serde_saphyr::from_str(text).unwrap_or_default();
    admit(manifest)
}

#[test]
fn accepted_manifests_are_accepted() {
    let table = table("accepted");
    assert!(table.len() > 40, "{} manifests", table.len());
    for (path, text) in table {
        if let Err(violations) = judge(&text) {
            panic!("{}: {violations:#?}", path.display());
        }
    }
}

#[test]
fn refused_manifests_are_refused_for_the_fields_that_they_name() {
    let table = table("refused");
    assert!(table.len() > 200, "{} manifests", table.len());
    for (path, text) in table {
        let expected: BTreeSet<&str> =
            text.lines().filter_map(|line| line.strip_prefix("# field: ")).collect();
        assert!(!expected.is_empty(), "{} names no field", path.display());
        let violations = judge(&text).err().unwrap_or_default();
        let found: BTreeSet<&str> = violations
            .iter()
            .map(|violation| violation.field.as_str())
            .filter(|field| !field.is_empty())
            .collect();
        assert_eq!(found, expected, "{}: {violations:#?}", path.display());
    }
}

#[test]
fn what_is_admitted_is_admitted_again() {
    for (path, text) in table("accepted") {
        let job = judge(&text).unwrap_or_else(|violations| panic!("{}: {violations:#?}", path.display()));
        let written = serde_json::to_value(&job).expect("a job is JSON");
        assert_eq!(admit(written), Ok(job), "{}", path.display());
    }
}

/// A job with something in its specification that a field owns is refused with what to write instead.
fn assert_owned(spec: &Value, field: &str, remedy: &str) {
    let violations = admit(json!({
        "apiVersion": "lcmap.usgs.gov/v1alpha1", "kind": "SparkJob", "metadata": {"name": "pi"}, "spec": spec
    }))
    .err()
    .unwrap_or_default();
    let found: Vec<(&str, &str)> =
        violations.iter().map(|violation| (violation.field.as_str(), violation.problem.as_str())).collect();
    assert_eq!(found, [(field, remedy)]);
}

#[test]
fn every_owned_name_is_refused_with_what_to_write_instead() {
    let run = json!({"submit": {"application": "pi.py"}});
    for owned in PROPERTIES {
        let field = format!("spec.conf[{}]", owned.name);
        assert_owned(&json!({"run": run, "conf": {owned.name: "x"}}), &field, &owned.remedy());
    }
    for owned in variables() {
        let env = json!([{"name": owned.name, "value": "x"}]);
        assert_owned(&json!({"run": run, "env": env}), "spec.env[0].name", &owned.remedy());
    }
    for (kind, table) in
        [("shell", SHELL_OPTIONS), ("pyspark", SHELL_OPTIONS), ("notebook", NOTEBOOK_OPTIONS)]
    {
        for owned in table {
            for written in [owned.name.to_owned(), format!("{}=x=y", owned.name)] {
                let field = format!("spec.run.{kind}.args[1]");
                assert_owned(&json!({"run": {kind: {"args": ["a", written]}}}), &field, &owned.remedy());
            }
        }
    }
}
