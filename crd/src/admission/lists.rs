//! Lists whose entries must differ: sets, and maps by key.
//!
//! Source: `listtype.ValidateListSetsAndMaps`.

use std::collections::HashSet;

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::JSONSchemaProps;
use serde_json::Value;

use super::definition::join;
use super::violation::{Violation, ViolationKind, excerpt};
use crate::schema::walk::{field, items};

/// Checks every list of a manifest.
pub(super) fn check(schema: &JSONSchemaProps, value: &Value, path: &str, violations: &mut Vec<Violation>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                if let Some(schema) = field(schema, name) {
                    check(schema, value, &join(path, name), violations);
                }
            }
        }
        Value::Array(list) => {
            for (index, key) in duplicates(schema, list) {
                let problem = format!("there is another {} before it in this list", excerpt(&key));
                violations.push(Violation::new(
                    format!("{path}[{index}]"),
                    ViolationKind::Duplicate,
                    problem,
                ));
            }
            if let Some(schema) = items(schema) {
                for (index, item) in list.iter().enumerate() {
                    check(schema, item, &format!("{path}[{index}]"), violations);
                }
            }
        }
        _ => {}
    }
}

/// The first repetition of each key, with its index. Where an entry of a map is neither object nor null, the
/// server looks for none.
fn duplicates(schema: &JSONSchemaProps, list: &[Value]) -> Vec<(usize, Value)> {
    let keys = schema.x_kubernetes_list_map_keys.as_deref().unwrap_or_default();
    let are_objects = list.iter().all(|item| item.is_object() || item.is_null());
    let key = |item: &Value| match schema.x_kubernetes_list_type.as_deref() {
        Some("set") => Some(item.clone()),
        Some("map") if !are_objects => None,
        // Each of our lists has one key.
        Some("map") => keys.first().map(|key| item.get(key).cloned().unwrap_or_default()),
        _ => None,
    };
    let (mut once, mut twice) = (HashSet::new(), HashSet::new());
    let repeated = |(index, key): (usize, Value)| {
        let text = key.to_string();
        (!once.insert(text.clone()) && twice.insert(text)).then_some((index, key))
    };
    list.iter()
        .enumerate()
        .filter_map(|(index, item)| Some((index, key(item)?)))
        .filter_map(repeated)
        .collect()
}
