//! A driver pod → what its driver does, in the job's own words.

use jiff::Timestamp;
use lcmap_spark_agent::report::{Expiry, Inspection, TerminationMessage};
use lcmap_spark_crd::names::DRIVER_CONTAINER;
use lcmap_spark_crd::spec::{RunKind, RunRef};
use lcmap_spark_crd::{Mode, Reason, Revision, SparkJob};

use super::driver_pod::{Container, DriverPod, Terminated};
use super::{children, places, waiting};
use crate::core::{Driver, DriverState, Ending, Life, OnMesos, Stopping, ending};

/// Something that the cluster told of a pod: an Event, as far as it matters here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Incident {
    /// Kubernetes' word for it.
    pub reason: String,
    /// The same for people.
    pub message: String,
}

/// What the driver in a pod does. `incidents` are what the cluster told of the pod, the latest last; they are needed
/// only of one whose containers are being made.
pub fn read(job: &SparkJob, pod: &DriverPod, incidents: &[Incident], now: Timestamp) -> Driver {
    let created = pod.metadata.creation_timestamp.as_ref().map_or(now, |time| time.0);
    Driver {
        name: pod.metadata.name.clone(),
        uid: Some(pod.metadata.uid.clone()),
        node: pod.spec.node_name.clone(),
        notebook: match job.spec.run.kind() {
            Ok(RunRef::Notebook(notebook)) => Some(children::access(job, notebook)),
            _ => None,
        },
        revision: revision(pod),
        ui: None,
        certificate: certificate(pod),
        left: left(pod),
        mesos: (pod.metadata.labels.mode.as_deref() == Some(Mode::Distributed.as_str()))
            .then(OnMesos::default),
        created,
        started: started(pod),
        stopping: stopping(pod),
        state: state(job, pod, incidents, now),
        life: if pod.is_over() { Life::Over } else { Life::Living },
    }
}

/// What the look at the certificates has found.
fn certificate(pod: &DriverPod) -> Option<Expiry> {
    let inspected =
        pod.status.init_container_statuses.iter().find(|container| container.name == places::INSPECT)?;
    let told = inspected.state.terminated.as_ref()?.message.as_deref()?;
    serde_json::from_str::<Inspection>(told).ok()?.certificate
}

/// What the agent says is left on Mesos. Whose driver never ran has nothing there.
fn left(pod: &DriverPod) -> Option<Vec<String>> {
    let driver = pod.container(DRIVER_CONTAINER);
    match driver.and_then(|driver| driver.state.terminated.as_ref()) {
        Some(terminated) => report(terminated)?.frameworks.map(|frameworks| frameworks.left),
        None => pod.status.init_container_statuses.iter().find_map(failure).map(|_| Vec::new()),
    }
}

fn revision(pod: &DriverPod) -> Option<Revision> {
    let (generation, hash) = pod.metadata.annotations.revision.as_deref()?.split_once('-')?;
    Some(Revision { generation: generation.parse().ok()?, hash: hash.to_owned() })
}

/// Since when its driver's container runs, or ran. Of one that could not be started the kubelet tells 1970.
fn started(pod: &DriverPod) -> Option<Timestamp> {
    let state = &pod.container(DRIVER_CONTAINER)?.state;
    let running = state.running.as_ref().and_then(|it| it.started_at.as_ref());
    let ended = state.terminated.as_ref().and_then(|it| it.started_at.as_ref());
    running.or(ended).map(|time| time.0).filter(|at| *at > Timestamp::UNIX_EPOCH)
}

/// Whether a pod is on its way out, and what for.
///
/// A disruption is announced before the pod is deleted for it, and may be called off until then: the announcement alone stops
/// nobody, and Kubernetes takes it back after two minutes (`pkg/controller/disruption`, `stalePodDisruptionTimeout`).
pub fn stopping(pod: &DriverPod) -> Stopping {
    let is_deleted = pod.metadata.deletion_timestamp.is_some();
    let befell = of_the_kubelet(pod).or_else(|| announced(pod).filter(|_| is_deleted || pod.is_over()));
    match befell {
        Some((reason, message)) => Stopping::Disrupted { reason, message },
        None if is_deleted => Stopping::Asked,
        None => Stopping::No,
    }
}

