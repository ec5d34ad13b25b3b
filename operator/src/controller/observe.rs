//! The only place that reads: the index, and live what the index cannot be sure of.

use std::time::Duration;

use jiff::Timestamp;
use kube::{Api, Client};
use lcmap_spark_crd::SparkJob;

use super::error::ReconcileError;
use super::incidents::Incidents;
use super::index::{Index, Snapshot};
use super::mesos::Observers;
use super::progress::Reports;
use super::watched::{JobKey, WatchedPod};
use super::writer::{api, limited};
use crate::core::pod::DriverPod;
use crate::core::{
    Driver, DriverState, Frameworks, Jitter, Keeping, Life, Observed, Obstacle, Remnant, Stopping, Wanted,
    pod,
};

/// How long a pod may take to make its containers before its Events are asked for the reason.
const PATIENCE: Duration = Duration::from_secs(3);

/// Reads the world around one job.
pub(crate) struct Observer<'a> {
    /// For what must be read live.
    pub(crate) client: &'a Client,
    /// What the watches told.
    pub(crate) index: &'a Index,
    /// What the cluster told of driver pods.
    pub(crate) incidents: &'a Incidents,
    /// What drivers report of their progress.
    pub(crate) reports: &'a Reports,
    pub(crate) mesos: &'a Observers,
    /// How long a framework that cannot be seen gone keeps its job.
    pub(crate) patience: Duration,
}

/// What is known of a job, and its pods.
pub(crate) struct Observation {
    /// For the decision.
    pub(crate) observed: Observed,
    /// The pods of the job's attempts, to act on.
    pub(crate) pods: Vec<(i32, String, String)>,
}

impl Observer<'_> {
    /// Looks. `obstacle` is what was in the way of the last start.
    pub(crate) async fn observe(
        &self,
        key: &JobKey,
        job: &SparkJob,
        snapshot: &Snapshot,
        obstacle: Option<Obstacle>,
    ) -> Result<Observation, ReconcileError> {
        let now = Timestamp::now();
        let current = job.status.as_ref().and_then(|status| status.attempt).unwrap_or(1);
        let recorded = job.status.as_ref().and_then(|status| status.driver.as_ref()?.pod_uid.clone());
        let is_current = |pod: &&DriverPod| {
            pod.attempt() == Some(current) && recorded.as_ref().is_none_or(|uid| *uid == pod.metadata.uid)
        };
        let mut pods: Vec<DriverPod> = snapshot.own_pods().cloned().collect();
        if let Some(uid) = &recorded
            && !pods.iter().any(|pod| is_current(&pod))
            && !is_final(job)
            && let Some(pod) = self.look_again(key, job, uid).await?
        {
            pods.push(pod);
        }
        let mut driver = None;
        let is_told = is_final(job) || job.metadata.deletion_timestamp.is_some();
        let gone = recorded.as_ref().and_then(|uid| snapshot.last_word(uid)).filter(|_| !is_told);
        let current_pod = pods.iter().find(is_current).or(gone);
        if let Some(pod) = current_pod {
            let ui = self.reports.of(&pod.metadata.uid);
            driver = Some(Driver { ui, ..self.driver(key, job, pod, now) });
        }
        let remnants = pods.iter().filter(|pod| !is_current(pod)).filter_map(remnant).collect();
        let frameworks = self.on_mesos(key, job, current, driver.as_mut());
        if let Some((pod, mesos)) = current_pod.zip(driver.as_mut().and_then(|it| it.mesos.as_mut())) {
            mesos.ui = mesos.ui.filter(|ui| pod::is_at(pod, *ui));
        }
        let observed = Observed {
            now,
            wanted: Wanted::Run,
            driver,
            remnants,
            obstacle,
            frameworks,
            keeping: Keeping::Finalizer(self.patience),
            jitter: Jitter::new(fastrand::f64()),
        };
        let pods =
            pods.into_iter().filter_map(|pod| Some((pod.attempt()?, pod.metadata.name, pod.metadata.uid)));
        Ok(Observation { observed, pods: pods.collect() })
    }

    /// Takes a look at Mesos, for a job that may have something there.
    fn on_mesos(
        &self,
        key: &JobKey,
        job: &SparkJob,
        attempt: i32,
        driver: Option<&mut Driver>,
    ) -> Frameworks {
        let is_recorded = job.status.as_ref().is_some_and(|status| status.mesos.is_some());
        let is_there = driver.as_ref().map_or(is_recorded, |driver| driver.mesos.is_some());
        if !is_there || is_final(job) {
            return Frameworks::Unasked;
        }
        let (seen, left) = self.mesos.look(key, job, attempt);
        if let Some(driver) = driver {
            driver.mesos = Some(seen);
        }
        left
    }

    /// A pod that the status names and the index does not have: it is gone only if the API server says so.
    async fn look_again(
        &self,
        key: &JobKey,
        job: &SparkJob,
        uid: &str,
    ) -> Result<Option<DriverPod>, ReconcileError> {
        let name = job.status.as_ref().and_then(|status| status.driver.as_ref()?.pod_name.clone());
        let Some(name) = name else { return Ok(None) };
        let asked = self.index.moment();
        let pods = Api::<WatchedPod>::namespaced(self.client.clone(), &key.namespace);
        let found = limited(pods.get_opt(&name))
            .await
            .map_err(|source| api("read the driver pod of", key, source))?;
        let found = found.filter(|pod| pod.pod.metadata.uid == uid);
        Ok(found.map(|pod| {
            self.index.answer_pod(pod.clone(), asked);
            pod.pod
        }))
    }

    fn driver(&self, key: &JobKey, job: &SparkJob, pod: &DriverPod, now: Timestamp) -> Driver {
        let driver = pod::read(job, pod, &[], now);
        let age = now.duration_since(driver.created).unsigned_abs();
        let is_slow = matches!(driver.state, DriverState::Waiting { .. })
            && driver.node.is_some()
            && age >= PATIENCE
            && driver.stopping == Stopping::No;
        if is_slow { pod::read(job, pod, &self.incidents.of(key, &pod.metadata.uid), now) } else { driver }
    }
}

fn remnant(pod: &DriverPod) -> Option<Remnant> {
    let life = if pod.is_over() { Life::Over } else { Life::Living };
    Some(Remnant { attempt: pod.attempt()?, life, stopping: pod::stopping(pod) })
}

fn is_final(job: &SparkJob) -> bool {
    job.status.as_ref().and_then(|status| status.phase).is_some_and(lcmap_spark_crd::Phase::is_final)
}
