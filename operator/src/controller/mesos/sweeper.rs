//! Sweeps what nobody owns any more, in turns of its own: the API server, which it asks about jobs, may be slow.

use std::collections::HashSet;
use std::sync::Arc;

use kube::Api;
use lcmap_mesos::operator::{Framework, Operator};
use lcmap_spark_crd::status::Executors;
use tokio::sync::mpsc;

use super::attempts::Subject;
use super::identity::Access;
use super::observers::Context;
use super::settle::info;
use super::sweep::{Labelled, labelled};
use crate::controller::watched::WatchedJob;
use crate::controller::writer::limited;
use crate::mesos::Need;

/// The frameworks that a Mesos lists and that are labelled by an operator.
pub(super) struct Listing {
    /// What it takes to ask.
    pub(super) access: Arc<Access>,
    /// The frameworks.
    pub(super) frameworks: Vec<Framework>,
}

/// Sweeps.
pub(super) struct Sweeper {
    context: Arc<Context>,
    listings: mpsc::Receiver<Listing>,
    /// What the last sweep took for orphans: nothing is torn down at first sight, and what is goes by a listing that is new.
    suspects: HashSet<String>,
}

impl Sweeper {
    pub(super) fn new(context: Arc<Context>, listings: mpsc::Receiver<Listing>) -> Self {
        Self { context, listings, suspects: HashSet::new() }
    }

    /// Sweeps for as long as anybody brings listings.
    pub(super) async fn run(mut self) {
        while let Some(Listing { access, frameworks }) = self.listings.recv().await {
            let context = Arc::clone(&self.context);
            let Ok(cluster) = context.cluster.name(&context.client).await else { continue };
            let ours = frameworks.iter().filter_map(|it| Some((it, labelled(it, cluster)?)));
            let ours: Vec<_> = ours.collect();
            let mut operator = None;
            for (framework, labelled) in ours.iter().filter(|(it, _)| self.suspects.contains(&it.id)) {
                if self.context.leadership.leads() && self.is_over(labelled) != Some(false) {
                    let operator = operator.get_or_insert_with(|| Operator::new(access.settings.clone()));
                    self.tear_down((operator, &access), framework, labelled).await;
                }
            }
            let mut suspects = HashSet::new();
            for (framework, labelled) in &ours {
                if self.is_orphan(labelled).await {
                    suspects.insert(framework.id.clone());
                }
            }
            self.suspects = suspects;
        }
    }

    /// Whether the attempt is over, if the watches know its job.
    fn is_over(&self, labelled: &Labelled) -> Option<bool> {
        self.context.index.is_over(&labelled.job, &labelled.uid, labelled.attempt)
    }

    async fn is_orphan(&self, labelled: &Labelled) -> bool {
        if let Some(is_over) = self.is_over(labelled) {
            return is_over;
        }
        // A job that is not in the index may be in a namespace that is not watched. Only the API server knows.
        let jobs = Api::<WatchedJob>::namespaced(self.context.client.clone(), &labelled.job.namespace);
        match limited(jobs.get_opt(&labelled.job.name)).await {
            Ok(job) => job.is_none_or(|job| job.uid() != labelled.uid),
            Err(_) => false,
        }
    }

    async fn tear_down(
        &self,
        (operator, access): (&mut Operator, &Access),
        framework: &Framework,
        labelled: &Labelled,
    ) {
        let id = &framework.id;
        let outcome = if framework.connected {
            // Its driver lives: to take its framework over is no way to end it.
            operator.teardown(id).await.map(drop).map_err(|error| error.to_string())
        } else {
            let subject = Subject {
                job: labelled.job.clone(),
                need: Need::default(),
                user: framework.user.clone(),
                role: framework.roles.first().cloned(),
                executors: Executors::default(),
            };
            let info = info(id, Some(framework), &subject);
            let released = lcmap_mesos::release(operator, &access.settings, info).await;
            released.map(drop).map_err(|error| error.to_string())
        };
        match outcome {
            Ok(()) => {
                self.context.metrics.swept_framework();
                tracing::warn!(framework = id, job = %labelled.job, "tore down a framework whose job is gone");
            }
            Err(error) => {
                tracing::warn!(framework = id, job = %labelled.job, error, "an orphan cannot be torn down");
            }
        }
    }
}
