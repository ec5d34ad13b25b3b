//! The watches: whatever happens to jobs and pods goes into the index, and its job into the queue.

use std::collections::HashSet;
use std::pin::pin;
use std::sync::Arc;

use futures::{Stream, StreamExt};
use kube::runtime::WatchStreamExt;
use kube::runtime::watcher::{self, Event, watcher};
use kube::{Api, Client, Resource};
use lcmap_spark_crd::names::LABEL_JOB;
use tokio::sync::watch;

use super::index::{Heard, Index, Moment};
use super::metrics::{Lane, Metrics, Watched};
use super::queue::Queue;
use super::watched::{JobKey, WatchedJob, WatchedPod};
use super::writer::limited;

/// How many objects one page of a list has: what is in memory twice for a moment.
const PAGE: u32 = 200;

/// Where the watches put what they hear.
#[derive(Clone)]
pub(crate) struct Watches {
    /// For the requests.
    pub(crate) client: Client,
    /// What is known.
    pub(crate) index: Index,
    /// What is to be looked at.
    pub(crate) queue: Arc<Queue>,
    /// How many watches have not had the list yet that they were last begun with.
    pub(crate) missing: watch::Sender<usize>,
    /// How many watches there are.
    pub(crate) count: usize,
    /// When they were last begun.
    pub(crate) begun: watch::Sender<Moment>,
    /// What is counted.
    pub(crate) metrics: Metrics,
}

impl Watches {
    /// Begins all watches anew, each with a list from the API server's own store. What a standby heard may lag behind
    /// what its predecessor did last.
    pub(crate) fn begin_anew(&self) {
        self.missing.send_replace(self.count);
        self.begun.send_replace(self.index.moment());
    }

    /// Begins all watches anew, unless that was done since this moment: what was known then is not so. A watch alone would not
    /// tell: one that goes on from a version that a restored store has yet to come to is silent until then.
    pub(crate) fn doubt(&self, moment: Moment) {
        if *self.begun.borrow() < moment {
            tracing::warn!(
                "the API server's versions have gone backwards, as after a restore of its store: everything is listed anew"
            );
            self.begin_anew();
        }
    }

    /// Watches the jobs of a namespace, or of all, for ever.
    pub(crate) async fn jobs(self, namespace: Option<String>) {
        let mut begun = self.begun.subscribe();
        loop {
            begun.mark_unchanged();
            tokio::select! {
                biased; // what the old watch still brings must not count for the new one
                changed = begun.changed() => if changed.is_err() { return },
                () = self.watch_jobs(namespace.as_deref()) => return,
            }
        }
    }

    async fn watch_jobs(&self, namespace: Option<&str>) {
        let events = self.stream::<WatchedJob>(Watched::SparkJob, namespace, watcher::Config::default());
        let mut events = pin!(events);
        let (mut listed, mut asked, mut first) = (HashSet::new(), Moment::default(), true);
        while let Some(event) = events.next().await {
            match event {
                // Comes before the list is asked for.
                Event::Init => {
                    listed.clear();
                    asked = self.index.moment();
                }
                Event::InitApply(job) => {
                    listed.insert(job.key());
                    self.put(job, asked);
                }
                Event::Apply(job) => self.put(job, Moment::default()),
                Event::Delete(job) => {
                    let key = job.key();
                    self.index.remove_job(&key, job.uid());
                    self.queue.push(key, Lane::Finishing);
                }
                Event::InitDone => {
                    for key in self.index.retain_jobs(namespace, &std::mem::take(&mut listed)) {
                        self.queue.push(key, Lane::Finishing);
                    }
                    self.is_complete(&mut first);
                }
            }
        }
    }

    /// Watches the driver pods of a namespace, or of all, for ever.
    pub(crate) async fn pods(self, namespace: Option<String>) {
        let mut begun = self.begun.subscribe();
        loop {
            begun.mark_unchanged();
            tokio::select! {
                biased;
                changed = begun.changed() => if changed.is_err() { return },
                () = self.watch_pods(namespace.as_deref()) => return,
            }
        }
    }

