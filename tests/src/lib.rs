//! What the integration tests stand on: `lcmap-spark` as a process, at a pipe or at a terminal; the beds; and a
//! look around after each run for what it left behind.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::missing_panics_doc,
    reason = "a harness fails its test so"
)]

pub mod bed;
pub mod cassandra;
mod command;
mod finished;
mod folder;
pub mod kubernetes;
mod link;
pub mod mesos;
mod network_namespace;
pub mod notebook;
pub mod packed;
mod running;
mod sandbox;
mod stand_in;
mod terminal;
mod transcript;

pub use command::LcmapSpark;
pub use finished::{Finished, says};
pub use folder::Folder;
pub use link::Link;
pub use network_namespace::NetworkNamespace;
pub use running::Running;
pub use stand_in::StandIn;
pub use terminal::{Size, Terminal};
