//! One observer for each Mesos that jobs name, shared by these jobs.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use kube::Client;
use lcmap_spark_crd::status::{MesosIdentity, MesosStatus};
use lcmap_spark_crd::{Reason, SparkJob, names};
use tokio::sync::{Notify, Semaphore, mpsc};
use tokio::time::Instant;

use super::attempts::{Attempts, Subject};
use super::cluster::Cluster;
use super::identities::Identities;
use super::identity::{Identity, JobSecrets, Target, target};
use super::observer::Observer;
use super::supervisor::{Order, Supervisor};
use crate::controller::index::Index;
use crate::controller::lease::Leadership;
use crate::controller::metrics::{Lane, Metrics};
use crate::controller::queue::Queue;
use crate::controller::watched::JobKey;
use crate::core::{self, MesosDefaults, Obstacle, OnMesos, Settings};
use crate::mesos::Need;

/// How long an observer stays that no job asks.
const LINGER: Duration = Duration::from_secs(600);

/// How many observers of Mesos that jobs alone name may look at the same time: the answers of a large Mesos take memory.
const LOOKS: usize = 3;

/// What all observers share.
pub(crate) struct Context {
    /// For what must be read live.
    pub(crate) client: Client,
    /// What the watches told.
    pub(crate) index: Index,
    /// Where jobs go of which there is something new to tell.
    pub(crate) queue: Arc<Queue>,
    /// Whether this replica leads: others neither ask nor tear down.
    pub(crate) leadership: Leadership,
    /// The operator's own identities.
    pub(crate) identities: Identities,
    /// Whether jobs' Secrets may be used.
    pub(crate) secrets: JobSecrets,
    /// What this cluster is called on Mesos.
    pub(crate) cluster: Arc<Cluster>,
    /// What the operator adds to every job.
    pub(crate) settings: Settings,
    /// What is counted.
    pub(crate) metrics: Metrics,
}

/// How long an observer stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stay {
    /// For as long as somebody asks for it.
    WhileAsked,
    /// As long as the operator lives.
    Always,
}

/// Every observer. Cheap to clone: all clones are one.
#[derive(Clone)]
pub(crate) struct Observers(Arc<Inner>);

struct Inner {
    context: Arc<Context>,
    observers: Mutex<HashMap<Target, Watched>>,
    orders: mpsc::UnboundedSender<Order>,
    looks: Arc<Semaphore>,
}

/// What an observer and those who ask it share.
#[derive(Debug, Clone)]
pub(super) struct Watched {
    attempts: Arc<Mutex<Attempts>>,
    /// When somebody last asked for its observer.
    asked: Arc<Mutex<Instant>>,
    /// That somebody waits for something new.
    pub(super) wake: Arc<Notify>,
}

impl Watched {
    pub(super) fn new() -> Self {
        Self { attempts: Arc::default(), asked: Arc::new(Mutex::new(Instant::now())), wake: Arc::default() }
    }

    fn is_asked_for(&self) {
        *self.asked.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
    }

    /// Whether nobody has asked for long, and nothing is left to be looked at.
    pub(super) fn is_forgotten(&self) -> bool {
        let asked = *self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        asked.elapsed() > LINGER && self.attempts().is_empty()
    }

