//! A control plane with everything that the operator needs, and nothing that plays kubelet: the tests do.

use std::{
    path::{Path, PathBuf},
    sync::OnceLock,
    thread,
    time::Duration,
};

use lcmap_spark_tests::kubernetes::{ControlPlane, Operator, OperatorCommand, Part, Proxy};
use serde_json::json;

use crate::{requests::Request, rights, space::Space};

/// The node that pods are bound to.
pub(crate) const NODE: &str = "node-1";

/// The label of namespaces that the shared operator looks after.
const SHARED: &str = "bed.test/operator=shared";

/// A control plane, with the definition of `SparkJob`, the operator's rights, and a node.
pub(crate) struct Bed {
    pub(crate) plane: ControlPlane,
    pub(crate) api: Proxy,
    kubeconfig: PathBuf,
}

impl Bed {
    /// With the definition of `SparkJob`.
    pub(crate) fn start(parts: &[Part]) -> Self {
        let bed = Self::undefined(parts);
        bed.plane.apply_definition(&definition()).unwrap();
        bed
    }

    /// Without it.
    pub(crate) fn undefined(parts: &[Part]) -> Self {
        let plane = ControlPlane::start_with(parts).unwrap();
        rights::grant(&plane);
        let api = plane.proxy().unwrap();
        let kubeconfig = plane.kubeconfig_for(rights::USER, None).unwrap();
        Self { plane, api, kubeconfig }
    }

    /// The operator, about to be started.
    pub(crate) fn operator(&self) -> OperatorCommand<'_> {
        self.plane.operator(&self.kubeconfig)
    }

    /// An operator of all namespaces, at work.
    pub(crate) fn start_operator(&self) -> Operator {
        let operator = self.operator().start().unwrap();
        operator.wait_until_leads().unwrap();
        operator
    }

    /// A namespace that is there already.
    pub(crate) fn space<'a>(&'a self, namespace: &str) -> Space<'a> {
        Space { bed: self, name: namespace.to_owned() }
    }

    /// Runs `test` in a namespace of its own that no operator looks after yet.
    pub(crate) fn in_namespace(&self, label: &str, test: impl FnOnce(&Space)) {
        self.plane.with_namespace(label, |namespace| test(&self.space(namespace.name()))).unwrap();
    }

    /// What the operator has asked the API server so far, its Lease aside.
    pub(crate) fn requests(&self) -> Vec<Request> {
        let log = self.plane.audit_log().unwrap();
        Request::read(&log)
            .filter(|request| request.user == rights::USER && request.resource != "leases")
            .collect()
    }

    /// Makes the node, and keeps it alive for as long as this process is.
    fn add_node(&'static self) {
        let node = json!({"apiVersion": "v1", "kind": "Node", "metadata": {"name": NODE}});
        self.api.post("/api/v1/nodes", &node).unwrap();
        let ready = json!({"type": "Ready", "status": "True", "reason": "KubeletReady", "message": "played"});
        let path = format!("/api/v1/nodes/{NODE}/status");
        self.api.merge(&path, &json!({"status": {"conditions": [ready]}})).unwrap();
        thread::spawn(move || {
            for beat in 0_u64.. {
                let mut ready = ready.clone();
                ready["lastHeartbeatTime"] =
                    json!(format!("2020-01-01T00:{:02}:{:02}Z", beat / 60 % 60, beat % 60));
                // The bed may be on its way out.
                let _ = self.api.merge(&path, &json!({"status": {"conditions": [ready]}}));
                thread::sleep(Duration::from_secs(10));
            }
        });
    }
}

/// The bed that most tests share, and its operator.
pub(crate) fn shared() -> &'static Bed {
    static BED: OnceLock<Bed> = OnceLock::new();
    static OPERATOR: OnceLock<Operator> = OnceLock::new();
    let bed = BED.get_or_init(|| Bed::start(&[Part::ControllerManager]));
    OPERATOR.get_or_init(|| {
        bed.add_node();
        let operator = bed.operator().arg(format!("--namespace-selector={SHARED}")).start().unwrap();
        operator.wait_until_leads().unwrap();
        operator
    });
    bed
}

/// Runs `test` in a namespace of its own on the shared bed, looked after by the shared operator.
pub(crate) fn in_namespace(label: &str, test: impl FnOnce(&Space)) {
    shared().in_namespace(label, |space| {
        space.label(SHARED);
        test(space);
    });
}

/// Runs `test` in a namespace of its own on the shared bed, with an operator of its own that was given `args`.
pub(crate) fn with_operator(label: &str, args: &[&str], test: impl FnOnce(&Space, Operator)) {
    shared().in_namespace(label, |space| {
        let operator = space.operator();
        let operator = args.iter().fold(operator, OperatorCommand::arg).start().unwrap();
        operator.wait_until_leads().unwrap();
        test(space, operator);
    });
}

/// The definition, as it is released.
pub(crate) fn definition() -> PathBuf {
    repository("crd/sparkjobs.yaml")
}

/// A file or folder of this repository.
pub(crate) fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)
}
