//! Which version of its spec a run was started with.

use std::sync::LazyLock;

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::JSONSchemaProps;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::schema::walk::{field, items};
use crate::{EditClass, SparkJobSpec};

/// Which version of its spec a run was started with.
///
/// An edit is one only if both differ. The generation alone also moves with fields that restart nothing; the hash
/// alone would move with a newer CRD, whose defaults the API server adds to every object it serves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Revision {
    /// The job's `metadata.generation`.
    pub generation: i64,
    /// A hash of the fields of the restart class, without those that have their default.
    #[schemars(length(max = 64))]
    pub hash: String,
}

impl Revision {
    /// The revision of a spec.
    pub fn of(spec: &SparkJobSpec, generation: i64) -> Self {
        Self { generation, hash: restart_hash(spec) }
    }

    /// Whether a run that was started with `self` is out of date: a field of the restart class was edited since.
    pub fn is_outdated_by(&self, now: &Self) -> bool {
        self.generation != now.generation && self.hash != now.hash
    }
}

/// Sixteen hexadecimal digits that change with every field of the restart class, and with nothing else.
fn restart_hash(spec: &SparkJobSpec) -> String {
    static SCHEMA: LazyLock<JSONSchemaProps> = LazyLock::new(spec_schema);
    // A spec is made of strings, numbers, lists and maps with text for keys: JSON holds all of it.
    let mut value = serde_json::to_value(spec).unwrap_or_default();
    keep_what_restarts(&SCHEMA, &mut value, "");
    // Maps are sorted by their keys, so that equal specs are equal texts.
    let digest = Sha256::digest(value.to_string().as_bytes());
    let first = digest.iter().take(8).fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
    format!("{first:016x}")
}

fn spec_schema() -> JSONSchemaProps {
    let version = crate::crd().spec.versions.into_iter().next();
    let root = version.and_then(|version| version.schema?.open_api_v3_schema);
    root.as_ref().and_then(|root| field(root, "spec")).cloned().unwrap_or_default()
}

/// Takes away fields of other classes, fields that have their default, and what is then empty.
fn keep_what_restarts(schema: &JSONSchemaProps, value: &mut Value, path: &str) {
    match value {
        Value::Object(fields) => fields.retain(|name, value| {
            let Some(schema) = field(schema, name) else { return true };
            let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
            if EditClass::of(&path) != EditClass::Restart {
                return false;
            }
            keep_what_restarts(schema, value, &path);
            schema.default.as_ref().is_none_or(|default| default.0 != *value) && !says_nothing(value, &path)
        }),
        Value::Array(list) => {
            if let Some(schema) = items(schema) {
                for item in list {
                    keep_what_restarts(schema, item, path);
                }
            }
        }
        _ => {}
    }
}

/// Whether a value is as good as none. What is run is chosen by an object that may well be empty.
fn says_nothing(value: &Value, path: &str) -> bool {
    let chooses = matches!(path.split('.').collect::<Vec<_>>()[..], ["run", _]);
    match value {
        Value::Null => true,
        Value::Object(fields) => fields.is_empty() && !chooses,
        Value::Array(list) => list.is_empty(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn hash(spec: Value) -> String {
        restart_hash(&serde_json::from_value(spec).unwrap())
    }

    fn base() -> Value {
        json!({"run": {"submit": {"application": "pi.py", "args": ["1"]}}, "conf": {"a.b": "1"}})
    }

    fn edited(pointer: &str, value: Value) -> Value {
        let mut spec = base();
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        let mut at = &mut spec;
        for part in parent.split('/').filter(|part| !part.is_empty()) {
            at = &mut at[part];
        }
        at[name] = value;
        spec
    }

    /// An operator that reckoned otherwise than the one before it would run every edited job again.
    #[test]
    fn the_hash_is_the_same_in_every_version() {
        assert_eq!(hash(base()), "5534bad55198ef29");
    }

    #[test]
    fn only_fields_of_the_restart_class_move_the_hash() {
        for (pointer, value, moves) in [
            ("/image", json!("spark:4"), true),
            ("/run/submit/args", json!(["2"]), true),
            ("/conf/a.b", json!("2"), true),
            ("/driver", json!({"cores": 2}), true),
            ("/pod", json!({"spec": {"nodeSelector": {"disk": "ssd"}}}), true),
            ("/suspend", json!(true), false),
            ("/restart", json!({"policy": "Always"}), false),
            ("/activeDeadline", json!("1h"), false),
            ("/terminationGracePeriod", json!("5s"), false),
            ("/eventLog", json!({"directory": "/tmp"}), false),
            ("/mesos", json!({"registrationTimeout": "5m"}), false),
        ] {
            assert_eq!(hash(base()) != hash(edited(pointer, value)), moves, "{pointer}");
        }
    }

    #[test]
    fn what_is_written_out_at_its_default_moves_nothing() {
        for (pointer, value) in [
            ("/mode", json!("NonDistributed")),
            ("/hostPID", json!(false)),
            ("/env", json!([])),
            ("/driver", json!({})),
            ("/executor", json!({"cores": null})),
        ] {
            assert_eq!(hash(base()), hash(edited(pointer, value)), "{pointer}");
        }
    }

    #[test]
    fn each_kind_of_run_has_its_own_hash_even_when_nothing_else_is_written() {
        let kinds = ["shell", "pyspark", "notebook"].map(|kind| hash(json!({"run": {kind: {}}})));
        assert!(kinds[0] != kinds[1] && kinds[1] != kinds[2] && kinds[0] != kinds[2], "{kinds:?}");
    }

    #[test]
    fn a_run_is_out_of_date_only_if_generation_and_hash_moved() {
        let revision = |generation, hash: &str| Revision { generation, hash: hash.into() };
        let started = revision(1, "a");
        for (now, outdated) in [
            (revision(1, "a"), false),
            (revision(2, "a"), false),
            (revision(1, "b"), false),
            (revision(2, "b"), true),
        ] {
            assert_eq!(started.is_outdated_by(&now), outdated, "{now:?}");
        }
    }
}
