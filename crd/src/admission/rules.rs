//! The CEL rules, evaluated by kube's own evaluator.

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::JSONSchemaProps;
use kube::core::cel::{ValidationError, validate_compiled};
use serde_json::Value;

use super::definition::Definition;
use super::violation::{Violation, ViolationKind};
use crate::schema::walk::{items, values};

/// Evaluates every rule of the definition.
pub(super) fn check(definition: &Definition, manifest: &Value, violations: &mut Vec<Violation>) {
    let Some(rules) = &definition.rules else {
        violations.push(Violation::rules_unchecked());
        return;
    };
    let Err(errors) = validate_compiled(rules, manifest, None) else { return };
    let found: Vec<Violation> = errors.iter().map(|error| violation(definition, manifest, error)).collect();
    // Where a rule of ours speaks, what is said in general on the same field is not repeated.
    violations.retain(|general| found.iter().all(|own| own.field != general.field));
    violations.extend(found);
}

fn violation(definition: &Definition, manifest: &Value, error: &ValidationError) -> Violation {
    let kind = match error.reason.as_deref() {
        Some("FieldValueForbidden") => ViolationKind::Forbidden,
        Some("FieldValueRequired") => ViolationKind::Required,
        Some("FieldValueDuplicate") => ViolationKind::Duplicate,
        _ => ViolationKind::Invalid,
    };
    // A rule's path is written as `.conf['spark.master']`, and the server prints it as `.conf[spark.master]`.
    let path = error.field_path.replace("['", "[").replace("']", "]");
    let field = in_brackets(&definition.schema, manifest, path.trim_start_matches('.'));
    Violation::new(field, kind, error.message.as_str())
}

/// A path with the keys of maps in brackets, as the server prints it where a rule speaks: `constraints[rack][0]` and
/// not `constraints.rack[0]`. The manifest tells where a key with dots in it ends.
fn in_brackets(schema: &JSONSchemaProps, value: &Value, path: &str) -> String {
    let (dot, rest) = path.strip_prefix('.').map_or(("", path), |rest| (".", rest));
    let leads = |name: &&str| {
        rest.strip_prefix(*name).is_some_and(|after| after.is_empty() || after.starts_with(['.', '[']))
    };
    let next = |name: &str| value.get(name).unwrap_or(&Value::Null);
    if let Some((index, after)) = rest.strip_prefix('[').and_then(|rest| rest.split_once(']'))
        && let (Some(schema), Ok(number)) = (items(schema), index.parse::<usize>())
    {
        let item = value.get(number).unwrap_or(&Value::Null);
        return format!("{dot}[{index}]{}", in_brackets(schema, item, after));
    }
    let properties = schema.properties.iter().flatten();
    if let Some((name, schema)) =
        properties.filter(|(name, _)| leads(&name.as_str())).max_by_key(|(name, _)| name.len())
    {
        return format!("{dot}{name}{}", in_brackets(schema, next(name), &rest[name.len()..]));
    }
    let keys = value.as_object().into_iter().flatten().map(|(key, _)| key.as_str());
    match (values(schema), keys.filter(leads).max_by_key(|key| key.len())) {
        (Some(schema), Some(key)) if !dot.is_empty() => {
            format!("[{key}]{}", in_brackets(schema, next(key), &rest[key.len()..]))
        }
        _ => path.to_owned(),
    }
}
