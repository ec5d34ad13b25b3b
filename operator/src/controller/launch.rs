//! Starting a driver: what a notebook needs, and then the one pod, whose creation is the lock.

use std::time::Duration;

use jiff::Timestamp;
use k8s_openapi::api::core::v1::Service;
use kube::{Api, Client};
use lcmap_spark_agent::notebook::random_token;
use lcmap_spark_crd::names::{driver_pod, notebook_service};
use lcmap_spark_crd::spec::{Notebook, RunRef};
use lcmap_spark_crd::{Reason, SparkJob};
use serde_json::Value;

use super::error::ReconcileError;
use super::watched::{JobKey, WatchedPod};
use super::writer::{Created, Writer, api, limited};
use crate::core::pod::{Refusal, Refused};
use crate::core::{Obstacle, Remedy, Settings, pod};

/// How long what passes by itself is waited for, at first and at most.
const PASSING: (Duration, Duration) = (Duration::from_secs(2), Duration::from_secs(30));

/// How long what somebody must mend is waited for, at first and at most.
const MENDING: (Duration, Duration) = (Duration::from_secs(5), Duration::from_secs(120));

/// What became of a start.
pub(crate) enum Started {
    /// The pod of this attempt, made now or before.
    Pod(Box<WatchedPod>),
    /// Something is in the way.
    Obstructed(Obstacle),
}

/// Starts drivers.
pub(crate) struct Launcher<'a, L> {
    pub(crate) writer: &'a Writer<L>,
    /// For what must be read live.
    pub(crate) client: &'a Client,
    /// What the operator adds to every job.
    pub(crate) settings: &'a Settings,
}

impl<L: Fn() -> bool> Launcher<'_, L> {
    /// Starts the driver of an attempt. `tries` is how often that was tried in vain.
    pub(crate) async fn start(
        &self,
        job: &SparkJob,
        key: &JobKey,
        attempt: i32,
        tries: u32,
    ) -> Result<Started, ReconcileError> {
        let pod = match pod::pod(job, attempt, self.settings) {
            Ok(pod) => pod,
            Err(unfit) => return Ok(Started::Obstructed(unfit.into())),
        };
        if let Ok(RunRef::Notebook(notebook)) = job.spec.run.kind()
            && let Some(obstacle) = self.furnish(job, key, notebook, tries).await?
        {
            return Ok(Started::Obstructed(obstacle));
        }
        match self.writer.create_pod(key, &pod).await? {
            Created::Made(pod) => Ok(Started::Pod(Box::new(pod))),
            Created::Refused(status) => Ok(Started::Obstructed(
                Denied { what: "driver pod".to_owned(), status: &status, object: &pod }.obstacle(job, tries),
            )),
            Created::Exists => self.adopt(job, key, attempt, tries).await,
        }
    }

    /// The pod of our name: ours, from before the operator died, or somebody else's.
    async fn adopt(
        &self,
        job: &SparkJob,
        key: &JobKey,
        attempt: i32,
        tries: u32,
    ) -> Result<Started, ReconcileError> {
        let name = driver_pod(&key.name, attempt);
        let pods = Api::<WatchedPod>::namespaced(self.client.clone(), &key.namespace);
        let found = limited(pods.get_opt(&name))
            .await
            .map_err(|source| api("read the driver pod of", key, source))?;
        Ok(match found {
            Some(pod) if pod.pod.is_owned_by(job.metadata.uid.as_deref().unwrap_or_default()) => {
                Started::Pod(Box::new(pod))
            }
            Some(pod) => {
                let predecessor =
                    pod.pod.metadata.owner_references.iter().any(|owner| owner.name == key.name);
                Started::Obstructed(taken("pod", &name, predecessor, tries))
            }
            // It went between our two questions.
            None => Started::Obstructed(taken("pod", &name, true, tries)),
        })
    }

    /// Makes a notebook's claim, token and Service. What is there already was made before.
    async fn furnish(
        &self,
        job: &SparkJob,
        key: &JobKey,
        notebook: &Notebook,
        tries: u32,
    ) -> Result<Option<Obstacle>, ReconcileError> {
        if let Some(claim) = pod::claim(job, notebook)
            && let Created::Refused(status) = self.writer.create_claim(key, &claim).await?
        {
            let denied = Denied { what: called("claim", &claim), status: &status, object: &claim };
            return Ok(Some(denied.obstacle(job, tries)));
        }
        let token = random_token().map_err(|source| ReconcileError::Token { key: key.clone(), source })?;
        if let Some(secret) = pod::token_secret(job, notebook, &token)
            && let Created::Refused(status) = self.writer.create_secret(key, &secret).await?
        {
            let denied = Denied { what: called("Secret", &secret), status: &status, object: &secret };
            return Ok(Some(denied.obstacle(job, tries)));
        }
        let service = pod::service(job, notebook);
        match self.writer.create_service(key, &service).await? {
            Created::Made(_) => Ok(None),
            Created::Refused(status) => {
                let denied = Denied { what: called("Service", &service), status: &status, object: &service };
                Ok(Some(denied.obstacle(job, tries)))
            }
            Created::Exists => self.check_service(job, key, tries).await,
        }
    }

    async fn check_service(
        &self,
        job: &SparkJob,
        key: &JobKey,
        tries: u32,
    ) -> Result<Option<Obstacle>, ReconcileError> {
        let name = notebook_service(&key.name);
        let services = Api::<Service>::namespaced(self.client.clone(), &key.namespace);
        let found = limited(services.get_opt(&name))
            .await
            .map_err(|source| api("read the Service of", key, source))?;
        let owners = found.and_then(|service| service.metadata.owner_references);
        let Some(owners) = owners else { return Ok(Some(taken("Service", &name, false, tries))) };
        let is_ours = owners.iter().any(|owner| Some(&owner.uid) == job.metadata.uid.as_ref());
        let predecessor = owners.iter().any(|owner| owner.name == key.name);
        Ok((!is_ours).then(|| taken("Service", &name, predecessor, tries)))
    }
}

