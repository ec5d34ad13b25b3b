//! The cluster of these tests: two nodes, the images, a Mesos beside them, and the operator from its chart.

use std::{path::Path, process::Command, sync::OnceLock};

use lcmap_spark_tests::{
    bed,
    kubernetes::{Cluster, Namespace, Place, target},
    mesos::{Access, Authority, Bed, Plan},
};

/// The role of jobs that name none.
pub(crate) const ROLE: &str = "science";

/// Runs a test in a namespace of the shared cluster.
pub(crate) fn in_namespace(label: &str, test: impl FnOnce(&Namespace)) {
    installed().cluster.control_plane.with_namespace(label, test).unwrap();
}

/// What all these tests share.
pub(crate) struct Installation {
    pub(crate) cluster: &'static Cluster,
    /// The Mesos of jobs that name none: it wants certificates and credentials, and the operator has its own.
    pub(crate) mesos: Bed,
}

/// The shared cluster, with the operator at work.
pub(crate) fn installed() -> &'static Installation {
    static INSTALLED: OnceLock<Installation> = OnceLock::new();
    INSTALLED.get_or_init(|| {
        let cluster = Cluster::shared().unwrap();
        give_images(cluster);
        let plan = Bed::plain().tls().access(Access::Credentials("{}".to_owned()));
        let (_, mesos) = beside(cluster, plan);
        let kubectl = |words: &[&str]| cluster.control_plane.kubectl(words.iter().copied()).unwrap();
        kubectl(&["create", "namespace", "lcmap-spark"]);
        for words in secrets(&mesos, "operator") {
            let words: Vec<_> = words.iter().map(String::as_str).chain(["-n=lcmap-spark"]).collect();
            kubectl(&words);
        }
        let settings = mesos_settings(&mesos);
        helm(cluster, "install", &settings.iter().map(String::as_str).collect::<Vec<_>>());
        Installation { cluster, mesos }
    })
}

/// A Mesos on a machine of its own beside the nodes, whose executors run in containers.
pub(crate) fn beside(cluster: &Cluster, plan: Plan) -> (Place, Bed) {
    let machine = cluster.control_plane.attach().unwrap();
    let images = target().join("bed/podman/storage");
    let mesos = plan.docker().images(images).at(machine.namespace(), machine.address()).start().unwrap();
    (machine, mesos)
}

/// `kubectl create secret` for the certificates and the credentials of a principal that a Mesos knows.
pub(crate) fn secrets(mesos: &Bed, principal: &str) -> [Vec<String>; 2] {
    let client = mesos.pki().client();
    let from = |key: &str, file: &Path| format!("--from-file={key}={}", file.display());
    let secret = |name: &str| ["create", "secret", "generic", name].map(str::to_owned).to_vec();
    let mut certificates = secret("mesos-certificates");
    certificates.extend([
        from("mesos.crt", &client.certificate),
        from("mesos.key", &client.key),
        from("trustedroot.crt", &mesos.pki().authority(Authority::Trusted)),
    ]);
    let mut credentials = secret("mesos-credentials");
    credentials.extend([
        format!("--from-literal=principal={principal}"),
        format!("--from-literal=secret={principal}-secret"),
    ]);
    [certificates, credentials]
}

/// What jobs need not say, and as whom the operator looks at that Mesos.
fn mesos_settings(mesos: &Bed) -> Vec<String> {
    let master = format!("mesos://{}", mesos.masters());
    let identity = "mesos.identities[0]";
    [
        ("mesos.master", master.as_str()),
        ("mesos.role", ROLE),
        // The image says that its user is lcmap, whom the agents, which are this machine, do not know.
        ("mesos.user", "root"),
        ("mesos.credentialsSecretName", "mesos-credentials"),
        ("mesos.certificates.secretName", "mesos-certificates"),
        ("mesos.totalCores", "2"),
        (&format!("{identity}.master"), &master),
        (&format!("{identity}.credentialsSecretName"), "mesos-credentials"),
        (&format!("{identity}.certificates.secretName"), "mesos-certificates"),
    ]
    .map(|(name, value)| format!("--set={name}={value}"))
    .to_vec()
}

/// `helm install` or `upgrade`, as the docs say it, and waits for the operators.
pub(crate) fn helm(cluster: &Cluster, verb: &str, more: &[&str]) {
    let chart = bed::repository("charts/lcmap-spark").display().to_string();
    let words = [
        verb,
        "lcmap-spark",
        &chart,
        "--namespace=lcmap-spark",
        "--wait",
        "--timeout=4m",
        "--set=jobs.image=localhost/lcmap-spark:bed",
    ];
    cluster.control_plane.helm(words.into_iter().chain(more.iter().copied())).unwrap();
}

/// The operator's image goes to both nodes; Spark's, which is large, to the first, where all
/// jobs then run.
fn give_images(cluster: &Cluster) {
    let script = bed::repository("tests/beds/kubernetes/spark-image.sh");
    let made = Command::new(script).env("CARGO_TARGET_DIR", target()).status().unwrap();
    assert!(made.success(), "Spark's image could not be made: see above");
    let operator = bed::operator_image();
    for node in &cluster.nodes {
        node.import_images(&operator).unwrap();
    }
    let spark = target().join("bed/kubernetes/spark.tar");
    cluster.nodes[0].import_images(&spark).unwrap();
    cluster.control_plane.kubectl(["taint", "node", "node2", "spark=none:NoSchedule"]).unwrap();
}
