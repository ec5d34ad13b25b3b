//! One operator, step by step: it may die, or stand still, between any two of its requests.
//!
//! It walks as the real one does (`controller/reconcile.rs`, `observe.rs`, `launch.rs`), with the real `core`.

use std::collections::VecDeque;
use std::rc::Rc;
use std::time::Duration;

use jiff::Timestamp;
use lcmap_spark::core::pod::{self, DriverPod};
use lcmap_spark::core::{
    Driver, Frameworks, Jitter, Keeping, MesosDefaults, Observed, Obstacle, Remedy, Requeue, Settings, Start,
    StatusWrite, Wanted, decide,
};
use lcmap_spark_crd::names::{FINALIZER, driver_pod, framework_id};
use lcmap_spark_crd::{Memory, Phase, Reason, SparkJob};

use crate::cache::Cache;
use crate::cluster::{Cluster, Created, NAME, Outdated, Sent};
use crate::observer::{Observer, PATIENCE};
use crate::request::{Answer, Request, attempt, next, remnant, requests, told};
use crate::tape::Tape;

/// As in `controller/reconcile.rs`: the rest is left to the next go.
const ROUNDS: u32 = 8;
/// How often a job may be looked at while nothing new is heard and no time passes.
const LOOKS: u32 = 24;

/// One operator.
pub(crate) struct Operator {
    /// What it knows.
    pub(crate) cache: Cache,
    /// Whether something of the job is new to it.
    pub(crate) is_woken: bool,
    /// When it looks again in any case.
    pub(crate) due: Option<Timestamp>,
    /// What it knows of Mesos.
    pub(crate) observer: Observer,
    met: Option<Met>,
    stage: Stage,
    rounds: u32,
    looks: u32,
    looked_at: Timestamp,
    /// Whether the lead was lost since the last request was sent.
    was_deposed: bool,
    settings: Rc<Settings>,
}

struct Met {
    uid: Option<String>,
    generation: Option<i64>,
    obstacle: Obstacle,
    tries: u32,
}

enum Stage {
    Idle,
    /// The request is on its way: it arrives whatever becomes of the operator.
    Sent(Round, Request),
    /// The cluster has answered, and the operator has not heard it yet.
    Answered(Round, Answer),
}

struct Round {
    job: Rc<SparkJob>,
    rest: VecDeque<Request>,
    requeue: Requeue,
    wrote: bool,
    /// The job's version after the last write.
    version: Option<String>,
}

impl Operator {
    /// One that has just been started.
    pub(crate) fn new(now: Timestamp) -> Self {
        let settings = Settings {
            agent_image: "agent:1".into(),
            agent_image_pull_policy: "IfNotPresent".into(),
            default_image: None,
            driver_cores: 1,
            driver_memory: "1g".parse::<Memory>().expect("a size"),
            conf: std::collections::BTreeMap::default(),
            mesos: MesosDefaults { master: Some("mesos://m:5050".into()), ..MesosDefaults::default() },
            max_total_cores: None,
            cluster: "c".into(),
        };
        Self {
            cache: Cache::default(),
            is_woken: true,
            due: None,
            observer: Observer::new(now),
            met: None,
            stage: Stage::Idle,
            rounds: 0,
            looks: 0,
            looked_at: now,
            was_deposed: false,
            settings: Rc::new(settings),
        }
    }

    /// It has heard something new.
    pub(crate) fn wake(&mut self) {
        self.is_woken = true;
        self.looks = 0;
    }

    /// Loses the lead. What it has sent still arrives.
    pub(crate) fn lose_the_lead(&mut self) {
        self.was_deposed = matches!(self.stage, Stage::Sent(..));
    }

    /// Dies and is started again. What was on its way arrives, or does not.
    pub(crate) fn crash(&mut self, cluster: &mut Cluster, arrives: bool) {
        if let (Stage::Sent(round, request), true) =
            (std::mem::replace(&mut self.stage, Stage::Idle), arrives)
        {
            self.send(cluster, &round, request, Sent::TooLate);
        }
        *self = Self { settings: Rc::clone(&self.settings), ..Self::new(cluster.now) };
        self.cache.list(cluster);
    }

