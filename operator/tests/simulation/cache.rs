//! What one operator knows of the cluster: what its watches have told it so far, and its own writes.
//!
//! The rules are those of the real index (`controller/index.rs`): an older version never takes the place of a newer, and what
//! was heard to be gone does not come back with an answer that is read late.

use std::collections::{BTreeMap, BTreeSet};
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
    gone: BTreeSet<String>,
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
        for change in &cluster.all_pods {
            if let Change::Gone(pod) = change {
                self.gone.insert(pod.metadata.uid.clone());
            }
        }
        (self.jobs_heard, self.pods_heard) = (cluster.jobs.len(), cluster.all_pods.len());
    }

    /// Hears the next things that happened to the job. Answers whether there were any.
    pub(crate) fn hear_of_job(&mut self, cluster: &Cluster, count: usize) -> bool {
        let until = cluster.jobs.len().min(self.jobs_heard + count);
        for change in &cluster.jobs[self.jobs_heard..until] {
            match change {
                Change::Put(job) => self.put_job(job),
                Change::Gone(job) => self.remove_job(job.metadata.uid.as_deref()),
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
                    self.gone.insert(pod.metadata.uid.clone());
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

    /// Takes a job in, unless a newer one of its name is known.
    pub(crate) fn put_job(&mut self, job: &Rc<SparkJob>) {
        let version = |job: &SparkJob| {
            job.metadata.resource_version.as_deref().and_then(|it| it.parse::<u64>().ok()).unwrap_or(u64::MAX)
        };
        let is_gone = job.metadata.uid.as_ref().is_some_and(|uid| self.gone.contains(uid));
        if !is_gone && self.job.as_ref().is_none_or(|known| version(known) < version(job)) {
            self.job = Some(Rc::clone(job));
        }
    }

    /// Takes in what was read of a job that was out of date. The watch may have told more meanwhile.
    pub(crate) fn read_job(&mut self, read: Option<&Rc<SparkJob>>, known: &SparkJob) {
        match read {
            Some(job) => self.put_job(job),
            None => self.remove_job(known.metadata.uid.as_deref()),
        }
    }

    /// Forgets the job of this UID for good.
    fn remove_job(&mut self, uid: Option<&str>) {
        self.gone.extend(uid.map(str::to_owned));
        if self.job.as_ref().is_some_and(|known| known.metadata.uid.as_deref() == uid) {
            self.job = None;
        }
    }

    /// Takes a pod in, unless a newer version of it is known.
    pub(crate) fn put_pod(&mut self, pod: &Rc<DriverPod>) {
        let version = |pod: &DriverPod| pod.metadata.resource_version.parse::<u64>().unwrap_or(u64::MAX);
        let uid = &pod.metadata.uid;
        if !self.gone.contains(uid) && self.pods.get(uid).is_none_or(|known| version(known) < version(pod)) {
            self.pods.insert(uid.clone(), Rc::clone(pod));
        }
    }
}
