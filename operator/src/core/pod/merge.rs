//! Merging pods as JSON, lists by their strategic-merge keys.
//!
//! Source: the `patchMergeKey` tags of `k8s.io/api/core/v1` (1.34). Lists without one are replaced whole.

use serde_json::{Map, Value};

/// The key that tells the items of a list apart.
pub(super) fn merge_key(list: &str) -> Option<&'static str> {
    Some(match list {
        "containers"
        | "env"
        | "ephemeralContainers"
        | "imagePullSecrets"
        | "initContainers"
        | "resourceClaims"
        | "schedulingGates"
        | "volumes" => "name",
        "volumeMounts" => "mountPath",
        "volumeDevices" => "devicePath",
        "ports" => "containerPort",
        "hostAliases" => "ip",
        "topologySpreadConstraints" => "topologyKey",
        _ => return None,
    })
}

/// `over` merged over `under`: objects field by field, keyed lists item by item with `over`'s items first, anything
/// else by taking `over`'s.
pub(super) fn merge(under: Value, over: Value) -> Value {
    match (under, over) {
        (Value::Object(under), Value::Object(over)) => Value::Object(objects(under, over)),
        (_, over) => over,
    }
}

fn objects(mut under: Map<String, Value>, over: Map<String, Value>) -> Map<String, Value> {
    for (name, value) in over {
        let merged = match (under.remove(&name), value) {
            (Some(Value::Array(below)), Value::Array(above)) => match merge_key(&name) {
                Some(key) => Value::Array(lists(key, below, above)),
                None => Value::Array(above),
            },
            (Some(below), above) => merge(below, above),
            (None, above) => above,
        };
        under.insert(name, merged);
    }
    under
}

fn lists(key: &str, mut under: Vec<Value>, over: Vec<Value>) -> Vec<Value> {
    let mut merged: Vec<_> = over
        .into_iter()
        .map(|item| match under.iter().position(|below| is_same(key, below, &item)) {
            Some(at) => merge(under.remove(at), item),
            None => item,
        })
        .collect();
    merged.extend(under);
    merged
}

/// Ports may share a number and differ in their protocol.
pub(super) fn is_same(key: &str, one: &Value, other: &Value) -> bool {
    let protocol = |port: &Value| port["protocol"].as_str().unwrap_or("TCP").to_owned();
    !one[key].is_null()
        && one[key] == other[key]
        && (key != "containerPort" || protocol(one) == protocol(other))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_kind_of_field_merges_in_its_own_way() {
        for (what, under, over, merged) in [
            ("scalars", json!({"a": 1, "b": 1}), json!({"b": 2}), json!({"a": 1, "b": 2})),
            ("maps", json!({"m": {"a": 1}}), json!({"m": {"b": 2}}), json!({"m": {"a": 1, "b": 2}})),
            (
                "containers",
                json!({"containers": [{"name": "sidecar"}, {"name": "driver", "tty": false, "env": [{"name": "A"}]}]}),
                json!({"containers": [{"name": "driver", "tty": true, "env": [{"name": "B"}]}]}),
                json!({"containers": [{"name": "driver", "tty": true, "env": [{"name": "B"}, {"name": "A"}]}, {"name": "sidecar"}]}),
            ),
            (
                "mounts",
                json!({"volumeMounts": [{"name": "theirs", "mountPath": "/data"}]}),
                json!({"volumeMounts": [{"name": "ours", "mountPath": "/lcmap"}]}),
                json!({"volumeMounts": [{"name": "ours", "mountPath": "/lcmap"}, {"name": "theirs", "mountPath": "/data"}]}),
            ),
            (
                "ports by number and protocol",
                json!({"ports": [{"containerPort": 1, "protocol": "UDP"}]}),
                json!({"ports": [{"containerPort": 1}]}),
                json!({"ports": [{"containerPort": 1}, {"containerPort": 1, "protocol": "UDP"}]}),
            ),
            (
                "lists without a key",
                json!({"tolerations": [1, 2]}),
                json!({"tolerations": [3]}),
                json!({"tolerations": [3]}),
            ),
            (
                "what no schema knows",
                json!({"new": {"x": [1]}}),
                json!({"y": 1}),
                json!({"new": {"x": [1]}, "y": 1}),
            ),
        ] {
            assert_eq!(merge(under, over), merged, "{what}");
        }
    }
}
