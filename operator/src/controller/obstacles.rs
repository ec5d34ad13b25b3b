//! What was in the way of starting drivers.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use lcmap_spark_crd::SparkJob;

use super::watched::JobKey;
use crate::core::Obstacle;

/// What was in the way of starting each job, for as long as the job stays as it is.
#[derive(Debug, Default)]
pub(crate) struct Obstacles(Mutex<HashMap<JobKey, Met>>);

#[derive(Debug, Clone)]
struct Met {
    uid: String,
    generation: Option<i64>,
    obstacle: Obstacle,
    tries: u32,
}

impl Obstacles {
    /// What is in the way, unless it is time to try again or the job has changed.
    pub(super) fn standing(&self, key: &JobKey, job: &SparkJob) -> Option<Obstacle> {
        let met = self.met(key, job)?;
        let expired = met.obstacle.until.is_some_and(|until| until <= jiff::Timestamp::now());
        (!expired).then_some(met.obstacle)
    }

    pub(super) fn tries(&self, key: &JobKey, job: &SparkJob) -> u32 {
        self.met(key, job).map_or(0, |met| met.tries)
    }

    fn met(&self, key: &JobKey, job: &SparkJob) -> Option<Met> {
        let met = self.lock().get(key).cloned()?;
        let is_same =
            Some(&met.uid) == job.metadata.uid.as_ref() && met.generation == job.metadata.generation;
        is_same.then_some(met)
    }

    pub(super) fn meet(&self, key: &JobKey, job: &SparkJob, obstacle: Obstacle, tries: u32) {
        let uid = job.metadata.uid.clone().unwrap_or_default();
        let met = Met { uid, generation: job.metadata.generation, obstacle, tries };
        self.lock().insert(key.clone(), met);
    }

    pub(super) fn forget(&self, key: &JobKey) {
        self.lock().remove(key);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<JobKey, Met>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
