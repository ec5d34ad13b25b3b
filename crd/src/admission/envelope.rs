//! What makes a manifest a `SparkJob` at all.

use serde_json::{Value, json};

use super::violation::{Violation, ViolationKind, excerpt};
use crate::names::{API_VERSION, KIND};

/// The longest prefix that the API server keeps of `generateName`, before its own five characters.
const LONGEST_PREFIX: usize = 58;

/// Checks `apiVersion` and `kind`. Without them the API server looks no further.
pub(super) fn check(manifest: &Value) -> Result<(), Vec<Violation>> {
    let Value::Object(fields) = manifest else {
        let problem = format!("must be an object, and is {}", excerpt(manifest));
        return Err(vec![Violation::new("", ViolationKind::Type, problem)]);
    };
    let wanted = [("apiVersion", API_VERSION), ("kind", KIND)];
    let violations: Vec<Violation> = wanted
        .into_iter()
        .filter_map(|(name, wanted)| match fields.get(name) {
            None | Some(Value::Null) => Some(
                Violation::new(name, ViolationKind::Required, "is required")
                    .with_remedy(Some(format!("write {wanted}"))),
            ),
            Some(Value::String(found)) if found == wanted => None,
            Some(found) => {
                let problem = format!("is {}, and must be {wanted}", excerpt(found));
                Some(Violation::new(name, ViolationKind::Invalid, problem))
            }
        })
        .collect();
    if violations.is_empty() { Ok(()) } else { Err(violations) }
}

/// Does what the API server does to an object before it is judged: takes its status away and completes its name.
pub(super) fn complete(manifest: &mut Value) {
    let Value::Object(fields) = manifest else { return };
    fields.remove("status");
    let Some(metadata) = fields.get_mut("metadata").and_then(Value::as_object_mut) else { return };
    let named = metadata.get("name").and_then(Value::as_str).is_some_and(|name| !name.is_empty());
    if let Some(prefix) = metadata.get("generateName").and_then(Value::as_str)
        && !named
        && !prefix.is_empty()
    {
        let prefix: String = prefix.chars().take(LONGEST_PREFIX).collect();
        metadata.insert("name".into(), json!(format!("{prefix}x2x4x")));
    }
}