    /// Does the next thing on Mesos. Tells what, if there was something to do.
    pub(crate) fn poll(&mut self, cluster: &mut Cluster) -> Option<String> {
        let step = self.observer.step(cluster, self.cache.job.as_deref())?;
        if step.is_news {
            self.wake();
        }
        Some(step.told)
    }

    /// Whether it has nothing to do now.
    pub(crate) fn is_idle(&self, now: Timestamp) -> bool {
        matches!(self.stage, Stage::Idle) && !self.is_woken && self.due.is_none_or(|due| due > now)
    }

    /// Does one thing. Tells what, if there was something to do.
    pub(crate) fn step(&mut self, cluster: &mut Cluster, leads: bool, tape: &mut Tape) -> Option<String> {
        match std::mem::replace(&mut self.stage, Stage::Idle) {
            Stage::Idle if leads && !self.is_idle(cluster.now) => Some(self.look(cluster, tape)),
            Stage::Idle => None,
            Stage::Sent(round, request) => {
                let what = request.told();
                let in_time = leads && !std::mem::take(&mut self.was_deposed);
                let sent = if in_time { Sent::ByTheLeader } else { Sent::TooLate };
                let answer = self.send(cluster, &round, request, sent);
                let told = format!("{what}: {}", answer.told());
                self.stage = Stage::Answered(round, answer);
                Some(told)
            }
            Stage::Answered(round, answer) => Some(self.hear(cluster, round, answer, leads)),
        }
    }

    fn look(&mut self, cluster: &mut Cluster, tape: &mut Tape) -> String {
        (self.is_woken, self.due) = (false, None);
        if cluster.now > self.looked_at {
            (self.looks, self.looked_at) = (0, cluster.now);
        }
        self.looks += 1;
        if self.looks > LOOKS {
            cluster.laws.break_one("no busy loop", "it looks again and again, and nothing is new");
        }
        let Some(job) = self.cache.job.clone() else {
            self.met = None;
            return "looks, and knows of no job".into();
        };
        let (observed, pods) = self.observe(cluster, &job, tape);
        let decision = decide(&job, &observed);
        cluster.laws.decided(&job, &observed, &decision);
        let id = framework_id(job.metadata.uid.as_deref().unwrap_or_default(), attempt(&job));
        cluster.laws.given_up(&job, &decision.status, &cluster.mesos, self.observer.looked(&id));
        let told = format!("looks, decides {}", told(&decision));
        let kept = decision.start == Some(Start::AddFinalizer);
        let requeue = if kept { Requeue::AtOnce } else { next(&decision, &observed) };
        let is_put_off = decision.write == StatusWrite::WhenQuiet && tape.once_in(2);
        let rest = if is_put_off { VecDeque::new() } else { requests(&job, &decision, &pods) };
        let version = job.metadata.resource_version.clone();
        let mut round = Round { rest, job, requeue, wrote: false, version };
        match round.rest.pop_front() {
            Some(request) => self.stage = Stage::Sent(round, request),
            None => self.finish(cluster, &round),
        }
        told
    }

    fn observe(
        &mut self,
        cluster: &Cluster,
        job: &SparkJob,
        tape: &mut Tape,
    ) -> (Observed, Vec<Rc<DriverPod>>) {
        let now = cluster.now;
        let status = job.status.as_ref();
        let current = attempt(job);
        let recorded = status.and_then(|status| status.driver.as_ref()?.pod_uid.clone());
        let is_current = |pod: &&Rc<DriverPod>| {
            pod.attempt() == Some(current) && recorded.as_ref().is_none_or(|uid| *uid == pod.metadata.uid)
        };
        let owner = job.metadata.uid.as_deref().unwrap_or_default();
        let mut pods: Vec<_> =
            self.cache.pods.values().filter(|pod| pod.is_owned_by(owner)).cloned().collect();
        let is_final = status.and_then(|status| status.phase).is_some_and(Phase::is_final);
        if let Some(uid) = &recorded
            && !pods.iter().any(|pod| is_current(&pod))
            && !is_final
            && let Some(pod) = cluster.pods.values().find(|pod| pod.metadata.uid == *uid)
        {
            self.cache.put_pod(pod);
            pods.push(Rc::clone(pod));
        }
        let mut driver: Option<Driver> =
            pods.iter().find(is_current).map(|pod| pod::read(job, pod, &[], now));
        let remnants = pods.iter().filter(|pod| !is_current(pod)).filter_map(|pod| remnant(pod)).collect();
        let frameworks = self.on_mesos(job, current, driver.as_mut(), now);
        let obstacle = self.standing(job).filter(|it| it.until.is_none_or(|until| until > now));
        let jitter = Jitter::new(f64::from(tape.below(10)) / 9.0);
        let keeping = Keeping::Finalizer(PATIENCE);
        let wanted = Wanted::Run;
        (Observed { now, wanted, driver, remnants, obstacle, frameworks, keeping, jitter }, pods)
    }

