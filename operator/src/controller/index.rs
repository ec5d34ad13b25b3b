//! What the watches have told so far: every job, and its driver pods.

use std::collections::{HashMap, HashSet, VecDeque};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::{SignedDuration, Timestamp};
use lcmap_spark_crd::names::framework_id;
use lcmap_spark_crd::{Phase, Reason};

use super::metrics::{Census, JobCensus, Lane};
use super::watched::{JobKey, Standing, WatchedJob, WatchedPod};
use crate::core::pod::{self, DriverPod};

/// What the watches have told so far. Cheap to clone: all clones are one.
#[derive(Debug, Clone, Default)]
pub(crate) struct Index(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    jobs: HashMap<JobKey, Known>,
    pods: HashMap<JobKey, HashMap<String, Arc<WatchedPod>>>,
    /// How drivers ended whose pods are gone already, until their jobs' statuses tell it: nobody can be asked for it any more.
    last_words: HashMap<JobKey, Arc<WatchedPod>>,
    gone: Gone,
}

/// The UIDs of what was last seen gone. What is gone does not come back: an answer or an event that still has it was
/// overtaken on its way.
#[derive(Debug, Default)]
struct Gone {
    uids: HashSet<String>,
    order: VecDeque<String>,
}

impl Gone {
    /// How many are remembered: more than can be on their way.
    const MOST: usize = 10_000;

    fn add(&mut self, uid: &str) {
        if self.uids.insert(uid.to_owned()) {
            self.order.push_back(uid.to_owned());
        }
        if self.order.len() > Self::MOST
            && let Some(oldest) = self.order.pop_front()
        {
            self.uids.remove(&oldest);
        }
    }

    fn has(&self, uid: &str) -> bool {
        self.uids.contains(uid)
    }
}

#[derive(Debug)]
struct Known {
    job: Arc<WatchedJob>,
    standing: Standing,
}

/// A job and its pods at one moment.
#[derive(Debug, Clone)]
pub(crate) struct Snapshot {
    /// The job.
    pub(crate) job: Arc<WatchedJob>,
    /// The pods that carry its label, whoever owns them.
    pub(crate) pods: Vec<Arc<WatchedPod>>,
    /// A pod that is gone, as its driver ended in it.
    last_word: Option<Arc<WatchedPod>>,
}

/// The web UI of a driver that runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DriverUi {
    /// Whose driver it is.
    pub(crate) job: JobKey,
    /// Its pod's UID.
    pub(crate) pod: String,
    /// Where it is.
    pub(crate) address: SocketAddr,
    /// Whether executors of it run on Mesos.
    pub(crate) has_executors: bool,
}

impl Index {
    /// A job and its pods, if it is known.
    pub(crate) fn snapshot(&self, key: &JobKey) -> Option<Snapshot> {
        let state = self.lock();
        let job = Arc::clone(&state.jobs.get(key)?.job);
        let pods = state.pods.get(key).into_iter().flat_map(HashMap::values).map(Arc::clone).collect();
        Some(Snapshot { job, pods, last_word: state.last_words.get(key).map(Arc::clone) })
    }

    /// Takes a job in, unless a newer one of its name is known: a watch may be behind what we wrote ourselves, and the
    /// answer to a write may come when the job is gone and its successor is there. Answers the lane that it belongs in, if anything is new.
    pub(crate) fn put_job(&self, job: WatchedJob) -> Option<Lane> {
        let key = job.key();
        let mut state = self.lock();
        let known = state.jobs.get(&key).map(|known| &known.job);
        if known.is_some_and(|known| known.version() >= job.version()) || state.gone.has(job.uid()) {
            return None;
        }
        let standing = job.standing();
        state.jobs.insert(key.clone(), Known { job: Arc::new(job), standing });
        if state.last_words.get(&key).is_some_and(|pod| !standing.awaits(pod)) {
            state.last_words.remove(&key);
        }
        Some(state.lane(&key))
    }

