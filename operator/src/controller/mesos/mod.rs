//! Mesos, for the operator: one observer per master and identity, never one per job.
//!
//! [`observers`] knows who looks where; [`observer`] asks one Mesos in turns, tears down what is owed there, and
//! [`sweep`]s what nobody owns any more; [`attempts`] is what is known of each [`attempt`]; [`identity`] is as whom it asks.

mod args;
mod attempt;
mod attempts;
mod cluster;
mod identities;
mod identity;
mod observer;
mod observers;
mod settle;
mod sweep;

use lcmap_mesos::ErrorKind;
use lcmap_spark_crd::Reason;

pub(crate) use args::MesosArgs;
pub(crate) use cluster::Cluster;
pub(crate) use identities::Identities;
pub(crate) use observers::{Observers, Surroundings};

/// So many agents.
fn agents(count: usize) -> String {
    if count == 1 { "1 agent".to_owned() } else { format!("{count} agents") }
}

/// What trouble with Mesos means for a job that the operator looks after: how exactly it cannot be reached from here matters to
/// nobody but whoever reads the message.
fn reason(kind: ErrorKind) -> Reason {
    match kind {
        ErrorKind::NameUnknown
        | ErrorKind::ConnectionRefused
        | ErrorKind::ConnectionTimeout
        | ErrorKind::NoLeader
        | ErrorKind::MesosUnreachable => Reason::MesosUnreachable,
        kind => crate::core::reason(kind.into()),
    }
}
