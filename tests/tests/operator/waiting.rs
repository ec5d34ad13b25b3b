//! Why a driver does not run yet, in words.

use std::time::Duration;

use serde_json::{Value, json};

use crate::{
    bed::{NODE, in_namespace},
    driver::{Driver, container, now},
    job::Job,
    space::Space,
};

/// A job whose pod is bound, and what its job should then say.
fn of_a_bound_pod(label: &str, spec: Value, show: impl Fn(&Driver), reason: &str, words: &[&str]) {
    in_namespace(label, |space| {
        let job = space.job("pi", spec.clone());
        let driver = job.driver(1);
        show(driver.is_bound());
        says(&job, reason, words);
    });
}

/// Its phase is Pending for this reason, and its message has these words.
fn says(job: &Job, reason: &str, words: &[&str]) {
    let status = job.becomes("Pending", reason);
    let message = status["message"].as_str().unwrap();
    for word in words {
        assert!(message.contains(word), "{word:?} is not in {message:?}");
    }
}

fn names_a_secret() -> Value {
    json!({"confFrom": [{"secretName": "cassandra"}]})
}

#[test]
fn a_pod_that_fits_no_node_says_what_the_scheduler_says() {
    in_namespace("unschedulable", |space| {
        let job = space.job("pi", json!({"driver": {"cores": 64}}));
        let told = "0/3 nodes are available: 3 Insufficient cpu.";
        let condition =
            json!({"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": told});
        job.driver(1).shows(&json!({"conditions": [condition]}));
        says(&job, "Unschedulable", &[told]);
        let shown = space.kubectl(["get", "sj", "pi"]);
        assert!(shown.contains("Unschedulable"), "{shown}");
    });
}

#[test]
fn an_image_that_cannot_be_pulled_is_named_with_its_field() {
    let cases = [
        ("ErrImagePull", "rpc error: not found"),
        ("ImagePullBackOff", "Back-off pulling image"),
        ("InvalidImageName", "couldn't parse image name"),
        ("ErrImageNeverPull", "Container image is not present with pull policy of Never"),
    ];
    in_namespace("image", |space| {
        let job = space.job("pi", json!({}));
        let driver = job.driver(1);
        driver.is_bound();
        for (word, told) in cases {
            driver.waits(word, told);
            let status =
                job.wait_until(word, |status| status["message"].as_str().unwrap_or_default().contains(word));
            assert_eq!(status["reason"], "ImagePullFailed");
            let message = status["message"].as_str().unwrap();
            assert!(message.contains("bed.test/spark:1") && message.contains("spec.image"), "{message}");
        }
    });
}

#[test]
fn an_agent_image_that_cannot_be_pulled_is_the_operators_to_mend() {
    let show = |driver: &Driver| {
        let state = json!({"waiting": {"reason": "ErrImagePull", "message": "not found"}});
        driver.shows(&json!({"initContainerStatuses": [container("lcmap-agent", false, state)]}));
    };
    of_a_bound_pod("agent", json!({}), show, "ImagePullFailed", &["--agent-image", "not found"]);
}

