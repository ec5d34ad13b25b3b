//! Asks one Mesos in turns, as one identity, for all attempts that are there.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use kube::Api;
use lcmap_mesos::Error;
use lcmap_mesos::operator::{Framework, Frameworks, Operator, Tasks};
use lcmap_spark_crd::Reason;
use lcmap_spark_crd::spec::Certificates;
use lcmap_spark_crd::status::Executors;
use tokio::time::{Instant, sleep, timeout};

use super::attempts::Subject;
use super::identity::{Identity, IdentityError, Means, Whom, means};
use super::observers::{Surroundings, Watched};
use super::reason;
use super::settle::{Hearing, info, settle};
use super::sweep::{Labelled, labelled};
use crate::controller::metrics::{Lane, Look};
use crate::controller::watched::{JobKey, WatchedJob};
use crate::controller::writer::limited;
use crate::mesos::Need;

/// Between two turns while somebody waits for what happens next.
const EXPECTING: Duration = Duration::from_secs(2);
/// Between two turns while all that is expected is that things go on.
const STEADY: Duration = Duration::from_secs(10);
/// Between two sweeps.
const SWEEP: Duration = Duration::from_secs(30);
/// What an answer may take: Mesos never refuses by silence, but a network does.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long a job's Secrets are used before they are read anew.
const FRESH: Duration = Duration::from_secs(60);
/// How long an observer stays whom nobody asks.
const LINGER: Duration = Duration::from_secs(600);
/// Between two turns at least, however much is asked.
const LEAST: Duration = Duration::from_millis(300);

/// Asks one Mesos.
pub(super) struct Observer {
    whom: Whom,
    verification: Certificates,
    watched: Watched,
    around: Arc<Surroundings>,
    connection: Option<(Means, Operator, Instant)>,
    /// What the last sweep took for an orphan: nothing is torn down at first sight.
    suspects: HashSet<String>,
    swept: Option<Instant>,
    asked: Instant,
    /// What was in the way the last time, and has been logged.
    trouble: Option<(Reason, String)>,
}

