//! The metadata that every Kubernetes object has.
//!
//! Source: `ValidateObjectMetaAccessor` in `k8s.io/apimachinery/pkg/api/validation`.

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::syntax::{is_label, is_label_value, is_qualified_name, is_subdomain};
use super::violation::{Violation, ViolationKind, excerpt};

/// The most that a name may have, in bytes.
const MAX_NAME: usize = 253;

/// The most that all annotations may hold together, names and values, in bytes.
const MAX_ANNOTATIONS: usize = 256 * 1024;

/// Checks names, times, labels, annotations, owners and finalizers. Types are the schema's business.
pub(super) fn check(manifest: &Value, violations: &mut Vec<Violation>) {
    let nothing = Map::new();
    let metadata = manifest.get("metadata").and_then(Value::as_object).unwrap_or(&nothing);
    names(metadata, violations);
    times(metadata, violations);
    labels(metadata, violations);
    annotations(metadata, violations);
    finalizers(metadata, violations);
    owners(metadata, violations);
}

fn invalid(field: &str, value: impl Into<Value>, problem: &str) -> Violation {
    let problem = format!("{} {problem}", excerpt(&value.into()));
    Violation::new(format!("metadata.{field}"), ViolationKind::Invalid, problem)
}

fn names(metadata: &Map<String, Value>, violations: &mut Vec<Violation>) {
    const SUBDOMAIN: &str = "must be of a-z, 0-9, - and ., with a letter or digit at both ends";
    const LABEL: &str = "must be at most 63 of a-z, 0-9 and -, with a letter or digit at both ends";
    let text = |name: &str| metadata.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    match text("name") {
        Some(name) if name.len() > MAX_NAME => violations.push(Violation::new(
            "metadata.name",
            ViolationKind::TooLong,
            format!("has {} bytes, and may have {MAX_NAME} at most", name.len()),
        )),
        Some(name) if !is_subdomain(name) => violations.push(invalid("name", name, SUBDOMAIN)),
        Some(_) => {}
        None => violations.push(
            Violation::new("metadata.name", ViolationKind::Required, "is required")
                .with_remedy(Some("write name or generateName".into())),
        ),
    }
    if let Some(prefix) = text("generateName").filter(|prefix| !is_prefix(prefix)) {
        violations.push(invalid("generateName", prefix, SUBDOMAIN));
    }
    if let Some(namespace) = text("namespace").filter(|namespace| !is_label(namespace)) {
        violations.push(invalid("namespace", namespace, LABEL));
    }
}

/// Whether a name may begin with this: a dash at its end will not stay there.
fn is_prefix(prefix: &str) -> bool {
    match prefix
        .strip_suffix('-')
        .and_then(|rest| rest.char_indices().last().map(|(last, _)| rest.split_at(last).0))
    {
        Some(rest) => is_subdomain(&format!("{rest}a")),
        None => is_subdomain(prefix),
    }
}

fn times(metadata: &Map<String, Value>, violations: &mut Vec<Violation>) {
    for field in ["creationTimestamp", "deletionTimestamp"] {
        if let Some(time) =
            metadata.get(field).and_then(Value::as_str).filter(|time| time.parse::<Timestamp>().is_err())
        {
            violations.push(invalid(field, time, "is no time; leave it out, the API server writes it"));
        }
    }
    if let Some(generation) =
        metadata.get("generation").and_then(Value::as_i64).filter(|generation| *generation < 0)
    {
        violations.push(invalid("generation", generation, "must not be negative; leave it out"));
    }
}

fn labels(metadata: &Map<String, Value>, violations: &mut Vec<Violation>) {
    for (name, value) in metadata.get("labels").and_then(Value::as_object).into_iter().flatten() {
        if !is_qualified_name(name) {
            violations.push(invalid("labels", name.as_str(), "is no name of a label; write [domain/]name"));
        }
        if let Some(value) = value.as_str().filter(|value| !is_label_value(value)) {
            let problem = "is no value of a label: at most 63 of A-Z, a-z, 0-9, -, _ and .";
            violations.push(invalid("labels", value, problem));
        }
    }
}

fn annotations(metadata: &Map<String, Value>, violations: &mut Vec<Violation>) {
    let mut size = 0;
    for (name, value) in metadata.get("annotations").and_then(Value::as_object).into_iter().flatten() {
        size += name.len() + value.as_str().map_or(0, str::len);
        if !is_qualified_name(&name.to_lowercase()) {
            let problem = "is no name of an annotation; write [domain/]name";
            violations.push(invalid("annotations", name.as_str(), problem));
        }
    }
    if size > MAX_ANNOTATIONS {
        let problem = format!("have {size} bytes together, and may have {MAX_ANNOTATIONS} at most");
        violations.push(Violation::new("metadata.annotations", ViolationKind::TooLong, problem));
    }
}

fn finalizers(metadata: &Map<String, Value>, violations: &mut Vec<Violation>) {
    let list = metadata.get("finalizers").and_then(Value::as_array);
    let finalizers: Vec<&str> = list.into_iter().flatten().filter_map(Value::as_str).collect();
    for finalizer in finalizers.iter().filter(|finalizer| !is_qualified_name(finalizer)) {
        violations.push(invalid("finalizers", *finalizer, "is no finalizer; write domain/name"));
    }
    if ["orphan", "foregroundDeletion"].iter().all(|finalizer| finalizers.contains(finalizer)) {
        violations.push(invalid("finalizers", "orphan", "and foregroundDeletion exclude each other"));
    }
}

fn owners(metadata: &Map<String, Value>, violations: &mut Vec<Violation>) {
    let list = metadata.get("ownerReferences").and_then(Value::as_array);
    let owners: Vec<&Value> = list.into_iter().flatten().collect();
    for owner in &owners {
        for field in ["apiVersion", "kind", "name", "uid"] {
            if owner.get(field).is_none_or(|value| value == "") {
                violations.push(invalid(&format!("ownerReferences.{field}"), "", "must not be empty"));
            }
        }
    }
    if owners.iter().filter(|owner| owner.get("controller") == Some(&Value::Bool(true))).count() > 1 {
        violations.push(invalid("ownerReferences", true, "can be the controller of one of them only"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_may_end_with_a_dash_and_not_be_one() {
        for (prefix, expected) in [("job-", true), ("a--", true), ("job", true), ("-", false), ("-a", false)]
        {
            assert_eq!(is_prefix(prefix), expected, "{prefix:?}");
        }
    }
}
