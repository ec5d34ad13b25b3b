//! SparkJobs in real pods on real nodes, by `helm install` and `kubectl apply`, in an image that knows nothing of us.

mod endings;
mod installation;
mod interactive;
mod operator;
mod starting;

use std::time::Duration;

use lcmap_spark_tests::kubernetes::Namespace;

/// More than a job needs on a busy machine.
const LIMIT: Duration = Duration::from_secs(240);

/// The examples that come with Spark, where the image has them.
const EXAMPLES: &str = "/usr/local/lib/python3.11/dist-packages/pyspark/examples/src/main/python";

/// A job with a small driver, so that several fit the machine. `spec` is JSON without its braces.
fn job(name: &str, spec: &str) -> String {
    let small = r#"{"name": "driver", "resources": {"requests": {"cpu": "50m"}}}"#;
    format!(
        r#"{{"apiVersion": "lcmap.usgs.gov/v1alpha1", "kind": "SparkJob", "metadata": {{"name": "{name}"}},
           "spec": {{"driver": {{"memory": "512m"}}, "pod": {{"spec": {{"containers": [{small}]}}}}, {spec}}}}}"#
    )
}

/// A job that runs a program of a few lines, given by a ConfigMap.
fn program(namespace: &Namespace, name: &str, lines: &str, spec: &str) -> String {
    let literal = format!("--from-literal=program.py={lines}");
    namespace.kubectl(["create", "configmap", name, &literal]).unwrap();
    let small = r#""resources": {"requests": {"cpu": "50m"}}"#;
    let mounts = r#""volumeMounts": [{"name": "program", "mountPath": "/program"}]"#;
    format!(
        r#"{{"apiVersion": "lcmap.usgs.gov/v1alpha1", "kind": "SparkJob", "metadata": {{"name": "{name}"}},
           "spec": {{"driver": {{"memory": "512m"}},
                     "run": {{"submit": {{"application": "local:///program/program.py"}}}},
                     "pod": {{"spec": {{"volumes": [{{"name": "program", "configMap": {{"name": "{name}"}}}}],
                                        "containers": [{{"name": "driver", {small}, {mounts}}}]}}}}
                     {spec}}}}}"#
    )
}

/// Waits until the job's `phase/reason` is this.
fn wait_for(namespace: &Namespace, name: &str, place: &str) {
    let path = "{.status.phase}/{.status.reason}";
    namespace.wait_for(&format!("sparkjob/{name}"), path, LIMIT, |now| now == place).unwrap();
}

/// One value of an object.
fn get(namespace: &Namespace, object: &str, path: &str) -> String {
    namespace.kubectl(["get", object, &format!("-o=jsonpath={path}")]).unwrap()
}
