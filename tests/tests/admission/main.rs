//! `lcmap-spark validate` says what a real API server says: the same verdict, the same fields, the same kinds of
//! refusal.

mod arbitrary;
mod pods;

use std::{
    collections::{BTreeMap, BTreeSet},
    error::Error,
    fs,
    path::{Path, PathBuf},
};

use arbitrary::Arbitrary;
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::JSONSchemaProps;
use lcmap_spark_crd::admission::{Violation, ViolationKind, admit};
use lcmap_spark_tests::kubernetes::{ControlPlane, Proxy};
use serde_json::Value;

type Outcome<T> = Result<T, Box<dyn Error>>;

/// What is wrong with a manifest: field and kind of each refusal, in the API server's words. Nothing where it is
/// accepted.
type Verdict = BTreeSet<(String, String)>;

/// What strict decoding says; the server then looks no further, while `validate` tells everything at once.
const UNKNOWN: &str = "unknown field";

/// What `kubectl create --dry-run=server` asks.
fn creation(namespace: &str) -> String {
    format!(
        "/apis/lcmap.usgs.gov/v1alpha1/namespaces/{namespace}/sparkjobs?dryRun=All&fieldValidation=Strict"
    )
}

fn crd(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../crd").join(path)
}

fn manifests(verdict: &str) -> Outcome<Vec<(PathBuf, Value)>> {
    let mut manifests = vec![];
    for entry in fs::read_dir(crd("tests/admission").join(verdict))? {
        let path = entry?.path();
        let manifest = serde_saphyr::from_str(&fs::read_to_string(&path)?)?;
        manifests.push((path, manifest));
    }
    assert!(!manifests.is_empty());
    Ok(manifests)
}

/// An API server with the definition, applied as people apply it.
fn api_server() -> Outcome<ControlPlane> {
    let control_plane = ControlPlane::start()?;
    control_plane.apply_definition(&crd("sparkjobs.yaml"))?;
    Ok(control_plane)
}

fn offline(manifest: &Value) -> Verdict {
    let violations = admit(manifest.clone()).err().unwrap_or_default();
    let all: Verdict =
        violations.iter().map(|violation| (violation.field.clone(), reason(violation))).collect();
    let unknown: Verdict = all.iter().filter(|(_, reason)| reason == UNKNOWN).cloned().collect();
    if unknown.is_empty() { all } else { unknown }
}

/// The reason as a `StatusCause` has it.
fn reason(violation: &Violation) -> String {
    match violation.kind {
        ViolationKind::Unknown => UNKNOWN,
        ViolationKind::Required => "FieldValueRequired",
        ViolationKind::Type => "FieldValueTypeInvalid",
        ViolationKind::Invalid => "FieldValueInvalid",
        ViolationKind::Unsupported => "FieldValueNotSupported",
        ViolationKind::TooLong => "FieldValueTooLong",
        ViolationKind::TooMany => "FieldValueTooMany",
        ViolationKind::Duplicate => "FieldValueDuplicate",
        ViolationKind::Forbidden => "FieldValueForbidden",
    }
    .into()
}

/// Asks the server, and reads a refusal's causes, or the fields that strict decoding does not know.
fn online(server: &Proxy, manifest: &Value) -> Outcome<Verdict> {
    let namespace = manifest["metadata"]["namespace"].as_str().unwrap_or("default");
    let answer = server.post(&creation(namespace), manifest)?;
    if answer["kind"] == "SparkJob" {
        return Ok(Verdict::new());
    }
    let message = answer["message"].as_str().ok_or("no message")?;
    if let Some((_, unknown)) = message.split_once("strict decoding error: ") {
        let fields = unknown.split('"').skip(1).step_by(2);
        return Ok(fields.map(|field| (field.to_owned(), UNKNOWN.to_owned())).collect());
    }
    if answer["details"]["kind"] == "namespaces" {
        // A namespace that cannot be is one that is not found: asked for in the path, it is looked at first.
        return Ok([("metadata.namespace".to_owned(), "FieldValueInvalid".to_owned())].into());
    }
    let causes = answer["details"]["causes"].as_array().ok_or_else(|| answer.to_string())?;
    let text = |value: &Value| value.as_str().unwrap_or_default().replace("<nil>", "");
    Ok(causes.iter().map(|cause| (text(&cause["field"]), text(&cause["reason"]))).collect())
}

