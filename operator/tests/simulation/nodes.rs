//! What scheduler, kubelets and the cluster's controllers do to pods.

use lcmap_spark::core::pod::{Container, ContainerState, DriverPod, PodCondition, Terminated};
use lcmap_spark_crd::Mode;
use lcmap_spark_crd::names::DRIVER_CONTAINER;

use crate::cluster::Cluster;
use crate::tape::Tape;

/// Something that happens to a pod.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Happening {
    Scheduled(usize),
    Unschedulable,
    InitRuns,
    PullFails,
    InitFails,
    Refused,
    Starts,
    Ends(End),
    CompanionEnds,
    Evicted,
    Preempted,
    Silent,
    DrainedFromDeadNode,
    Forgotten,
    Stops(End),
    Gone,
}

/// How a driver ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Well,
    Badly,
    ForWantOfMemory,
    Stopped,
    Killed,
}

/// Lets something happen to one of the pods. Tells what.
pub(crate) fn act(cluster: &mut Cluster, tape: &mut Tape) -> Option<String> {
    let count = u16::try_from(cluster.pods.len()).ok().filter(|count| *count > 0)?;
    let pod = cluster.pods.values().nth(usize::from(tape.below(count)))?.clone();
    let happening = tape.weighted(possible(cluster, &pod)?);
    happen(cluster, &pod, happening, tape.once_in(4));
    Some(format!("{}: {happening:?}", pod.metadata.name))
}

/// Brings every pod on its plainest way one step further. Answers whether any moved.
pub(crate) fn settle(cluster: &mut Cluster) -> bool {
    let pods: Vec<_> = cluster.pods.values().cloned().collect();
    let mut moved = false;
    for pod in pods {
        let next = possible(cluster, &pod).map(|possible| possible[0].1);
        // A container beside the driver does not end by itself.
        if let Some(next) = next.filter(|next| *next != Happening::CompanionEnds) {
            happen(cluster, &pod, next, false);
            moved = true;
        }
    }
    moved
}

type Weighted = &'static [(u16, Happening)];

/// What may happen to a pod, the plainest first.
fn possible(cluster: &Cluster, pod: &DriverPod) -> Option<Weighted> {
    use Happening::{
        CompanionEnds, DrainedFromDeadNode, Ends, Evicted, Forgotten, Gone, InitFails, InitRuns, Preempted,
        PullFails, Refused, Scheduled, Silent, Starts, Stops, Unschedulable,
    };
    let Some(node) = node_of(pod) else {
        return Some(if cluster.nodes[0] {
            &[(6, Scheduled(0)), (2, Scheduled(1)), (2, Unschedulable)]
        } else {
            &[(6, Scheduled(1)), (2, Unschedulable)]
        });
    };
    let leaves = pod.metadata.deletion_timestamp.is_some();
    if !cluster.nodes[node] {
        return Some(if leaves {
            &[(3, Silent), (1, Forgotten)]
        } else {
            &[(3, Silent), (3, DrainedFromDeadNode), (1, Forgotten)]
        });
    }
    let driver = pod.status.container_statuses.iter().find(|it| it.name == DRIVER_CONTAINER);
    let over = pod.is_over();
    let is_dead = cluster.mesos.is_dead(&pod.metadata.uid);
    Some(match driver.map(|driver| &driver.state) {
        _ if over && leaves => &[(1, Gone)],
        _ if over => return None,
        // Its process went with its node.
        Some(state) if is_dead && state.running.is_some() && leaves => &[(1, Stops(End::Killed))],
        Some(state) if is_dead && state.running.is_some() => &[(1, Ends(End::Killed))],
        Some(state) if leaves && state.running.is_some() => &[
            (6, Stops(End::Stopped)),
            (2, Stops(End::Killed)),
            (2, Stops(End::Well)),
            (1, Ends(End::Stopped)),
            (1, Ends(End::Badly)),
        ],
        _ if leaves => &[(3, Stops(End::Killed)), (1, Gone)],
        Some(state) if state.running.is_some() => &[
            (6, Ends(End::Well)),
            (6, Ends(End::Badly)),
            (2, Ends(End::ForWantOfMemory)),
            (1, Ends(End::Killed)),
            (1, Evicted),
            (1, Preempted),
        ],
        Some(_) => &[(1, CompanionEnds)],
        None => &[
            (8, Starts),
            (2, InitRuns),
            (2, PullFails),
            (1, InitFails),
            (1, Refused),
            (1, Evicted),
            (1, Preempted),
        ],
    })
}

