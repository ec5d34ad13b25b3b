//! The words that may be written, and those that a status says.

use schemars::{JsonSchema, SchemaGenerator};
use serde_json::Value;

use super::{code, row, rows, section};
use crate::spec::{
    AccessMode, CertificateVerification, ContainerType, ImagePullPolicy, Network, RestartPolicy, RetainPods,
    RunKind, WhenDeleted,
};
use crate::{ConditionType, Mode, Phase, Reason};

/// The words that fields of the specification take.
pub(super) fn specification(text: &mut String) {
    section(text, 2, "Words", "What each word means in the fields that take one of a few.");
    words::<Mode>("spec.mode", text);
    words::<ImagePullPolicy>("spec.imagePullPolicy", text);
    words::<AccessMode>("spec.run.notebook.storage.accessModes", text);
    words::<WhenDeleted>("spec.run.notebook.storage.whenDeleted", text);
    words::<CertificateVerification>("spec.mesos.certificates.verify", text);
    words::<ContainerType>("spec.mesos.container.type", text);
    words::<Network>("spec.network", text);
    words::<RestartPolicy>("spec.restart.policy", text);
    words::<RetainPods>("spec.retention.pods", text);
}

/// The words that a status says.
pub(super) fn status(text: &mut String) {
    words::<RunKind>("status.run", text);
    words::<Phase>("status.phase", text);
    words::<ConditionType>("status.conditions[].type", text);
    words::<Reason>("status.reason", text);
}

/// One table: the variants of an enum with their documentation.
fn words<T: JsonSchema>(path: &str, text: &mut String) {
    let schema = T::json_schema(&mut SchemaGenerator::default());
    let of = |value: &Value, key: &str| {
        value.get(key).and_then(Value::as_str).unwrap_or_default().replace('\n', " ")
    };
    section(text, 3, &code(path), "");
    rows(text, &["Word", "Meaning"]);
    for variant in schema.get("oneOf").and_then(Value::as_array).into_iter().flatten() {
        row(text, &[&code(&of(variant, "const")), &of(variant, "description")]);
    }
}
