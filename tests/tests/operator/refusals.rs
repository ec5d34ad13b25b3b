//! Jobs that cannot be started as they are: they say so, wait without a clock, and run by themselves once mended.

use serde_json::{Value, json};

use crate::{bed::in_namespace, job::Job, job::holding, space::Space};

/// The job waits for somebody to mend something, and says what: its message has these words.
fn stalls(job: &Job, reason: &str, words: &[&str]) {
    let status = job.becomes("Pending", reason);
    assert_eq!(holding(&status), ["Stalled"], "{status:#}");
    let message = status["message"].as_str().unwrap();
    for word in words {
        assert!(message.contains(word), "{word:?} is not in {message:?}");
    }
}

/// It runs its first attempt after all.
fn runs_by_itself(job: &Job) {
    job.driver(1).runs();
    let status = job.becomes("Running", "DriverRunning");
    assert_eq!(status["attempt"], 1, "what was never started is no attempt");
    assert_eq!(holding(&status), ["Accepted", "DriverReady"]);
}

/// A job with this template, which is refused for these words, and accepted without it.
fn refuses_a_template(label: &str, template: Value, reason: &str, words: &[&str]) {
    in_namespace(label, |space| {
        let job = space.job("pi", json!({"pod": {"spec": template.clone()}}));
        stalls(&job, reason, words);
        job.edit(json!({"pod": null}));
        runs_by_itself(&job);
    });
}

#[test]
fn a_quota_that_is_full_is_waited_for() {
    in_namespace("quota", |space| {
        space.kubectl(["create", "quota", "small", "--hard=pods=0"]);
        let used = |quota: &Value| quota["status"]["hard"]["pods"] == "0";
        crate::job::eventually(|| Some(space.get("resourcequotas", "small")).filter(used)).unwrap();
        let job = space.job("pi", json!({}));
        let status = job.becomes("Pending", "QuotaExceeded");
        assert_eq!(holding(&status), ["Accepted", "Reconciling"], "it passes by itself");
        assert!(status["message"].as_str().unwrap().contains("exceeded quota: small"), "{status:#}");
        space.kubectl(["patch", "quota", "small", "--patch={\"spec\":{\"hard\":{\"pods\":\"5\"}}}"]);
        runs_by_itself(&job);
    });
}

#[test]
fn a_limit_range_is_told_in_the_servers_words() {
    in_namespace("limits", |space| {
        let limit = json!({"type": "Container", "max": {"memory": "1Gi"}});
        let range = json!({"apiVersion": "v1", "kind": "LimitRange", "metadata": {"name": "small"}, "spec": {"limits": [limit]}});
        space.create("limitranges", &range);
        let job = space.job("pi", json!({}));
        stalls(&job, "PodRefused", &["maximum memory usage per Container is 1Gi"]);
        space.kubectl(["delete", "limitrange", "small"]);
        runs_by_itself(&job);
    });
}

#[test]
fn a_restricted_namespace_takes_a_job_with_a_uid_as_it_is() {
    in_namespace("restricted", |space| {
        restrict(space);
        let job = space.job("pi", json!({"user": {"uid": 1000, "gid": 1000}}));
        runs_by_itself(&job);
    });
}

#[test]
fn a_restricted_namespace_refuses_a_job_without_a_uid_and_the_job_tells_the_way_out() {
    in_namespace("unrestricted", |space| {
        restrict(space);
        let job = space.job("pi", json!({}));
        stalls(
            &job,
            "PodRefused",
            &["violates PodSecurity \"restricted", "runAsNonRoot", "set spec.user.uid"],
        );
        job.edit(json!({"user": {"uid": 1000}}));
        runs_by_itself(&job);
    });
}

#[test]
fn a_field_that_is_misspelt_in_the_template_is_named_and_not_dropped() {
    let template = json!({"nodeselector": {"disk": "ssd"}});
    refuses_a_template("misspelt", template, "PodRefused", &["unknown field \"spec.nodeselector\""]);
}

#[test]
fn a_value_of_the_wrong_type_in_the_template_is_named() {
    let template = json!({"priority": "high"});
    refuses_a_template("ill-typed", template, "PodRefused", &["priority"]);
}

#[test]
fn a_second_container_named_as_ours_is_refused_by_its_name() {
    let template = json!({"containers": [{"name": "driver"}, {"name": "driver", "image": "x"}]});
    refuses_a_template(
        "twice",
        template,
        "ReservedName",
        &["spec.pod.spec.containers[1].name", "\"driver\""],
    );
}

#[test]
fn names_that_are_ours_are_refused_by_their_path() {
    let template = json!({"volumes": [{"name": "lcmap-plan", "emptyDir": {}}]});
    refuses_a_template("ours", template, "ReservedName", &["spec.pod.spec.volumes[0].name", "lcmap-plan"]);
}

#[test]
fn a_command_in_the_template_is_refused_with_the_field_to_use() {
    let template = json!({"containers": [{"name": "driver", "command": ["sh"]}]});
    refuses_a_template("command", template, "PodTemplateInvalid", &["containers[0].command", "spec.run"]);
}

#[test]
fn a_job_without_an_image_needs_one_of_its_own_or_the_operators() {
    in_namespace("image-less", |space| {
        let job = space.job("pi", json!({"image": null}));
        stalls(&job, "ImageRequired", &["spec.image"]);
        job.edit(json!({"image": "bed.test/spark:1"}));
        runs_by_itself(&job);
    });
}

#[test]
fn a_distributed_job_without_any_mesos_waits_for_one_to_be_named() {
    in_namespace("masterless", |space| {
        let job = space.job("far", json!({"mode": "Distributed"}));
        stalls(&job, "MasterRequired", &["spec.mesos.master"]);
        job.delete();
        job.wait_until_gone();
    });
}

#[test]
fn a_job_that_is_too_large_for_its_pod_names_its_largest_fields() {
    in_namespace("large", |space| {
        let mut random = 1_u64;
        let mut letter = || {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let letters = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
            char::from(letters[usize::try_from(random >> 58).unwrap()])
        };
        let conf: serde_json::Map<_, _> = (0..80)
            .map(|i| (format!("spark.p{i}"), json!((0..3200).map(|_| letter()).collect::<String>())))
            .collect();
        let job = space.job("pi", json!({"conf": conf}));
        stalls(&job, "PlanTooLarge", &["spec.conf (", "confFrom"]);
        job.edit(json!({"conf": null}));
        runs_by_itself(&job);
    });
}

#[test]
fn a_job_that_cannot_be_started_slows_no_other() {
    in_namespace("beside", |space| {
        let stuck: Vec<_> =
            (0..20).map(|i| space.job(&format!("stuck-{i}"), json!({"image": null}))).collect();
        let job = space.job("pi", json!({}));
        runs_by_itself(&job);
        for job in stuck {
            stalls(&job, "ImageRequired", &[]);
        }
    });
}

fn restrict(space: &Space) {
    space.label("pod-security.kubernetes.io/enforce=restricted");
}
