//! The operator itself, in its pods: confined, replaced, upgraded.

use crate::installation::{helm, in_namespace, installed};
use crate::jobs::{get, program, wait_for};

#[test]
fn an_upgrade_of_the_operator_touches_no_running_job() {
    in_namespace("upgrade", |namespace| {
        let lines = "import time, os
while not os.path.exists('/tmp/go'): time.sleep(0.5)
print('it went on')";
        namespace.apply(&program(namespace, "patient", lines, "")).unwrap();
        wait_for(namespace, "patient", "Running/DriverRunning");
        let before = get(namespace, "pod/patient-driver-1", "{.metadata.uid}");
        let cluster = installed();
        helm(cluster, "upgrade", &["--set=concurrency=16", "--set=podAnnotations.upgraded=yes"]);
        namespace.kubectl(["exec", "patient-driver-1", "--", "touch", "/tmp/go"]).unwrap();
        wait_for(namespace, "patient", "Succeeded/Completed");
        assert_eq!(get(namespace, "pod/patient-driver-1", "{.metadata.uid}"), before);
        assert_eq!(get(namespace, "sparkjob/patient", "{.status.attempt}"), "1");
    });
}

#[test]
fn a_replica_that_is_killed_is_succeeded_by_the_other() {
    in_namespace("succession", |namespace| {
        let cluster = installed();
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
        let cluster = installed();
        let pods = ["get", "pods", "-n=lcmap-spark", "-l=app.kubernetes.io/name=lcmap-spark"];
        let jsonpath = "-o=jsonpath={range .items[*]}{.spec.securityContext.runAsNonRoot}\
            {.spec.containers[0].securityContext.readOnlyRootFilesystem}{.status.phase} {end}";
        let told = cluster.control_plane.kubectl(pods.into_iter().chain([jsonpath])).unwrap();
        assert!(told.split_whitespace().all(|pod| pod == "truetrueRunning"), "{told}");
        let name = cluster.control_plane.kubectl(pods.into_iter().chain(["-o=name"])).unwrap();
        let name = name.lines().next().unwrap().trim_start_matches("pod/");
        let proxy = format!("/api/v1/namespaces/lcmap-spark/pods/{name}:8080/proxy/metrics");
        let metrics = cluster.control_plane.kubectl(["get", "--raw", &proxy]).unwrap();
        assert!(metrics.contains("lcmap_spark_leader") && metrics.contains("lcmap_spark_jobs"), "{metrics}");
    });
}