fn taken(kind: &str, name: &str, by_a_predecessor: bool, tries: u32) -> Obstacle {
    let (remedy, message) = if by_a_predecessor {
        let message = format!("the {kind} {name} of an earlier job of this name is still going");
        (Remedy::Wait, message)
    } else {
        let message = format!(
            "a {kind} named {name} exists and is not this job's; delete it, or give the job another name"
        );
        (Remedy::Mend, message)
    };
    Obstacle { reason: Reason::NameTaken, message, remedy, until: Some(again(remedy, tries)) }
}

/// An object of a notebook, by its kind and name.
fn called(kind: &str, object: &Value) -> String {
    format!("{kind} {} of the notebook", object["metadata"]["name"].as_str().unwrap_or_default())
}

/// An object of a job that the API server refused.
struct Denied<'a> {
    what: String,
    status: &'a kube::core::Status,
    object: &'a Value,
}

impl Denied<'_> {
    /// What it has against it, in its own words, and what to do.
    fn obstacle(&self, job: &SparkJob, tries: u32) -> Obstacle {
        let told = &self.status.message;
        let causes = self.status.details.iter().flat_map(|details| &details.causes);
        let fields: Vec<_> = causes.map(|cause| cause.field.clone()).collect();
        let refused = Refused { code: self.status.code, told, fields: &fields };
        let Refusal { reason, remedy, hint } = refused.read(self.object, job.spec.pod.as_ref());
        let message = format!("the API server refused the {}: {told}{hint}", self.what);
        Obstacle { reason, message, remedy, until: Some(again(remedy, tries)) }
    }
}

/// When to try again: after twice as long each time.
fn again(remedy: Remedy, tries: u32) -> Timestamp {
    let (first, cap) = match remedy {
        Remedy::Wait => PASSING,
        Remedy::Mend => MENDING,
    };
    let wait = first.saturating_mul(1 << tries.min(10)).min(cap);
    let now = Timestamp::now();
    now.checked_add(wait + wait.mul_f64(0.1 * fastrand::f64())).unwrap_or(now)
}