/// What befell a pod from outside, in the kubelet's words or else in those of whoever announced it.
fn disruption(pod: &DriverPod) -> Option<(Reason, String)> {
    of_the_kubelet(pod).or_else(|| announced(pod))
}

/// What the kubelet failed a pod for by itself.
///
/// Source: the `reason` of such a pod (`pkg/kubelet`: eviction, preemption, nodeshutdown, lifecycle/predicate).
fn of_the_kubelet(pod: &DriverPod) -> Option<(Reason, String)> {
    let node = pod.spec.node_name.as_deref().unwrap_or("its node");
    let told = pod.status.message.clone().unwrap_or_default();
    match pod.status.reason.as_deref() {
        Some("Evicted") => Some((Reason::Evicted, format!("the kubelet evicted the pod: {told}"))),
        Some("Preempting") => Some((Reason::Preempted, told)),
        Some("NodeLost" | "Shutdown" | "NodeShutdown" | "Terminated") => {
            Some((Reason::NodeLost, format!("{node}: {told}")))
        }
        // The kubelet refused to run it, though the scheduler had sent it there.
        Some(word @ ("NodeAffinity" | "UnexpectedAdmissionError" | "NodePorts")) => {
            Some((Reason::Evicted, format!("{node} did not take the pod: {word}: {told}")))
        }
        Some(word) if word.starts_with("OutOf") => {
            Some((Reason::Evicted, format!("{node} did not take the pod: {word}: {told}")))
        }
        _ => None,
    }
}

/// What the cluster has announced that it deletes a pod for.
///
/// Source: condition `DisruptionTarget`
/// (<https://kubernetes.io/docs/concepts/workloads/pods/disruptions/#pod-disruption-conditions>).
fn announced(pod: &DriverPod) -> Option<(Reason, String)> {
    let node = pod.spec.node_name.as_deref().unwrap_or("its node");
    let target = pod.condition("DisruptionTarget").filter(|target| target.status == "True")?;
    let reason = match target.reason.as_deref() {
        Some("PreemptionByScheduler") => Reason::Preempted,
        Some("DeletionByTaintManager" | "DeletionByPodGC") => Reason::NodeLost,
        _ => Reason::Evicted,
    };
    let message = target.message.clone().unwrap_or_default();
    let message = match reason {
        Reason::NodeLost => format!(
            "{node} does not answer ({message}); the next attempt waits until Kubernetes has let the pod go, since it \
             may still run there"
        ),
        _ => message,
    };
    Some((reason, message))
}

fn state(job: &SparkJob, pod: &DriverPod, incidents: &[Incident], now: Timestamp) -> DriverState {
    let driver = pod.container(DRIVER_CONTAINER);
    let terminated = driver.and_then(|driver| driver.state.terminated.as_ref());
    if terminated.is_some() || pod.is_over() {
        return DriverState::Ended(ended(pod, terminated, now));
    }
    let running = driver.filter(|driver| driver.state.running.is_some());
    let kind = job.spec.run.kind().map_or(RunKind::Submit, RunRef::kind);
    match (running, kind) {
        (Some(driver), RunKind::Notebook) if !driver.ready => {
            DriverState::Waiting { reason: Reason::DriverStarting, message: "Jupyter starts".into() }
        }
        (Some(_), _) => runs(pod, kind),
        // A pod runs before we hear of its containers, where nobody tells of them.
        (None, _) if pod.status.phase.as_deref() == Some("Running") && driver.is_none() => runs(pod, kind),
        (None, _) => {
            let (reason, message) = waiting::why(&job.spec, pod, incidents);
            DriverState::Waiting { reason, message }
        }
    }
}

fn runs(pod: &DriverPod, kind: RunKind) -> DriverState {
    let node = pod.spec.node_name.as_deref().unwrap_or("its node");
    // Without a readiness probe a running container is ready, until the node's controller says otherwise: the
    // kubelet would give a reason (`ContainersNotReady`), the controller gives none.
    let silent = pod.condition("Ready").is_some_and(|ready| ready.status != "True" && ready.reason.is_none());
    let (reason, message) = match kind {
        _ if silent && !pod.status.container_statuses.is_empty() => {
            (Reason::NodeLost, format!("{node} does not answer; the driver may still run there"))
        }
        RunKind::Notebook => (Reason::NotebookReady, format!("Jupyter answers, on {node}")),
        RunKind::Shell | RunKind::PySpark => {
            let name = &pod.metadata.name;
            (Reason::DriverRunning, format!("on {node}; kubectl attach -it {name} gets into the shell"))
        }
        RunKind::Submit => (Reason::DriverRunning, format!("on {node}")),
    };
    DriverState::Running { reason, message }
}