fn node_of(pod: &DriverPod) -> Option<usize> {
    pod.spec.node_name.as_deref()?.strip_prefix("node-")?.parse().ok()
}

/// `abruptly`: before the agent has settled what the driver has on Mesos.
fn happen(cluster: &mut Cluster, pod: &DriverPod, happening: Happening, abruptly: bool) {
    let name = &pod.metadata.name;
    let now = cluster.second();
    if let Happening::Ends(end) | Happening::Stops(end) = happening {
        let settles = !abruptly && !matches!(end, End::Killed | End::ForWantOfMemory);
        cluster.mesos.driver_ends(&pod.metadata.uid, settles);
        cluster.mesos.driver_is_over(&pod.metadata.uid, now.0);
    } else if happening == Happening::Evicted {
        cluster.mesos.driver_ends(&pod.metadata.uid, !abruptly);
        cluster.mesos.driver_is_over(&pod.metadata.uid, now.0);
    }
    let has_companion = cluster.laws.has_companion(&pod.metadata.uid);
    match happening {
        Happening::Forgotten | Happening::Gone => cluster.remove_pod(name),
        Happening::Scheduled(node) => {
            cluster.change_pod(name, |pod| pod.spec.node_name = Some(format!("node-{node}")));
        }
        Happening::Starts => {
            cluster.change_pod(name, |pod| starts(pod, has_companion));
            if pod.metadata.labels.mode.as_deref() == Some(Mode::Distributed.as_str()) {
                let is_ghost = cluster.laws.is_ghost(&pod.metadata.uid);
                cluster.mesos.driver_starts(pod, is_ghost);
            }
        }
        Happening::Ends(end) => cluster.change_pod(name, |pod| {
            ends(pod, &terminated(end, now));
            if !has_companion {
                is_over(pod);
            }
        }),
        Happening::Stops(end) => cluster.change_pod(name, |pod| {
            ends(pod, &terminated(end, now.clone()));
            companion_ends(pod, &terminated(End::Stopped, now));
            is_over(pod);
        }),
        Happening::CompanionEnds => cluster.change_pod(name, |pod| {
            companion_ends(pod, &terminated(End::Well, now));
            is_over(pod);
        }),
        Happening::Preempted | Happening::DrainedFromDeadNode => {
            let reason = if happening == Happening::Preempted {
                "PreemptionByScheduler"
            } else {
                "DeletionByTaintManager"
            };
            cluster
                .change_pod(name, |pod| mark(pod, "DisruptionTarget", "True", Some(reason), "it had to go"));
            cluster.delete_pod(name, &pod.metadata.uid);
        }
        other => cluster.change_pod(name, |pod| befalls(pod, other, now)),
    }
}