/// Why nothing was learnt.
#[derive(Debug, thiserror::Error)]
enum TurnError {
    #[error(transparent)]
    Mesos(#[from] Error),
    #[error(transparent)]
    Identity(#[from] IdentityError),
    #[error("Mesos did not answer within {} s", PATIENCE.as_secs())]
    Silent,
}

impl Observer {
    pub(super) fn new(
        whom: Whom,
        verification: Certificates,
        watched: Watched,
        around: Arc<Surroundings>,
    ) -> Self {
        Self {
            whom,
            verification,
            watched,
            around,
            connection: None,
            suspects: HashSet::new(),
            swept: None,
            asked: Instant::now(),
            trouble: None,
        }
    }

    /// Looks for as long as there is anything to look at; at the operator's own Mesos always.
    pub(super) async fn run(mut self) {
        loop {
            let began = Instant::now();
            if self.around.leadership.leads() {
                self.turn().await;
            }
            if self.watched.attempts().is_empty() {
                if self.whom.identity != Identity::Own && self.asked.elapsed() > LINGER {
                    return;
                }
            } else {
                self.asked = Instant::now();
            }
            // A large Mesos is asked no oftener than it can well answer.
            let pause = self.pause().max(began.elapsed() * 5);
            let wake = self.watched.wake.clone();
            tokio::select! {
                () = sleep(pause) => {}
                () = async { sleep(LEAST).await; wake.notified().await } => {}
            }
        }
    }

    fn pause(&self) -> Duration {
        let attempts = self.watched.attempts();
        match (attempts.is_empty(), attempts.is_expecting()) {
            (true, _) => SWEEP,
            (false, true) => EXPECTING,
            (false, false) => STEADY,
        }
    }

    async fn turn(&mut self) {
        let index = self.around.index.clone();
        self.watched.attempts().retain(|job, id| index.is_current(job, id));
        let is_sweep = self.swept.is_none_or(|swept| swept.elapsed() >= SWEEP);
        if self.watched.attempts().is_empty() && !is_sweep {
            return;
        }
        let (look, news) = match self.look().await {
            Ok(news) => {
                if self.trouble.take().is_some() {
                    tracing::info!(master = self.whom.master, "Mesos answers again");
                }
                (Look::Done, news)
            }
            Err(error) => {
                self.connection = None;
                let trouble = trouble(&error);
                if self.trouble.as_ref() != Some(&trouble) {
                    tracing::warn!(master = self.whom.master, reason = trouble.0.as_str(), %error, "Mesos cannot be asked");
                }
                let news = self.watched.attempts().trouble(&trouble);
                self.trouble = Some(trouble);
                (Look::Failed, news)
            }
        };
        self.around.metrics.looked_at_mesos(look);
        self.push(news);
    }

    fn push(&self, jobs: impl IntoIterator<Item = JobKey>) {
        for job in jobs {
            self.around.queue.push(job, Lane::Finishing);
        }
    }

    async fn connect(&mut self) -> Result<&mut Operator, TurnError> {
        let stale =
            |since: &Instant| matches!(self.whom.identity, Identity::Jobs { .. }) && since.elapsed() > FRESH;
        if self.connection.as_ref().is_none_or(|(_, _, since)| stale(since)) {
            let Surroundings { identities, client, .. } = &*self.around;
            let means = means(&self.whom, identities, &self.verification, client).await?;
            let operator = Operator::new(means.settings.clone());
            self.connection = Some((means, operator, Instant::now()));
        }
        self.connection.as_mut().map(|(_, operator, _)| operator).ok_or(TurnError::Silent)
    }

    /// One look at everything. Answers the jobs of which there is news.
    async fn look(&mut self) -> Result<Vec<JobKey>, TurnError> {
        // Only what was owed before is settled by this listing: a driver may make one more context until its end. And a master
        // that had not heard of all its agents then may have left frameworks out of it.
        let due = self.watched.attempts().due();
        let unheard_before =
            if due.is_empty() { 0 } else { patiently(self.connect().await?.unheard_agents()).await? };
        let frameworks = patiently(self.connect().await?.frameworks()).await?;
        let orphans = self.suspicious(&frameworks).await;
        let mut seen = self.watched.attempts().sort(frameworks, Tasks::default());
        if seen.values().any(|(frameworks, _)| !frameworks.frameworks.is_empty()) {
            let tasks = patiently(self.connect().await?.tasks()).await?;
            for (id, (_, of_attempt)) in self.watched.attempts().sort(Frameworks::default(), tasks) {
                seen.entry(id).or_default().1 = of_attempt;
            }
        }
        let agents = if self.watched.attempts().is_expecting() {
            Some(patiently(self.connect().await?.agents()).await?)
        } else {
            None
        };
        let now = jiff::Timestamp::now();
        let why = |need: &Need, seen: &_, youngest| need.why(seen, youngest, agents.as_deref(), now);
        let mut news = self.watched.attempts().take(&seen, why);
        if !due.is_empty() || !orphans.is_empty() {
            let unheard = patiently(self.connect().await?.unheard_agents()).await?;
            let hearing = Hearing::around(unheard_before, unheard);
            for (id, subject, debt) in due {
                let nothing = Frameworks::default();
                let listed = seen.get(&id).map_or(&nothing, |(frameworks, _)| frameworks);
                let Some((means, operator, _)) = self.connection.as_mut() else { break };
                if !self.around.leadership.leads() {
                    break;
                }
                let outcome = settle(operator, &means.settings, (&subject, &debt), listed, hearing).await;
                let settled = self.watched.attempts().settled(&id, outcome);
                news.extend(settled);
            }
            self.tear_down(orphans).await;
        }
        Ok(news)
    }

    /// Frameworks of this cluster whose job or attempt is gone, for the second time in a row.
    async fn suspicious(&mut self, frameworks: &Frameworks) -> Vec<(Framework, Labelled)> {
        if self.swept.is_some_and(|swept| swept.elapsed() < SWEEP) {
            return Vec::new();
        }
        let around = Arc::clone(&self.around);
        let Ok(cluster) = around.cluster.name(&around.client).await else { return Vec::new() };
        let mut orphans = Vec::new();
        for framework in &frameworks.frameworks {
            let Some(whose) = labelled(framework, cluster) else { continue };
            if self.is_orphan(&whose).await {
                orphans.push((framework.clone(), whose));
            }
        }
        let suspects = orphans.iter().map(|(framework, _)| framework.id.clone()).collect();
        let before = std::mem::replace(&mut self.suspects, suspects);
        self.swept = Some(Instant::now());
        orphans.retain(|(framework, _)| before.contains(&framework.id));
        orphans
    }

    async fn is_orphan(&self, whose: &Labelled) -> bool {
        if let Some(is_over) = self.around.index.is_over(&whose.job, &whose.uid, whose.attempt) {
            return is_over;
        }
        // Whom the watches do not know may be in a namespace that is not watched: only the API server knows.
        let jobs = Api::<WatchedJob>::namespaced(self.around.client.clone(), &whose.job.namespace);
        match limited(jobs.get_opt(&whose.job.name)).await {
            Ok(job) => job.is_none_or(|job| job.uid() != whose.uid),
            Err(_) => false,
        }
    }

    async fn tear_down(&mut self, orphans: Vec<(Framework, Labelled)>) {
        for (framework, whose) in orphans {
            let Some((means, operator, _)) = self.connection.as_mut() else { return };
            if !self.around.leadership.leads() {
                return;
            }
            let id = framework.id.clone();
            let outcome = if framework.connected {
                // Its driver lives: to take its framework over is no way to end it.
                operator.teardown(&id).await.map(drop).map_err(|error| error.to_string())
            } else {
                let subject = Subject {
                    job: whose.job.clone(),
                    need: Need::default(),
                    user: framework.user.clone(),
                    role: framework.roles.first().cloned(),
                    executors: Executors::default(),
                };
                let info = info(&id, Some(&framework), &subject);
                let released = lcmap_mesos::release(operator, &means.settings, info).await;
                released.map(drop).map_err(|error| error.to_string())
            };
            match outcome {
                Ok(()) => {
                    self.around.metrics.swept_framework();
                    tracing::warn!(framework = id, job = %whose.job, "tore down a framework whose job is gone");
                }
                Err(error) => {
                    tracing::warn!(framework = id, job = %whose.job, error, "an orphan cannot be torn down");
                }
            }
        }
    }
}

async fn patiently<T>(answer: impl Future<Output = Result<T, Error>>) -> Result<T, TurnError> {
    timeout(PATIENCE, answer).await.map_err(|_| TurnError::Silent)?.map_err(TurnError::from)
}

/// The trouble in a job's words.
fn trouble(error: &TurnError) -> (Reason, String) {
    let reason = match error {
        TurnError::Mesos(error) => reason(error.kind()),
        TurnError::Identity(_) => Reason::CredentialsRefused,
        TurnError::Silent => Reason::MesosUnreachable,
    };
    (reason, error.to_string())
}
