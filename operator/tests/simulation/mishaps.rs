//! What happens on Mesos, and to drivers that their pods do not tell of.

use crate::cluster::Cluster;
use crate::mesos::{Last, Reach, State};
use crate::tape::Tape;

#[derive(Debug, Clone, Copy)]
enum Mishap {
    Registers,
    GetsExecutors,
    LosesExecutors,
    StopsContext,
    LosesConnection,
    Expires,
    AgentsReport,
    StrayEnds,
    Restarts,
    Silence,
    Refusal,
    GoesForGood,
}

/// Something happens on Mesos. Tells what.
pub(crate) fn act(cluster: &mut Cluster, tape: &mut Tape) -> String {
    let mishap = tape.weighted(&[
        (14, Mishap::Registers),
        (8, Mishap::GetsExecutors),
        (2, Mishap::LosesExecutors),
        (2, Mishap::StopsContext),
        (2, Mishap::LosesConnection),
        (1, Mishap::Expires),
        (4, Mishap::AgentsReport),
        (4, Mishap::StrayEnds),
        (3, Mishap::Restarts),
        (3, Mishap::Silence),
        (1, Mishap::Refusal),
    ]);
    // Few histories have it at all: nothing of Mesos happens afterwards.
    let mishap = if tape.once_in(300) { Mishap::GoesForGood } else { mishap };
    let drawn = usize::from(tape.below(4));
    let what = match mishap {
        Mishap::Registers => registers(cluster, drawn),
        Mishap::GetsExecutors
        | Mishap::LosesExecutors
        | Mishap::StopsContext
        | Mishap::LosesConnection
        | Mishap::Expires => befalls(cluster, mishap, drawn),
        Mishap::StrayEnds => stray_ends(cluster, drawn),
        Mishap::AgentsReport => {
            cluster.mesos.agents_report();
            None
        }
        Mishap::Restarts => {
            cluster.mesos.restarts();
            None
        }
        Mishap::Silence | Mishap::GoesForGood => {
            cluster.mesos.reach = match (mishap, cluster.mesos.reach) {
                (Mishap::GoesForGood, _) | (_, Reach::GoneForGood) => Reach::GoneForGood,
                (_, Reach::Answers) => Reach::Silent,
                (_, Reach::Silent) => Reach::Answers,
            };
            Some(format!("{:?}", cluster.mesos.reach))
        }
        Mishap::Refusal => {
            cluster.mesos.refuses = !cluster.mesos.refuses;
            None
        }
    };
    format!("on Mesos: {mishap:?} {}", what.unwrap_or_default())
}

/// Everything on Mesos goes its plainest way. Answers whether anything moved.
pub(crate) fn settle(cluster: &mut Cluster) -> bool {
    if cluster.mesos.answers() && cluster.mesos.is_deaf {
        cluster.mesos.agents_report();
        return true;
    }
    stray_ends(cluster, 0).is_some()
}

fn registers(cluster: &mut Cluster, drawn: usize) -> Option<String> {
    let alive = cluster.mesos.drivers.iter().filter(|(_, driver)| driver.is_alive);
    let alive: Vec<_> = alive.map(|(pod, _)| pod.clone()).collect();
    let pod = alive.get(drawn % alive.len().max(1))?;
    cluster.mesos.registers(pod, cluster.now)
}

/// Executors of a framework come, or all of them go. Tells what, if it has a driver.
pub(crate) fn executors_come_or_go(cluster: &mut Cluster, tape: &mut Tape) -> Option<String> {
    let mishap = tape.one_of(&[Mishap::GetsExecutors, Mishap::LosesExecutors]);
    befalls(cluster, mishap, usize::from(tape.below(4))).map(|id| format!("on Mesos: {mishap:?} {id}"))
}

fn befalls(cluster: &mut Cluster, mishap: Mishap, drawn: usize) -> Option<String> {
    let now = cluster.now;
    let count = cluster.mesos.frameworks.values().filter(|it| it.is_listed()).count();
    let mut listed = cluster.mesos.frameworks.iter_mut().filter(|(_, it)| it.is_listed());
    let (id, framework) = listed.nth(drawn % count.max(1))?;
    let is_connected = framework.state == State::Connected;
    match mishap {
        Mishap::GetsExecutors if is_connected => framework.executor_starts(now),
        Mishap::LosesExecutors if framework.executors > 0 => framework.executors_end(),
        Mishap::LosesConnection if is_connected => framework.state = State::Disconnected,
        Mishap::StopsContext if is_connected => framework.goes(),
        // Its failover timeout has passed.
        Mishap::Expires if !is_connected => framework.goes(),
        _ => return None,
    }
    Some(id.clone())
}

/// A kubelet that answers again ends a driver whose pod is gone, or one is ended that was on its way out.
fn stray_ends(cluster: &mut Cluster, drawn: usize) -> Option<String> {
    let nodes = cluster.nodes;
    let strays = cluster.mesos.strays(|node| nodes[usize::from(node == "node-1")]);
    let pod = strays.get(drawn % strays.len().max(1))?;
    let last = if drawn == 3 { Last::Settles } else { Last::IsCutShort };
    cluster.mesos.driver_ends(pod, last);
    Some(pod.clone())
}
