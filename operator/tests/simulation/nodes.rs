//! What scheduler, kubelets and the cluster's controllers do to pods.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use lcmap_spark::core::pod::{Container, ContainerState, DriverPod, PodCondition, Terminated};
use lcmap_spark_agent::report::{ExitReason, Frameworks as Reported, TerminationMessage};
use lcmap_spark_crd::Mode;
use lcmap_spark_crd::names::DRIVER_CONTAINER;

use crate::cluster::Cluster;
use crate::mesos::Last;
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
    /// A disruption is announced: the pod is not deleted yet.
    Announced,
    /// It is called off.
    CalledOff,
    /// A notebook is too busy to answer its readiness probe, or answers again.
    Busy,
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
    /// Mesos would not take it, as its agent found out before the command was started.
    Refused,
    ForWantOfMemory,
    Stopped,
    Killed,
}

/// Lets something happen to one of the pods. Tells what.
pub(crate) fn act(cluster: &mut Cluster, tape: &mut Tape) -> Option<String> {
    let count = u16::try_from(cluster.pods.len()).ok().filter(|count| *count > 0)?;
    let pod = cluster.pods.values().nth(usize::from(tape.below(count)))?.clone();
    let happening = tape.weighted(possible(cluster, &pod)?);
    let last = if tape.once_in(4) { Last::IsCutShort } else { Last::Settles };
    happen(cluster, &pod, happening, last);
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
            happen(cluster, &pod, next, Last::Settles);
            moved = true;
        }
    }
    moved
}

type Weighted = &'static [(u16, Happening)];

/// What may happen to a pod, the plainest first.
fn possible(cluster: &Cluster, pod: &DriverPod) -> Option<Weighted> {
    use Happening::{
        Announced, CompanionEnds, DrainedFromDeadNode, Ends, Evicted, Forgotten, Gone, InitFails, InitRuns,
        Preempted, PullFails, Refused, Scheduled, Silent, Starts, Stops, Unschedulable,
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
        Some(state) if state.running.is_some() => ends_of(cluster, pod),
        Some(_) => &[(1, CompanionEnds)],
        None => &[
            (8, Starts),
            (2, InitRuns),
            (2, PullFails),
            (1, InitFails),
            (1, Refused),
            (1, Evicted),
            (1, Preempted),
            (1, Announced),
        ],
    })
}

/// How a driver may go on, or end, that runs and is not asked to stop.
fn ends_of(cluster: &Cluster, pod: &DriverPod) -> Weighted {
    use Happening::{Announced, Busy, CalledOff, Ends, Evicted, Preempted};
    if is_announced(pod) {
        return &[(3, CalledOff), (2, Preempted), (1, Ends(End::Well)), (1, Ends(End::Badly)), (1, Busy)];
    }
    if cluster.mesos.is_new_there(&pod.metadata.uid) {
        return &[
            (6, Ends(End::Well)),
            (3, Ends(End::Badly)),
            (5, Ends(End::Refused)),
            (1, Ends(End::Killed)),
            (1, Evicted),
            (1, Preempted),
            (2, Announced),
        ];
    }
    &[
        (6, Ends(End::Well)),
        (6, Ends(End::Badly)),
        (2, Ends(End::ForWantOfMemory)),
        (1, Ends(End::Killed)),
        (1, Evicted),
        (1, Preempted),
        (2, Announced),
        (2, Busy),
    ]
}

fn is_announced(pod: &DriverPod) -> bool {
    let is_it = |it: &PodCondition| it.type_ == "DisruptionTarget" && it.status == "True";
    pod.status.conditions.iter().any(is_it)
}

fn node_of(pod: &DriverPod) -> Option<usize> {
    pod.spec.node_name.as_deref()?.strip_prefix("node-")?.parse().ok()
}

