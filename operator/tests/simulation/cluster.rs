//! The API server, as far as one job and its pods go: versions, names, graceful deletion, owners.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use lcmap_spark::core::pod::DriverPod;
use lcmap_spark_crd::{SparkJob, SparkJobStatus};
use serde_json::{Value, json};

use crate::laws::Laws;
use crate::mesos::{Mesos, Released};

/// The name of the one job.
pub(crate) const NAME: &str = "pi";

/// What keeps a job until its children are gone (`metav1.FinalizerDeleteDependents`).
const FOREGROUND: &str = "foregroundDeletion";

/// The cluster as it truly is.
pub(crate) struct Cluster {
    /// Now.
    pub(crate) now: Timestamp,
    /// The job, if there is one.
    pub(crate) job: Option<Rc<SparkJob>>,
    /// The pods, by name.
    pub(crate) pods: BTreeMap<String, Rc<DriverPod>>,
    /// Everything that happened to jobs.
    pub(crate) jobs: Vec<Change<SparkJob>>,
    /// Everything that happened to pods.
    pub(crate) all_pods: Vec<Change<DriverPod>>,
    /// Whether the quota is used up.
    pub(crate) is_full: bool,
    /// Which nodes answer.
    pub(crate) nodes: [bool; 2],
    /// Mesos.
    pub(crate) mesos: Mesos,
    pub(crate) laws: Laws,
    /// Since when the job is kept though nothing of it can be on Mesos, as far as time went by in which it could be let go.
    pub(crate) kept_since: Option<Timestamp>,
    version: u64,
    born: u32,
}

/// Something that happened to an object.
pub(crate) enum Change<T> {
    /// It is there, or is another.
    Put(Rc<T>),
    /// It went.
    Gone(Rc<T>),
}

/// Whether whoever sent a request still leads when it arrives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sent {
    /// It does.
    ByTheLeader,
    /// Another one leads meanwhile, or the job is gone.
    TooLate,
}

/// A write was meant for another version of an object.
#[derive(Debug)]
pub(crate) struct Outdated;

/// What became of a creation.
pub(crate) enum Created {
    /// It was made.
    Made(Rc<DriverPod>),
    /// One of its name is there.
    Exists,
    /// The quota is used up.
    Refused,
}

impl Cluster {
    /// An empty one.
    pub(crate) fn new() -> Self {
        Self {
            now: Timestamp::from_second(1_750_000_000).unwrap_or_default(),
            job: None,
            pods: BTreeMap::new(),
            jobs: Vec::new(),
            all_pods: Vec::new(),
            is_full: false,
            nodes: [true; 2],
            mesos: Mesos::default(),
            laws: Laws::default(),
            kept_since: None,
            version: 0,
            born: 0,
        }
    }

    /// Lets time pass.
    pub(crate) fn wait(&mut self, time: Duration) {
        self.now = self.now.saturating_add(time).unwrap_or(self.now);
    }

    /// Now, as objects keep it.
    pub(crate) fn second(&self) -> Time {
        Time(Timestamp::from_second(self.now.as_second()).unwrap_or(self.now))
    }

    fn next_version(&mut self) -> String {
        self.version += 1;
        self.version.to_string()
    }

    fn next_uid(&mut self, kind: &str) -> String {
        self.born += 1;
        format!("{kind}-{}", self.born)
    }

    /// Creates the job.
    pub(crate) fn create_job(&mut self, spec: &Value) {
        let manifest = json!({
            "apiVersion": "lcmap.usgs.gov/v1alpha1", "kind": "SparkJob", "spec": spec,
            "metadata": {"name": NAME, "namespace": "default", "generation": 1},
        });
        let mut job: SparkJob = serde_json::from_value(manifest).expect("people write valid jobs here");
        job.metadata.uid = Some(self.next_uid("job"));
        job.metadata.creation_timestamp = Some(self.second());
        self.put_job(job);
    }

    /// Edits the job. Another spec is another generation.
    pub(crate) fn edit_job(&mut self, edit: impl FnOnce(&mut SparkJob)) {
        let Some(before) = self.job.clone() else { return };
        let mut job = SparkJob::clone(&before);
        edit(&mut job);
        if job.spec != before.spec {
            job.metadata.generation = job.metadata.generation.map(|generation| generation + 1);
        }
        if before.spec.suspend && !job.spec.suspend {
            self.laws.resumed(self.now);
        }
        if job != *before {
            self.put_job(job);
        }
    }

    fn put_job(&mut self, mut job: SparkJob) {
        job.metadata.resource_version = Some(self.next_version());
        let job = Rc::new(job);
        self.job = Some(Rc::clone(&job));
        self.jobs.push(Change::Put(job));
    }

    /// Writes the status for this very version of the job, and answers the job as it then is.
    pub(crate) fn write_status(
        &mut self,
        version: Option<&str>,
        status: &SparkJobStatus,
        sent: Sent,
    ) -> Option<Rc<SparkJob>> {
        let job = self.job.clone().filter(|job| job.metadata.resource_version.as_deref() == version)?;
        let json = serde_json::to_value(status).expect("a status is JSON");
        let status: SparkJobStatus =
            serde_json::from_value(json).expect("a status is read as it was written");
        self.laws.status_written(&job, &status, sent, self.now);
        self.edit_job(|job| job.status = Some(status));
        self.job.clone()
    }

    /// Writes the finalizers of this very version of the job, if it is still that one. The job may go by it.
    pub(crate) fn write_finalizers(
        &mut self,
        version: Option<&str>,
        finalizers: Vec<String>,
    ) -> Result<Option<Rc<SparkJob>>, Outdated> {
        self.job
            .as_ref()
            .filter(|job| job.metadata.resource_version.as_deref() == version)
            .ok_or(Outdated)?;
        self.edit_job(|job| job.metadata.finalizers = Some(finalizers).filter(|them| !them.is_empty()));
        self.let_go();
        Ok(self.job.clone())
    }

