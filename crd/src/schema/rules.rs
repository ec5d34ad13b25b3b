//! Schemas with bounds and CEL rules for single fields.

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::ValidationRule;
use kube::core::{Message, Reason, Rule};
use schemars::{Schema, SchemaGenerator, json_schema};
use serde_json::json;

use crate::names::{MAX_JOB_NAME, PREFIX};
use crate::owned::{PROPERTIES, VARIABLES};

/// The name of a Kubernetes object: an RFC 1123 subdomain.
pub(crate) const OBJECT_NAME: &str = r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$";

/// No NUL: no argument, variable or path can hold one.
const NO_NUL: &str = r"^[^\x00]*$";

/// Spark writes Mesos attributes as `a:v,v;b:v`.
const ATTRIBUTE: &str = r"^[^,:;\x00]*$";

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
    // At the map itself, the API server would print the path as `spec.conf.[spark.master]`.
    let owned = PROPERTIES.iter().map(|property| {
        Rule::new(format!("!has(self.conf) || !('{}' in self.conf)", property.name))
            .message(property.remedy().as_str())
            .field_path(format!(".conf['{}']", property.name))
            .reason(Reason::FieldValueForbidden)
    });
    std::iter::once(shell).chain(owned).collect()
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

/// `spec.env[].name`.
pub(crate) fn env_name(_: &mut SchemaGenerator) -> Schema {
    let names: Vec<String> = VARIABLES.iter().map(|variable| format!("'{}'", variable.name)).collect();
    let remedies: Vec<String> = VARIABLES
        .iter()
        .map(|variable| format!("'{}': '{}'", variable.name, cel_text(&variable.remedy())))
        .collect();
    let rule = Rule::new(format!("!(self in [{}])", names.join(", ")))
        .message(Message::Expression(format!("{{{}}}[self]", remedies.join(", "))))
        .reason(Reason::FieldValueForbidden);
    json_schema!({
        "type": "string",
        "minLength": 1,
        "maxLength": 253,
        "pattern": "^[A-Za-z_][A-Za-z0-9_]*$",
        "x-kubernetes-validations": [rule],
    })
}

/// A text as it stands between single quotes in CEL.
fn cel_text(text: &str) -> String {
    text.replace('\\', r"\\").replace('\'', r"\'")
}

/// `spec.mesos.master`.
pub(crate) fn mesos_master(_: &mut SchemaGenerator) -> Schema {
    let shape = Rule::new(
        r"self.matches('^mesos://(zk://[^/@\\x00-\\x20]+/[^@\\x00-\\x20]+|[^/@,\\x00-\\x20]+(,[^/@,\\x00-\\x20]+)*)$') || self.contains('@')",
    )
    .message(
        "write mesos://host:5050, mesos://host1:5050,host2:5050 or mesos://zk://zk1:2181,zk2:2181/mesos",
    );
    let password = Rule::new("!self.contains('@')")
        .message("leave user and password out: Mesos lets everybody read who leads (its ZooKeeper nodes are world-readable)");
    json_schema!({
        "type": "string",
        "maxLength": 1024,
        "x-kubernetes-validations": [shape, password],
    })
}

/// `spec.mesos.role`. Source: Mesos' `roles::validate`.
pub(crate) fn mesos_role(_: &mut SchemaGenerator) -> Schema {
    let rule = Rule::new(
        r"self.matches('^[^-/\\x00-\\x20][^/\\x00-\\x20]*(/[^-/\\x00-\\x20][^/\\x00-\\x20]*)*$') && !self.matches('(^|/)([.]|[.][.])(/|$)') && !self.contains('/*')",
    )
    .message("a role has no blanks, no part that is empty, . or .. or begins with -, and * only alone");
    json_schema!({"type": "string", "minLength": 1, "maxLength": 255, "x-kubernetes-validations": [rule]})
}

/// `spec.mesos.constraints`.
pub(crate) fn constraints(_: &mut SchemaGenerator) -> Schema {
    let rule = Rule::new("self.all(name, size(name) <= 253 && !name.contains(':') && !name.contains(';'))")
        .message("the name of an attribute has at most 253 characters, and no : or ;");
    json_schema!({
        "type": "object",
        "maxProperties": 64,
        "additionalProperties": {
            "type": "array",
            "maxItems": 64,
            "items": {"type": "string", "maxLength": 253, "pattern": ATTRIBUTE},
        },
        "x-kubernetes-validations": [rule],
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

/// `spec.run.notebook.storage.size`.
pub(crate) fn storage_size(_: &mut SchemaGenerator) -> Schema {
    let rule = Rule::new("isQuantity(self) && quantity(self).isGreaterThan(quantity('0'))")
        .message("write a Kubernetes quantity above zero, such as 10Gi");
    json_schema!({"type": "string", "maxLength": 32, "x-kubernetes-validations": [rule]})
}
