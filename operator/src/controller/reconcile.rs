//! One job, looked after: observe → decide → apply, until there is nothing more to do for now.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use kube::api::Preconditions;
use kube::{Client, Resource};
use lcmap_spark_crd::names::FINALIZER;
use lcmap_spark_crd::{
    Condition, ConditionStatus, ConditionType, Mode, Phase, Reason, SparkJob, SparkJobStatus, set_condition,
};
use serde_json::{Value, json};

use super::error::ReconcileError;
use super::events::Events;
use super::incidents::Incidents;
use super::index::{Index, Snapshot};
use super::launch::{Launcher, Started};
use super::mesos::{Cluster, Observers};
use super::metrics::Metrics;
use super::observe::{Observation, Observer};
use super::obstacles::Obstacles;
use super::progress::Reports;
use super::queue::Queue;
use super::watch::Watches;
use super::watched::{JobKey, WatchedJob};
use super::writer::{Deletion, Writer, api};
use crate::core::{
    self, Decision, DriverState, Effect, Observed, Requeue, Settings, Start, StatusWrite, announcements,
};

/// How often a job is decided on in one go; what is then left is left to the next.
const ROUNDS: u32 = 8;

/// How often a driver that does not run yet is asked what it waits for: nothing tells us.
const ASK_AGAIN: Duration = Duration::from_secs(10);

/// More jobs than so many at a time are looked after in a burst alone, since most take milliseconds: what can wait then does.
const CROWD: usize = 4;

/// When a job is looked at again of which something was not told.
const TELL_AGAIN: Duration = Duration::from_secs(2);

/// Looks after jobs.
pub(crate) struct Reconciler<L> {
    /// For what must be read live.
    pub(crate) client: Client,
    /// What the watches told.
    pub(crate) index: Index,
    /// The watches themselves.
    pub(crate) watches: Watches,
    /// What the cluster told of driver pods.
    pub(crate) incidents: Incidents,
    /// What drivers tell of themselves.
    pub(crate) reports: Reports,
    pub(crate) writer: Writer<L>,
    pub(crate) events: Events,
    /// What the operator adds to every job.
    pub(crate) settings: Settings,
    pub(crate) mesos: Observers,
    /// What this cluster is called on Mesos.
    pub(crate) cluster: Arc<Cluster>,
    /// How long a framework that cannot be seen gone keeps its job.
    pub(crate) abandon_after: Duration,
    pub(crate) queue: Arc<Queue>,
    /// What was in the way of starting.
    pub(crate) obstacles: Obstacles,
    /// What is counted.
    pub(crate) metrics: Metrics,
}

/// When to look at a job again, after it was looked after.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Next {
    /// When something of it changes.
    OnChange,
    /// After this long.
    After(Duration),
    /// Never: it is gone.
    Gone,
}

impl<L: Fn() -> bool> Reconciler<L> {
    /// Looks after one job.
    pub(crate) async fn reconcile(&self, key: &JobKey) -> Result<Next, ReconcileError> {
        for _ in 0..ROUNDS {
            let Some(snapshot) = self.index.snapshot(key) else {
                self.obstacles.forget(key);
                return Ok(Next::Gone);
            };
            let next = match snapshot.job.read() {
                Ok(job) => self.round(key, &job, &snapshot).await?,
                Err(error) => Some(self.unreadable(key, &snapshot.job, &error).await?),
            };
            if let Some(next) = next {
                return Ok(next);
            }
        }
        Ok(Next::After(Duration::from_secs(1)))
    }

    /// One round. None if there is more to do at once.
    async fn round(
        &self,
        key: &JobKey,
        job: &SparkJob,
        snapshot: &Snapshot,
    ) -> Result<Option<Next>, ReconcileError> {
        let Self { client, index, incidents, reports, mesos, abandon_after, .. } = self;
        let observer = Observer { client, index, incidents, reports, mesos, patience: *abandon_after };
        let obstacle = self.obstacles.standing(key, job);
        let observation = observer.observe(key, job, snapshot, obstacle).await?;
        let decision = core::decide(job, &observation.observed);
        match decision.start {
            Some(Start::AddFinalizer) => {
                self.add_finalizer(key, job).await?;
                return Ok(None);
            }
            Some(Start::Driver(attempt)) => {
                self.start(key, job, attempt).await?;
                return Ok(None);
            }
            None => {}
        }
        if decision.write == StatusWrite::WhenQuiet && self.queue.load() > CROWD {
            return Ok(Some(Next::After(TELL_AGAIN)));
        }
        let written = self.record(key, job, &decision.status).await?;
        let (uid, version) = (job.metadata.uid.clone(), job.metadata.resource_version.clone());
        let this = Preconditions { uid, resource_version: written.clone().or(version) };
        for effect in &decision.effects {
            self.apply((key, job), &this, &observation, *effect).await?;
        }
        Ok(match next(&decision, &observation.observed) {
            Requeue::AtOnce if written.is_some() => None,
            Requeue::AtOnce | Requeue::OnChange => Some(Next::OnChange),
            Requeue::After(wait) => Some(Next::After(wait)),
        })
    }

