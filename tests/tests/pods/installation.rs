//! The cluster of these tests: two nodes, the images, and the operator from its chart.

use std::process::Command;
use std::sync::OnceLock;

use lcmap_spark_tests::bed;
use lcmap_spark_tests::kubernetes::{Cluster, Namespace, target};

/// Runs a test in a namespace of the shared cluster.
pub(crate) fn in_namespace(label: &str, test: impl FnOnce(&Namespace)) {
    installed().control_plane.with_namespace(label, test).unwrap();
}

/// The shared cluster, with the operator at work.
pub(crate) fn installed() -> &'static Cluster {
    static INSTALLED: OnceLock<&'static Cluster> = OnceLock::new();
    INSTALLED.get_or_init(|| {
        let cluster = Cluster::shared().unwrap();
        give_images(cluster);
        helm(cluster, "install", &[]);
        cluster
    })
}

/// `helm install` or `upgrade`, as the docs say it, and waits for the operators.
pub(crate) fn helm(cluster: &Cluster, verb: &str, more: &[&str]) {
    let chart = bed::repository("charts/lcmap-spark").display().to_string();
    let words = [
        verb,
        "lcmap-spark",
        &chart,
        "--namespace=lcmap-spark",
        "--create-namespace",
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
    let operator = target().join("image/lcmap-spark-operator.tar");
    assert!(operator.exists(), "the operator's image is not there: make image");
    for node in &cluster.nodes {
        node.import_images(&operator).unwrap();
    }
    let spark = target().join("bed/kubernetes/spark.tar");
    cluster.nodes[0].import_images(&spark).unwrap();
    cluster.control_plane.kubectl(["taint", "node", "node2", "spark=none:NoSchedule"]).unwrap();
}