#[test]
fn a_secret_that_is_missing_from_the_environment_is_named_with_its_field() {
    let env = json!([{"name": "PASSWORD", "valueFrom": {"secretKeyRef": {"name": "cassandra", "key": "password"}}}]);
    let show = |driver: &Driver| {
        driver.waits("CreateContainerConfigError", r#"secret "cassandra" not found"#);
    };
    let words = ["cassandra", "spec.env[0].valueFrom.secretKeyRef", "Create it"];
    of_a_bound_pod("secret", json!({"env": env}), show, "SecretMissing", &words);
}

#[test]
fn a_key_that_a_secret_lacks_is_named_with_its_field() {
    let env = json!([{"name": "PASSWORD", "valueFrom": {"secretKeyRef": {"name": "cassandra", "key": "password"}}}]);
    let told = "couldn't find key password in Secret prod/cassandra";
    let show = |driver: &Driver| {
        driver.waits("CreateContainerConfigError", told);
    };
    of_a_bound_pod(
        "key",
        json!({"env": env}),
        show,
        "SecretMissing",
        &[told, "spec.env[0].valueFrom.secretKeyRef"],
    );
}

#[test]
fn a_config_map_that_is_missing_is_named_with_its_field() {
    let spec = json!({"confFrom": [{"configMapName": "tuning"}]});
    let show = |driver: &Driver| {
        driver.waits("CreateContainerConfigError", r#"configmap "tuning" not found"#);
    };
    of_a_bound_pod(
        "configmap",
        spec,
        show,
        "ConfigMapMissing",
        &["tuning", "spec.confFrom[0].configMapName"],
    );
}

#[test]
fn a_secret_that_is_missing_from_a_volume_shows_only_in_events_and_is_told_all_the_same() {
    in_namespace("mount", |space| {
        let job = space.job("pi", names_a_secret());
        let driver = job.driver(1);
        let state = json!({"waiting": {"reason": "ContainerCreating"}});
        driver.is_bound().is("Pending", state);
        let told = r#"MountVolume.SetUp failed for volume "lcmap-source-0" : secret "cassandra" not found"#;
        tell(space, &driver, "FailedMount", told);
        says(&job, "SecretMissing", &["cassandra", "spec.confFrom[0].secretName", "goes on by itself"]);
        // It is created, and the kubelet goes on.
        driver.is("Running", json!({"running": {"startedAt": now()}}));
        job.becomes("Running", "DriverRunning");
    });
}

#[test]
fn a_key_that_a_mounted_secret_lacks_is_named_with_its_field() {
    in_namespace("mount-key", |space| {
        let env =
            json!([{"name": "A", "valueFrom": {"secretKeyRef": {"name": "cassandra", "key": "password"}}}]);
        let job = space.job("pi", json!({"env": env}));
        let driver = job.driver(1);
        driver.is_bound();
        let told = r#"MountVolume.SetUp failed for volume "lcmap-source-0" : references non-existent secret key: password"#;
        tell(space, &driver, "FailedMount", told);
        says(&job, "SecretMissing", &["cassandra", "key: password", "spec.env[0].valueFrom.secretKeyRef"]);
    });
}

#[test]
fn a_volume_that_cannot_be_attached_is_told_in_the_clusters_words() {
    in_namespace("volume", |space| {
        let job = space.job("pi", json!({}));
        let driver = job.driver(1);
        driver.is_bound();
        tell(space, &driver, "FailedAttachVolume", "Multi-Attach error for volume \"pv-1\"");
        says(&job, "VolumeUnavailable", &["Multi-Attach error"]);
    });
}

#[test]
fn a_container_that_the_node_refuses_is_told_in_the_kubelets_words() {
    let told = "container has runAsNonRoot and image will run as root";
    let show = |driver: &Driver| {
        driver.waits("CreateContainerConfigError", told);
    };
    of_a_bound_pod("refused", json!({}), show, "ContainerRefused", &["driver", told]);
}

#[test]
fn an_init_container_of_the_users_own_is_named_while_it_runs() {
    let spec = json!({"pod": {"spec": {"initContainers": [{"name": "fetch", "image": "bed.test/fetch:1"}]}}});
    let show = |driver: &Driver| {
        let state = json!({"running": {"startedAt": now()}});
        driver.shows(&json!({"initContainerStatuses": [container("fetch", false, state)]}));
    };
    of_a_bound_pod("init", spec, show, "DriverStarting", &["fetch"]);
}

#[test]
fn a_driver_that_waits_for_long_says_where() {
    in_namespace("where", |space| {
        let job = space.job("pi", json!({}));
        job.driver(1).is_bound().waits("ContainerCreating", "");
        job.wait_until("names the node", |status| status["driver"]["node"] == NODE);
        job.stays_as_it_is(Duration::from_secs(2));
    });
}

/// The cluster tells something of a pod, as the kubelet does.
fn tell(space: &Space, driver: &Driver, reason: &str, message: &str) {
    let about = json!({"kind": "Pod", "namespace": space.name, "name": driver.name, "uid": driver.uid});
    space.create(
        "events",
        &json!({
            "apiVersion": "v1", "kind": "Event", "metadata": {"name": format!("{}.1", driver.name)},
            "involvedObject": about, "reason": reason, "message": message, "type": "Warning",
            "firstTimestamp": now(), "lastTimestamp": now(), "source": {"component": "kubelet"},
        }),
    );
}
