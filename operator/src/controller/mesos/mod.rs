//! Mesos, for the operator: one observer per master and identity, never one per job.
//!
//! [`observers`] knows who looks where; [`observer`] asks one Mesos in turns, tears down what is owed there, and
//! [`sweep`]s what nobody owns any more; [`attempts`] is what is known of each attempt; [`identity`] is as whom it asks.

mod args;
mod attempts;
mod cluster;
mod identities;
mod identity;
mod observer;
mod observers;
mod settle;
mod sweep;

pub(crate) use args::MesosArgs;
pub(crate) use cluster::Cluster;
pub(crate) use identities::Identities;
pub(crate) use observers::{Observers, Surroundings};
