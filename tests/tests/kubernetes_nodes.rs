//! Real pods on the bed's real nodes.

use std::{
    fs,
    io::{BufRead, BufReader, Write},
    process::Stdio,
    time::Duration,
};

use lcmap_spark_tests::kubernetes::{Cluster, Image};

/// More than a pod needs on a busy machine.
const LIMIT: Duration = Duration::from_secs(120);

const POD: &str = r#"
apiVersion: v1
kind: Pod
metadata: {name: speaker}
spec:
  restartPolicy: Never
  containers:
  - name: driver
    image: bed.test/busybox:1
    command: [sh, -c, "echo it speaks; exit 7"]
"#;

#[test]
fn a_pod_runs_on_a_real_node_and_its_log_and_exit_code_are_read() {
    let control_plane = &Cluster::shared().unwrap().control_plane;
    control_plane
        .with_namespace("speaker", |namespace| {
            namespace.apply(POD).unwrap();
            let ended = |phase: &str| matches!(phase, "Succeeded" | "Failed");
            namespace.wait_for("pod/speaker", "{.status.phase}", LIMIT, ended).unwrap();
            assert_eq!(namespace.kubectl(["logs", "speaker"]).unwrap(), "it speaks\n");
            let exit_code = "jsonpath={.status.containerStatuses[0].state.terminated.exitCode}";
            assert_eq!(namespace.kubectl(["get", "pod", "speaker", "-o", exit_code]).unwrap(), "7");
        })
        .unwrap();
}

const LISTENER: &str = r#"
apiVersion: v1
kind: Pod
metadata: {name: listener}
spec:
  terminationGracePeriodSeconds: 1
  containers:
  - name: driver
    image: bed.test/busybox:1
    stdin: true
    command: [sh, -c, "read line; echo heard $line; sleep 600"]
"#;

#[test]
fn a_running_pod_takes_commands_and_input() {
    let control_plane = &Cluster::shared().unwrap().control_plane;
    control_plane
        .with_namespace("listener", |namespace| {
            namespace.apply(LISTENER).unwrap();
            namespace.wait_for("pod/listener", "{.status.phase}", LIMIT, |phase| phase == "Running").unwrap();
            let executed = namespace.kubectl(["exec", "listener", "--", "hostname"]).unwrap();
            assert_eq!(executed, "listener\n");

            let mut attached = control_plane
                .command("kubectl")
                .args(["attach", "--stdin", "listener", "--namespace", namespace.name()])
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .spawn()
                .unwrap();
            attached.stdin.as_mut().unwrap().write_all(b"you\n").unwrap();
            let heard = BufReader::new(attached.stdout.as_mut().unwrap()).lines().next().unwrap().unwrap();
            attached.kill().unwrap();
            attached.wait().unwrap();
            assert_eq!(heard, "heard you");
        })
        .unwrap();
}

const STATIC: &str = "
apiVersion: v1
kind: Pod
metadata: {name: static}
spec:
  nodeName: node1
  restartPolicy: Never
  securityContext: {runAsNonRoot: true, seccompProfile: {type: RuntimeDefault}}
  containers:
  - {name: driver, image: 'bed.test/static:1'}
";

#[test]
fn an_image_made_of_a_folder_runs_as_its_user() {
    let cluster = Cluster::shared().unwrap();
    let root = cluster.control_plane.folder().join("static");
    fs::create_dir(&root).unwrap();
    fs::copy(cluster.nodes[0].busybox(), root.join("id")).unwrap();
    let image =
        Image { name: "bed.test/static:1", root: &root, entrypoint: &["/id", "-u"], user: "1234:1234" };
    let archive = root.with_extension("tar");
    image.write(&archive).unwrap();
    cluster.nodes[0].import_images(&archive).unwrap();
    cluster
        .control_plane
        .with_namespace("static", |namespace| {
            namespace.apply(STATIC).unwrap();
            let ended = |phase: &str| matches!(phase, "Succeeded" | "Failed");
            namespace.wait_for("pod/static", "{.status.phase}", LIMIT, ended).unwrap();
            assert_eq!(namespace.kubectl(["logs", "static"]).unwrap(), "1234\n");
        })
        .unwrap();
}

const GREETER: &str = r#"
apiVersion: v1
kind: Pod
metadata: {name: greeter, labels: {app: greeter}}
spec:
  nodeName: node1
  terminationGracePeriodSeconds: 1
  containers:
  - name: httpd
    image: bed.test/busybox:1
    command: [sh, -c, "mkdir /www; echo hello from node1 > /www/index.html; exec httpd -f -p 8080 -h /www"]
    readinessProbe: {tcpSocket: {port: 8080}, periodSeconds: 1}
---
apiVersion: v1
kind: Service
metadata: {name: greeter}
spec: {selector: {app: greeter}, ports: [{port: 80, targetPort: 8080}]}
"#;

const VISITOR: &str = r"
apiVersion: v1
kind: Pod
metadata: {name: visitor}
spec:
  nodeName: node2
  restartPolicy: Never
  containers:
  - name: visitor
    image: bed.test/busybox:1
    command:
    - sh
    - -c
    - |
      nc -w 5 $KUBERNETES_SERVICE_HOST $KUBERNETES_SERVICE_PORT </dev/null && echo reached the API server
      ask() { printf 'GET / HTTP/1.0\r\n\r\n' | nc -w 5 $GREETER_SERVICE_HOST $GREETER_SERVICE_PORT; }
      until ask | grep hello; do sleep 1; done # kube-proxy hears of the greeter in its own time
";

#[test]
fn pods_reach_each_other_across_nodes_and_the_api_server_reaches_them() {
    let control_plane = &Cluster::shared().unwrap().control_plane;
    control_plane
        .with_namespace("network", |namespace| {
            namespace.apply(GREETER).unwrap();
            let ready = r#"{.status.conditions[?(@.type=="Ready")].status}"#;
            namespace.wait_for("pod/greeter", ready, LIMIT, |status| status == "True").unwrap();

            namespace.apply(VISITOR).unwrap();
            let ended = |phase: &str| matches!(phase, "Succeeded" | "Failed");
            namespace.wait_for("pod/visitor", "{.status.phase}", LIMIT, ended).unwrap();
            let log = namespace.kubectl(["logs", "visitor"]).unwrap();
            assert!(log.contains("reached the API server"), "{log}");
            assert!(log.contains("hello from node1"), "{log}");

            let proxied = format!("/api/v1/namespaces/{}/services/greeter:80/proxy/", namespace.name());
            assert_eq!(control_plane.kubectl(["get", "--raw", &proxied]).unwrap(), "hello from node1\n");
        })
        .unwrap();
}