    /// Attempts are only ever changed in whole steps, so that a panic in one leaves them usable.
    pub(super) fn attempts(&self) -> MutexGuard<'_, Attempts> {
        self.attempts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Observers {
    /// Observers of the Mesos that the operator is configured for; others join when jobs name them. They look once they are
    /// supervised.
    pub(crate) fn new(context: Context) -> (Self, Supervisor) {
        let context = Arc::new(context);
        let (orders, ordered) = mpsc::unbounded_channel();
        let observers = Self(Arc::new(Inner {
            context,
            observers: Mutex::default(),
            orders,
            looks: Arc::new(Semaphore::new(LOOKS)),
        }));
        for target in always(&observers.0.context.identities, &observers.0.context.settings.mesos) {
            observers.of(target, Stay::Always);
        }
        (observers.clone(), Supervisor::new(observers, ordered))
    }

    /// Whether there is somebody to look at what a job's next driver will have on Mesos, or what keeps it.
    pub(crate) fn check(&self, job: &SparkJob) -> Result<(), Obstacle> {
        let context = &self.0.context;
        let filled = context.settings.fill(job);
        match &filled.spec.mesos.master {
            Some(master) => context.target(master, &filled, &MesosIdentity::of(&filled.spec.mesos)).map(drop),
            None => Ok(()),
        }
    }

    /// What an attempt has on Mesos, and what is left of it once its driver is over. From now on it is looked at.
    pub(crate) fn look(&self, key: &JobKey, job: &SparkJob, attempt: i32) -> (OnMesos, core::Frameworks) {
        let filled = self.0.context.settings.fill(job);
        match self.watched(&filled) {
            Ok((master, identity, watched)) => {
                let id = id(job, attempt);
                let mut attempts = watched.attempts();
                let is_new = !attempts.knows(&id);
                let seen = attempts.look(&id, subject(key, &filled));
                let left = attempts.left(&id);
                drop(attempts);
                if is_new {
                    watched.wake.notify_one();
                }
                (OnMesos { master: Some(master), identity: Some(identity), ..seen }, left)
            }
            Err((reason, message)) => {
                let left =
                    core::Frameworks::Left { ids: vec![id(job, attempt)], reason, message: message.clone() };
                let role = role(&filled);
                (OnMesos { role, trouble: Some((reason, message)), ..OnMesos::default() }, left)
            }
        }
    }

    /// Lets the frameworks of an attempt go, whose driver is over.
    pub(crate) fn settle(&self, key: &JobKey, job: &SparkJob, attempt: i32) {
        let filled = self.0.context.settings.fill(job);
        let Ok((_, _, watched)) = self.watched(&filled) else { return };
        let known = job.status.as_ref().and_then(|status| status.mesos.as_ref());
        let known = known.map(|mesos| mesos.framework_ids.as_slice()).unwrap_or_default();
        let id = id(job, attempt);
        let mut attempts = watched.attempts();
        attempts.look(&id, subject(key, &filled));
        attempts.owe(&id, known);
        drop(attempts);
        watched.wake.notify_one();
    }

    /// The Mesos and the principal of an attempt, by its status, or by what its next driver will get.
    fn watched(&self, filled: &SparkJob) -> Result<(String, MesosIdentity, Watched), (Reason, String)> {
        let Some((master, identity)) = place(filled) else {
            return Err((
                Reason::MasterRequired,
                "neither the job nor the operator names a Mesos master".into(),
            ));
        };
        let target = self.0.context.target(&master, filled, &identity);
        let target = target.map_err(|obstacle| (obstacle.reason, obstacle.message))?;
        Ok((master, identity, self.of(target, Stay::WhileAsked)))
    }

    /// The observer of a Mesos, which begins if there is none.
    fn of(&self, target: Target, stay: Stay) -> Watched {
        let mut observers = self.all();
        let is_new = !observers.contains_key(&target);
        let watched = observers.entry(target.clone()).or_insert_with(Watched::new).clone();
        watched.is_asked_for();
        if is_new {
            // The supervisor lives as long as the operator.
            let _ = self.0.orders.send(Order { target, stay, watched: watched.clone() });
        }
        watched
    }

    /// One that looks as it was ordered.
    pub(super) fn observer(&self, order: &Order) -> Observer {
        let Order { target, stay, watched } = order.clone();
        Observer::new((target, stay), watched, Arc::clone(&self.0.context), Arc::clone(&self.0.looks))
    }

    /// Lets an observer go that has ended, unless somebody has asked for it since.
    pub(super) fn let_go(&self, order: &Order) -> bool {
        let mut observers = self.all();
        let goes = order.watched.is_forgotten();
        if goes {
            observers.remove(&order.target);
        }
        goes
    }

    /// Tells the jobs of an observer that it broke down.
    pub(super) fn tell_of_breakdown(&self, order: &Order) {
        tracing::error!(
            master = order.target.master,
            "looking at Mesos broke down, which is a fault of lcmap-spark: please report the panic above; it begins anew"
        );
        let message =
            "the operator's look at Mesos broke down, which is a fault of lcmap-spark; it begins anew";
        let trouble = (Reason::MesosUnreachable, message.to_owned());
        for job in order.watched.attempts().trouble(&trouble) {
            self.0.context.queue.push(job, Lane::Finishing);
        }
    }

    fn all(&self) -> MutexGuard<'_, HashMap<Target, Watched>> {
        self.0.observers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Context {
    fn target(&self, master: &str, job: &SparkJob, identity: &MesosIdentity) -> Result<Target, Obstacle> {
        let namespace = job.metadata.namespace.as_deref().unwrap_or_default();
        target(master, (namespace, identity), &self.identities, self.secrets)
    }
}

/// Whom the operator asks for as long as it lives, so that what a job left that is gone is swept: those that it has identities
/// for, and the masters of jobs that name none, where those are asked as nobody.
fn always(identities: &Identities, defaults: &MesosDefaults) -> Vec<Target> {
    let own =
        identities.masters().map(|master| Target { master: master.to_owned(), identity: Identity::Own });
    let is_open = defaults.credentials_secret_name.is_none() && defaults.certificates.is_none();
    let open = defaults.master.iter().filter(|master| is_open && identities.of(master).is_none());
    own.chain(open.map(|master| Target { master: master.clone(), identity: Identity::Anonymous })).collect()
}

/// Where an attempt is, and as whom: as its status says, whatever has been edited since.
fn place(filled: &SparkJob) -> Option<(String, MesosIdentity)> {
    let told = told(filled);
    let master = told.and_then(|told| told.master.clone()).or_else(|| filled.spec.mesos.master.clone())?;
    let identity = told.and_then(|told| told.identity.clone());
    Some((master, identity.unwrap_or_else(|| MesosIdentity::of(&filled.spec.mesos))))
}

fn told(job: &SparkJob) -> Option<&MesosStatus> {
    job.status.as_ref()?.mesos.as_ref()
}

/// The role that an attempt's resources come from. None: Mesos' `*`.
fn role(filled: &SparkJob) -> Option<String> {
    match told(filled).and_then(|told| told.role.clone()) {
        Some(role) => Some(role).filter(|role| role != "*"),
        None => filled.spec.mesos.role.clone(),
    }
}

fn id(job: &SparkJob, attempt: i32) -> String {
    names::framework_id(job.metadata.uid.as_deref().unwrap_or_default(), attempt)
}

fn subject(key: &JobKey, filled: &SparkJob) -> Subject {
    Subject {
        job: key.clone(),
        need: Need::of(&filled.spec),
        user: filled.spec.mesos.user.clone().unwrap_or_else(|| "lcmap".to_owned()),
        role: role(filled),
        executors: told(filled).and_then(|told| told.executors).unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use lcmap_spark_crd::spec::Certificates;
    use serde_json::{Value, json};

    use super::*;

    fn job(mesos: &Value, status: &Value) -> SparkJob {
        let job = json!({"apiVersion": "lcmap.usgs.gov/v1alpha1", "kind": "SparkJob", "metadata": {"name": "pi"},
            "spec": {"run": {"submit": {"application": "local:///a.py"}}, "mesos": mesos}, "status": {"mesos": status}});
        serde_json::from_value(job).unwrap()
    }

    #[test]
    fn an_attempt_stays_where_it_is_and_who_it_is_however_the_job_is_edited() {
        let edited = json!({"master": "mesos://new:5050", "role": "new", "credentialsSecretName": "new"});
        let told =
            json!({"master": "mesos://old:5050", "role": "*", "identity": {"credentialsSecretName": "old"}});
        let secret = |job: &SparkJob| place(job).map(|(master, it)| (master, it.credentials_secret_name));
        let (begun, next) = (job(&edited, &told), job(&edited, &json!({})));
        assert_eq!(secret(&begun), Some(("mesos://old:5050".into(), Some("old".into()))));
        assert_eq!(role(&begun), None);
        assert_eq!(secret(&next), Some(("mesos://new:5050".into(), Some("new".into()))));
        assert_eq!(role(&next).as_deref(), Some("new"));
        assert_eq!(place(&job(&json!({}), &json!({}))), None);
    }

    #[test]
    fn who_is_to_be_asked_as_nobody_is_asked_always() {
        let master = Some("mesos://m:5050".to_owned());
        let open = MesosDefaults { master: master.clone(), ..MesosDefaults::default() };
        let named = MesosDefaults { credentials_secret_name: Some("s".into()), ..open.clone() };
        let sealed = MesosDefaults { certificates: Some(Certificates::default()), ..open.clone() };
        for (defaults, count) in [(open, 1), (named, 0), (sealed, 0), (MesosDefaults::default(), 0)] {
            let target = always(&Identities::default(), &defaults);
            assert_eq!(target.len(), count, "{defaults:?}");
            assert!(target.iter().all(|it| it.identity == Identity::Anonymous));
        }
    }
}
