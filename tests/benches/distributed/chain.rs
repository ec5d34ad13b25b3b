//! The whole chain: API server → operator → pod → agent → libmesos.so → Mesos. The pod's process runs on this machine.

use std::{thread, time::Duration};

use lcmap_spark_tests::{
    bed,
    kubernetes::{ControlPlane, Ended, Kubelet, Operator, Proxy},
    mesos::Bed,
};
use serde_json::{Value, json};

use crate::{
    job::{Timings, check, spec},
    master::Watch,
};

const JOBS: &str = "/apis/lcmap.usgs.gov/v1alpha1/namespaces/default/sparkjobs";
const PODS: &str = "/api/v1/namespaces/default/pods";

/// Longer than the job takes, in seconds.
const LIMIT: f64 = 180.0;

/// An API server and an operator at work.
pub(crate) struct Chain<'m> {
    mesos: &'m Bed,
    count: u32,
    _operator: Operator,
    api: Proxy,
    _plane: ControlPlane,
}

impl<'m> Chain<'m> {
    /// Starts it. Nothing that would miss a node or take away a pod is there.
    pub(crate) fn start(mesos: &'m Bed) -> Self {
        let plane = ControlPlane::start().unwrap();
        plane.apply_definition(&bed::repository("crd/sparkjobs.yaml")).unwrap();
        plane.kubectl(["create", "serviceaccount", "default"]).unwrap();
        let kubeconfig = plane.kubeconfig_for("lcmap-spark-operator", Some("system:masters")).unwrap();
        let operator = plane.operator(&kubeconfig).start().unwrap();
        operator.wait_until_leads().unwrap();
        Self { mesos, count: 0, _operator: operator, api: plane.proxy().unwrap(), _plane: plane }
    }

    /// Runs the job. Answers also the launch plan that was in its pod.
    pub(crate) fn run(&mut self) -> (Timings, Value) {
        self.count += 1;
        let name = format!("pi-{}", self.count);
        let mut spec = spec(self.mesos);
        spec["image"] = json!("bed.test/spark:1");
        let manifest = json!({"apiVersion": "lcmap.usgs.gov/v1alpha1", "kind": "SparkJob",
            "metadata": {"name": name}, "spec": spec});
        let watch = Watch::begins(self.mesos);
        let answer = self.api.post(JOBS, &manifest).unwrap();
        assert_eq!(answer["kind"], "SparkJob", "{answer}");
        let pod = self.pod(&name, &watch);
        let plan = plan(&pod);
        let mut kubelet = Kubelet::new();
        kubelet.starts(plan.clone(), self.mesos);
        let mut timings = Timings { started: Some(watch.elapsed()), ..Timings::default() };
        let path = format!("{PODS}/{name}-driver-1");
        self.shows(&path, "Running", &json!({"running": {"startedAt": now()}}));
        thread::scope(|scope| {
            let driver = scope.spawn(|| self.ends(&path, kubelet));
            timings.whole = self.watch(&name, &watch, &mut timings, || driver.is_finished());
        });
        watch.ends(&mut timings);
        (timings, plan)
    }

    /// The job's pod, as soon as it is there, with a node.
    fn pod(&self, job: &str, watch: &Watch) -> Value {
        let path = format!("{PODS}/{job}-driver-1");
        let pod = loop {
            let pod = self.api.get(&path).unwrap();
            if pod["kind"] == "Pod" {
                break pod;
            }
            assert!(watch.elapsed() < LIMIT, "no pod: {pod}");
            thread::sleep(Duration::from_millis(10));
        };
        let node = json!({"apiVersion": "v1", "kind": "Node", "name": "node-1"});
        let name = json!({"name": pod["metadata"]["name"]});
        let binding = json!({"apiVersion": "v1", "kind": "Binding", "metadata": name, "target": node});
        let answer = self.api.post(&format!("{path}/binding"), &binding).unwrap();
        assert_eq!(answer["status"], "Success", "{answer}");
        pod
    }

    /// Waits for the end of the pod's process, and tells it as the kubelet does.
    fn ends(&self, path: &str, kubelet: Kubelet) {
        let Ended { code, message, log } = kubelet.ends();
        let state = json!({"terminated": {"exitCode": code, "message": message, "finishedAt": now()}});
        self.shows(path, if code == 0 { "Succeeded" } else { "Failed" }, &state);
        check(&log);
    }

    fn shows(&self, pod: &str, phase: &str, state: &Value) {
        let container = json!({"name": "driver", "image": "bed.test/spark:1", "imageID": "",
            "ready": state["running"].is_object(), "restartCount": 0, "state": state});
        let status = json!({"status": {"phase": phase, "containerStatuses": [container]}});
        let answer = self.api.merge(&format!("{pod}/status"), &status).unwrap();
        assert_eq!(answer["kind"], "Pod", "{answer}");
    }

    /// Follows the job's status to its end. Answers when that was.
    fn watch(&self, job: &str, watch: &Watch, timings: &mut Timings, has_ended: impl Fn() -> bool) -> f64 {
        loop {
            let status = self.api.get(&format!("{JOBS}/{job}")).unwrap()["status"].take();
            let phase = status["phase"].as_str().unwrap_or_default();
            let after = watch.elapsed();
            assert!(phase != "Failed" && after < LIMIT, "{status:#}");
            if phase == "Succeeded" {
                return after;
            }
            timings.tell(phase, after);
            // Often at the end alone: who asks takes time from the job.
            thread::sleep(Duration::from_millis(if has_ended() { 10 } else { 100 }));
        }
    }
}

/// The launch plan in a pod, for executors with the Spark of their agent instead of a container.
fn plan(pod: &Value) -> Value {
    let text = pod["metadata"]["annotations"]["lcmap.usgs.gov/plan"].as_str().unwrap();
    let mut plan: Value = serde_json::from_str(text).unwrap();
    let is_of_container =
        |name: &str| name.starts_with("spark.mesos.executor.docker.") || name == "spark.mesos.containerizer";
    plan["conf"].as_object_mut().unwrap().retain(|name, _| !is_of_container(name));
    plan
}

fn now() -> String {
    jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}
