//! Jobs → pods, and pods → what their drivers do.

mod builds;
mod distributed;
mod reads;
mod sources;
mod templates;
mod ui;
mod waits;

use lcmap_spark_agent::plan::LaunchPlan;
use lcmap_spark_crd::SparkJob;
use lcmap_spark_crd::names::ANNOTATION_PLAN;
use serde_json::{Value, json};

use super::{DriverPod, Unfit, pod};
use crate::core::{MesosDefaults, Settings};

fn settings() -> Settings {
    Settings {
        agent_image: "agent:1".into(),
        agent_image_pull_policy: "IfNotPresent".into(),
        default_image: Some("spark:4".into()),
        driver_cores: 1,
        driver_memory: "2g".parse().unwrap(),
        mesos: MesosDefaults::default(),
        max_total_cores: None,
        cluster: "test".into(),
        conf: [("spark.ui.showConsoleProgress".to_owned(), "false".to_owned())].into(),
    }
}

/// A job with these fields in its spec.
fn job(mut spec: Value) -> SparkJob {
    if spec.get("run").is_none() {
        spec["run"] = json!({"submit": {"application": "pi.py"}});
    }
    let metadata = json!({"name": "pi", "namespace": "science", "uid": "0123456789", "generation": 7});
    let kind = json!({"apiVersion": "lcmap.usgs.gov/v1alpha1", "kind": "SparkJob", "metadata": metadata, "spec": spec});
    serde_json::from_value(kind).unwrap()
}

/// The pod of such a job's third attempt.
fn built(spec: Value) -> Value {
    pod(&job(spec), 3, &settings()).unwrap()
}

fn refused(spec: Value) -> Unfit {
    pod(&job(spec), 3, &settings()).unwrap_err()
}

/// The item of this name in a list.
fn named<'a>(list: &'a Value, name: &str) -> &'a Value {
    let found = list.as_array().into_iter().flatten().find(|item| item["name"] == name);
    found.unwrap_or_else(|| panic!("{name} is not in {list}"))
}

fn driver(pod: &Value) -> &Value {
    named(&pod["spec"]["containers"], "driver")
}

/// Where the driver has what.
fn mount<'a>(pod: &'a Value, path: &str) -> &'a Value {
    let mounts = driver(pod)["volumeMounts"].as_array().unwrap();
    mounts
        .iter()
        .find(|mount| mount["mountPath"] == path)
        .unwrap_or_else(|| panic!("nothing is mounted at {path}"))
}

fn launch_plan(pod: &Value) -> LaunchPlan {
    let text = pod["metadata"]["annotations"][ANNOTATION_PLAN].as_str().unwrap();
    LaunchPlan::parse(text).unwrap()
}

/// A pod with this status, as its watch tells of it.
fn with_status(status: &Value) -> DriverPod {
    let labels = json!({"lcmap.usgs.gov/job": "pi", "lcmap.usgs.gov/attempt": "3"});
    let metadata = json!({"name": "pi-driver-3", "uid": "u", "creationTimestamp": "2025-01-01T00:00:00Z", "labels": labels});
    serde_json::from_value(json!({"metadata": metadata, "spec": {"nodeName": "n1"}, "status": status}))
        .unwrap()
}