    /// What it knows of Mesos, for a job that may have something there.
    fn on_mesos(
        &mut self,
        job: &SparkJob,
        attempt: i32,
        driver: Option<&mut Driver>,
        now: Timestamp,
    ) -> Frameworks {
        let status = job.status.as_ref();
        let is_recorded = status.is_some_and(|status| status.mesos.is_some());
        let is_there = driver.as_ref().map_or(is_recorded, |driver| driver.mesos.is_some());
        let is_final = status.and_then(|status| status.phase).is_some_and(Phase::is_final);
        if !is_there || is_final {
            return Frameworks::Unasked;
        }
        let id = framework_id(job.metadata.uid.as_deref().unwrap_or_default(), attempt);
        let (seen, left) = self.observer.look(&id, now);
        if let Some(driver) = driver {
            driver.mesos = Some(seen);
        }
        left
    }

    fn met(&self, job: &SparkJob) -> Option<&Met> {
        self.met
            .as_ref()
            .filter(|met| met.uid == job.metadata.uid && met.generation == job.metadata.generation)
    }

    fn standing(&self, job: &SparkJob) -> Option<Obstacle> {
        self.met(job).map(|met| met.obstacle.clone())
    }

    /// What the cluster makes of a request.
    fn send(&mut self, cluster: &mut Cluster, round: &Round, request: Request, sent: Sent) -> Answer {
        let job = &round.job;
        match request {
            Request::Create(attempt) => self.create(cluster, job, attempt, sent),
            Request::Write(status) => {
                let version = job.metadata.resource_version.as_deref();
                cluster.write_status(version, &status, sent).map_or(Answer::Conflict, Answer::Written)
            }
            Request::AddFinalizer => {
                let mut finalizers = job.metadata.finalizers.clone().unwrap_or_default();
                finalizers.push(FINALIZER.to_owned());
                let written = cluster.write_finalizers(round.version.as_deref(), finalizers);
                written.map_or_else(|Outdated| Answer::Conflict, Answer::Kept)
            }
            Request::RemoveFinalizer => {
                let finalizers = job.metadata.finalizers.iter().flatten().filter(|it| *it != FINALIZER);
                let written =
                    cluster.write_finalizers(round.version.as_deref(), finalizers.cloned().collect());
                written.map_or_else(|Outdated| Answer::Conflict, Answer::Kept)
            }
            Request::Read => Answer::Read(cluster.job.clone()),
            Request::Settle(attempt) => {
                let known = job.status.as_ref().and_then(|status| status.mesos.as_ref());
                let known = known.map(|mesos| mesos.framework_ids.clone()).unwrap_or_default();
                let id = framework_id(job.metadata.uid.as_deref().unwrap_or_default(), attempt);
                self.observer.owe(&id, &known, cluster.now);
                Answer::Done
            }
            Request::Stop { name, uid } => {
                cluster.delete_pod(&name, &uid);
                Answer::Done
            }
            Request::Remove { name, uid, attempt } => {
                cluster.laws.removed(cluster.job.as_deref(), job, attempt);
                cluster.delete_pod(&name, &uid);
                Answer::Done
            }
            Request::DeleteJob => {
                let version = cluster.job.as_ref().map(|job| &job.metadata.resource_version);
                if version != Some(&round.version) {
                    return Answer::Conflict;
                }
                cluster.laws.job_deleted(cluster.job.as_deref(), job);
                cluster.delete_job(job.metadata.uid.as_deref().unwrap_or_default(), false);
                Answer::Done
            }
        }
    }

