//! Admission without a cluster: what an API server would say to a manifest.
//!
//! The same steps in the same order as a kube-apiserver 1.34 takes with a `SparkJob` that `kubectl apply` creates:
//! unknown fields are refused (strict field validation), nulls dropped, defaults filled in, metadata and schema
//! checked, and only if types and bounds hold, the CEL rules evaluated. Fields are named as the server names them.
//!
//! It differs in two points, both on purpose. Unknown fields do not hide what else is wrong. And a manifest with more
//! than [`MAX_DEPTH`] levels is refused: a server stores it, but clients that bound their recursion could not read it.
//!
//! Source: `apiextensions-apiserver` v0.34.4, `customresource.Strategy` and `schemaCoercingDecoder`.

mod definition;
mod envelope;
mod lists;
mod metadata;
mod pod;
mod prepare;
mod rules;
mod structure;
mod syntax;
mod violation;
mod words;

use serde_json::Value;

use crate::SparkJob;

pub use envelope::{Meant, meant};
pub use pod::{PodVerdict, judge_pod};
pub use violation::{Violation, ViolationKind};

/// How many levels of objects and lists a manifest may have. `serde_json` reads 128, and a list of jobs adds some.
pub const MAX_DEPTH: usize = 100;

/// The text of a field as its author wrote it, by the field's path. None where that text is the value itself, or is not
/// known.
///
/// A parser turns `027` into 27.0: a remedy made from the value would change the job.
pub type Written<'a> = &'a dyn Fn(&str) -> Option<String>;

/// Judges a manifest as the API server would judge its creation.
///
/// Returns the job with its defaults filled in and without `status`, which a creation cannot set; or everything that
/// is wrong with it.
pub fn admit(manifest: Value) -> Result<SparkJob, Vec<Violation>> {
    admit_written(manifest, &|_| None)
}

/// [`admit`], with words that quote the manifest as it was written.
pub fn admit_written(mut manifest: Value, written: Written<'_>) -> Result<SparkJob, Vec<Violation>> {
    if let Some(violation) = too_deep(&manifest) {
        dismantle(manifest);
        return Err(vec![violation]);
    }
    envelope::check(&manifest)?;

    let definition = definition::get();
    let mut violations = Vec::new();
    prepare::prune(Some(&definition.schema), &mut manifest, "", &mut violations);
    prepare::drop_nulls(&definition.schema, &mut manifest);
    prepare::fill_defaults(&definition.schema, &mut manifest);
    envelope::complete(&mut manifest);

    metadata::check(&manifest, &mut violations);
    structure::check(&definition.schema, &manifest, written, &mut violations);
    lists::check(&definition.schema, &manifest, "", &mut violations);
    if violations.iter().any(Violation::blocks_rules) {
        violations.push(Violation::rules_unchecked());
    } else {
        rules::check(definition, &manifest, &mut violations);
    }
    if !violations.is_empty() {
        return Err(violations);
    }
    serde_json::from_value(manifest).map_err(|error| vec![Violation::unreadable(&error)])
}

/// Whether a manifest has too many levels. Looks at them one after the other, since recursion is what it guards.
fn too_deep(manifest: &Value) -> Option<Violation> {
    let mut level = vec![manifest];
    for _ in 0..=MAX_DEPTH {
        level = level.into_iter().flat_map(inner).collect();
        if level.is_empty() {
            return None;
        }
    }
    Some(Violation::too_deep())
}

/// What is directly in a value.
fn inner(value: &Value) -> Vec<&Value> {
    match value {
        Value::Array(items) => items.iter().collect(),
        Value::Object(fields) => fields.values().collect(),
        _ => Vec::new(),
    }
}

/// Drops a value without recursion.
fn dismantle(value: Value) {
    let mut rest = vec![value];
    while let Some(value) = rest.pop() {
        match value {
            Value::Array(items) => rest.extend(items),
            Value::Object(fields) => rest.extend(fields.into_iter().map(|(_, field)| field)),
            _ => {}
        }
    }
}
