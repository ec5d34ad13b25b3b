//! The Kubernetes bed itself: what it starts works, and nothing of it stays.

use std::{
    thread,
    time::{Duration, Instant},
};

use lcmap_spark_tests::kubernetes::{ControlPlane, Part};

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

    let definition = control_plane.folder().join("widgets.yaml");
    std::fs::write(&definition, WIDGETS).unwrap();
    control_plane.apply_definition(&definition).unwrap();
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

#[test]
fn pods_of_fake_nodes_end_as_their_annotations_say() {
    let parts = [Part::ControllerManager, Part::Scheduler, Part::FakeNodes(2)];
    let control_plane = ControlPlane::start_with(&parts).unwrap();
    let pod = |name: &str, annotation: &str| {
        format!(
            "{{apiVersion: v1, kind: Pod, metadata: {{name: {name}, annotations: {{{annotation}}}}}, \
             spec: {{containers: [{{name: driver, image: any}}]}}}}"
        )
    };
    control_plane
        .with_namespace("fake", |namespace| {
            let pods = [
                ("good", "", "Succeeded", "0"),
                ("bad", r#"bed.test/exit-code: "3""#, "Failed", "3"),
                ("endless", r#"bed.test/endless: "true""#, "Running", ""),
            ];
            for (name, annotation, phase, exit_code) in pods {
                namespace.apply(&pod(name, annotation)).unwrap();
                let object = format!("pod/{name}");
                let limit = Duration::from_secs(60);
                namespace.wait_for(&object, "{.status.phase}", limit, |seen| seen == phase).unwrap();
                let state = "{.status.containerStatuses[0].state.terminated.exitCode}";
                namespace.wait_for(&object, state, limit, |seen| seen == exit_code).unwrap();
            }
            let running = "{.status.containerStatuses[0].state.running}";
            let seen =
                namespace.kubectl(["get", "pod", "good", "-o", &format!("jsonpath={running}")]).unwrap();
            assert_eq!(seen, "", "a container that ended does not run");
        })
        .unwrap();
}

#[test]
fn helm_installs_a_chart() {
    let control_plane = ControlPlane::start().unwrap();
    let chart = control_plane.folder().join("chart");
    std::fs::create_dir_all(chart.join("templates")).unwrap();
    std::fs::write(chart.join("Chart.yaml"), "{apiVersion: v2, name: greeting, version: 0.1.0}").unwrap();
    let template =
        "{apiVersion: v1, kind: ConfigMap, metadata: {name: greeting}, data: {to: {{ .Values.to }}}}";
    std::fs::write(chart.join("templates/greeting.yaml"), template).unwrap();

    let chart = chart.display().to_string();
    control_plane.helm(["install", "hello", &chart, "--set", "to=world"]).unwrap();
    let greeted =
        control_plane.kubectl(["get", "configmap", "greeting", "-o", "jsonpath={.data.to}"]).unwrap();
    assert_eq!(greeted, "world");
}

#[test]
fn a_restarted_api_server_keeps_its_address_and_its_objects() {
    let mut control_plane = ControlPlane::start().unwrap();
    control_plane.kubectl(["create", "configmap", "kept", "--from-literal=a=b"]).unwrap();
    control_plane.restart_api_server().unwrap();
    control_plane.kubectl(["get", "configmap", "kept"]).unwrap();
}

#[test]
fn the_audit_log_tells_who_asked_for_what() {
    let control_plane = ControlPlane::start().unwrap();
    let kubeconfig = control_plane.kubeconfig_for("jane", None).unwrap();
    let kubeconfig = format!("--kubeconfig={}", kubeconfig.display());
    let answer = control_plane.ask_kubectl(["get", "secrets", &kubeconfig], "").unwrap();
    assert!(answer.stderr.contains(r#"User "jane" cannot list resource "secrets""#), "{}", answer.stderr);

    let log = control_plane.audit_log().unwrap();
    let refused = |line: &&str| {
        [r#""username":"jane""#, r#""verb":"list""#, r#""code":403"#].iter().all(|part| line.contains(part))
    };
    assert!(log.lines().any(|line| refused(&line)), "{log}");
}

#[test]
fn a_stalled_etcd_makes_requests_wait_and_go_on() {
    let control_plane = ControlPlane::start().unwrap();
    let began = Instant::now();
    thread::scope(|scope| {
        scope.spawn(|| control_plane.stall_etcd(Duration::from_secs(2)));
        thread::sleep(Duration::from_millis(200));
        control_plane.kubectl(["create", "configmap", "late"]).unwrap();
    });
    assert!(began.elapsed() >= Duration::from_secs(2));
}
