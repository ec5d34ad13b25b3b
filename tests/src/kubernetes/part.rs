use std::{path::Path, process::Command};

use serde_json::json;

use super::{ControlPlane, Result, components, trust::Trust};

/// What runs beside etcd and the API server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// Namespaces get their service account, deleted owners their garbage collection, Jobs their pods.
    ControllerManager,
    /// Pods get a node.
    Scheduler,
    /// So many fake nodes, whose pods only seem to run (see `kwok.yaml`): for volume. Needs the other two.
    FakeNodes(u16),
}

impl Part {
    pub(crate) fn program(self) -> &'static str {
        match self {
            Self::ControllerManager => "kube-controller-manager",
            Self::Scheduler => "kube-scheduler",
            Self::FakeNodes(_) => "kwok",
        }
    }

    /// The user and group that it is to the API server.
    pub(crate) fn identity(self) -> (&'static str, Option<&'static str>) {
        match self {
            Self::ControllerManager => ("system:kube-controller-manager", None),
            Self::Scheduler => ("system:kube-scheduler", None),
            Self::FakeNodes(_) => ("kwok", Some("system:masters")),
        }
    }

    pub(crate) fn command(self, kubeconfig: &Path, trust: &Trust) -> Command {
        match self {
            Self::ControllerManager => components::controller_manager(kubeconfig, trust),
            Self::Scheduler => components::scheduler(kubeconfig),
            Self::FakeNodes(_) => components::kwok(kubeconfig),
        }
    }

    /// Creates the objects that it works on.
    pub(crate) fn prepare(self, control_plane: &ControlPlane) -> Result<()> {
        let Self::FakeNodes(count) = self else { return Ok(()) };
        let node = |number| {
            json!({"apiVersion": "v1", "kind": "Node", "metadata": {
                "name": format!("fake{number}"), "annotations": {components::FAKE_NODE: "true"}}})
        };
        let nodes: Vec<_> = (1..=count).map(node).collect();
        let nodes = json!({"apiVersion": "v1", "kind": "List", "items": nodes});
        control_plane.kubectl_with_input(["create", "-f", "-"], &nodes.to_string()).map(drop)
    }
}