/// The fields of a verdict.
fn fields(verdict: &Verdict) -> BTreeSet<&str> {
    verdict.iter().map(|(field, _)| field.as_str()).collect()
}

/// What to print where the two differ. They must name the same fields, and offline no reason that the server does
/// not give; where the server has two for one field, such as the wrong type and none of the values, one is enough.
fn difference(server: &Proxy, manifest: &Value) -> Option<String> {
    let offline = offline(manifest);
    match online(server, manifest) {
        Ok(online) if fields(&online) == fields(&offline) && offline.is_subset(&online) => None,
        Ok(online) => {
            let (only_online, only_offline) = (&online - &offline, &offline - &online);
            Some(format!("only the server: {only_online:?}, only offline: {only_offline:?}"))
        }
        Err(error) => Some(error.to_string()),
    }
}

fn spec_schema() -> Option<JSONSchemaProps> {
    let schema = lcmap_spark_crd::crd().spec.versions.into_iter().next()?.schema?.open_api_v3_schema?;
    schema.properties?.remove("spec")
}

/// So many cases take some seconds; `ADMISSION_CASES` asks for more, `ADMISSION_SEED` for others.
fn number(variable: &str, default: u64) -> u64 {
    std::env::var(variable).ok().and_then(|value| value.parse().ok()).unwrap_or(default)
}

#[test]
fn every_manifest_of_the_table_is_judged_offline_as_by_the_api_server() {
    let control_plane = api_server().unwrap();
    for (_, manifest) in manifests("accepted").unwrap() {
        if let Some(namespace) = manifest["metadata"]["namespace"].as_str() {
            control_plane.kubectl(["create", "namespace", namespace]).unwrap();
        }
    }
    let accepted = crd("tests/admission/accepted").display().to_string();
    control_plane.kubectl(["create", "--dry-run=server", "-f", &accepted]).unwrap();

    let server = control_plane.proxy().unwrap();
    let mut differences = vec![];
    for (verdict, is_accepted) in [("accepted", true), ("refused", false)] {
        for (path, manifest) in manifests(verdict).unwrap() {
            let mut found: Vec<String> = difference(&server, &manifest).into_iter().collect();
            if offline(&manifest).is_empty() != is_accepted {
                found.push(format!("is not {verdict} offline"));
            }
            differences.extend(found.into_iter().map(|found| format!("{}: {found}", path.display())));
        }
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

#[test]
fn manifests_at_random_are_judged_offline_as_by_the_api_server() {
    let control_plane = api_server().unwrap();
    let server = control_plane.proxy().unwrap();
    let (cases, seed) = (number("ADMISSION_CASES", 500), number("ADMISSION_SEED", 1));
    let spec = spec_schema().unwrap();
    let mut arbitrary = Arbitrary::seeded(seed);
    let manifests: Vec<Value> = (0..cases).map(|_| arbitrary.manifest(&spec)).collect();
    let mut differences = BTreeMap::new(); // each kind once
    for manifest in &manifests {
        if let Some(difference) = difference(&server, manifest) {
            differences.entry(difference).or_insert(manifest);
        }
    }
    let shown = differences.iter().map(|(difference, manifest)| format!("{difference}\n  as in {manifest}"));
    let shown = shown.collect::<Vec<_>>().join("\n");
    assert!(differences.is_empty(), "{cases} cases with seed {seed}:\n{shown}");
    let accepted = manifests.iter().filter(|manifest| offline(manifest).is_empty()).count();
    assert!(accepted > 0, "none of {cases} was accepted: the generator has gone blind");
}
