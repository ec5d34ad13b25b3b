//! Everything that the chart renders, as the API server judges it.

use serde_json::{Value, json};

use super::{Outcome, control_plane, only, render, rendered};

/// Ways to install it.
const WAYS: [&[&str]; 5] = [
    &[],
    &["--set=watch.namespaces={default,kube-system}", "--set=replicas=1"],
    &["--set=watch.namespaceSelector=spark=yes", "--set=crds.install=false"],
    &["--set=rbac.create=false,serviceAccount.create=false,rbac.aggregateRoles=false,runAsUser=null"],
    &["--values=-"],
];

/// Values that say something everywhere.
const EVERYTHING: &str = r#"
fullnameOverride: spark
image: {digest: "sha256:0000000000000000000000000000000000000000000000000000000000000000", pullSecrets: ["1"]}
jobs: {image: "registry.test:5000/a/b:1", driver: {cores: 2, memory: 4Gi}, conf: {spark.ui.enabled: "false"}}
serviceAccount: {name: "1", annotations: {a: "1"}}
podAnnotations: {a: "true"}
podLabels: {b: "1", app.kubernetes.io/name: mine}
extraEnv: [{name: HTTPS_PROXY, value: "http://proxy.test:1"}]
nodeSelector: {kubernetes.io/os: linux}
tolerations: [{key: a, operator: Exists}]
affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: [{matchFields: [{key: metadata.name, operator: In, values: [a]}]}]}}}
topologySpreadConstraints: [{maxSkew: 1, topologyKey: zone, whenUnsatisfiable: DoNotSchedule, labelSelector: {}}]
priorityClassName: system-cluster-critical
resources: {limits: {cpu: 1}}
"#;

/// Asks the server, without keeping anything, with unknown and repeated fields refused. In a namespace that there is.
pub(super) fn judge(manifest: &str) -> Outcome<String> {
    let manifest = manifest.replace("namespace: \"lcmap-spark\"", "namespace: default");
    let ask = ["apply", "--dry-run=server", "--validate=strict", "-f", "-"];
    Ok(control_plane().kubectl_with_input(ask, &manifest)?)
}

#[test]
fn the_api_server_takes_every_object_of_every_way_to_install_it() {
    let everything = control_plane().folder().join("everything.yaml");
    std::fs::write(&everything, EVERYTHING).unwrap();
    let everything = format!("--values={}", everything.display());
    for way in WAYS {
        let options: Vec<&str> =
            way.iter().map(|option| if *option == "--values=-" { &everything } else { *option }).collect();
        judge(&render(&options).unwrap()).unwrap_or_else(|error| panic!("{way:?}: {error}"));
    }
}

/// A pod as the Deployment makes it.
fn pod() -> Outcome<Value> {
    let objects = rendered(&[])?;
    let template = &only(&objects, "Deployment")?["spec"]["template"];
    let mut spec = template["spec"].clone();
    spec["serviceAccountName"] = json!("default"); // there is no other in the test's namespace
    Ok(json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "operator"}, "spec": spec}))
}

#[test]
fn the_operators_pods_pass_pod_security_restricted() {
    control_plane()
        .with_namespace("restricted", |namespace| {
            let enforce = "pod-security.kubernetes.io/enforce=restricted";
            namespace.kubectl(["label", "namespace", namespace.name(), enforce]).unwrap();
            let pod = pod().unwrap();
            namespace.apply(&pod.to_string()).unwrap();

            let mut laxer = pod;
            laxer["metadata"]["name"] = json!("laxer");
            laxer["spec"]["containers"][0]["securityContext"]["allowPrivilegeEscalation"] = json!(true);
            let refusal = namespace.apply(&laxer.to_string()).unwrap_err().to_string();
            assert!(refusal.contains("violates PodSecurity"), "{refusal}");
        })
        .unwrap();
}
