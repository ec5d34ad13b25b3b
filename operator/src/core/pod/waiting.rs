//! Why a driver does not run yet, in words.

use lcmap_spark_crd::names::DRIVER_CONTAINER;
use lcmap_spark_crd::{Reason, SparkJobSpec};

use super::driver_pod::{Container, DriverPod};
use super::places;
use super::read::Incident;
use super::sources::{self, Kind};
use super::volumes;

/// Why a pod's driver does not run yet.
pub(super) fn why(spec: &SparkJobSpec, pod: &DriverPod, incidents: &[Incident]) -> (Reason, String) {
    if pod.spec.node_name.is_none() {
        return unscheduled(spec, pod);
    }
    let inits = pod.status.init_container_statuses.iter();
    let containers = inits.chain(&pod.status.container_statuses);
    let stuck = containers.clone().find_map(|container| trouble(spec, container));
    if let Some(stuck) = stuck {
        return stuck;
    }
    let at_work = pod.status.init_container_statuses.iter().find(|it| it.state.running.is_some());
    match at_work {
        Some(container) if !is_ours(container) => {
            (Reason::DriverStarting, format!("the init container {} runs", container.name))
        }
        Some(_) => (Reason::Starting, "the agent is being installed".into()),
        None => being_made(spec, incidents),
    }
}

fn unscheduled(spec: &SparkJobSpec, pod: &DriverPod) -> (Reason, String) {
    let scheduled = pod.condition("PodScheduled").filter(|condition| condition.status == "False");
    let Some(condition) = scheduled else {
        return (Reason::Starting, "waiting for the scheduler".into());
    };
    let told = condition.message.clone().unwrap_or_default();
    if condition.reason.as_deref() == Some("SchedulingGated") {
        return (
            Reason::Unschedulable,
            format!("the driver pod waits until its scheduling gates are lifted: {told}"),
        );
    }
    // `persistentvolumeclaim "NAME" not found`, `pod has unbound immediate PersistentVolumeClaims`
    // (`pkg/scheduler/framework/plugins/volumebinding`): no node would help.
    if told.to_ascii_lowercase().contains("persistentvolumeclaim") {
        let field = match spec.run.notebook.as_ref().and_then(|notebook| notebook.storage.as_ref()) {
            Some(_) => "spec.run.notebook.storage",
            None => "spec.pod.spec.volumes",
        };
        return (
            Reason::VolumeUnavailable,
            format!("a claim of the driver pod ({field}) is not there, or not bound: {told}"),
        );
    }
    (Reason::Unschedulable, format!("no node takes the driver pod: {told}"))
}

/// The field that names a container's image.
fn image_field(container: &str) -> &'static str {
    match container {
        places::INSTALL => "the operator's --agent-image",
        DRIVER_CONTAINER | places::INSPECT => "spec.image",
        _ => "spec.pod.spec",
    }
}

/// What keeps a container from being started, by the kubelet's word for it
/// (`pkg/kubelet/images/types.go`, `pkg/kubelet/kuberuntime/kuberuntime_container.go`).
fn trouble(spec: &SparkJobSpec, container: &Container) -> Option<(Reason, String)> {
    let waiting = container.state.waiting.as_ref()?;
    let told = waiting.message.clone().unwrap_or_default();
    match waiting.reason.as_deref()? {
        word @ ("ErrImagePull"
        | "ImagePullBackOff"
        | "InvalidImageName"
        | "ErrImageNeverPull"
        | "ImageInspectError"
        | "RegistryUnavailable"
        | "SignatureValidationFailed") => {
            let field = image_field(&container.name);
            let image = &container.image;
            Some((
                Reason::ImagePullFailed,
                format!("{image} ({field}, container {}): {word}: {told}", container.name),
            ))
        }
        word @ ("CreateContainerConfigError"
        | "CreateContainerError"
        | "RunContainerError"
        | "PreCreateHookError"
        | "PreStartHookError"
        | "PostStartHookError"
        | "CrashLoopBackOff") => {
            let missing = missing_object(spec, &told);
            let refused =
                || (Reason::ContainerRefused, format!("container {}: {word}: {told}", container.name));
            Some(missing.unwrap_or_else(refused))
        }
        _ => None,
    }
}

/// The containers are being made: only the cluster's Events tell more.
fn being_made(spec: &SparkJobSpec, incidents: &[Incident]) -> (Reason, String) {
    let Some(incident) = incidents.last() else {
        return (Reason::Starting, "the node prepares the driver pod".into());
    };
    let told = &incident.message;
    match incident.reason.as_str() {
        "FailedMount" | "FailedAttachVolume" | "FailedMapVolume" => {
            let unavailable = || (Reason::VolumeUnavailable, told.clone());
            missing_object(spec, told).unwrap_or_else(unavailable)
        }
        "Pulling" => (Reason::PullingImage, told.clone()),
        _ => (Reason::Starting, told.clone()),
    }
}

/// The Secret or ConfigMap that a message of the kubelet's says is missing, and which field names it.
fn missing_object(spec: &SparkJobSpec, told: &str) -> Option<(Reason, String)> {
    let lower = told.to_ascii_lowercase();
    let kind = if lower.contains("configmap") { Kind::ConfigMap } else { Kind::Secret };
    let about = lower.contains("secret") || lower.contains("configmap");
    let missing =
        ["not found", "non-existent", "couldn't find key"].iter().any(|words| lower.contains(words));
    if !about || !missing {
        return None;
    }
    let (word, reason) = match kind {
        Kind::Secret => ("Secret", Reason::SecretMissing),
        Kind::ConfigMap => ("ConfigMap", Reason::ConfigMapMissing),
    };
    let named = names(told).filter_map(|name| {
        let fields = sources::fields_naming(spec, kind, name.rsplit('/').next()?);
        (!fields.is_empty()).then_some((name, fields))
    });
    // A key that is missing from a volume: the kubelet names the volume and the key, not the object.
    let volume = || quoted(told).find_map(|name| volumes::source(spec, name));
    let named = named.last().map(|(name, fields)| (name.to_owned(), fields)).or_else(volume);
    let message = match named {
        Some((name, fields)) => {
            format!(
                "the {word} {name}, or a key of it, is missing; {} names it: {told}",
                fields.join(" and ")
            )
        }
        None => told.to_owned(),
    };
    Some((reason, format!("{message}. Create it; the job then goes on by itself")))
}

/// What may be an object's name in a message: `secret "NAME" not found`, and `couldn't find key KEY in Secret
/// NAMESPACE/NAME` (`pkg/kubelet/kubelet_pods.go`).
fn names(told: &str) -> impl Iterator<Item = &str> {
    let last = told.rsplit(' ').next().filter(|word| word.contains('/'));
    quoted(told).chain(last)
}

/// What is in double quotes in a text.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('"').skip(1).step_by(2)
}

fn is_ours(container: &Container) -> bool {
    container.name == DRIVER_CONTAINER
        || container.name == places::INSTALL
        || container.name == places::INSPECT
}
