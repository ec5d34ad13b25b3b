//! The CEL rules, evaluated by kube's own evaluator.

use kube::core::cel::{ValidationError, validate_compiled};
use serde_json::Value;

use super::definition::Definition;
use super::violation::{Violation, ViolationKind};

/// Evaluates every rule of the definition.
pub(super) fn check(definition: &Definition, manifest: &Value, violations: &mut Vec<Violation>) {
    let Some(rules) = &definition.rules else {
        violations.push(Violation::rules_unchecked());
        return;
    };
    let Err(errors) = validate_compiled(rules, manifest, None) else { return };
    let found: Vec<Violation> = errors.iter().map(violation).collect();
    // Where a rule of ours speaks, what is said in general on the same field is not repeated.
    violations.retain(|general| found.iter().all(|own| own.field != general.field));
    violations.extend(found);
}

fn violation(error: &ValidationError) -> Violation {
    let kind = match error.reason.as_deref() {
        Some("FieldValueForbidden") => ViolationKind::Forbidden,
        Some("FieldValueRequired") => ViolationKind::Required,
        Some("FieldValueDuplicate") => ViolationKind::Duplicate,
        _ => ViolationKind::Invalid,
    };
    // A rule's path is written as `.conf['spark.master']`, and the server prints it as `.conf[spark.master]`.
    let field = error.field_path.replace("['", "[").replace("']", "]");
    Violation::new(field.trim_start_matches('.'), kind, error.message.as_str())
}