fn happen(cluster: &mut Cluster, pod: &DriverPod, happening: Happening, last: Last) {
    let name = &pod.metadata.name;
    let now = cluster.second();
    let mut reported = None;
    if let Happening::Ends(end) | Happening::Stops(end) = happening {
        let last = match end {
            End::Killed | End::ForWantOfMemory => Last::IsCutShort,
            End::Refused => Last::Settles,
            End::Well | End::Badly | End::Stopped => last,
        };
        reported = cluster.mesos.driver_ends(&pod.metadata.uid, last);
        cluster.mesos.driver_is_over(&pod.metadata.uid, now.0);
    } else if happening == Happening::Evicted {
        cluster.mesos.driver_ends(&pod.metadata.uid, last);
        cluster.mesos.driver_is_over(&pod.metadata.uid, now.0);
    }
    let has_companion = cluster.laws.has_companion(&pod.metadata.uid);
    match happening {
        Happening::Forgotten | Happening::Gone => cluster.remove_pod(name),
        Happening::Scheduled(node) => {
            cluster.change_pod(name, |pod| pod.spec.node_name = Some(format!("node-{node}")));
        }
        Happening::Starts => {
            cluster.change_pod(name, |pod| starts(pod, has_companion, &now));
            if pod.metadata.labels.mode.as_deref() == Some(Mode::Distributed.as_str()) {
                let is_ghost = cluster.laws.is_ghost(&pod.metadata.uid);
                cluster.mesos.driver_starts(pod, is_ghost);
            }
        }
        Happening::Ends(end) => cluster.change_pod(name, |pod| {
            ends(pod, &terminated(end, reported, now));
            if !has_companion {
                is_over(pod);
            }
        }),
        Happening::Stops(end) => cluster.change_pod(name, |pod| {
            ends(pod, &terminated(end, reported, now.clone()));
            companion_ends(pod, &terminated(End::Stopped, None, now));
            is_over(pod);
        }),
        Happening::CompanionEnds => cluster.change_pod(name, |pod| {
            companion_ends(pod, &terminated(End::Well, None, now));
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
fn befalls(pod: &mut DriverPod, happening: Happening, now: Time) {
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
            let terminated = Some(terminated(End::Badly, None, now));
            let state = ContainerState { terminated, ..ContainerState::default() };
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
        Happening::Announced | Happening::CalledOff => {
            let status = if happening == Happening::Announced { "True" } else { "False" };
            mark(pod, "DisruptionTarget", status, Some("PreemptionByScheduler"), "it has to go");
        }
        Happening::Busy => {
            for driver in pod.status.container_statuses.iter_mut().filter(|it| it.name == DRIVER_CONTAINER) {
                driver.ready = !driver.ready;
            }
        }
        _ => {}
    }
}

fn container(name: &str, state: ContainerState) -> Container {
    Container { name: name.into(), ready: state.running.is_some(), state, ..Container::default() }
}

fn starts(pod: &mut DriverPod, has_companion: bool, now: &Time) {
    let mut state = ContainerState::default();
    state.running.get_or_insert_default().started_at = Some(now.clone());
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
        let started_at = driver.state.running.take().and_then(|running| running.started_at);
        let terminated = Some(Terminated { started_at, ..end.clone() });
        driver.state = ContainerState { terminated, ..ContainerState::default() };
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

/// How a container ended, and what its agent tells of it. One that was cut short before it had settled what its driver left
/// tells as much as one that cannot know it, since the image's own library made the frameworks.
fn terminated(end: End, frameworks: Option<Reported>, at: Time) -> Terminated {
    let never_connected = frameworks.as_ref().is_some_and(|it| it.ids.is_empty());
    let (exit_code, word, reason) = match end {
        End::Well if never_connected => (0, "Completed", Some(ExitReason::NeverConnected)),
        End::Well => (0, "Completed", Some(ExitReason::Completed)),
        End::Badly => (3, "Error", Some(ExitReason::ExitedNonZero)),
        End::Refused => (1, "Error", Some(ExitReason::RoleRefused)),
        End::ForWantOfMemory => (137, "OOMKilled", None),
        End::Stopped => (143, "Error", Some(ExitReason::Stopped)),
        End::Killed => (137, "Error", None),
    };
    let message = reason.and_then(|reason| {
        let message = "as it said itself".to_owned();
        TerminationMessage { exit_code, reason, message, warnings: Vec::new(), frameworks }.to_json().ok()
    });
    Terminated {
        exit_code: i32::from(exit_code),
        reason: Some(word.into()),
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
