//! What the watches have told so far: every job, and its driver pods.

use std::cmp::Ordering;
use std::collections::{HashMap, HashSet, VecDeque};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::{SignedDuration, Timestamp};
use lcmap_spark_crd::names::framework_id;
use lcmap_spark_crd::{Phase, Reason};

use super::metrics::{Census, JobCensus, Lane};
use super::watched::{JobKey, Standing, WatchedJob, WatchedPod, compare};
use crate::core::pod::{self, DriverPod};

/// What the watches have told so far. Cheap to clone: all clones are one.
#[derive(Debug, Clone, Default)]
pub(crate) struct Index(Arc<Mutex<State>>);

/// A moment in the order in which things are heard.
///
/// What an API server answers is at least as new as all that it said before it was asked. An answer to a question that was put
/// after something was heard is therefore believed whatever the versions say: they go backwards when a cluster's store is
/// restored from a backup. What was heard since the question is compared by version.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Moment(u64);

#[derive(Debug, Default)]
struct State {
    now: Moment,
    jobs: HashMap<JobKey, Known>,
    pods: HashMap<JobKey, HashMap<String, KnownPod>>,
    /// How drivers ended whose pods are gone already, until their jobs' statuses tell it: nobody can be asked for it any more.
    last_words: HashMap<JobKey, Arc<WatchedPod>>,
    gone: Gone,
}

/// The UIDs of what was last seen gone. What is gone does not come back: an answer or an event that still has it was
/// overtaken on its way.
#[derive(Debug, Default)]
struct Gone {
    uids: HashMap<String, Moment>,
    order: VecDeque<String>,
}

impl Gone {
    /// How many are remembered: more than can be on their way.
    const MOST: usize = 10_000;

    fn add(&mut self, uid: &str, now: Moment) {
        if self.uids.insert(uid.to_owned(), now).is_none() {
            self.order.push_back(uid.to_owned());
        }
        if self.order.len() > Self::MOST
            && let Some(oldest) = self.order.pop_front()
        {
            self.uids.remove(&oldest);
        }
    }

    /// It is there again, as it was when the store was backed up that is now restored.
    fn forget(&mut self, uid: &str) {
        self.uids.remove(uid);
    }

    /// Whether it is gone by what was heard since.
    fn has(&self, uid: &str, since: Moment) -> bool {
        self.uids.get(uid).is_some_and(|at| *at >= since)
    }
}

#[derive(Debug)]
struct Known {
    job: Arc<WatchedJob>,
    standing: Standing,
    heard: Moment,
}

#[derive(Debug)]
struct KnownPod {
    pod: Arc<WatchedPod>,
    heard: Moment,
}

/// What came of an answer about a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Heard {
    /// Something new. The job belongs in this lane.
    News(Lane),
    /// An older version than was known before the question: the versions have gone backwards.
    Older(Lane),
    /// Nothing new.
    Nothing,
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
        let pods = state.pods.get(key).into_iter().flat_map(HashMap::values);
        let pods = pods.map(|known| Arc::clone(&known.pod)).collect();
        Some(Snapshot { job, pods, last_word: state.last_words.get(key).map(Arc::clone) })
    }

    /// This moment. What is heard later is newer.
    pub(crate) fn moment(&self) -> Moment {
        let mut state = self.lock();
        state.now.0 += 1;
        state.now
    }

    /// Takes a job in, unless a newer one of its name is known: a watch may be behind what we wrote ourselves, and the
    /// answer to a write may come when the job is gone and its successor is there. Answers the lane that it belongs in, if anything is new.
    pub(crate) fn put_job(&self, job: WatchedJob) -> Option<Lane> {
        match self.answer_job(job, Moment::default()) {
            Heard::News(lane) | Heard::Older(lane) => Some(lane),
            Heard::Nothing => None,
        }
    }

    /// Takes a job in that the API server answered with to a question of this moment.
    pub(crate) fn answer_job(&self, job: WatchedJob, asked: Moment) -> Heard {
        let key = job.key();
        let mut state = self.lock();
        let known = state.jobs.get(&key);
        let order = known.map(|known| compare(known.job.version(), job.version()));
        let is_known = known.is_some_and(|known| is_known(order, known.heard, asked));
        if is_known || state.gone.has(job.uid(), asked) {
            return Heard::Nothing;
        }
        let is_older = order == Some(Ordering::Greater);
        let (standing, heard) = (job.standing(), state.now);
        state.gone.forget(job.uid());
        state.jobs.insert(key.clone(), Known { job: Arc::new(job), standing, heard });
        if state.last_words.get(&key).is_some_and(|pod| !standing.awaits(pod)) {
            state.last_words.remove(&key);
        }
        let lane = state.lane(&key);
        if is_older { Heard::Older(lane) } else { Heard::News(lane) }
    }

    /// Forgets a job for good, unless another of its name has come meanwhile.
    pub(crate) fn remove_job(&self, key: &JobKey, uid: &str) {
        let mut state = self.lock();
        let now = state.now;
        state.gone.add(uid, now);
        if state.jobs.get(key).is_some_and(|known| known.job.uid() == uid) {
            state.jobs.remove(key);
            state.last_words.remove(key);
        }
    }

    /// Takes a pod in, unless a newer version of it is known. Answers its job, if anything is new.
    pub(crate) fn put_pod(&self, pod: WatchedPod) -> Option<JobKey> {
        self.answer_pod(pod, Moment::default())
    }

    /// Takes a pod in that the API server answered with to a question of this moment. Answers its job, if anything is new.
    pub(crate) fn answer_pod(&self, pod: WatchedPod, asked: Moment) -> Option<JobKey> {
        let key = pod.job()?;
        let mut state = self.lock();
        let (uid, heard) = (pod.pod.metadata.uid.clone(), state.now);
        if state.gone.has(&uid, asked) {
            return None;
        }
        state.gone.forget(&uid);
        let pods = state.pods.entry(key.clone()).or_default();
        let is_known = pods.get(&uid).is_some_and(|known| {
            is_known(Some(compare(known.pod.version(), pod.version())), known.heard, asked)
        });
        if is_known {
            return None;
        }
        pods.insert(uid, KnownPod { pod: Arc::new(pod), heard });
        Some(key)
    }

    /// Forgets a pod for good, but for how its driver ended.
    pub(crate) fn remove_pod(&self, key: &JobKey, uid: &str) {
        let mut state = self.lock();
        let now = state.now;
        state.gone.add(uid, now);
        if let Some(pods) = state.pods.get_mut(key) {
            let removed = pods.remove(uid);
            if pods.is_empty() {
                state.pods.remove(key);
            }
            state.keep_last_word(key, removed.map(|known| known.pod));
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
                removed.extend(unlisted.map(|(_, known)| (key.clone(), known.pod)));
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
        let pods =
            state.pods.iter().flat_map(|(job, pods)| pods.values().map(move |known| (job, &known.pod)));
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
        state.jobs.get(key).is_some_and(|Known { job, standing, .. }| {
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

/// Whether an answer is no newer than what was heard since it was asked for. `order` compares the known version with it.
fn is_known(order: Option<Ordering>, heard: Moment, asked: Moment) -> bool {
    match order {
        Some(Ordering::Equal) => true,
        Some(Ordering::Greater) => heard >= asked,
        Some(Ordering::Less) | None => false,
    }
}

fn is_in(namespace: Option<&str>, key: &JobKey) -> bool {
    namespace.is_none_or(|namespace| namespace == key.namespace)
}

#[cfg(test)]
mod tests;
