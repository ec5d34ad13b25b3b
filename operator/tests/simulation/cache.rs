//! What one operator knows of the cluster: what its watches have told it so far, and its own writes.
//!
//! The rules are those of the real index (`controller/index.rs`): an older version never takes the place of a newer.

use std::collections::BTreeMap;
use std::rc::Rc;

use lcmap_spark::core::pod::DriverPod;
use lcmap_spark_crd::SparkJob;

use crate::cluster::{Change, Cluster};

/// What one operator knows.
#[derive(Default)]
pub(crate) struct Cache {
    /// The job, if one of its name is known.
    pub(crate) job: Option<Rc<SparkJob>>,
    /// Its pods, by their UIDs.
    pub(crate) pods: BTreeMap<String, Rc<DriverPod>>,
    jobs_heard: usize,
    pods_heard: usize,
}

impl Cache {
    /// Lists everything anew: whatever was missed meanwhile is made up for.
    pub(crate) fn list(&mut self, cluster: &Cluster) {
        match &cluster.job {
            Some(job) => self.put_job(job),
            None => self.job = None,
        }
        for pod in cluster.pods.values() {
            self.put_pod(pod);
        }
        self.pods.retain(|uid, _| cluster.pods.values().any(|pod| pod.metadata.uid == *uid));
        (self.jobs_heard, self.pods_heard) = (cluster.jobs.len(), cluster.all_pods.len());
    }

    /// Hears the next things that happened to the job. Answers whether there were any.
    pub(crate) fn hear_of_job(&mut self, cluster: &Cluster, count: usize) -> bool {
        let until = cluster.jobs.len().min(self.jobs_heard + count);
        for change in &cluster.jobs[self.jobs_heard..until] {
            match change {
                Change::Put(job) => self.put_job(job),
                Change::Gone(job) => {
                    if self.job.as_ref().is_some_and(|known| known.metadata.uid == job.metadata.uid) {
                        self.job = None;
                    }
                }
            }
        }
        std::mem::replace(&mut self.jobs_heard, until) < until
    }

    /// Hears the next things that happened to pods. Answers whether there were any.
    pub(crate) fn hear_of_pods(&mut self, cluster: &Cluster, count: usize) -> bool {
        let until = cluster.all_pods.len().min(self.pods_heard + count);
        for change in &cluster.all_pods[self.pods_heard..until] {
            match change {
                Change::Put(pod) => self.put_pod(pod),
                Change::Gone(pod) => {
                    self.pods.remove(&pod.metadata.uid);
                }
            }
        }
        std::mem::replace(&mut self.pods_heard, until) < until
    }

    /// Hears the last things again, as far as they are not past.
    pub(crate) fn hear_again(&mut self, cluster: &Cluster, count: usize) {
        for change in &cluster.jobs[self.jobs_heard.saturating_sub(count)..self.jobs_heard] {
            if let Change::Put(job) = change
                && self.job.as_ref().is_some_and(|known| known.metadata.uid == job.metadata.uid)
            {
                self.put_job(job);
            }
        }
        for change in &cluster.all_pods[self.pods_heard.saturating_sub(count)..self.pods_heard] {
            if let Change::Put(pod) = change
                && self.pods.contains_key(&pod.metadata.uid)
            {
                self.put_pod(pod);
            }
        }
    }

    /// Takes a job in, unless a newer version of it is known.
    pub(crate) fn put_job(&mut self, job: &Rc<SparkJob>) {
        let version = |job: &SparkJob| {
            job.metadata.resource_version.as_deref().and_then(|it| it.parse::<u64>().ok()).unwrap_or(u64::MAX)
        };
        let newer = self
            .job
            .as_ref()
            .is_some_and(|known| known.metadata.uid == job.metadata.uid && version(known) >= version(job));
        if !newer {
            self.job = Some(Rc::clone(job));
        }
    }

    /// Takes a pod in, unless a newer version of it is known.
    pub(crate) fn put_pod(&mut self, pod: &Rc<DriverPod>) {
        let version = |pod: &DriverPod| pod.metadata.resource_version.parse::<u64>().unwrap_or(u64::MAX);
        let uid = &pod.metadata.uid;
        if self.pods.get(uid).is_none_or(|known| version(known) < version(pod)) {
            self.pods.insert(uid.clone(), Rc::clone(pod));
        }
    }
}