fn ended(pod: &DriverPod, terminated: Option<&Terminated>, now: Timestamp) -> Ending {
    let failed_init = pod.status.init_container_statuses.iter().find_map(failure);
    let at = terminated.or(failed_init.map(|(_, it)| it)).and_then(|it| it.finished_at.as_ref());
    // A pod that the kubelet refused may tell of no time at all. Another end at each look would be none to wait from.
    let created = || pod.metadata.creation_timestamp.as_ref().map(|time| time.0);
    let at = at.map(|time| time.0).or_else(|| last_change(pod)).or_else(created).unwrap_or(now);
    let exit_code = terminated.map(|it| it.exit_code);
    let (reason, message) = match (terminated, failed_init, disruption(pod)) {
        (Some(it), _, _) if it.exit_code == 0 => of_the_driver(it),
        (_, _, Some(disruption)) => disruption,
        (Some(it), _, None) => of_the_driver(it),
        (None, Some((container, it)), None) => of_init(container, it),
        (None, None, None) if pod.status.phase.as_deref() == Some("Succeeded") => {
            return Ending { at, exit_code: Some(0), reason: Reason::Completed, message: String::new() };
        }
        (None, None, None) => {
            let told = [&pod.status.reason, &pod.status.message].map(|it| it.as_deref().unwrap_or_default());
            (Reason::ContainerRefused, format!("the pod failed before its driver ran: {}", told.join(" ")))
        }
    };
    Ending { at, exit_code, reason, message }
}

/// When something of a pod last changed, as it says itself.
fn last_change(pod: &DriverPod) -> Option<Timestamp> {
    pod.status.conditions.iter().filter_map(|it| it.last_transition_time.as_ref()).map(|time| time.0).max()
}

fn failure(container: &Container) -> Option<(&Container, &Terminated)> {
    let terminated = container.state.terminated.as_ref().filter(|it| it.exit_code != 0)?;
    Some((container, terminated))
}

/// How the driver ended: as its agent says, or else as the kubelet does.
fn of_the_driver(terminated: &Terminated) -> (Reason, String) {
    if let Some(report) = report(terminated) {
        return (ending::reason(report.reason), with_warnings(report));
    }
    let told = terminated.message.clone().unwrap_or_default();
    let code = terminated.exit_code;
    match terminated.reason.as_deref() {
        _ if code == 0 => (Reason::Completed, String::new()),
        Some("OOMKilled") => {
            let message = "the kernel killed the driver for want of memory: raise spec.driver.memory, or \
                           spec.driver.memoryOverhead for Python";
            (Reason::OutOfMemory, message.into())
        }
        Some("StartError" | "ContainerCannotRun") => {
            (Reason::ContainerRefused, format!("the driver's container could not be started: {told}"))
        }
        Some("ContainerStatusUnknown") => {
            (Reason::NodeLost, format!("the node lost sight of the driver's container: {told}"))
        }
        _ if terminated.signal.is_some() || code > 128 => {
            let signal = terminated.signal.unwrap_or(code - 128);
            (Reason::KilledBySignal, format!("the driver's container was killed by signal {signal} {told}"))
        }
        _ => (Reason::ExitedNonZero, format!("the driver ended with exit code {code} {told}")),
    }
}

fn of_init(container: &Container, terminated: &Terminated) -> (Reason, String) {
    if container.name == places::INSPECT
        && let Some(report) = report(terminated)
    {
        return (ending::reason(report.reason), with_warnings(report));
    }
    let told = terminated.message.as_deref().or(terminated.reason.as_deref()).unwrap_or_default();
    let (name, code) = (&container.name, terminated.exit_code);
    (Reason::InitFailed, format!("the init container {name} ended with exit code {code}: {told}"))
}

fn report(terminated: &Terminated) -> Option<TerminationMessage> {
    serde_json::from_str(terminated.message.as_deref()?).ok()
}

fn with_warnings(report: TerminationMessage) -> String {
    let mut message = report.message;
    for warning in report.warnings {
        message = format!("{message}; {warning}");
    }
    message
}