    /// Forgets a job for good, unless another of its name has come meanwhile.
    pub(crate) fn remove_job(&self, key: &JobKey, uid: &str) {
        let mut state = self.lock();
        state.gone.add(uid);
        if state.jobs.get(key).is_some_and(|known| known.job.uid() == uid) {
            state.jobs.remove(key);
            state.last_words.remove(key);
        }
    }

    /// Takes a pod in, unless a newer version of it is known. Answers its job, if anything is new.
    pub(crate) fn put_pod(&self, pod: WatchedPod) -> Option<JobKey> {
        let key = pod.job()?;
        let mut state = self.lock();
        let uid = &pod.pod.metadata.uid;
        if state.gone.has(uid) {
            return None;
        }
        let pods = state.pods.entry(key.clone()).or_default();
        if pods.get(uid).is_some_and(|known| known.version() >= pod.version()) {
            return None;
        }
        pods.insert(uid.clone(), Arc::new(pod));
        Some(key)
    }

    /// Forgets a pod for good, but for how its driver ended.
    pub(crate) fn remove_pod(&self, key: &JobKey, uid: &str) {
        let mut state = self.lock();
        state.gone.add(uid);
        if let Some(pods) = state.pods.get_mut(key) {
            let removed = pods.remove(uid);
            if pods.is_empty() {
                state.pods.remove(key);
            }
            state.keep_last_word(key, removed);
        }
    }

    /// Forgets the jobs of a watch's range that its new list did not have. Answers which.
    pub(crate) fn retain_jobs(&self, namespace: Option<&str>, listed: &HashSet<JobKey>) -> Vec<JobKey> {
        let mut state = self.lock();
        let gone = |key: &&JobKey| is_in(namespace, key) && !listed.contains(*key);
        let gone: Vec<_> = state.jobs.keys().filter(gone).cloned().collect();
        for key in &gone {
            state.jobs.remove(key);
            state.last_words.remove(key);
        }
        gone
    }

    /// Forgets the pods of a watch's range that its new list did not have. Answers whose they were.
    pub(crate) fn retain_pods(&self, namespace: Option<&str>, listed: &HashSet<String>) -> Vec<JobKey> {
        let mut state = self.lock();
        let mut removed = Vec::new();
        state.pods.retain(|key, pods| {
            if is_in(namespace, key) {
                let unlisted = pods.extract_if(|uid, _| !listed.contains(uid));
                removed.extend(unlisted.map(|(_, pod)| (key.clone(), pod)));
            }
            !pods.is_empty()
        });
        let touched: HashSet<JobKey> = removed.iter().map(|(key, _)| key.clone()).collect();
        for (key, pod) in removed {
            state.keep_last_word(&key, Some(pod));
        }
        touched.into_iter().collect()
    }

    /// Every driver that runs and has a web UI.
    pub(crate) fn uis(&self) -> Vec<DriverUi> {
        let state = self.lock();
        let pods = state.pods.iter().flat_map(|(job, pods)| pods.values().map(move |pod| (job, pod)));
        let with_ui = pods.filter_map(|(job, pod)| {
            let standing = state.jobs.get(job).map(|known| known.standing).unwrap_or_default();
            let address = pod::ui(&pod.pod, standing.ui)?;
            let has_executors = standing.has_executors;
            Some(DriverUi { job: job.clone(), pod: pod.pod.metadata.uid.clone(), address, has_executors })
        });
        with_ui.collect()
    }

    /// Whether a framework's id is that of the attempt that a job is at, and that attempt is not over.
    pub(crate) fn is_current(&self, key: &JobKey, framework: &str) -> bool {
        let state = self.lock();
        state.jobs.get(key).is_some_and(|Known { job, standing }| {
            let is_final = standing.phase.is_some_and(Phase::is_final);
            !is_final && framework == framework_id(job.uid(), standing.attempt.unwrap_or(1))
        })
    }

