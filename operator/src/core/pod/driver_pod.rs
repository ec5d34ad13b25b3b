//! The fields of a driver pod that are read: of the tens of kilobytes of a Pod, one or two are kept.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use serde::Deserialize;

/// A driver pod. Fields that nothing reads are skipped while it is parsed.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DriverPod {
    /// Its metadata.
    #[serde(default)]
    pub metadata: PodMeta,
    /// Where it is.
    #[serde(default)]
    pub spec: PodSpec,
    /// What it does.
    #[serde(default)]
    pub status: PodStatus,
}

/// A pod's metadata.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PodMeta {
    /// Its name.
    pub name: String,
    /// The namespace that it is in.
    pub namespace: String,
    /// What tells it from another of its name.
    pub uid: String,
    /// The version of it that was read.
    pub resource_version: String,
    /// When the API server took it.
    pub creation_timestamp: Option<Time>,
    /// When it is to be gone, grace period included. None unless it is being deleted.
    pub deletion_timestamp: Option<Time>,
    /// The job and the attempt that it belongs to.
    pub labels: PodLabels,
    /// What it was made from.
    pub annotations: PodAnnotations,
    /// What it goes with.
    pub owner_references: Vec<Owner>,
}

/// The labels that tell whose pod it is.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct PodLabels {
    /// [`lcmap_spark_crd::names::LABEL_JOB`].
    #[serde(rename = "lcmap.usgs.gov/job")]
    pub job: Option<String>,
    /// [`lcmap_spark_crd::names::LABEL_ATTEMPT`].
    #[serde(rename = "lcmap.usgs.gov/attempt")]
    pub attempt: Option<String>,
    /// [`lcmap_spark_crd::names::LABEL_MODE`].
    #[serde(rename = "lcmap.usgs.gov/mode")]
    pub mode: Option<String>,
}

/// The annotation that tells which spec it was made from.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct PodAnnotations {
    /// [`lcmap_spark_crd::names::ANNOTATION_REVISION`].
    #[serde(rename = "lcmap.usgs.gov/revision")]
    pub revision: Option<String>,
}

/// An owner of a pod.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Owner {
    /// The kind of object.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// What tells it from another of its name.
    pub uid: String,
}

/// Where a pod is.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PodSpec {
    /// The node that it was given. None until it is scheduled.
    pub node_name: Option<String>,
    /// Its containers, without those that only initialise it.
    pub containers: Vec<ContainerSpec>,
}

/// A container, as it was asked for.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ContainerSpec {
    /// Its name.
    pub name: String,
    /// The ports that it declares.
    pub ports: Vec<ContainerPort>,
}

/// A port of a container.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ContainerPort {
    /// Its name. Empty if it has none.
    pub name: String,
    /// Its number, at the pod's address.
    pub container_port: u16,
}

/// What a pod does.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PodStatus {
    /// `Pending`, `Running`, `Succeeded`, `Failed` or `Unknown`
    /// (<https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#pod-phase>).
    pub phase: Option<String>,
    /// Why the whole pod is as it is, in a word: `Evicted`, say.
    pub reason: Option<String>,
    /// The same in a sentence.
    pub message: Option<String>,
    /// Its address. None until its network is set up.
    #[serde(rename = "podIP")]
    pub pod_ip: Option<String>,
    /// How far it has come.
    pub conditions: Vec<PodCondition>,
    /// What each of its init containers does.
    pub init_container_statuses: Vec<Container>,
    /// What each of its containers does.
    pub container_statuses: Vec<Container>,
}

/// A condition of a pod.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PodCondition {
    /// What it is about: `PodScheduled`, say.
    #[serde(rename = "type")]
    pub type_: String,
    /// `True`, `False` or `Unknown`.
    pub status: String,
    /// Why, in a word.
    pub reason: Option<String>,
    /// Why, in a sentence.
    pub message: Option<String>,
    /// Since when it is so.
    pub last_transition_time: Option<Time>,
}