    fn create(&self, cluster: &mut Cluster, job: &SparkJob, attempt: i32, sent: Sent) -> Answer {
        let body = match pod::pod(job, attempt, &self.settings) {
            Ok(body) => body,
            Err(unfit) => return Answer::Obstructed(unfit.into()),
        };
        let (reason, message) = match cluster.create_pod(&body, sent) {
            Created::Made(pod) => return Answer::Pod(pod),
            Created::Refused => (Reason::QuotaExceeded, "exceeded quota"),
            Created::Exists => {
                let owner = job.metadata.uid.as_deref().unwrap_or_default();
                let found = cluster.pods.get(&driver_pod(NAME, attempt));
                if let Some(pod) = found.filter(|pod| pod.is_owned_by(owner)) {
                    return Answer::Pod(Rc::clone(pod));
                }
                (Reason::NameTaken, "the pod of an earlier job of this name is still going")
            }
        };
        Answer::Obstructed(Obstacle { reason, message: message.into(), remedy: Remedy::Wait, until: None })
    }

    /// Hears an answer, and goes on if it still leads.
    fn hear(&mut self, cluster: &mut Cluster, mut round: Round, answer: Answer, leads: bool) -> String {
        match answer {
            Answer::Pod(pod) => {
                self.met = None;
                self.cache.put_pod(&pod);
                round.requeue = Requeue::AtOnce;
                round.wrote = true;
            }
            Answer::Obstructed(mut obstacle) => {
                let before = self.met(&round.job).map_or(0, |met| met.tries);
                if obstacle.remedy == Remedy::Wait {
                    // From when the answer is here: it may have been long under way.
                    let wait = Duration::from_secs(2).saturating_mul(1 << before.min(10));
                    obstacle.until = cluster.now.checked_add(wait.min(Duration::from_secs(30))).ok();
                }
                let (uid, generation) = (round.job.metadata.uid.clone(), round.job.metadata.generation);
                self.met = Some(Met { uid, generation, obstacle, tries: before + 1 });
                round.requeue = Requeue::AtOnce;
                round.wrote = true;
            }
            Answer::Kept(job) => {
                if let Some(job) = job {
                    round.version.clone_from(&job.metadata.resource_version);
                    self.cache.put_job(&job);
                }
                round.wrote = true;
            }
            Answer::Written(job) => {
                self.cache.put_job(&job);
                round.version.clone_from(&job.metadata.resource_version);
                round.wrote = true;
            }
            Answer::Conflict => {
                self.stage = Stage::Sent(round, Request::Read);
                return "hears of a conflict".into();
            }
            Answer::Read(job) => {
                self.cache.read_job(job.as_ref(), &round.job);
                (self.is_woken, self.rounds) = (true, 0);
                return "takes in what it read".into();
            }
            Answer::Done => {}
        }
        match round.rest.pop_front() {
            Some(request) if leads => self.stage = Stage::Sent(round, request),
            Some(_) => {
                self.rounds = 0;
                return "does not lead any more, and stops".into();
            }
            None => self.finish(cluster, &round),
        }
        "hears the answer".into()
    }

    fn finish(&mut self, cluster: &mut Cluster, round: &Round) {
        match round.requeue {
            Requeue::AtOnce if round.wrote => {
                self.rounds += 1;
                self.is_woken = !self.rounds.is_multiple_of(ROUNDS);
                let pause = (!self.is_woken).then_some(Duration::from_secs(1));
                self.due = pause.and_then(|pause| cluster.now.checked_add(pause).ok());
                // Enough for all that people do at one time.
                if self.rounds >= 3 * ROUNDS {
                    cluster.laws.break_one("no busy loop", "three times eight rounds did not suffice");
                }
                return;
            }
            Requeue::AtOnce | Requeue::OnChange => {}
            Requeue::After(wait) => self.due = cluster.now.checked_add(wait).ok(),
        }
        self.rounds = 0;
    }
}
