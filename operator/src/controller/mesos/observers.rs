//! Who looks at which Mesos.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use kube::Client;
use lcmap_spark_crd::spec::Certificates;
use lcmap_spark_crd::{Reason, SparkJob, names};
use tokio::sync::Notify;

use super::attempts::{Attempts, Subject};
use super::cluster::Cluster;
use super::identities::Identities;
use super::identity::{Identity, JobSecrets, Whom, whom};
use super::observer::Observer;
use crate::controller::index::Index;
use crate::controller::lease::Leadership;
use crate::controller::metrics::Metrics;
use crate::controller::queue::Queue;
use crate::controller::watched::JobKey;
use crate::core::{self, Obstacle, OnMesos, Settings};
use crate::mesos::Need;

/// What observers have in common.
pub(crate) struct Surroundings {
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

/// Every observer. Cheap to clone: all clones are one.
#[derive(Clone)]
pub(crate) struct Observers(Arc<Inner>);

struct Inner {
    around: Arc<Surroundings>,
    observers: Mutex<HashMap<Whom, Watched>>,
}

/// What an observer and those who ask it share.
#[derive(Debug, Clone, Default)]
pub(super) struct Watched {
    attempts: Arc<Mutex<Attempts>>,
    /// That somebody waits for something new.
    pub(super) wake: Arc<Notify>,
}

impl Watched {
    /// Attempts are only ever changed in whole steps, so that a panic in one leaves them usable.
    pub(super) fn attempts(&self) -> MutexGuard<'_, Attempts> {
        self.attempts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Observers {
    /// Observers of the Mesos that the operator is configured for; others join when jobs name them.
    pub(crate) fn start(around: Surroundings) -> Self {
        let around = Arc::new(around);
        let observers = Self(Arc::new(Inner { around, observers: Mutex::default() }));
        let masters: Vec<String> = observers.0.around.identities.masters().map(str::to_owned).collect();
        for master in masters {
            observers.of(Whom { master, identity: Identity::Own }, Certificates::default());
        }
        observers
    }

    /// Whether there is somebody to look at a job on Mesos, or what keeps it.
    pub(crate) fn check(&self, job: &SparkJob) -> Result<(), Obstacle> {
        let around = &self.0.around;
        let filled = around.settings.fill(job);
        match &filled.spec.mesos.master {
            Some(master) => whom(&filled, master, &around.identities, around.secrets).map(drop),
            None => Ok(()),
        }
    }

    /// What an attempt has on Mesos, and what is left of it once its driver is over. From now on it is looked at.
    pub(crate) fn look(&self, key: &JobKey, job: &SparkJob, attempt: i32) -> (OnMesos, core::Frameworks) {
        let filled = self.0.around.settings.fill(job);
        let role = filled.spec.mesos.role.clone();
        match self.watched(&filled) {
            Ok((master, watched)) => {
                let id = id(job, attempt);
                let mut attempts = watched.attempts();
                let is_new = !attempts.knows(&id);
                let seen = attempts.look(&id, subject(key, &filled));
                let left = attempts.left(&id);
                drop(attempts);
                if is_new {
                    watched.wake.notify_one();
                }
                (OnMesos { master: Some(master), ..seen }, left)
            }
            Err((reason, message)) => {
                let left =
                    core::Frameworks::Left { ids: vec![id(job, attempt)], reason, message: message.clone() };
                (OnMesos { role, trouble: Some((reason, message)), ..OnMesos::default() }, left)
            }
        }
    }

    /// Lets the frameworks of an attempt go, whose driver is over.
    pub(crate) fn settle(&self, key: &JobKey, job: &SparkJob, attempt: i32) {
        let filled = self.0.around.settings.fill(job);
        let Ok((_, watched)) = self.watched(&filled) else { return };
        let known = job.status.as_ref().and_then(|status| status.mesos.as_ref());
        let known = known.map(|mesos| mesos.framework_ids.as_slice()).unwrap_or_default();
        let id = id(job, attempt);
        let mut attempts = watched.attempts();
        attempts.look(&id, subject(key, &filled));
        attempts.owe(&id, known);
        drop(attempts);
        watched.wake.notify_one();
    }

    /// Where an attempt is, by what its status says, or by what its next driver will be told.
    fn watched(&self, filled: &SparkJob) -> Result<(String, Watched), (Reason, String)> {
        let around = &self.0.around;
        let told = filled.status.as_ref().and_then(|status| status.mesos.as_ref()?.master.clone());
        let Some(master) = told.or_else(|| filled.spec.mesos.master.clone()) else {
            return Err((
                Reason::MasterRequired,
                "neither the job nor the operator names a Mesos master".into(),
            ));
        };
        let whom = whom(filled, &master, &around.identities, around.secrets)
            .map_err(|obstacle| (obstacle.reason, obstacle.message))?;
        let verification = filled.spec.mesos.certificates.clone().unwrap_or_default();
        Ok((master, self.of(whom, verification)))
    }

    /// The observer of a Mesos, which begins if there is none.
    fn of(&self, whom: Whom, verification: Certificates) -> Watched {
        let mut observers = self.0.observers.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(watched) = observers.get(&whom) {
            return watched.clone();
        }
        let watched = Watched::default();
        observers.insert(whom.clone(), watched.clone());
        let around = Arc::clone(&self.0.around);
        let observer = Observer::new(whom.clone(), verification, watched.clone(), around);
        let inner = Arc::downgrade(&self.0);
        tokio::spawn(async move {
            observer.run().await;
            if let Some(inner) = inner.upgrade() {
                inner.observers.lock().unwrap_or_else(PoisonError::into_inner).remove(&whom);
            }
        });
        watched
    }
}

fn id(job: &SparkJob, attempt: i32) -> String {
    names::framework_id(job.metadata.uid.as_deref().unwrap_or_default(), attempt)
}

fn subject(key: &JobKey, filled: &SparkJob) -> Subject {
    let mesos = &filled.spec.mesos;
    let told = filled.status.as_ref().and_then(|status| status.mesos.as_ref());
    Subject {
        job: key.clone(),
        need: Need::of(&filled.spec),
        user: mesos.user.clone().unwrap_or_else(|| "lcmap".to_owned()),
        role: mesos.role.clone(),
        executors: told.and_then(|told| told.executors).unwrap_or_default(),
    }
}
