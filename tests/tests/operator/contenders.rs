//! Others write to jobs too.

use std::{thread, time::Duration};

use serde_json::json;

use crate::{
    bed::in_namespace,
    space::{Space, manifest},
};

fn writes(space: &Space) -> usize {
    space
        .requests()
        .iter()
        .filter(|request| request.is("patch", "sparkjobs/status") && request.code == 200)
        .count()
}

#[test]
fn a_status_that_somebody_else_wrote_is_set_right_once() {
    in_namespace("status", |space| {
        let job = space.job("pi", json!({}));
        job.driver(1).runs();
        let right = job.becomes("Running", "DriverRunning");
        job.stays_as_it_is(Duration::from_secs(1)); // the audit log is a little behind
        let before = writes(space);
        let patch = r#"--patch={"status":{"phase":"Pending","message":"mine"}}"#;
        space.kubectl(["patch", "sj", "pi", "--subresource=status", "--type=merge", patch]);
        job.wait_until("is set right", |status| {
            status["phase"] == "Running" && status["message"] == right["message"]
        });
        job.stays_as_it_is(Duration::from_secs(5));
        assert_eq!(writes(space) - before, 1);
    });
}

#[test]
fn somebody_who_writes_the_status_again_and_again_is_not_raced() {
    in_namespace("race", |space| {
        let job = space.job("pi", json!({}));
        job.driver(1).runs();
        job.becomes("Running", "DriverRunning");
        let before = writes(space);
        for i in 0..10 {
            let path = format!("{}/status", job.path());
            space.bed.api.merge(&path, &json!({"status": {"message": format!("mine {i}")}})).unwrap();
            thread::sleep(Duration::from_millis(300));
        }
        job.wait_until("is set right", |status| status["message"] == "on node-1");
        job.stays_as_it_is(Duration::from_secs(2));
        let after = writes(space) - before;
        assert!(after <= 20, "{after} writes");
    });
}

#[test]
fn a_spec_that_others_own_is_theirs_and_the_status_is_ours() {
    in_namespace("owned", |space| {
        let file = space.bed.plane.folder().join("owned.json");
        std::fs::write(&file, manifest("pi", json!({})).to_string()).unwrap();
        let file = format!("--filename={}", file.display());
        space.kubectl(["apply", "--server-side", "--field-manager=gitops", &file]);
        let job = space.known_job("pi");
        job.driver(1).runs();
        job.becomes("Running", "DriverRunning");
        // GitOps comes round once more, without a conflict and without a change.
        let before = job.object()["metadata"]["resourceVersion"].clone();
        space.kubectl(["apply", "--server-side", "--field-manager=gitops", &file]);
        job.stays_as_it_is(Duration::from_secs(2));
        assert_eq!(job.object()["metadata"]["resourceVersion"], before);
        let managers = job.object()["metadata"]["managedFields"].clone();
        let ours = |it: &&serde_json::Value| it["manager"] == "lcmap-spark";
        let ours: Vec<_> = managers.as_array().unwrap().iter().filter(ours).collect();
        assert_eq!(ours.len(), 1, "{ours:#?}");
        assert_eq!(ours[0]["subresource"], "status");
        assert!(ours[0]["fieldsV1"]["f:spec"].is_null());
    });
}