    async fn watch_pods(&self, namespace: Option<&str>) {
        let drivers = watcher::Config::default().labels(LABEL_JOB);
        let events = self.stream::<WatchedPod>(Watched::Pod, namespace, drivers);
        let mut events = pin!(events);
        let (mut listed, mut asked, mut first) = (HashSet::new(), Moment::default(), true);
        while let Some(event) = events.next().await {
            let touched: Vec<JobKey> = match event {
                Event::Init => {
                    listed.clear();
                    asked = self.index.moment();
                    Vec::new()
                }
                Event::InitApply(pod) => {
                    listed.insert(pod.pod.metadata.uid.clone());
                    self.index.answer_pod(pod, asked).into_iter().collect()
                }
                Event::Apply(pod) => self.index.put_pod(pod).into_iter().collect(),
                Event::Delete(pod) => {
                    let (job, uid) = (pod.job(), pod.pod.metadata.uid.clone());
                    // It comes with the pod's last state.
                    self.index.put_pod(pod);
                    if let Some(key) = &job {
                        self.index.remove_pod(key, &uid);
                    }
                    job.into_iter().collect()
                }
                Event::InitDone => {
                    let touched = self.index.retain_pods(namespace, &std::mem::take(&mut listed));
                    self.is_complete(&mut first);
                    touched
                }
            };
            for key in touched {
                self.queue.push(key, Lane::Finishing);
            }
        }
    }

    /// Reads a job live, since what is known of the one with this UID is out of date. The watch may bring its successor meanwhile:
    /// that one is not gone.
    pub(crate) async fn refresh(&self, key: &JobKey, uid: &str) -> kube::Result<()> {
        let asked = self.index.moment();
        let jobs = Api::<WatchedJob>::namespaced(self.client.clone(), &key.namespace);
        match limited(jobs.get_opt(&key.name)).await? {
            Some(job) => {
                if matches!(self.index.answer_job(job, asked), Heard::Older(_)) {
                    self.doubt(asked);
                }
            }
            None => self.index.remove_job(key, uid),
        }
        Ok(())
    }

    fn put(&self, job: WatchedJob, asked: Moment) {
        let key = job.key();
        if let Heard::News(lane) | Heard::Older(lane) = self.index.answer_job(job, asked) {
            self.queue.push(key, lane);
        }
    }

    /// Lets every job of a namespace, or of all, be looked at.
    pub(crate) fn look_at_all(&self, namespace: Option<&str>) {
        for (key, lane) in self.index.keys() {
            if namespace.is_none_or(|namespace| namespace == key.namespace) {
                self.queue.push(key, lane);
            }
        }
    }

    /// Notes that a watch has had its first list.
    pub(crate) fn is_complete(&self, first: &mut bool) {
        if std::mem::take(first) {
            self.missing.send_modify(|missing| *missing = missing.saturating_sub(1));
        }
    }

    /// Everything that happens to objects of a kind. Errors are logged and waited out.
    fn stream<K>(
        &self,
        watched: Watched,
        namespace: Option<&str>,
        config: watcher::Config,
    ) -> impl Stream<Item = Event<K>> + use<K>
    where
        K: Resource<DynamicType = (), Scope = k8s_openapi::NamespaceResourceScope>
            + Clone
            + std::fmt::Debug
            + serde::de::DeserializeOwned
            + Send
            + 'static,
    {
        let api = match namespace {
            Some(namespace) => Api::<K>::namespaced(self.client.clone(), namespace),
            None => Api::<K>::all(self.client.clone()),
        };
        let events = watcher(api, config.page_size(PAGE)).default_backoff();
        let metrics = self.metrics.clone();
        events.filter_map(move |event| {
            let event = event.inspect_err(|error| {
                metrics.watch_restarted(watched);
                tracing::warn!(kind = %K::kind(&()), %error, "the watch broke off and is begun again");
            });
            std::future::ready(event.ok())
        })
    }
}

#[cfg(test)]
mod tests;