/// What a container does.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Container {
    /// Its name.
    pub name: String,
    /// Its image.
    pub image: String,
    /// Whether its readiness probe says so; true of one without a probe that runs.
    pub ready: bool,
    /// What it does now.
    pub state: ContainerState,
}

/// The state of a container: one of the three, or none yet.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ContainerState {
    /// It does not run yet, or not yet again.
    pub waiting: Option<Waiting>,
    /// It runs.
    pub running: Option<Running>,
    /// It has ended.
    pub terminated: Option<Terminated>,
}

/// Why a container does not run yet.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Waiting {
    /// Why, in a word: `ImagePullBackOff`, say.
    pub reason: Option<String>,
    /// Why, in a sentence.
    pub message: Option<String>,
}

/// Since when a container runs.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Running {
    /// Since when.
    pub started_at: Option<Time>,
}

/// How a container ended.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Terminated {
    /// The code that its process ended with; 128 and the number of the signal if one ended it.
    pub exit_code: i32,
    /// The signal that ended it, where the runtime tells.
    pub signal: Option<i32>,
    /// Why, in a word: `OOMKilled`, say.
    pub reason: Option<String>,
    /// What it left in its termination message.
    pub message: Option<String>,
    /// Since when it ran, if it did.
    pub started_at: Option<Time>,
    /// When.
    pub finished_at: Option<Time>,
}

impl DriverPod {
    /// The name of the job that it is labelled with.
    pub fn job(&self) -> Option<&str> {
        self.metadata.labels.job.as_deref()
    }

    /// The ordinal of its attempt. None if the label is no number: then it is not of our making.
    pub fn attempt(&self) -> Option<i32> {
        self.metadata.labels.attempt.as_deref()?.parse().ok()
    }

    /// Whether the job with this UID owns it.
    pub fn is_owned_by(&self, uid: &str) -> bool {
        self.metadata.owner_references.iter().any(|owner| owner.uid == uid)
    }

    /// Whether all its containers have ended, so that it holds nothing any more. The kubelet tells that of each
    /// container before it tells it of the pod.
    pub fn is_over(&self) -> bool {
        let containers = &self.status.container_statuses;
        let all_ended = containers.iter().all(|container| container.state.terminated.is_some());
        matches!(self.status.phase.as_deref(), Some("Succeeded" | "Failed"))
            || !containers.is_empty() && all_ended
    }

    /// A condition, by its type.
    pub(super) fn condition(&self, type_: &str) -> Option<&PodCondition> {
        self.status.conditions.iter().find(|condition| condition.type_ == type_)
    }

    /// A container of its pod, by its name.
    pub(super) fn container(&self, name: &str) -> Option<&Container> {
        self.status.container_statuses.iter().find(|container| container.name == name)
    }
}

#[cfg(test)]
mod tests {
    use lcmap_spark_crd::names::{LABEL_ATTEMPT, LABEL_JOB};

    use super::*;

    #[test]
    fn a_pod_is_over_when_all_its_containers_are() {
        let ended = serde_json::json!({"name": "driver", "state": {"terminated": {"exitCode": 2}}});
        let running = serde_json::json!({"name": "sidecar", "state": {"running": {}}});
        for (phase, containers, over) in [
            ("Failed", vec![], true),
            ("Pending", vec![], false),
            ("Running", vec![ended.clone()], true),
            ("Running", vec![ended, running], false),
        ] {
            let pod = serde_json::json!({"status": {"phase": phase, "containerStatuses": containers}});
            let pod: DriverPod = serde_json::from_value(pod).unwrap();
            assert_eq!(pod.is_over(), over, "{pod:?}");
        }
    }

    #[test]
    fn the_labels_are_read_by_their_own_names() {
        let labels = serde_json::json!({(LABEL_JOB): "pi", (LABEL_ATTEMPT): "3", "app": "x"});
        let pod: DriverPod =
            serde_json::from_value(serde_json::json!({"metadata": {"labels": labels}})).unwrap();
        assert_eq!((pod.job(), pod.attempt()), (Some("pi"), Some(3)));
    }
}
