//! Why a driver does not run yet, in words.

use jiff::Timestamp;
use lcmap_spark_crd::Reason;

use super::super::{Incident, read};
use super::*;
use crate::core::DriverState;

fn waits(spec: Value, pod: &DriverPod, incidents: &[(&str, &str)]) -> (Reason, String) {
    let incidents: Vec<_> = incidents
        .iter()
        .map(|(reason, message)| Incident { reason: (*reason).into(), message: (*message).into() })
        .collect();
    match read(&job(spec), pod, &incidents, Timestamp::UNIX_EPOCH).state {
        DriverState::Waiting { reason, message } => (reason, message),
        other => panic!("{other:?}"),
    }
}

fn container_waits(list: &str, name: &str, reason: &str, message: &str) -> DriverPod {
    let state = json!({"waiting": {"reason": reason, "message": message}});
    with_status(&json!({"phase": "Pending", (list): [{"name": name, "image": "spark:5", "state": state}]}))
}

#[test]
fn a_pod_without_a_node_waits_for_the_scheduler() {
    let mut pod = with_status(&json!({"phase": "Pending"}));
    pod.spec.node_name = None;
    assert_eq!(waits(json!({}), &pod, &[]), (Reason::Starting, "waiting for the scheduler".into()));
    let unscheduled = json!([{"type": "PodScheduled", "status": "False", "message": "0/3 nodes"}]);
    pod.status.conditions = serde_json::from_value(unscheduled).unwrap();
    let (reason, message) = waits(json!({}), &pod, &[]);
    assert_eq!(reason, Reason::Unschedulable);
    assert!(message.contains("0/3 nodes"), "{message}");
}

#[test]
fn nodes_are_not_blamed_for_what_no_node_has_to_do_with() {
    let kept = json!({"run": {"notebook": {"storage": {"claimName": "mine"}}}});
    let mounted = json!({"pod": {"spec": {"volumes": []}}});
    for (spec, word, told, reason, words) in [
        (
            &kept,
            "Unschedulable",
            r#"persistentvolumeclaim "mine" not found"#,
            Reason::VolumeUnavailable,
            "notebook.storage",
        ),
        (
            &mounted,
            "Unschedulable",
            "0/3 nodes are available: pod has unbound immediate PersistentVolumeClaims",
            Reason::VolumeUnavailable,
            "spec.pod.spec.volumes",
        ),
        (
            &kept,
            "SchedulingGated",
            "Scheduling is blocked",
            Reason::Unschedulable,
            "scheduling gates are lifted",
        ),
    ] {
        let mut pod = with_status(&json!({"phase": "Pending"}));
        pod.spec.node_name = None;
        let condition = json!([{"type": "PodScheduled", "status": "False", "reason": word, "message": told}]);
        pod.status.conditions = serde_json::from_value(condition).unwrap();
        let (found, message) = waits(spec.clone(), &pod, &[]);
        assert_eq!(found, reason, "{message}");
        assert!(message.contains(words) && message.contains(told), "{message}");
    }
}

#[test]
fn an_image_that_cannot_be_had_is_named_with_its_field() {
    for word in ["ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull"] {
        let pod = container_waits("containerStatuses", "driver", word, "denied");
        let (reason, message) = waits(json!({}), &pod, &[]);
        assert_eq!(reason, Reason::ImagePullFailed, "{word}");
        assert!(message.contains("spark:5 (spec.image") && message.contains("denied"), "{message}");
    }
    let pod = container_waits("initContainerStatuses", "lcmap-agent", "ErrImagePull", "denied");
    assert!(waits(json!({}), &pod, &[]).1.contains("--agent-image"));
    let pod = container_waits("containerStatuses", "log", "ErrImagePull", "denied");
    let message = waits(json!({}), &pod, &[]).1;
    assert!(
        message.contains("(spec.pod.spec, container log)"),
        "a container of the template's own: {message}"
    );
}

#[test]
fn a_container_that_cannot_be_made_tells_what_is_missing() {
    let spec = json!({"env": [{"name": "P", "valueFrom": {"secretKeyRef": {"name": "cassandra", "key": "password"}}}]});
    for (message, reason, told) in [
        (r#"secret "cassandra" not found"#, Reason::SecretMissing, "spec.env[0].valueFrom.secretKeyRef"),
        (
            r#"couldn't find key password in Secret "science/cassandra""#,
            Reason::SecretMissing,
            "spec.env[0].valueFrom",
        ),
        (r#"configmap "tuning" not found"#, Reason::ConfigMapMissing, r#"configmap "tuning" not found"#),
        ("container has runAsNonRoot and image will run as root", Reason::ContainerRefused, "runAsNonRoot"),
    ] {
        let pod = container_waits("containerStatuses", "driver", "CreateContainerConfigError", message);
        let (found, words) = waits(spec.clone(), &pod, &[]);
        assert_eq!(found, reason, "{message}");
        assert!(words.contains(told), "{words}");
    }
}

#[test]
fn a_pod_that_is_being_made_tells_the_last_that_was_told_of_it() {
    let pod = with_status(&json!({"phase": "Pending"}));
    let spec = json!({"confFrom": [{"secretName": "keys"}]});
    for (incident, reason) in [
        (("Pulling", "Pulling image"), Reason::PullingImage),
        (("FailedMount", r#"MountVolume.SetUp failed: secret "keys" not found"#), Reason::SecretMissing),
        (("FailedMount", r#"references non-existent config key: secret "keys""#), Reason::SecretMissing),
        (("FailedAttachVolume", "the disk is elsewhere"), Reason::VolumeUnavailable),
        (("Scheduled", "assigned"), Reason::Starting),
    ] {
        let (found, message) = waits(spec.clone(), &pod, &[("FailedMount", "before"), incident]);
        assert_eq!(found, reason, "{message}");
        assert!(message.contains(incident.1) || found == Reason::Starting, "{message}");
    }
    assert_eq!(waits(spec, &pod, &[]).0, Reason::Starting);
}

#[test]
fn init_containers_at_work_are_told() {
    let at_work = |name: &str| {
        with_status(
            &json!({"phase": "Pending", "initContainerStatuses": [{"name": name, "state": {"running": {}}}]}),
        )
    };
    assert_eq!(waits(json!({}), &at_work("lcmap-agent"), &[]).0, Reason::Starting);
    let (reason, message) = waits(json!({}), &at_work("fetch"), &[]);
    assert_eq!((reason, message.contains("fetch")), (Reason::DriverStarting, true));
}
