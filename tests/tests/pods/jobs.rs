//! Jobs as these tests write them, and how they look at them.

use std::{
    thread,
    time::{Duration, Instant},
};

use lcmap_spark_tests::kubernetes::Namespace;

/// More than a job needs on a busy machine.
pub(crate) const LIMIT: Duration = Duration::from_secs(240);

/// The examples that come with Spark, where the image has them.
pub(crate) const EXAMPLES: &str = "/usr/local/lib/python3.11/dist-packages/pyspark/examples/src/main/python";

/// A job with a small driver, so that several fit the machine. `spec` is JSON without its braces.
pub(crate) fn job(name: &str, spec: &str) -> String {
    let small = r#"{"name": "driver", "resources": {"requests": {"cpu": "50m"}}}"#;
    format!(
        r#"{{"apiVersion": "lcmap.usgs.gov/v1alpha1", "kind": "SparkJob", "metadata": {{"name": "{name}"}},
           "spec": {{"driver": {{"memory": "512m"}}, "pod": {{"spec": {{"containers": [{small}]}}}}, {spec}}}}}"#
    )
}

/// A job that runs a program of a few lines, given by a ConfigMap.
pub(crate) fn program(namespace: &Namespace, name: &str, lines: &str, spec: &str) -> String {
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
pub(crate) fn wait_for(namespace: &Namespace, name: &str, place: &str) {
    let path = "{.status.phase}/{.status.reason}";
    namespace.wait_for(&format!("sparkjob/{name}"), path, LIMIT, |now| now == place).unwrap();
}

/// Waits until the driver of the job's first attempt has printed `text`.
pub(crate) fn wait_for_output(namespace: &Namespace, name: &str, text: &str) {
    let pod = format!("{name}-driver-1");
    let deadline = Instant::now() + LIMIT;
    loop {
        // Before its container runs, a pod has no log.
        let log = namespace.kubectl(["logs", &pod]).unwrap_or_else(|error| error.to_string());
        if log.contains(text) {
            return;
        }
        assert!(Instant::now() < deadline, "{name} did not print {text:?}:\n{log}");
        thread::sleep(Duration::from_secs(1));
    }
}

/// One value of an object.
pub(crate) fn get(namespace: &Namespace, object: &str, path: &str) -> String {
    namespace.kubectl(["get", object, &format!("-o=jsonpath={path}")]).unwrap()
}
