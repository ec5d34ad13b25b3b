use std::sync::OnceLock;

use super::{ControlPlane, Error, Node, Part, Result};

/// A whole cluster: a control plane that schedules, and two nodes, `node1` and `node2`.
#[derive(Debug)]
pub struct Cluster {
    /// Its nodes.
    pub nodes: [Node; 2],
    /// Its control plane.
    pub control_plane: ControlPlane,
}

impl Cluster {
    /// A cluster of a test's own. Needs root.
    pub fn start() -> Result<Self> {
        let control_plane = ControlPlane::start_with(&[Part::ControllerManager, Part::Scheduler])?;
        let nodes = [Node::join(&control_plane, "node1")?, Node::join(&control_plane, "node2")?];
        Ok(Self { nodes, control_plane })
    }

    /// The one that all tests of a process share; it ends with the process.
    pub fn shared() -> std::result::Result<&'static Self, &'static Error> {
        static SHARED: OnceLock<Result<Cluster>> = OnceLock::new();
        SHARED.get_or_init(Self::start).as_ref()
    }
}
