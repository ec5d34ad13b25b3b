//! Objects that were stored before their definition was strict, among good ones.

use serde_json::{Value, json};

use crate::{
    bed::{Bed, definition},
    job::{eventually, holding},
    space::manifest,
};

/// A definition that takes anything.
fn loose() -> Value {
    let text = std::fs::read_to_string(definition()).unwrap();
    let mut definition: Value = serde_saphyr::from_str(&text).unwrap();
    let any = json!({"type": "object", "x-kubernetes-preserve-unknown-fields": true});
    definition["spec"]["versions"][0]["schema"]["openAPIV3Schema"] = any;
    definition
}

/// 200 maps, each in the one before.
fn deep() -> Value {
    (0..200).fold(json!({}), |inner, _| json!({"a": inner}))
}

#[test]
fn broken_jobs_say_so_and_disturb_no_others() {
    let bed = Bed::undefined(&[]);
    bed.plane.kubectl(["create", "serviceaccount", "default"]).unwrap();
    let file = bed.plane.folder().join("loose.yaml");
    std::fs::write(&file, loose().to_string()).unwrap();
    bed.plane.apply_definition(&file).unwrap();
    let space = bed.space("default");
    let broken = [
        ("no-run", json!({"run": null})),
        ("two-runs", json!({"run": {"shell": {}, "pyspark": {}}})),
        ("wrong-type", json!({"suspend": "no"})),
        ("wrong-memory", json!({"driver": {"memory": "much"}})),
        ("wrong-list", json!({"env": "A=B"})),
        ("wrong-mode", json!({"mode": "x".repeat(2000)})),
    ];
    for (name, spec) in &broken {
        space.job(name, spec.clone());
    }
    let mut without_spec = manifest("no-spec", json!({}));
    without_spec.as_object_mut().unwrap().remove("spec");
    space.create_job(&without_spec);
    let too_deep = manifest("deep", json!({"pod": {"spec": {"extra": deep()}}}));
    bed.plane.kubectl_with_input(["create", "-f", "-"], &too_deep.to_string()).unwrap();
    let wrong_status = space.job("wrong-status", json!({}));
    bed.api
        .merge(
            &format!("{}/status", wrong_status.path()),
            &json!({"status": {"phase": "Dancing", "attempt": "one"}}),
        )
        .unwrap();
    bed.plane.apply_definition(&definition()).unwrap();

    let operator = bed.start_operator();
    let good = space.job("good", json!({}));
    good.driver(1).runs().ends(0);
    good.becomes("Succeeded", "Completed");
    let names = broken.iter().map(|(name, _)| *name).chain(["no-spec"]);
    for name in names {
        let status = space.known_job(name).becomes("Pending", "SpecInvalid");
        assert_eq!(holding(&status), ["Stalled"], "{name}");
    }
    let shown = bed.plane.kubectl(["get", "sparkjobs"]).unwrap();
    assert!(shown.lines().filter(|line| line.contains("SpecInvalid")).count() >= broken.len(), "{shown}");
    let unreadable = eventually(|| {
        let count = operator.metric("lcmap_spark_unreadable_jobs").unwrap();
        (count >= 6).then_some(count)
    });
    assert!(unreadable.is_some(), "{:?}", operator.ask("/metrics"));

    // Deeper than what is read at all.
    let of_deep = ["get", "sj", "deep", "-o", "jsonpath={.status.reason}"];
    let reason = eventually(|| Some(bed.plane.kubectl(of_deep).unwrap()).filter(|reason| !reason.is_empty()));
    assert_eq!(reason.as_deref(), Some("SpecInvalid"));

    // A status that nobody can read is not guessed at.
    let status = wrong_status.becomes("Pending", "SpecInvalid");
    assert_eq!(status["attempt"], "one");

    // One that is mended runs by itself.
    let mended = space.known_job("wrong-list");
    mended.edit(json!({"env": []}));
    mended.driver(1).runs().ends(0);
    let status = mended.becomes("Succeeded", "Completed");
    assert_eq!(status["message"].as_str().unwrap_or_default(), "", "nothing of its trouble is left");
    assert_eq!(operator.ask("/livez").unwrap().0, 200);
}