    /// Keeps a job from vanishing before its frameworks have, if there will be somebody to see to them.
    async fn add_finalizer(&self, key: &JobKey, job: &SparkJob) -> Result<(), ReconcileError> {
        if !self.is_observable(key, job) {
            return Ok(());
        }
        let mut finalizers = job.metadata.finalizers.clone().unwrap_or_default();
        finalizers.push(FINALIZER.to_owned());
        self.write_finalizers((key, uid(job)), job.metadata.resource_version.as_deref(), &finalizers).await
    }

    /// Whether somebody can see to what a driver of this job would have on Mesos. If not, that is in its way.
    fn is_observable(&self, key: &JobKey, job: &SparkJob) -> bool {
        let checked = self.mesos.check(job);
        checked.map_err(|it| self.obstacles.meet(key, job, it, self.obstacles.tries(key, job) + 1)).is_ok()
    }

    async fn remove_finalizer(
        &self,
        key: &JobKey,
        job: &SparkJob,
        this: &Preconditions,
    ) -> Result<(), ReconcileError> {
        let finalizers = job.metadata.finalizers.iter().flatten().filter(|it| *it != FINALIZER);
        let finalizers: Vec<String> = finalizers.cloned().collect();
        self.write_finalizers((key, uid(job)), this.resource_version.as_deref(), &finalizers).await
    }

    async fn write_finalizers(
        &self,
        (key, uid): (&JobKey, &str),
        version: Option<&str>,
        finalizers: &[String],
    ) -> Result<(), ReconcileError> {
        match self.writer.write_finalizers(key, version, finalizers).await {
            Ok(written) => {
                self.index.put_job(written);
                Ok(())
            }
            Err(ReconcileError::Conflict) => {
                self.refresh(key, uid).await?;
                Err(ReconcileError::Conflict)
            }
            Err(error) => Err(error),
        }
    }

    async fn start(&self, key: &JobKey, job: &SparkJob, attempt: i32) -> Result<(), ReconcileError> {
        let mut settings = Cow::Borrowed(&self.settings);
        if job.spec.mode == Mode::Distributed {
            // It may have been edited since its finalizer was set.
            if !self.is_observable(key, job) {
                return Ok(());
            }
            let name = self.cluster.name(&self.client).await;
            let name =
                name.map_err(|source| api("read the Lease, for the cluster's name, for", key, source))?;
            name.clone_into(&mut settings.to_mut().cluster);
        }
        let launcher = Launcher { writer: &self.writer, client: &self.client, settings: &settings };
        let tries = self.obstacles.tries(key, job);
        match launcher.start(job, key, attempt, tries).await? {
            Started::Pod(pod) => {
                tracing::info!(job = %key, attempt, pod = pod.pod.metadata.name, "the driver pod is there");
                self.obstacles.forget(key);
                self.metrics.driver_pod_created();
                self.index.put_pod(*pod);
            }
            Started::Obstructed(obstacle) => {
                tracing::info!(job = %key, attempt, reason = obstacle.reason.as_str(), detail = obstacle.message, "the driver cannot be started");
                self.obstacles.meet(key, job, obstacle, tries + 1);
            }
        }
        Ok(())
    }

    /// Writes a status if it is another one, and tells what is new. Answers the job's version with it.
    async fn record(
        &self,
        key: &JobKey,
        job: &SparkJob,
        status: &SparkJobStatus,
    ) -> Result<Option<String>, ReconcileError> {
        if job.status.as_ref() == Some(status) {
            return Ok(None);
        }
        let written = match self.writer.write_status(job, key, status).await {
            Ok(written) => written,
            Err(ReconcileError::Conflict) => {
                self.refresh(key, uid(job)).await?;
                return Err(ReconcileError::Conflict);
            }
            Err(error) => return Err(error),
        };
        let place =
            |status: &SparkJobStatus| (status.phase.map(Phase::as_str), status.reason.map(Reason::as_str));
        let (phase, reason) = place(status);
        if job.status.as_ref().map(place) != Some((phase, reason)) {
            tracing::info!(job = %key, phase, reason, detail = status.message, "the job moved on");
        }
        self.count(job, status);
        for announcement in announcements(job.status.as_ref(), status) {
            self.events.tell(key, &written, announcement);
        }
        let version = written.meta().resource_version.clone();
        self.index.put_job(written);
        Ok(version)
    }

    /// Counts what a new status tells.
    fn count(&self, job: &SparkJob, status: &SparkJobStatus) {
        self.metrics.status_written();
        let before = job.status.as_ref();
        let last = |status: &SparkJobStatus| status.attempts.last().map(|attempt| attempt.attempt);
        if let Some(ended) =
            status.attempts.last().filter(|ended| before.and_then(last) != Some(ended.attempt))
        {
            self.metrics.attempt_ended(ended.reason);
        }
        let (was, is) = (before.and_then(|status| status.phase), status.phase.unwrap_or_default());
        if was == Some(is) {
            return;
        }
        let created = job.metadata.creation_timestamp.as_ref();
        if let (Phase::Running, Some(created), Some(1)) = (is, created, status.run_number) {
            self.metrics.job_started(jiff::Timestamp::now().duration_since(created.0).unsigned_abs());
        }
        if let (true, Some(took)) = (is.is_final(), status.duration) {
            self.metrics.job_ended(is, took.into());
        }
    }

