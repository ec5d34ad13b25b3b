//! A real Kubernetes on this machine: etcd and an API server, and beside them what a test asks for.
//!
//! The control plane runs as ordinary processes on 127.0.0.1, on free ports, and needs no rights; nodes run in
//! namespaces of their own and need root. Programs are built from the Go module proxy by
//! `tests/beds/kubernetes/build.sh` and kept under `target/bed/kubernetes`. A bed ends when its value is dropped,
//! and also when the test process dies without dropping it.

mod changes;
mod clock;
mod cluster;
mod components;
mod control_plane;
mod error;
mod forward;
mod image;
mod kubectl;
mod kubelet;
mod namespace;
mod network;
mod node;
mod node_configuration;
mod operator;
mod part;
mod pki;
mod process;
mod programs;
mod proxy;
mod run;
mod trust;

pub use cluster::Cluster;
pub use control_plane::ControlPlane;
pub use error::Error;
pub use image::Image;
pub use kubectl::Answer;
pub use kubelet::{Ended, Kubelet};
pub use namespace::Namespace;
pub use network::Place;
pub use node::Node;
pub use operator::{Operator, OperatorCommand};
pub use part::Part;
pub use process::wait_until;
pub use programs::target;
pub use proxy::Proxy;

/// What every call of this bed answers.
pub type Result<T> = std::result::Result<T, Error>;
