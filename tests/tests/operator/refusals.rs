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
        space.kubectl(["create", "quota", "small", "--hard=pods=1"]);
        space.job("first", json!({})).driver(1);
        let is_full = |quota: &Value| quota["status"]["used"]["pods"] == "1";
        crate::job::eventually(|| Some(space.get("resourcequotas", "small")).filter(is_full)).unwrap();
        let job = space.job("pi", json!({}));
        let status = job.becomes("Pending", "QuotaExceeded");
        assert_eq!(holding(&status), ["Accepted", "Reconciling"], "it passes by itself");
        assert!(status["message"].as_str().unwrap().contains("exceeded quota: small"), "{status:#}");
        space.kubectl(["patch", "quota", "small", "--patch={\"spec\":{\"hard\":{\"pods\":\"5\"}}}"]);
        runs_by_itself(&job);
    });
}

#[test]
fn a_quota_that_could_never_hold_the_job_is_not_waited_for() {
    in_namespace("too-small", |space| {
        quota(space, json!({"requests.memory": "1Gi"}));
        let job = space.job("pi", json!({"driver": {"cores": 1, "memory": "4g"}}));
        stalls(&job, "QuotaExceeded", &["exceeded quota: tenant", "requests.memory=", "spec.driver.memory"]);
        job.edit(json!({"driver": {"memory": "512m"}}));
        runs_by_itself(&job);
    });
}

/// A tenant's quota, once it counts.
fn quota(space: &Space, hard: Value) {
    let meta = json!({"name": "tenant"});
    let quota =
        json!({"apiVersion": "v1", "kind": "ResourceQuota", "metadata": meta, "spec": {"hard": hard}});
    space.create("resourcequotas", &quota);
    let counts = |quota: &Value| quota["status"]["hard"] == quota["spec"]["hard"];
    crate::job::eventually(|| Some(space.get("resourcequotas", "tenant")).filter(counts)).unwrap();
}

/// A job of each kind that asks for CPU by this, and whose pod is made.
fn jobs_of_every_kind_run(space: &Space, driver: &Value) {
    let template = json!({"spec": {"containers": [driver]}});
    let kinds = [
        ("submit", json!({"submit": {"application": "pi.py"}})),
        ("shell", json!({"shell": {}})),
        ("pyspark", json!({"pyspark": {}})),
        ("notebook", json!({"notebook": {"storage": {"size": "1Gi"}}})),
    ];
    for (name, run) in kinds {
        let driver = json!({"cores": 1, "memory": "512m"});
        let job =
            space.job(name, json!({"run": run, "driver": driver, "user": {"uid": 1000}, "pod": template}));
        let pod = space.get("pods", &job.driver(1).name);
        assert_eq!(pod["spec"]["initContainers"].as_array().unwrap().len(), 2, "{pod:#}");
        job.delete();
        job.wait_until_gone();
    }
}

#[test]
fn jobs_of_every_kind_run_in_a_namespace_whose_quota_counts_everything() {
    in_namespace("tenant", |space| {
        quota(
            space,
            json!({
                "limits.cpu": "8", "limits.memory": "16Gi", "requests.cpu": "8", "requests.memory": "16Gi",
                "limits.ephemeral-storage": "40Gi", "requests.storage": "10Gi", "persistentvolumeclaims": "4",
                "services": "5", "secrets": "20", "pods": "10"}),
        );
        let limits = json!({"cpu": "2", "ephemeral-storage": "5Gi"});
        jobs_of_every_kind_run(space, &json!({"name": "driver", "resources": {"limits": limits}}));
    });
}

#[test]
fn jobs_of_every_kind_run_in_a_namespace_whose_limit_range_bounds_every_container() {
    in_namespace("ranged", |space| {
        let container = json!({
            "type": "Container",
            "min": {"cpu": "200m", "memory": "512Mi"}, "max": {"cpu": "4", "memory": "8Gi"},
            "maxLimitRequestRatio": {"cpu": "2", "memory": "1"}});
        let claim =
            json!({"type": "PersistentVolumeClaim", "min": {"storage": "1Gi"}, "max": {"storage": "2Gi"}});
        let range = json!({"apiVersion": "v1", "kind": "LimitRange", "metadata": {"name": "tenant"},
            "spec": {"limits": [container, claim]}});
        space.create("limitranges", &range);
        let resources = json!({"limits": {"cpu": "2"}, "requests": {"cpu": "1"}});
        jobs_of_every_kind_run(space, &json!({"name": "driver", "resources": resources}));
    });
}

#[test]
fn what_a_quota_wants_said_is_named_as_a_field_of_the_job() {
    in_namespace("unsaid", |space| {
        quota(space, json!({"limits.cpu": "8"}));
        let job = space.job("pi", json!({}));
        let words = [
            "must specify limits.cpu for: driver",
            "write resources.limits.cpu of driver in spec.pod.spec.containers",
        ];
        stalls(&job, "PodRefused", &words);
        job.edit(json!({"pod": {"spec": {"containers": [{"name": "driver", "resources": {"limits": {"cpu": "2"}}}]}}}));
        runs_by_itself(&job);
    });
}

#[test]
fn a_limit_by_default_that_is_below_what_the_driver_requests_is_told_as_such() {
    in_namespace("default-limit", |space| {
        let limit = json!({"type": "Container", "default": {"cpu": "500m"}});
        let range = json!({"apiVersion": "v1", "kind": "LimitRange", "metadata": {"name": "small"}, "spec": {"limits": [limit]}});
        space.create("limitranges", &range);
        let job = space.job("pi", json!({}));
        let words = [
            "must be less than or equal to cpu limit of 500m",
            "default of a LimitRange",
            "resources.limits.cpu of ",
        ];
        stalls(&job, "PodRefused", &words);
        job.edit(json!({"pod": {"spec": {"containers": [{"name": "driver", "resources": {"limits": {"cpu": "2"}}}]}}}));
        runs_by_itself(&job);
    });
}

#[test]
fn a_claim_that_a_quota_has_no_room_for_is_told_as_a_claim() {
    in_namespace("storage", |space| {
        quota(space, json!({"requests.storage": "1Gi"}));
        let job = space.job("nb", json!({"run": {"notebook": {"storage": {"size": "2Gi"}}}}));
        let words = [
            "refused the claim nb-notebook of the notebook",
            "persistentvolumeclaims",
            "exceeded quota: tenant",
            "storage.size",
        ];
        stalls(&job, "QuotaExceeded", &words);
        job.delete();
        job.wait_until_gone();
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
    let words = ["unknown field \"spec.nodeselector\"", "did you mean nodeSelector?"];
    refuses_a_template("misspelt", template, "PodRefused", &words);
}

#[test]
fn a_value_of_the_wrong_type_in_the_template_is_named() {
    let memory = json!({"name": "driver", "resources": {"limits": {"memory": "2GB"}}});
    let template = json!({"priority": "high", "containers": [memory]});
    let words = [
        "spec.pod.spec.priority: must be a whole number, and is \"high\"",
        "spec.pod.spec.containers[0].resources.limits.memory: \"2GB\" is no quantity; write 2Gi",
    ];
    refuses_a_template("ill-typed", template, "PodTemplateInvalid", &words);
}

#[test]
fn a_field_that_the_server_refuses_is_named_as_the_job_has_it() {
    let template = json!({"containers": [{"name": "log"}, {"name": "driver"}]});
    let words = ["spec.containers[1].image: Required", "in the job: spec.pod.spec.containers[0].image"];
    refuses_a_template("imageless", template, "PodRefused", &words);
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
