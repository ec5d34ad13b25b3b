//! The Kubernetes bed itself: what it starts works, and nothing of it stays.

use lcmap_spark_tests::kubernetes::ControlPlane;

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