    /// Deletes the job: at once, or when its children, and whoever else keeps it, let it go.
    pub(crate) fn delete_job(&mut self, uid: &str, foreground: bool) {
        if self.job.as_ref().is_none_or(|job| job.metadata.uid.as_deref() != Some(uid)) {
            return;
        }
        let now = self.second();
        self.edit_job(|job| {
            let is_new = job.metadata.deletion_timestamp.is_none();
            job.metadata.deletion_timestamp.get_or_insert(now);
            if foreground && is_new {
                job.metadata.finalizers.get_or_insert_default().push(FOREGROUND.to_owned());
            }
        });
        self.let_go();
    }

    /// Lets a deleted job go that nobody keeps.
    fn let_go(&mut self) {
        let is_free = |job: &&Rc<SparkJob>| {
            let kept = job.metadata.finalizers.iter().flatten().next().is_some();
            job.metadata.deletion_timestamp.is_some() && !kept
        };
        let Some(job) = self.job.as_ref().filter(is_free).cloned() else { return };
        self.job = None;
        self.laws.job_vanished(&job, &self.mesos, self.now);
        self.jobs.push(Change::Gone(job));
    }

    /// Deletes what has no owner any more, and lets a job go that waited for its children.
    pub(crate) fn collect_garbage(&mut self) {
        let waits = |job: &SparkJob| job.metadata.finalizers.iter().flatten().any(|it| it == FOREGROUND);
        let owner = self.job.as_ref().filter(|job| !waits(job));
        let owner = owner.and_then(|job| job.metadata.uid.clone()).unwrap_or_default();
        let orphans: Vec<_> = self.pods.values().filter(|pod| !pod.is_owned_by(&owner)).cloned().collect();
        for pod in orphans {
            self.delete_pod(&pod.metadata.name, &pod.metadata.uid);
        }
        if let Some(job) = self.job.clone().filter(|job| waits(job)) {
            let uid = job.metadata.uid.clone().unwrap_or_default();
            if !self.pods.values().any(|pod| pod.is_owned_by(&uid)) {
                self.edit_job(|job| {
                    let finalizers = job.metadata.finalizers.get_or_insert_default();
                    finalizers.retain(|it| it != FOREGROUND);
                });
                self.let_go();
            }
        }
    }

    /// The operator tears a framework down.
    pub(crate) fn tear_down(&mut self, id: &str) -> Released {
        if let Some(framework) = self.mesos.frameworks.get(id).filter(|it| it.lives()) {
            let driver = self.mesos.drivers.get(&framework.driver);
            self.laws.torn_down(id, framework, self.job.as_deref(), driver);
        }
        self.mesos.release(id)
    }

    /// Creates a pod, as its sender asked for while it led, or in time.
    pub(crate) fn create_pod(&mut self, body: &Value, sent: Sent) -> Created {
        let mut pod: DriverPod = serde_json::from_value(body.clone()).expect("a pod is read as it is built");
        if self.pods.contains_key(&pod.metadata.name) {
            return Created::Exists;
        }
        if self.is_full {
            return Created::Refused;
        }
        pod.metadata.uid = self.next_uid("pod");
        pod.metadata.creation_timestamp = Some(self.second());
        pod.status.phase = Some("Pending".into());
        let owned = self
            .job
            .as_ref()
            .is_some_and(|job| pod.is_owned_by(job.metadata.uid.as_deref().unwrap_or_default()));
        let sent = if owned { sent } else { Sent::TooLate };
        let containers = body["spec"]["containers"].as_array().map_or(0, Vec::len);
        let pod = self.put_pod(pod);
        self.laws.pod_created(&pod, containers > 1, sent, &self.pods);
        self.laws.attempt_begins(&pod, &self.mesos, self.now);
        Created::Made(pod)
    }

    /// Changes a pod.
    pub(crate) fn change_pod(&mut self, name: &str, change: impl FnOnce(&mut DriverPod)) {
        let Some(before) = self.pods.get(name) else { return };
        let mut pod = DriverPod::clone(before);
        change(&mut pod);
        self.put_pod(pod);
    }

    fn put_pod(&mut self, mut pod: DriverPod) -> Rc<DriverPod> {
        pod.metadata.resource_version = self.next_version();
        let pod = Rc::new(pod);
        self.pods.insert(pod.metadata.name.clone(), Rc::clone(&pod));
        self.all_pods.push(Change::Put(Rc::clone(&pod)));
        pod
    }

    /// Deletes a pod. One that is on no node, or over, goes at once; any other when its node says so
    /// (`pkg/registry/core/pod/strategy.go`, `CheckGracefulDelete`).
    pub(crate) fn delete_pod(&mut self, name: &str, uid: &str) {
        let Some(pod) = self.pods.get(name).filter(|pod| pod.metadata.uid == uid) else { return };
        if pod.spec.node_name.is_none() || pod.is_over() {
            return self.remove_pod(name);
        }
        if pod.metadata.deletion_timestamp.is_none() {
            let now = self.second();
            self.change_pod(name, |pod| pod.metadata.deletion_timestamp = Some(now));
        }
    }

    /// Lets a pod go from the API.
    pub(crate) fn remove_pod(&mut self, name: &str) {
        if let Some(pod) = self.pods.remove(name) {
            self.mesos.driver_is_over(&pod.metadata.uid, self.second().0);
            self.all_pods.push(Change::Gone(pod));
        }
    }
}
