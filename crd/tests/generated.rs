//! What is generated from the types is committed, and must be as the types say.
//!
//! `UPDATE_GENERATED=1 cargo test -p lcmap-spark-crd --test generated` writes it anew.

use std::path::Path;

/// Compares a committed file with what it should be, or writes it when asked to.
fn check(path: &str, expected: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    if std::env::var_os("UPDATE_GENERATED").is_some() {
        assert!(std::fs::write(&path, expected).is_ok(), "{} cannot be written", path.display());
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(found == expected, "{} is out of date; run with UPDATE_GENERATED=1", path.display());
}

#[test]
fn the_definition_is_up_to_date() {
    check("sparkjobs.yaml", &lcmap_spark_crd::crd_yaml().expect("the definition is YAML"));
}

#[test]
fn the_chart_has_the_same_definition() {
    check(
        "../charts/lcmap-spark/files/sparkjobs.yaml",
        &lcmap_spark_crd::crd_yaml().expect("the definition is YAML"),
    );
}

#[test]
fn the_reference_is_up_to_date() {
    check("../docs/reference/sparkjob.md", &lcmap_spark_crd::reference::markdown());
}

#[test]
fn the_definition_leaves_room_for_kubectl_apply() {
    // The API server refuses annotations above 262,144 bytes, and apply keeps the whole definition in one.
    let definition = serde_json::to_string(&lcmap_spark_crd::crd()).expect("the definition is JSON");
    assert!(definition.len() < 90_000, "{} bytes", definition.len());
}
