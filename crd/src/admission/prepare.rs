//! What the API server does to an object before it judges it: prune, drop nulls, fill in defaults.

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::JSONSchemaProps;
use serde_json::Value;

use super::definition::join;
use super::violation::{Violation, ViolationKind};
use crate::schema::walk::{field, items};

/// Takes away the fields that the schema does not know, and names each. Where there is no schema, none is known.
///
/// Source: `pruning.PruneWithOptions`.
pub(super) fn prune(
    schema: Option<&JSONSchemaProps>,
    value: &mut Value,
    path: &str,
    violations: &mut Vec<Violation>,
) {
    let keeps_all = schema.is_some_and(|schema| schema.x_kubernetes_preserve_unknown_fields == Some(true));
    match value {
        Value::Object(fields) => fields.retain(|name, value| {
            let path = join(path, name);
            let known = schema.and_then(|schema| field(schema, name));
            if known.is_some() {
                prune(known, value, &path, violations);
            } else if !keeps_all {
                let remedy = schema.and_then(|schema| suggest(schema, name));
                violations
                    .push(Violation::new(path, ViolationKind::Unknown, "unknown field").with_remedy(remedy));
                return false;
            }
            true
        }),
        Value::Array(list) if !keeps_all => {
            for (index, item) in list.iter_mut().enumerate() {
                prune(schema.and_then(items), item, &format!("{path}[{index}]"), violations);
            }
        }
        _ => {}
    }
}

/// Drops nulls, which in YAML are fields with nothing after the colon, where no default takes their place.
///
/// Source: `defaulting.PruneNonNullableNullsWithoutDefaults`.
pub(super) fn drop_nulls(schema: &JSONSchemaProps, value: &mut Value) {
    match value {
        Value::Object(fields) => fields.retain(|name, value| match field(schema, name) {
            Some(schema) if value.is_null() => schema.default.is_some(),
            Some(schema) => {
                drop_nulls(schema, value);
                true
            }
            None => true,
        }),
        Value::Array(list) => {
            if let Some(schema) = items(schema) {
                for item in list {
                    drop_nulls(schema, item);
                }
            }
        }
        _ => {}
    }
}

/// Fills in defaults, in objects that are there, and writes whole numbers as such: `8888.0` is 8888.
///
/// Source: `defaulting.Default`; JSON numbers as Go reads and writes them.
pub(super) fn fill_defaults(schema: &JSONSchemaProps, value: &mut Value) {
    match value {
        Value::Object(fields) => {
            for (name, schema) in schema.properties.iter().flatten() {
                if let Some(default) = &schema.default
                    && fields.get(name).is_none_or(Value::is_null)
                {
                    fields.insert(name.clone(), default.0.clone());
                }
            }
            for (name, value) in fields {
                if let Some(schema) = field(schema, name) {
                    fill_defaults(schema, value);
                }
            }
        }
        Value::Array(list) => {
            if let Some(schema) = items(schema) {
                for item in list {
                    fill_defaults(schema, item);
                }
            }
        }
        Value::Number(number) if schema.type_.as_deref() == Some("integer") => {
            if let Some(whole) = number.as_f64().and_then(whole) {
                *value = whole.into();
            }
        }
        _ => {}
    }
}

/// A floating-point number as an integer, where JSON takes it for one.
fn whole(number: f64) -> Option<i64> {
    const LARGEST: f64 = 9_007_199_254_740_991.0; // 2^53 - 1
    #[allow(clippy::cast_possible_truncation)] // it is whole and within 2^53
    (number.fract() == 0.0 && number.abs() <= LARGEST).then_some(number as i64)
}

/// The known field that a person may have meant, or else all of them.
fn suggest(schema: &JSONSchemaProps, name: &str) -> Option<String> {
    let known = || schema.properties.iter().flat_map(|known| known.keys()).map(String::as_str);
    Some(match nearest(known(), name) {
        Some(known) => format!("did you mean {known}?"),
        None if schema.properties.is_none() => return None,
        None => format!("known here: {}", known().collect::<Vec<_>>().join(", ")),
    })
}

/// The word of these that a person may have meant.
pub(super) fn nearest<'a>(words: impl Iterator<Item = &'a str>, written: &str) -> Option<&'a str> {
    let distance = |word: &str| strsim::damerau_levenshtein(&word.to_lowercase(), &written.to_lowercase());
    let (distance, word) = words.map(|word| (distance(word), word)).min()?;
    (distance <= word.len() / 3).then_some(word)
}
