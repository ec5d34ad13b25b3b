//! Manifests that nobody means well with: a clear answer to each, and never a panic.

use std::iter::repeat_n;

use lcmap_spark_crd::admission::{MAX_DEPTH, Violation, ViolationKind, admit};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

fn job(spec: &Value) -> Value {
    json!({"apiVersion": "lcmap.usgs.gov/v1alpha1", "kind": "SparkJob", "metadata": {"name": "pi"}, "spec": spec})
}

/// A job with a field beside what it must have.
fn with(field: &str, value: &Value) -> Value {
    let mut spec = json!({"run": {"submit": {"application": "pi.py"}}});
    spec[field] = value.clone();
    job(&spec)
}

/// A job whose program gets these arguments.
fn submit(args: &Value) -> Value {
    with("run", &json!({"submit": {"application": "pi.py", "args": args}}))
}

fn fields(violations: &[Violation]) -> Vec<&str> {
    violations.iter().map(|violation| violation.field.as_str()).filter(|field| !field.is_empty()).collect()
}

fn refused(manifest: Value) -> Vec<Violation> {
    admit(manifest).err().unwrap_or_default()
}

/// An object around an object, so many times. Each is moved into the next, since a clone would recurse.
fn nested(levels: usize) -> Value {
    let around = |inner| Value::Object(Map::from_iter([("a".to_owned(), inner)]));
    repeat_n((), levels).fold(Value::Null, |inner, ()| around(inner))
}

#[test]
fn what_is_no_job_at_all_is_refused() {
    for manifest in [json!(null), json!(1), json!("job"), json!([]), json!([job(&json!({}))]), json!({})] {
        assert!(admit(manifest.clone()).is_err(), "{manifest}");
    }
}

#[test]
fn another_kind_or_version_is_named() {
    for (field, value) in [
        ("apiVersion", json!("lcmap.usgs.gov/v9")),
        ("apiVersion", json!(1)),
        ("apiVersion", json!(null)),
        ("kind", json!("Sparkjob")),
        ("kind", json!(["SparkJob"])),
    ] {
        let mut manifest = with("suspend", &json!(true));
        manifest[field] = value;
        assert_eq!(fields(&refused(manifest)), [field]);
    }
}

#[test]
fn metadata_of_wrong_types_is_named() {
    for (metadata, field) in [
        (json!({"name": "pi", "labels": {"version": 1}}), "metadata.labels.version"),
        (json!({"name": "pi", "labels": ["a"]}), "metadata.labels"),
        (json!({"name": "pi", "annotations": {"a": {"b": "c"}}}), "metadata.annotations.a"),
        (json!({"name": "pi", "creationTimestamp": "yesterday"}), "metadata.creationTimestamp"),
        (json!({"name": "pi", "annotations": {"a": "x".repeat(262_144)}}), "metadata.annotations"),
    ] {
        let mut manifest = with("suspend", &json!(true));
        manifest["metadata"] = metadata;
        assert!(fields(&refused(manifest)).contains(&field), "{field}");
    }
}

#[test]
fn nesting_without_end_overflows_nothing() {
    for levels in [MAX_DEPTH, 1_000, 200_000] {
        let mut manifest = job(&json!(null));
        manifest["spec"] = nested(levels);
        let violations = refused(manifest);
        assert_eq!(violations.len(), 1, "{levels}: {violations:?}");
        assert!(violations[0].to_string().contains("levels"), "{violations:?}");
    }
}

#[test]
fn nesting_as_deep_as_it_may_be_is_admitted() {
    // A manifest is level 0, spec 1, pod 2, its spec 3, the field 4.
    assert!(admit(with("pod", &json!({"spec": {"anything": nested(MAX_DEPTH - 4)}}))).is_ok());
}

#[test]
fn configuration_of_two_hundred_kilobytes_is_admitted() {
    let conf: Map<String, Value> =
        (0..200).map(|n| (format!("spark.hostile.p{n}"), json!("\"\n\\".repeat(341)))).collect();
    let job = admit(with("conf", &Value::Object(conf))).expect("it is within all bounds");
    assert_eq!(job.spec.conf.values().map(String::len).sum::<usize>(), 200 * 1023);
}

#[test]
fn what_is_too_long_is_told_by_its_length_and_not_repeated() {
    for (manifest, field) in [
        (with("conf", &json!({"spark.x": "x".repeat(65_537)})), "spec.conf.spark.x"),
        (with("conf", &(0..1025).map(|n| (format!("spark.p{n}"), json!(""))).collect()), "spec.conf"),
        (submit(&json!(["x".repeat(32_768)])), "spec.run.submit.args[0]"),
        (submit(&json!(vec![""; 1025])), "spec.run.submit.args"),
        (with("env", &(0..257).map(|n| json!({"name": format!("V{n}")})).collect()), "spec.env"),
    ] {
        let violations = refused(manifest);
        assert_eq!(fields(&violations), [field]);
        assert!(violations.iter().all(|violation| violation.to_string().len() < 300), "{violations:?}");
    }
}

