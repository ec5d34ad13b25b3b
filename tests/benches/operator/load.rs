//! Jobs and pods in numbers, created as many at a time as the operator works on.

use std::time::{Duration, Instant};

use futures::{StreamExt, stream};
use jiff::Timestamp;
use k8s_openapi::api::core::v1::Pod;
use kube::api::{DeleteParams, DynamicObject, ListParams, Patch, PatchParams, PostParams};
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::core::{ApiResource, GroupVersionKind, PartialObjectMeta};
use kube::{Api, Client, Config, ResourceExt};
use lcmap_spark_crd::names::ANNOTATION_PLAN;
use lcmap_spark_tests::kubernetes::ControlPlane;
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use crate::audit::Audit;

/// As the operator's `--concurrency`.
const AT_A_TIME: usize = 32;

/// The annotation that lets a pretended node's pod run without end.
pub(crate) const ENDLESS: &str = "bed.test/endless";

/// The load, and the cluster that it is put on.
pub(crate) struct Load<'a> {
    bed: &'a ControlPlane,
    runtime: Runtime,
    client: Client,
}

impl<'a> Load<'a> {
    /// A client of the bed's own user.
    pub(crate) fn new(bed: &'a ControlPlane) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let kubeconfig = bed.kubeconfig_for("bench", Some("system:masters")).unwrap();
        let client = runtime.block_on(async {
            let kubeconfig = Kubeconfig::read_from(kubeconfig).unwrap();
            let config =
                Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default()).await.unwrap();
            Client::try_from(config).unwrap()
        });
        Self { bed, runtime, client }
    }

    /// A new namespace, with what pods need in it.
    pub(crate) fn namespace(&self, name: &str) {
        self.bed.kubectl(["create", "namespace", name]).unwrap();
        let until = Instant::now() + Duration::from_secs(60);
        while self.bed.kubectl(["get", "serviceaccount", "default", "-n", name]).is_err() {
            assert!(Instant::now() < until, "namespace {name} has no service account");
        }
    }

    /// Deletes a namespace and all that is in it, and waits.
    pub(crate) fn forget(&self, name: &str) {
        self.bed.kubectl(["delete", "namespace", name, "--timeout=600s"]).unwrap();
    }

    /// Creates pods such as the operator makes. How long that took.
    pub(crate) fn create_pods(&self, namespace: &str, count: usize) -> Duration {
        let pods = Api::<Pod>::namespaced(self.client.clone(), namespace);
        let began = Instant::now();
        self.each(count, |i| {
            let pods = pods.clone();
            async move {
                let pod: Pod = serde_json::from_value(pod(&format!("pod-{i}"))).unwrap();
                pods.create(&PostParams::default(), &pod).await.unwrap();
            }
        });
        began.elapsed()
    }

    /// Stores jobs.
    pub(crate) fn create_jobs(&self, namespace: &str, count: usize) {
        self.create_jobs_of(namespace, count, &simple());
    }

    /// Stores jobs with this specification.
    pub(crate) fn create_jobs_of(&self, namespace: &str, count: usize, spec: &Value) {
        let jobs = self.jobs(namespace);
        self.each(count, |i| {
            let (jobs, job) = (jobs.clone(), job(&format!("job-{i}"), spec));
            async move {
                jobs.create(&PostParams::default(), &job).await.unwrap();
            }
        });
    }

    /// Stores jobs of these names.
    pub(crate) fn create_jobs_named(&self, namespace: &str, names: &[String]) {
        let jobs = self.jobs(namespace);
        for name in names {
            self.runtime.block_on(jobs.create(&PostParams::default(), &job(name, &simple()))).unwrap();
        }
    }

    /// Stores jobs one after the other.
    pub(crate) fn create_jobs_paced(&self, namespace: &str, count: usize, pause: Duration) {
        for i in 0..count {
            self.create_jobs_named(namespace, &[format!("job-{i}")]);
            std::thread::sleep(pause);
        }
    }

    /// Waits until so many pods are there and all have succeeded.
    pub(crate) fn wait_for_pods(&self, namespace: &str, count: usize) {
        let pods = Api::<Pod>::namespaced(self.client.clone(), namespace);
        let until = Instant::now() + Duration::from_secs(600);
        loop {
            let unfinished = ListParams::default().fields("status.phase!=Succeeded").limit(1);
            let all = ListParams::default().limit(1);
            let (unfinished, all) = self.runtime.block_on(async {
                (pods.list_metadata(&unfinished).await.unwrap(), pods.list_metadata(&all).await.unwrap())
            });
            let there =
                all.items.len() + usize::try_from(all.metadata.remaining_item_count.unwrap_or(0)).unwrap();
            if unfinished.items.is_empty() && there >= count {
                return;
            }
            assert!(Instant::now() < until, "{there} of {count} pods");
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    /// Waits until a pod is there.
    pub(crate) fn wait_for_any_pod(&self, namespace: &str, name: &str) {
        let pods = Api::<Pod>::namespaced(self.client.clone(), namespace);
        let until = Instant::now() + Duration::from_secs(60);
        while self.runtime.block_on(pods.get_metadata_opt(name)).unwrap().is_none() {
            assert!(Instant::now() < until, "no pod {name}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// The launch plans in the pods of a namespace.
    pub(crate) fn plans(&self, namespace: &str) -> Vec<Value> {
        let pods = Api::<Pod>::namespaced(self.client.clone(), namespace);
        let pods = self.runtime.block_on(pods.list_metadata(&ListParams::default())).unwrap();
        let plan =
            |pod: &PartialObjectMeta<Pod>| serde_json::from_str(&pod.annotations()[ANNOTATION_PLAN]).unwrap();
        pods.iter().map(plan).collect()
    }

    /// Lets as many jobs' drivers end that run without end.
    pub(crate) fn end_drivers(&self, namespace: &str, count: usize) {
        let pods = Api::<Pod>::namespaced(self.client.clone(), namespace);
        let end = Patch::Merge(json!({"metadata": {"annotations": {ENDLESS: null}}}));
        self.each(count, |i| {
            let (pods, end) = (pods.clone(), end.clone());
            async move {
                pods.patch_metadata(&format!("job-{i}-driver-1"), &PatchParams::default(), &end)
                    .await
                    .unwrap();
            }
        });
    }

    /// Deletes all pods of a namespace, and waits.
    pub(crate) fn delete_pods(&self, namespace: &str) {
        let pods = Api::<Pod>::namespaced(self.client.clone(), namespace);
        let now = DeleteParams::default().grace_period(0);
        let first = ListParams::default().limit(1);
        let until = Instant::now() + Duration::from_secs(600);
        while !self.runtime.block_on(pods.list_metadata(&first)).unwrap().items.is_empty() {
            // The API server gives a request up after a minute, however many are still to be deleted: it is asked again.
            let _ = self.runtime.block_on(pods.delete_collection(&now, &ListParams::default()));
            assert!(Instant::now() < until, "pods stay");
            std::thread::sleep(Duration::from_secs(1));
        }
    }

    /// How long after its pod's end each job's last status was written, in seconds.
    pub(crate) fn status_lags(&self, namespace: &str, audit: &Audit) -> Vec<f64> {
        let pods = Api::<Pod>::namespaced(self.client.clone(), namespace);
        let pods = self.runtime.block_on(pods.list(&ListParams::default())).unwrap();
        let statuses = audit.last_statuses(namespace);
        let lag = |pod: &Pod| {
            let job = pod.metadata.labels.as_ref()?.get("lcmap.usgs.gov/job")?;
            let containers = pod.status.as_ref()?.container_statuses.as_ref()?;
            let ended: Timestamp =
                containers.first()?.state.as_ref()?.terminated.as_ref()?.finished_at.as_ref()?.0;
            Some(statuses.get(job)?.duration_since(ended).as_secs_f64().max(0.0))
        };
        pods.iter().filter_map(lag).collect()
    }

    fn jobs(&self, namespace: &str) -> Api<DynamicObject> {
        let kind = GroupVersionKind::gvk("lcmap.usgs.gov", "v1alpha1", "SparkJob");
        Api::namespaced_with(self.client.clone(), namespace, &ApiResource::from_gvk(&kind))
    }

    fn each<F: Future<Output = ()>>(&self, count: usize, create: impl Fn(usize) -> F) {
        self.runtime
            .block_on(stream::iter(0..count).map(create).buffer_unordered(AT_A_TIME).collect::<Vec<()>>());
    }
}

fn simple() -> Value {
    json!({"run": {"submit": {"application": "local:///pi.py", "args": ["1000"]}},
        "conf": {"spark.sql.shuffle.partitions": "64"}, "driver": {"memory": "1g"}})
}

fn job(name: &str, spec: &Value) -> DynamicObject {
    let job = json!({"apiVersion": "lcmap.usgs.gov/v1alpha1", "kind": "SparkJob", "metadata": {"name": name}, "spec": spec});
    serde_json::from_value(job).unwrap()
}

/// As large as a driver pod, with nobody who looks after it.
fn pod(name: &str) -> Value {
    let container = |name: &str| {
        json!({"name": name, "image": "bed.test/spark:1", "command": ["/lcmap/bin/lcmap-agent", "launch"],
        "resources": {"requests": {"cpu": "1", "memory": "1433Mi"}, "limits": {"memory": "1433Mi"}},
        "securityContext": {"allowPrivilegeEscalation": false, "capabilities": {"drop": ["ALL"]}},
        "volumeMounts": [{"name": "bin", "mountPath": "/lcmap/bin"}, {"name": "state", "mountPath": "/lcmap/state"}]})
    };
    json!({
        "metadata": {"name": name, "labels": {"app": "bare"}, "annotations": {"plan": "x".repeat(700)}},
        "spec": {
            "restartPolicy": "Never",
            "automountServiceAccountToken": false,
            "initContainers": [container("install")],
            "containers": [container("driver")],
            "volumes": [{"name": "bin", "emptyDir": {}}, {"name": "state", "emptyDir": {}}],
        },
    })
}