    async fn apply(
        &self,
        (key, job): (&JobKey, &SparkJob),
        this: &Preconditions,
        observation: &Observation,
        effect: Effect,
    ) -> Result<(), ReconcileError> {
        match effect {
            Effect::StopDriver(attempt) | Effect::RemoveDriver(attempt) => {
                for (_, name, uid) in observation.pods.iter().filter(|(of, _, _)| *of == attempt) {
                    tracing::info!(job = %key, attempt, pod = name, "deleting the driver pod");
                    // Of one that was not there any more the watch tells how it ended.
                    if self.writer.delete_pod(key, name, uid).await? == Deletion::Done {
                        self.index.remove_pod(key, uid);
                    }
                }
            }
            Effect::Settle(attempt) => self.mesos.settle(key, job, attempt),
            Effect::RemoveFinalizer => self.remove_finalizer(key, job, this).await?,
            Effect::DeleteJob => {
                tracing::info!(job = %key, "deleting the job: its ttlAfterFinished has passed");
                match self.writer.delete_job(key, this).await? {
                    Deletion::Begun => {}
                    // Else it would be deleted once more, if something else is heard of it first.
                    Deletion::Done => self.index.remove_job(key, this.uid.as_deref().unwrap_or_default()),
                    Deletion::NotThere => {
                        self.refresh(key, uid(job)).await?;
                        // Nobody else tells of what was learnt just now.
                        return Err(ReconcileError::Conflict);
                    }
                }
            }
        }
        Ok(())
    }

    /// Reads a job live, since what was decided on, the one with this UID, is out of date.
    async fn refresh(&self, key: &JobKey, uid: &str) -> Result<(), ReconcileError> {
        self.watches.refresh(key, uid).await.map_err(|source| api("read", key, source))
    }

    /// Says of a job that it cannot be read, and leaves everything else as it is.
    async fn unreadable(
        &self,
        key: &JobKey,
        job: &WatchedJob,
        error: &serde_json::Error,
    ) -> Result<Next, ReconcileError> {
        let before = job.status().unwrap_or_default();
        let told = unreadable_status(&before, error, job.meta().generation);
        let is_told = told.as_object().is_some_and(|told| told.iter().all(|(name, it)| before[name] == *it));
        if !is_told {
            tracing::warn!(job = %key, %error, "the job cannot be read");
            let version = job.meta().resource_version.as_deref();
            match self.writer.merge_status(key, version, &told).await {
                Ok(written) => {
                    self.index.put_job(written);
                }
                Err(ReconcileError::Conflict) => {
                    self.refresh(key, job.uid()).await?;
                    return Err(ReconcileError::Conflict);
                }
                Err(error) => return Err(error),
            }
        }
        Ok(Next::OnChange)
    }
}

fn uid(job: &SparkJob) -> &str {
    job.metadata.uid.as_deref().unwrap_or_default()
}

/// When to look again: what decides said, or sooner where only asking tells.
fn next(decision: &Decision, observed: &Observed) -> Requeue {
    let waits = observed
        .driver
        .as_ref()
        .is_some_and(|driver| driver.node.is_some() && matches!(driver.state, DriverState::Waiting { .. }));
    match decision.requeue {
        Requeue::OnChange if waits => Requeue::After(ASK_AGAIN),
        Requeue::After(wait) if waits => Requeue::After(wait.min(ASK_AGAIN)),
        other => other,
    }
}

/// What the status of a job says that cannot be read, beside all that it says already. `before` need not be as it
/// should be either.
fn unreadable_status(before: &Value, error: &serde_json::Error, generation: Option<i64>) -> Value {
    let message = core::bounded(format!(
        "this version of lcmap-spark cannot read the job: {error}; mend that field, or the operator's version"
    ));
    let mut conditions: Vec<Condition> =
        serde_json::from_value(before["conditions"].clone()).unwrap_or_default();
    for (type_, status, message) in [
        (ConditionType::Accepted, ConditionStatus::False, String::new()),
        (ConditionType::Reconciling, ConditionStatus::False, String::new()),
        (ConditionType::Stalled, ConditionStatus::True, message.clone()),
    ] {
        let condition = Condition {
            type_,
            status,
            reason: Reason::SpecInvalid,
            message,
            last_transition_time: Time(jiff::Timestamp::now()),
            observed_generation: generation,
        };
        set_condition(&mut conditions, condition);
    }
    let phase: Phase = serde_json::from_value(before["phase"].clone()).unwrap_or_default();
    json!({
        "phase": phase,
        "reason": Reason::SpecInvalid,
        "message": message,
        "conditions": conditions,
        "observedGeneration": generation,
    })
}
