//! What `validate` says of a pod template is what an API server says of the pod.

#![allow(clippy::unwrap_used)] // all of it is a test, and a panic its verdict

use std::collections::BTreeSet;

use lcmap_spark_crd::admission::{PodVerdict, Violation, judge_pod};
use lcmap_spark_tests::kubernetes::{ControlPlane, Proxy};
use serde_json::{Value, json};

/// What becomes of a template.
#[derive(Debug, PartialEq, Eq)]
enum Verdict {
    Accepted,
    /// It cannot be read.
    Unreadable,
    /// It has fields that are not known, or is refused for these fields.
    Refused(BTreeSet<String>),
}

/// An API server on which pods can be created.
fn api_server() -> (ControlPlane, Proxy) {
    let control_plane = ControlPlane::start().unwrap();
    let server = control_plane.proxy().unwrap();
    let account = json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "default"}});
    server.post("/api/v1/namespaces/default/serviceaccounts", &account).unwrap();
    (control_plane, server)
}

/// The pod that is made of a template, in so far as it matters here: the driver has an image.
fn pod(template: &Value) -> Value {
    let mut spec = template["spec"].clone();
    if let Some(containers) = spec["containers"].as_array_mut() {
        for driver in containers.iter_mut().filter(|container| container["name"] == "driver") {
            driver["image"] = json!("spark");
        }
    } else if spec["containers"].is_null() {
        spec["containers"] = json!([{"name": "driver", "image": "spark"}]);
    }
    let mut metadata = template["metadata"].clone();
    metadata["name"] = json!("pi");
    json!({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec})
}

fn online(server: &Proxy, template: &Value) -> Verdict {
    let path = "/api/v1/namespaces/default/pods?dryRun=All&fieldValidation=Strict";
    let answer = server.post(path, &pod(template)).unwrap();
    if answer["kind"] == "Pod" {
        return Verdict::Accepted;
    }
    let told = answer["message"].as_str().unwrap();
    if let Some((_, unknown)) = told.split_once("strict decoding error: ") {
        return Verdict::Refused(unknown.split('"').skip(1).step_by(2).map(str::to_owned).collect());
    }
    let Some(causes) = answer["details"]["causes"].as_array() else {
        assert_eq!(answer["code"], 400, "{answer}");
        return Verdict::Unreadable;
    };
    let fields = causes.iter().filter_map(|cause| cause["field"].as_str());
    Verdict::Refused(fields.map(str::to_owned).collect())
}

fn offline(template: &Value) -> Verdict {
    let PodVerdict { unreadable, refused, doubtful } =
        judge_pod(&serde_json::from_value(template.clone()).unwrap());
    if !unreadable.is_empty() {
        return Verdict::Unreadable;
    }
    let fields = |violations: &[Violation]| {
        violations.iter().map(|violation| violation.field.replace("spec.pod.", "")).collect::<BTreeSet<_>>()
    };
    // Strict decoding comes first.
    match (fields(&doubtful), fields(&refused)) {
        (unknown, _) if !unknown.is_empty() => Verdict::Refused(unknown),
        (_, refused) if !refused.is_empty() => Verdict::Refused(refused),
        _ => Verdict::Accepted,
    }
}

/// Without the names that only we tell.
fn plain(verdict: Verdict) -> Verdict {
    let plain = |field: String| {
        // The server names the map of labels, and not the label.
        let map = ["metadata.labels", "metadata.annotations", "spec.nodeSelector"];
        let is_in =
            map.into_iter().find(|map| field.strip_prefix(map).is_some_and(|rest| rest.starts_with('.')));
        let field = is_in.map_or(field.clone(), str::to_owned);
        // It does the same for a request above its limit.
        field.strip_suffix(".requests.cpu").map_or(field.clone(), |resources| format!("{resources}.requests"))
    };
    match verdict {
        Verdict::Refused(fields) => Verdict::Refused(fields.into_iter().map(plain).collect()),
        other => other,
    }
}

fn driver(fields: &Value) -> Value {
    let mut container = json!({"name": "driver"});
    container.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    json!({"spec": {"containers": [container]}})
}

fn resources(resources: &Value) -> Value {
    driver(&json!({"resources": resources}))
}

