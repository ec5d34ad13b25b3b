//! Mesos, for the operator: one observer per master and identity, never one per job.
//!
//! [`observers`] knows who looks where, and [`supervisor`] keeps them up; [`observer`] asks one Mesos in turns, and beside it a
//! [`settler`] tears down what is owed there and a [`sweeper`] what nobody owns any more; [`attempts`] is what is known of each [`attempt`]; [`identity`] is as whom it asks.

mod args;
mod attempt;
mod attempts;
mod cluster;
mod identities;
mod identity;
mod observer;
mod observers;
#[cfg(test)]
mod pace;
mod settle;
mod settler;
mod supervisor;
mod sweep;
mod sweeper;

use lcmap_mesos::ErrorKind;
use lcmap_spark_crd::Reason;

pub(crate) use args::MesosArgs;
pub(crate) use cluster::Cluster;
pub(crate) use identities::Identities;
pub(crate) use observers::{Context, Observers};
pub(crate) use supervisor::Supervisor;

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
