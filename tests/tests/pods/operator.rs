//! The operator itself, in its pods: confined, replaced, upgraded.

use crate::installation::{helm, in_namespace, installed};
use crate::jobs::{LIMIT, get, program, wait_for};

#[test]
fn an_upgrade_of_the_operator_touches_no_running_job() {
    in_namespace("upgrade", |namespace| {
        let lines = "import time, os
while not os.path.exists('/tmp/go'): time.sleep(0.5)
print('it went on')";
        namespace.apply(&program(namespace, "patient", lines, "")).unwrap();
        wait_for(namespace, "patient", "Running/DriverRunning");
        let before = get(namespace, "pod/patient-driver-1", "{.metadata.uid}");
        let cluster = installed().cluster;
        helm(
            cluster,
            "upgrade",
            &["--reuse-values", "--set=concurrency=16", "--set=podAnnotations.upgraded=yes"],
        );
        namespace.kubectl(["exec", "patient-driver-1", "--", "touch", "/tmp/go"]).unwrap();
        wait_for(namespace, "patient", "Succeeded/Completed");
        assert_eq!(get(namespace, "pod/patient-driver-1", "{.metadata.uid}"), before);
        assert_eq!(get(namespace, "sparkjob/patient", "{.status.attempt}"), "1");
    });
}

#[test]
fn the_progress_of_a_running_job_is_shown_with_the_address_of_its_ui() {
    in_namespace("progress", |namespace| {
        let lines = "import time, os
from pyspark.sql import SparkSession
spark = SparkSession.builder.getOrCreate()
spark.sparkContext.parallelize(range(3), 3).count()
while not os.path.exists('/tmp/go'): time.sleep(0.5)";
        namespace.apply(&program(namespace, "counts", lines, "")).unwrap();
        let done = |progress: &str| progress == "3/3 1/1 100%";
        let progress = "{.status.progress.tasks.completed}/{.status.progress.tasks.total} \
            {.status.progress.stages.completed}/{.status.progress.stages.total} {.status.progress.percent}%";
        namespace.wait_for("sparkjob/counts", progress, LIMIT, done).unwrap();
        let ip = get(namespace, "pod/counts-driver-1", "{.status.podIP}");
        let wide = namespace.kubectl(["get", "sparkjobs", "-o", "wide"]).unwrap();
        assert!(wide.contains(&format!("100        http://{ip}:4040")), "{wide}");
        namespace.kubectl(["exec", "counts-driver-1", "--", "touch", "/tmp/go"]).unwrap();
        wait_for(namespace, "counts", "Succeeded/Completed");
        assert_eq!(get(namespace, "sparkjob/counts", "{.status.url}{.status.progress}"), "");
    });
}

#[test]
fn a_replica_that_is_killed_is_succeeded_by_the_other() {
    in_namespace("succession", |namespace| {
        let cluster = installed().cluster;
        let lease = ["get", "lease", "lcmap-spark", "-n=lcmap-spark", "-o=jsonpath={.spec.holderIdentity}"];
        let holder = cluster.control_plane.kubectl(lease).unwrap();
        let pod = holder.rsplit_once('_').unwrap().0;
        cluster
            .control_plane
            .kubectl(["delete", "pod", pod, "-n=lcmap-spark", "--grace-period=0", "--force"])
            .unwrap();
        namespace.apply(&program(namespace, "after", "print('well')", "")).unwrap();
        wait_for(namespace, "after", "Succeeded/Completed");
        let now = cluster.control_plane.kubectl(lease).unwrap();
        assert_ne!(now, holder);
    });
}

#[test]
fn the_operators_pods_are_confined_ready_and_answer_for_their_metrics() {
    in_namespace("confined", |_| {
        let cluster = installed().cluster;
        // Another test may be replacing them at this moment.
        let label = "-l=app.kubernetes.io/name=lcmap-spark";
        let pods = ["get", "pods", "-n=lcmap-spark", label, "--field-selector=status.phase=Running"];
        let jsonpath = "-o=jsonpath={range .items[*]}{.spec.securityContext.runAsNonRoot}\
            {.spec.containers[0].securityContext.readOnlyRootFilesystem} {end}";
        let told = cluster.control_plane.kubectl(pods.into_iter().chain([jsonpath])).unwrap();
        assert!(told.contains("truetrue") && told.split_whitespace().all(|pod| pod == "truetrue"), "{told}");
        let deployment = "deployment/lcmap-spark";
        let rolled_out = ["rollout", "status", deployment, "-n=lcmap-spark", "--timeout=120s"];
        cluster.control_plane.kubectl(rolled_out).unwrap();
        let proxy = "/api/v1/namespaces/lcmap-spark/services/lcmap-spark-metrics:http/proxy/metrics";
        let metrics = cluster.control_plane.kubectl(["get", "--raw", proxy]).unwrap();
        assert!(metrics.contains("lcmap_spark_leader") && metrics.contains("lcmap_spark_jobs"), "{metrics}");
    });
}