/// What changes a pod's status alone.
fn befalls(
    pod: &mut DriverPod,
    happening: Happening,
    now: k8s_openapi::apimachinery::pkg::apis::meta::v1::Time,
) {
    match happening {
        Happening::Unschedulable => {
            mark(pod, "PodScheduled", "False", Some("Unschedulable"), "0/2 nodes are available");
        }
        Happening::InitRuns => {
            let mut state = ContainerState::default();
            state.running.get_or_insert_default();
            pod.status.init_container_statuses = vec![container("lcmap-agent", state)];
        }
        Happening::PullFails => {
            let mut state = ContainerState::default();
            let waiting = state.waiting.get_or_insert_default();
            waiting.reason = Some("ImagePullBackOff".into());
            waiting.message = Some("x".repeat(2000));
            pod.status.init_container_statuses = vec![container("lcmap-agent", state)];
        }
        Happening::InitFails => {
            let state =
                ContainerState { terminated: Some(terminated(End::Badly, now)), ..ContainerState::default() };
            pod.status.init_container_statuses = vec![container("fetch", state)];
            pod.status.phase = Some("Failed".into());
        }
        Happening::Refused | Happening::Evicted => {
            let reason = if happening == Happening::Refused { "OutOfcpu" } else { "Evicted" };
            pod.status.reason = Some(reason.into());
            pod.status.phase = Some("Failed".into());
            if happening == Happening::Evicted {
                mark(pod, "Ready", "False", Some("PodFailed"), "");
                for condition in &mut pod.status.conditions {
                    condition.last_transition_time = Some(now.clone());
                }
            }
        }
        Happening::Silent => mark(pod, "Ready", "False", None, ""),
        _ => {}
    }
}

fn container(name: &str, state: ContainerState) -> Container {
    Container { name: name.into(), ready: state.running.is_some(), state, ..Container::default() }
}

fn starts(pod: &mut DriverPod, has_companion: bool) {
    let mut state = ContainerState::default();
    state.running.get_or_insert_default();
    pod.status.init_container_statuses.clear();
    pod.status.container_statuses = vec![container(DRIVER_CONTAINER, state.clone())];
    if has_companion {
        pod.status.container_statuses.push(container("companion", state));
    }
    pod.status.phase = Some("Running".into());
    mark(pod, "Ready", "True", None, "");
}

fn ends(pod: &mut DriverPod, end: &Terminated) {
    for driver in pod.status.container_statuses.iter_mut().filter(|it| it.name == DRIVER_CONTAINER) {
        driver.ready = false;
        driver.state = ContainerState { terminated: Some(end.clone()), ..ContainerState::default() };
    }
}

fn companion_ends(pod: &mut DriverPod, end: &Terminated) {
    for companion in pod.status.container_statuses.iter_mut().filter(|it| it.name != DRIVER_CONTAINER) {
        companion.state = ContainerState { terminated: Some(end.clone()), ..ContainerState::default() };
    }
}

/// Every container has ended: the pod is as its worst.
fn is_over(pod: &mut DriverPod) {
    let ended_well = |it: &Container| it.state.terminated.as_ref().is_some_and(|it| it.exit_code == 0);
    let well =
        !pod.status.container_statuses.is_empty() && pod.status.container_statuses.iter().all(ended_well);
    pod.status.phase = Some(if well { "Succeeded" } else { "Failed" }.into());
}

fn terminated(end: End, at: k8s_openapi::apimachinery::pkg::apis::meta::v1::Time) -> Terminated {
    let (exit_code, reason, report) = match end {
        End::Well => (0, "Completed", Some("Completed")),
        End::Badly => (3, "Error", Some("ExitedNonZero")),
        End::ForWantOfMemory => (137, "OOMKilled", None),
        End::Stopped => (143, "Error", Some("Stopped")),
        End::Killed => (137, "Error", None),
    };
    let message = report.map(|it| {
        serde_json::json!({"exitCode": exit_code, "reason": it, "message": "as it said itself"}).to_string()
    });
    Terminated {
        exit_code,
        reason: Some(reason.into()),
        message,
        finished_at: Some(at),
        ..Terminated::default()
    }
}

fn mark(pod: &mut DriverPod, type_: &str, status: &str, reason: Option<&str>, message: &str) {
    pod.status.conditions.retain(|condition| condition.type_ != type_);
    pod.status.conditions.push(PodCondition {
        type_: type_.into(),
        status: status.into(),
        reason: reason.map(str::to_owned),
        message: Some(message.to_owned()).filter(|it| !it.is_empty()),
        last_transition_time: None,
    });
}