#[test]
fn characters_are_counted_as_unicode_has_them() {
    assert!(admit(submit(&json!(["🚀".repeat(32_767)]))).is_ok());
    assert!(admit(submit(&json!(["🚀".repeat(32_768)]))).is_err());
}

#[test]
fn a_message_shows_control_characters_escaped() {
    let violations = refused(with("image", &json!("a\u{1b}[31m\0 b")));
    assert!(!violations.is_empty());
    assert!(
        violations.iter().all(|violation| !violation.to_string().contains(char::is_control)),
        "{violations:?}"
    );
}

#[test]
fn a_misspelled_field_is_set_right() {
    for (field, suggestion) in [
        ("Suspend", "did you mean suspend?"),
        ("imagePullSecret", "did you mean imagePullSecrets?"),
        ("activeDeadlineSeconds", "known here: "),
    ] {
        let violations = refused(with(field, &json!(null)));
        assert_eq!(violations[0].kind, ViolationKind::Unknown);
        assert!(violations[0].to_string().contains(suggestion), "{violations:?}");
    }
}

fn any_json() -> impl Strategy<Value = Value> {
    let text = prop_oneof![
        any::<String>().prop_map(Value::from),
        proptest::sample::select(vec![
            "Always",
            "Never",
            "1g",
            "1h",
            "0s",
            "spark.master",
            "MASTER",
            "a b",
            "\0",
            ""
        ])
        .prop_map(Value::from),
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        text,
    ];
    leaf.prop_recursive(4, 32, 4, |inner| {
        let name = prop_oneof![
            "[a-zA-Z.]{0,12}",
            proptest::sample::select(vec![
                "name",
                "value",
                "memory",
                "submit",
                "spec",
                "labels",
                "secretName"
            ])
            .prop_map(String::from),
        ];
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::btree_map(name, inner, 0..4)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

/// A job that uses much of the specification, with one value somewhere in it replaced.
fn damaged_job() -> impl Strategy<Value = Value> {
    let whole = json!({
        "mode": "Distributed", "image": "a", "name": "b", "suspend": false, "startTimeout": "1m",
        "run": {"notebook": {"args": ["a"], "port": 1, "storage": {"size": "1Gi", "accessModes": ["ReadWriteOnce"]}}},
        "conf": {"spark.a": "b"}, "confFrom": [{"secretName": "a"}],
        "env": [{"name": "A", "valueFrom": {"secretKeyRef": {"name": "a", "key": "b"}}}],
        "driver": {"cores": 1, "memory": "1g"}, "executor": {"cores": 1, "totalCores": 2},
        "mesos": {"master": "mesos://a:1", "role": "r", "constraints": {"a": ["b"]}, "taskLabels": {"a": "b"},
            "container": {"volumes": ["/a"], "parameters": [{"key": "a", "value": "b"}]}},
        "pod": {"metadata": {"labels": {"a": "b"}}, "spec": {"a": [1]}},
        "restart": {"policy": "OnFailure", "backoff": "1s"}, "user": {"uid": 1},
    });
    let mut pointers = Vec::new();
    let mut rest = vec![(String::new(), &whole)];
    while let Some((pointer, value)) = rest.pop() {
        pointers.push(pointer.clone());
        match value {
            Value::Object(fields) => {
                rest.extend(fields.iter().map(|(name, v)| (format!("{pointer}/{name}"), v)));
            }
            Value::Array(list) => {
                rest.extend(list.iter().enumerate().map(|(n, v)| (format!("{pointer}/{n}"), v)));
            }
            _ => {}
        }
    }
    (proptest::sample::select(pointers), any_json()).prop_map(move |(pointer, value)| {
        let mut spec = whole.clone();
        if let Some(place) = spec.pointer_mut(&pointer) {
            *place = value;
        }
        job(&spec)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn any_json_is_judged(manifest in any_json()) {
        prop_assert!(admit(manifest).is_err());
    }

    #[test]
    fn a_damaged_job_is_judged_and_what_is_admitted_is_admitted_again(manifest in damaged_job()) {
        match admit(manifest) {
            Ok(job) => {
                let written = serde_json::to_value(&job).expect("a job is JSON");
                prop_assert_eq!(admit(written), Ok(job));
            }
            Err(violations) => {
                prop_assert!(!violations.is_empty());
                prop_assert!(violations.iter().all(|violation| !violation.problem.contains("fits the schema")));
            }
        }
    }
}
