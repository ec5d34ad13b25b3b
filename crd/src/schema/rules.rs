//! Schemas of objects and maps, with the rules between their fields.

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::ValidationRule;
use kube::core::{Reason, Rule};
use schemars::{Schema, SchemaGenerator, json_schema};
use serde_json::json;

use super::texts::NO_NUL;
use crate::names::{MAX_JOB_NAME, PREFIX};
use crate::owned::PROPERTIES;

/// The job's own name, from which its children's names are made. A rule of the root: only there is the name seen.
pub(crate) fn job_name_rule() -> ValidationRule {
    ValidationRule {
        rule: format!(
            "size(self.metadata.name) <= {MAX_JOB_NAME} && self.metadata.name.matches('^[a-z]([-a-z0-9]*[a-z0-9])?$')"
        ),
        message: Some(format!(
            "the name of a SparkJob has at most {MAX_JOB_NAME} characters, of a-z, 0-9 and -, begins with a letter and does not end with -, since other names are made from it"
        )),
        field_path: Some(".metadata.name".into()),
        ..ValidationRule::default()
    }
}

/// The rules of `spec` as a whole.
pub(crate) fn spec() -> Vec<Rule> {
    let shell = Rule::new(
        "!has(self.restart) || self.restart.policy == 'Never' || !(has(self.run.shell) || has(self.run.pyspark))",
    )
    .message("a shell is not restarted, since its terminal is gone: use Never")
    .field_path(".restart.policy");
    let gpus = Rule::new(
        "!has(self.executor) || !has(self.executor.totalGpus) || self.executor.totalGpus == 0 || !has(self.mesos) || !has(self.mesos.container) || self.mesos.container.type == 'Mesos'",
    )
    .message("set spec.mesos.container.type to Mesos, too: the Docker containerizer hands out no GPUs")
    .field_path(".executor.totalGpus");
    // At the map itself, the API server would print the path as `spec.conf.[spark.master]`.
    let owned = PROPERTIES.iter().map(|property| {
        Rule::new(format!("!has(self.conf) || !('{}' in self.conf)", property.name))
            .message(property.remedy().as_str())
            .field_path(format!(".conf['{}']", property.name))
            .reason(Reason::FieldValueForbidden)
    });
    [shell, gpus].into_iter().chain(owned).collect()
}

/// `spec.conf`.
pub(crate) fn conf(_: &mut SchemaGenerator) -> Schema {
    let rule = Rule::new("self.all(name, name.startsWith('spark.') && size(name) <= 512)")
        .message("names must begin with spark. (Spark ignores others) and have at most 512 characters");
    json_schema!({
        "type": "object",
        "maxProperties": 1024,
        "additionalProperties": {"type": "string", "maxLength": 65536, "pattern": NO_NUL},
        "x-kubernetes-validations": [rule],
    })
}

/// `spec.mesos.constraints`, which Spark writes as `name:value,value;name:value`.
pub(crate) fn constraints(_: &mut SchemaGenerator) -> Schema {
    let names = Rule::new("self.all(name, size(name) <= 253 && !name.contains(':') && !name.contains(';'))")
        .message("the name of an attribute has at most 253 characters, and no : or ;");
    let values = Rule::new("self.all(name, self[name].all(value, !value.matches('[,:;]')))")
        .message("a value cannot hold , : or ; which Spark puts between them");
    json_schema!({
        "type": "object",
        "maxProperties": 64,
        "additionalProperties": {
            "type": "array",
            "maxItems": 64,
            "items": {"type": "string", "maxLength": 253, "pattern": NO_NUL},
        },
        "x-kubernetes-validations": [names, values],
    })
}

/// `spec.mesos.taskLabels`.
pub(crate) fn task_labels(_: &mut SchemaGenerator) -> Schema {
    let rule = Rule::new("self.all(name, size(name) >= 1 && size(name) <= 253)")
        .message("names have 1 to 253 characters");
    json_schema!({
        "type": "object",
        "maxProperties": 64,
        "additionalProperties": {"type": "string", "maxLength": 1024, "pattern": NO_NUL},
        "x-kubernetes-validations": [rule],
    })
}

/// `spec.pod.metadata`.
pub(crate) fn pod_metadata(_: &mut SchemaGenerator) -> Schema {
    let reserved = |field: &str| {
        Rule::new(format!("!has(self.{field}) || self.{field}.all(name, !name.startsWith('{PREFIX}'))"))
            .message(format!("{field} that begin with {PREFIX} are lcmap-spark's own").as_str())
            .field_path(format!(".{field}"))
            .reason(Reason::FieldValueForbidden)
    };
    let rules = ["labels", "annotations"].map(reserved);
    json_schema!({
        "type": "object",
        "x-kubernetes-preserve-unknown-fields": true,
        "properties": {
            "labels": {
                "description": "Labels of the driver pod.",
                "type": "object",
                "maxProperties": 64,
                "additionalProperties": {"type": "string", "maxLength": 63},
            },
            "annotations": {
                "description": "Annotations of the driver pod.",
                "type": "object",
                "maxProperties": 64,
                "additionalProperties": {"type": "string", "maxLength": 65536},
            },
        },
        "x-kubernetes-validations": rules,
    })
}

/// `spec.pod.spec`: what has a field of its own is refused there.
pub(crate) fn pod_spec(_: &mut SchemaGenerator) -> Schema {
    let fields = [
        ("hostNetwork", "boolean", "set spec.network to Host or Pod instead"),
        ("hostPID", "boolean", "set spec.hostPID instead"),
        (
            "restartPolicy",
            "string",
            "set spec.restart.policy instead: a driver pod is never restarted in place",
        ),
        ("terminationGracePeriodSeconds", "integer", "set spec.terminationGracePeriod instead"),
        ("activeDeadlineSeconds", "integer", "set spec.activeDeadline instead"),
    ];
    let rules = fields.map(|(field, _, instead)| {
        Rule::new(format!("!has(self.{field})"))
            .message(instead)
            .field_path(format!(".{field}"))
            .reason(Reason::FieldValueForbidden)
    });
    let properties: serde_json::Map<_, _> = fields
        .into_iter()
        .map(|(field, type_, instead)| {
            let mut schema = json!({"description": format!("Refused: {instead}."), "type": type_});
            if type_ == "string" {
                schema["maxLength"] = json!(64);
            }
            (field.to_owned(), schema)
        })
        .collect();
    json_schema!({
        "type": "object",
        "x-kubernetes-preserve-unknown-fields": true,
        "properties": properties,
        "x-kubernetes-validations": rules,
    })
}
