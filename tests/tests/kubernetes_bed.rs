//! The Kubernetes bed itself: what it starts works, and nothing of it stays.

use std::time::Duration;

use lcmap_spark_tests::kubernetes::{ControlPlane, Node, Part};

const WIDGETS: &str = r#"
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: widgets.bed.test}
spec:
  group: bed.test
  scope: Namespaced
  names: {kind: Widget, plural: widgets, singular: widget}
  versions:
  - name: v1
    served: true
    storage: true
    schema:
      openAPIV3Schema:
        type: object
        properties:
          spec:
            type: object
            x-kubernetes-validations: [{rule: "self.size < 10", message: "size: write less than 10"}]
            properties: {size: {type: integer}}
"#;

#[test]
fn an_api_server_answers_and_checks_custom_resources() {
    let control_plane = ControlPlane::start().unwrap();
    let version = control_plane.kubectl(["version", "--output=json"]).unwrap();
    assert!(version.contains(r#""gitVersion": "v1.34"#), "{version}");

    control_plane.kubectl_with_input(["apply", "-f", "-"], WIDGETS).unwrap();
    control_plane
        .kubectl(["wait", "--for=condition=Established", "--timeout=30s", "crd/widgets.bed.test"])
        .unwrap();
    control_plane
        .with_namespace("widgets", |namespace| {
            let widget = |size: u32| {
                format!(
                    "{{apiVersion: bed.test/v1, kind: Widget, metadata: {{name: w}}, spec: {{size: {size}}}}}"
                )
            };
            namespace.apply(&widget(3)).unwrap();
            let refusal = namespace.apply(&widget(11)).unwrap_err().to_string();
            assert!(refusal.contains("size: write less than 10"), "{refusal}");
        })
        .unwrap();
}

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
    let control_plane = ControlPlane::start_with(&[Part::ControllerManager, Part::Scheduler]).unwrap();
    let _node = Node::join(&control_plane, "node1").unwrap();
    control_plane
        .with_namespace("speaker", |namespace| {
            namespace.apply(POD).unwrap();
            let ended = |phase: &str| matches!(phase, "Succeeded" | "Failed");
            namespace.wait_for("pod/speaker", "{.status.phase}", Duration::from_secs(120), ended).unwrap();
            assert_eq!(namespace.kubectl(["logs", "speaker"]).unwrap(), "it speaks\n");
            let exit_code = "jsonpath={.status.containerStatuses[0].state.terminated.exitCode}";
            assert_eq!(namespace.kubectl(["get", "pod", "speaker", "-o", exit_code]).unwrap(), "7");
        })
        .unwrap();
}