/// Broken templates of all kinds, and some that look so.
fn templates() -> Vec<Value> {
    let spec = |spec: Value| json!({"spec": spec});
    let mount = json!({"name": "data", "mountPath": "/data"});
    vec![
        spec(json!({})),
        spec(json!({"priority": "high"})),
        spec(json!({"priorityClassName": 5})),
        spec(json!({"hostAliases": {"ip": "127.0.0.1"}})),
        spec(json!({"tolerations": [{"operator": "exists"}]})),
        spec(json!({"tolerations": [{"key": "a", "tolerationSeconds": "60"}]})),
        spec(json!({"dnsPolicy": "clusterFirst"})),
        spec(json!({"nodeselector": {"disk": "ssd"}})),
        spec(json!({"nodeSelector": {"disk": true}})),
        spec(json!({"nodeSelector": {"bad key": "ssd"}})),
        spec(json!({"nodeSelector": {"disk": "very fast"}})),
        spec(json!({"securityContext": {"runAsUser": "root"}})),
        spec(json!({"securityContext": {"fsGroupChangePolicy": "Sometimes"}})),
        spec(json!({"volumes": [{"name": "data", "emptyDir": {"sizeLimit": "1GB"}}]})),
        spec(json!({"volumes": [{"name": "Data", "emptyDir": {}}]})),
        spec(json!({"volumes": [{"name": "data", "hostPath": {"path": "/srv", "type": "Folder"}}]})),
        spec(json!({"volumes": [{"name": "data", "secret": {"secretName": "s", "defaultMode": "0400"}}]})),
        spec(json!({"containers": [{"name": "log"}, {"name": "driver"}]})),
        spec(json!({"initContainers": [{"name": "Fetch", "image": "fetch"}]})),
        spec(json!({"affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {
            "nodeSelectorTerms": [{"matchExpressions": [{"key": "disk", "operator": "in", "values": ["ssd"]}]}]}}}})),
        spec(
            json!({"topologySpreadConstraints": [{"maxSkew": 1, "topologyKey": "zone", "whenUnsatisfiable": "Never"}]}),
        ),
        json!({"metadata": {"labels": {"team": "land change"}}, "spec": {}}),
        json!({"metadata": {"annotations": {"not a name": "x"}}, "spec": {}}),
        driver(&json!({"volumeMounts": [mount]})),
        driver(&json!({"env": [{"name": "A", "value": 1}]})),
        driver(&json!({"env": [{"name": "A=B", "value": "1"}]})),
        driver(&json!({"env": {"A": "1"}})),
        driver(&json!({"ports": [{"containerPort": 70000}]})),
        driver(&json!({"ports": [{"containerPort": "80"}]})),
        driver(&json!({"ports": [{"containerPort": 80, "protocol": "tcp"}]})),
        driver(&json!({"livenessProbe": {"httpGet": {"port": 80, "scheme": "https"}}})),
        driver(&json!({"livenessProbe": {"periodSeconds": 1.5, "exec": {"command": "true"}}})),
        resources(&json!({"limits": {"memory": "2g"}})),
        resources(&json!({"limits": {"memory": "512 Mi"}})),
        resources(&json!({"limits": {"cpu": "2 cores"}})),
        resources(&json!({"limits": {"cpu": true}})),
        resources(&json!({"limits": {"cpu": 2, "memory": 2_147_483_648_i64}})),
        resources(&json!({"limits": {"cpu": "1e3m"}})),
        resources(&json!({"limits": {"cpu": "2"}, "requests": {"cpu": "2500m"}})),
        resources(&json!({"limits": {"cpu": "300m"}, "requests": {"cpu": 0.3}})),
        resources(&json!({"limit": {"cpu": "2"}})),
        driver(&json!({"resource": {}, "imagepullpolicy": "Always"})),
    ]
}

#[test]
fn broken_templates_are_judged_offline_as_by_the_api_server() {
    let (_control_plane, server) = api_server();
    let mut differences = vec![];
    for template in templates() {
        let (online, offline) = (plain(online(&server, &template)), plain(offline(&template)));
        if online != offline {
            differences.push(format!("{template}\n  server: {online:?}\n  offline: {offline:?}"));
        }
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

/// A template with a field of every kind.
fn rich() -> Value {
    json!({"metadata": {}, "spec": {
        "activeDeadlineSeconds": 5,
        "affinity": {"podAntiAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": [{"weight": 1, "podAffinityTerm":
            {"topologyKey": "zone", "labelSelector": {"matchLabels": {"a": "b"}}}}]}},
        "automountServiceAccountToken": false,
        "containers": [{"name": "driver", "env": [{"name": "A", "valueFrom": {"resourceFieldRef":
                {"resource": "limits.cpu", "divisor": "1m"}}}],
            "ports": [{"containerPort": 80}],
            "readinessProbe": {"httpGet": {"port": "http", "httpHeaders": [{"name": "a", "value": "b"}]}, "periodSeconds": 5},
            "resources": {"limits": {"cpu": "1", "memory": 1_073_741_824}},
            "securityContext": {"capabilities": {"add": ["SYS_PTRACE"]}, "runAsUser": 1000},
            "volumeMounts": [{"name": "data", "mountPath": "/data", "readOnly": true}]}],
        "tolerations": [{"key": "a", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 5}],
        "volumes": [
            {"name": "data", "emptyDir": {"sizeLimit": "1Gi"}},
            {"name": "keys", "projected": {"sources": [{"secret": {"name": "a", "items": [{"key": "a", "path": "b", "mode": 256}]}}]}},
            {"name": "claim", "ephemeral": {"volumeClaimTemplate": {"metadata": {"creationTimestamp": null},
                "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}}}}],
    }})
}

/// The paths of all values in a value, as JSON pointers.
fn pointers(value: &Value, at: &str, found: &mut Vec<String>) {
    found.push(at.to_owned());
    match value {
        Value::Object(fields) => {
            for (name, field) in fields {
                pointers(field, &format!("{at}/{name}"), found);
            }
        }
        Value::Array(items) => {
            for (i, item) in items.iter().enumerate() {
                pointers(item, &format!("{at}/{i}"), found);
            }
        }
        _ => {}
    }
}

#[test]
fn values_of_every_type_in_every_field_can_be_read_where_an_api_server_can_read_them() {
    let (_control_plane, server) = api_server();
    let rich = rich();
    let (mut all, mut differences) = (vec![], vec![]);
    pointers(&rich["spec"], "/spec", &mut all);
    assert!(all.len() > 80, "{}", all.len());
    for pointer in all.iter().skip(1) {
        for value in [
            json!(null),
            json!(true),
            json!(1),
            json!(1.5),
            json!(3_000_000_000_i64),
            json!("x"),
            json!([]),
            json!({}),
        ] {
            let mut template = rich.clone();
            *template.pointer_mut(pointer).unwrap() = value.clone();
            let is_read = |verdict: Verdict| verdict != Verdict::Unreadable;
            let (online, offline) = (is_read(online(&server, &template)), is_read(offline(&template)));
            if online != offline {
                differences.push(format!(
                    "{pointer}: {value}: the server reads it: {online}, and offline: {offline}"
                ));
            }
        }
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}