    /// Whether an attempt is over, if its job is known.
    pub(crate) fn is_over(&self, key: &JobKey, uid: &str, attempt: i32) -> Option<bool> {
        let state = self.lock();
        let Known { standing, .. } = state.jobs.get(key).filter(|known| known.job.uid() == uid)?;
        let current = standing.attempt.unwrap_or(1);
        // Of an attempt that is suspended before its driver was ever seen, nobody else would ask.
        Some(attempt < current || attempt == current && standing.rests())
    }

    /// Every job, with the lane that it belongs in.
    pub(crate) fn keys(&self) -> Vec<(JobKey, Lane)> {
        let state = self.lock();
        state.jobs.keys().map(|key| (key.clone(), state.lane(key))).collect()
    }

    /// The state is only ever changed in whole steps, so that a panic in one leaves it usable.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Census for Index {
    fn count(&self) -> JobCensus {
        let mut census = JobCensus::default();
        let now = Timestamp::now();
        for Known { standing, .. } in self.lock().jobs.values() {
            let phase = standing.phase.unwrap_or_default();
            *census.phases.entry(phase).or_default() += 1;
            let waits =
                matches!(phase, Phase::Pending | Phase::Connecting | Phase::Requesting | Phase::Releasing);
            if let Some(reason) = standing.reason.filter(|_| waits) {
                *census.waiting.entry(reason).or_default() += 1;
            }
            if let Some(reason) = standing.reason.filter(|_| standing.is_stalled && !phase.is_final()) {
                *census.stalled.entry(reason).or_default() += 1;
            }
            census.expiring += u64::from(standing.is_expiring && !standing.rests());
            census.unreadable += u64::from(standing.reason == Some(Reason::SpecInvalid));
            let waited = standing.since.filter(|_| waits).map(|since| now.duration_since(since));
            census.oldest_waiting = census.oldest_waiting.max(waited.map(SignedDuration::unsigned_abs));
        }
        census
    }
}

impl State {
    /// Keeps a pod that was removed, if its driver has ended and the job's status does not tell of that yet.
    fn keep_last_word(&mut self, key: &JobKey, removed: Option<Arc<WatchedPod>>) {
        let Some(pod) = removed.filter(|pod| pod.pod.is_over()) else { return };
        let is_awaited = |known: &Known| known.standing.awaits(&pod) && pod.pod.is_owned_by(known.job.uid());
        if self.jobs.get(key).is_some_and(is_awaited) {
            self.last_words.insert(key.clone(), pod);
        }
    }

    /// What has a driver, or is done with, costs little and is waited for; a new job may wait for a while.
    fn lane(&self, key: &JobKey) -> Lane {
        let is_final = self.jobs.get(key).and_then(|known| known.standing.phase).is_some_and(Phase::is_final);
        if is_final || self.pods.contains_key(key) { Lane::Finishing } else { Lane::Starting }
    }
}

impl Standing {
    /// Whether nothing goes on: the job has ended, or is held still.
    fn rests(&self) -> bool {
        self.phase.is_some_and(|phase| phase.is_final() || phase == Phase::Suspended)
    }

    /// Whether a status does not tell yet how the driver of a pod ended: else the job rests, or is at another attempt.
    fn awaits(&self, pod: &WatchedPod) -> bool {
        !self.rests() && pod.pod.attempt() == Some(self.attempt.unwrap_or(1))
    }
}

impl Snapshot {
    /// A pod that is gone, by its UID, as its driver ended in it.
    pub(crate) fn last_word(&self, uid: &str) -> Option<&DriverPod> {
        self.last_word.as_ref().map(|pod| &pod.pod).filter(|pod| pod.metadata.uid == uid)
    }

    /// The pods that the job owns.
    pub(crate) fn own_pods(&self) -> impl Iterator<Item = &DriverPod> {
        let uid = self.job.uid();
        self.pods.iter().map(|pod| &pod.pod).filter(move |pod| pod.is_owned_by(uid))
    }
}

fn is_in(namespace: Option<&str>, key: &JobKey) -> bool {
    namespace.is_none_or(|namespace| namespace == key.namespace)
}

#[cfg(test)]
mod tests;
