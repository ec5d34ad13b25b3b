//! Asks one Mesos in turns, as one identity, for all attempts that are there.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use kube::Api;
use lcmap_mesos::Error;
use lcmap_mesos::operator::{Framework, Frameworks, Operator, Tasks};
use lcmap_spark_crd::Reason;
use lcmap_spark_crd::status::Executors;
use tokio::sync::Semaphore;
use tokio::time::{Instant, sleep, timeout};

use super::attempts::{Seen, Subject};
use super::identity::{Identity, IdentityError, Means, Whom, means};
use super::observers::{Stay, Surroundings, Watched};
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
/// Between two turns after one that failed, at first and at most: what is owed goes soon after a network is back.
const AGAIN: (Duration, Duration) = (Duration::from_secs(2), Duration::from_secs(10));
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
    stay: Stay,
    watched: Watched,
    around: Arc<Surroundings>,
    looks: Arc<Semaphore>,
    /// What it takes to ask, since when. It outlives what it was read from: Secrets go with their namespace, frameworks do not.
    means: Option<(Means, Instant)>,
    operator: Option<Operator>,
    /// How many looks in a row have failed.
    failures: u32,
    /// What the last sweep took for an orphan: nothing is torn down at first sight.
    suspects: HashSet<String>,
    swept: Option<Instant>,
    asked: Instant,
    /// What was in the way the last time, and has been logged.
    trouble: Option<(Reason, String)>,
}

/// What came of a look.
struct News {
    /// The jobs of which there is news.
    jobs: Vec<JobKey>,
    /// How long Mesos took to tell everything.
    listened: Duration,
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
        (whom, stay): (Whom, Stay),
        watched: Watched,
        around: Arc<Surroundings>,
        looks: Arc<Semaphore>,
    ) -> Self {
        Self {
            whom,
            stay,
            watched,
            around,
            looks,
            means: None,
            operator: None,
            failures: 0,
            suspects: HashSet::new(),
            swept: None,
            asked: Instant::now(),
            trouble: None,
        }
    }

    /// Looks for as long as there is anything to look at; at the Mesos that the operator is configured for always.
    pub(super) async fn run(mut self) {
        loop {
            let listened = if self.around.leadership.leads() { self.turn().await } else { Duration::ZERO };
            if self.watched.attempts().is_empty() {
                if self.stay == Stay::WhileAsked && self.asked.elapsed() > LINGER {
                    return;
                }
            } else {
                self.asked = Instant::now();
            }
            let pause = rest(self.pause(), listened, self.failures);
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

    /// Takes a look, if one is due. Answers how long Mesos took to tell everything.
    async fn turn(&mut self) -> Duration {
        let index = self.around.index.clone();
        self.watched.attempts().retain(|job, id| index.is_current(job, id));
        let is_sweep = self.swept.is_none_or(|swept| swept.elapsed() >= SWEEP);
        let is_asked = !self.watched.attempts().is_empty();
        if !is_asked && !is_sweep {
            return Duration::ZERO;
        }
        // What jobs alone name may not answer: those that the operator is configured for never wait for that. It is never closed.
        let one_of_few = match self.stay {
            Stay::Always => None,
            Stay::WhileAsked => Arc::clone(&self.looks).acquire_owned().await.ok(),
        };
        let looked = self.look().await;
        drop(one_of_few);
        let (look, News { jobs, listened }) = match looked {
            Ok(news) => {
                self.failures = 0;
                if self.trouble.take().is_some() {
                    tracing::info!(master = self.whom.master, "Mesos answers again");
                }
                (Look::Done, news)
            }
            Err(error) => {
                self.operator = None;
                self.failures = self.failures.saturating_add(1);
                let trouble = trouble(&error);
                if self.trouble.as_ref() != Some(&trouble) {
                    tracing::warn!(master = self.whom.master, reason = trouble.0.as_str(), %error, "Mesos cannot be asked");
                }
                let jobs = self.watched.attempts().trouble(&trouble);
                self.trouble = Some(trouble);
                (Look::Failed, News { jobs, listened: Duration::ZERO })
            }
        };
        // That a Mesos which nobody uses takes nobody's word is no trouble.
        if is_asked || look == Look::Done || self.whom.identity != Identity::Anonymous {
            self.around.metrics.looked_at_mesos(look);
        }
        self.push(jobs);
        listened
    }

    fn push(&self, jobs: impl IntoIterator<Item = JobKey>) {
        for job in jobs {
            self.around.queue.push(job, Lane::Finishing);
        }
    }

    async fn connect(&mut self) -> Result<&mut Operator, TurnError> {
        let is_jobs = matches!(self.whom.identity, Identity::Jobs { .. });
        let is_stale = self.means.as_ref().is_none_or(|(_, since)| is_jobs && since.elapsed() > FRESH);
        if is_stale || self.operator.is_none() {
            let Surroundings { identities, client, .. } = &*self.around;
            match (means(&self.whom, identities, client).await, &mut self.means) {
                (Ok(means), _) => self.means = Some((means, Instant::now())),
                (Err(error), Some((_, since))) if error.is_gone() => *since = Instant::now(),
                (Err(error), _) => return Err(error.into()),
            }
            self.operator = None;
        }
        let Some((means, _)) = &self.means else { return Err(TurnError::Silent) };
        Ok(self.operator.get_or_insert_with(|| Operator::new(means.settings.clone())))
    }

    /// What Mesos says of each attempt.
    async fn sort(&mut self, frameworks: Frameworks) -> Result<Seen, TurnError> {
        let mut seen = self.watched.attempts().sort(frameworks, Tasks::default());
        if seen.values().any(|(frameworks, _)| !frameworks.frameworks.is_empty()) {
            let tasks = patiently(self.connect().await?.tasks()).await?;
            for (id, (_, of_attempt)) in self.watched.attempts().sort(Frameworks::default(), tasks) {
                seen.entry(id).or_default().1 = of_attempt;
            }
        }
        Ok(seen)
    }

    /// What Mesos says of each attempt, and how many agents it has not heard of, where that matters. A list that lacks something
    /// may be older than the last agent's word: then there is another.
    async fn list(&mut self, frameworks: Frameworks) -> Result<(Seen, usize), TurnError> {
        let seen = self.sort(frameworks).await?;
        if !self.watched.attempts().is_lacking(&seen) {
            return Ok((seen, 0));
        }
        let unheard = patiently(self.connect().await?.unheard_agents()).await?;
        if unheard > 0 {
            return Ok((seen, unheard));
        }
        let frameworks = patiently(self.connect().await?.frameworks()).await?;
        Ok((self.sort(frameworks).await?, 0))
    }

    /// One look at everything.
    async fn look(&mut self) -> Result<News, TurnError> {
        let (looked, began) = (jiff::Timestamp::now(), Instant::now());
        // Only what was owed before is settled by this listing: a driver may make one more context until its end. And a master
        // that had not heard of all its agents then may have left frameworks out of it.
        let due = self.watched.attempts().due();
        let unheard_before =
            if due.is_empty() { 0 } else { patiently(self.connect().await?.unheard_agents()).await? };
        let frameworks = patiently(self.connect().await?.frameworks()).await?;
        let orphans = self.suspicious(&frameworks).await;
        let (seen, unheard) = self.list(frameworks).await?;
        let agents = if self.watched.attempts().is_expecting() {
            Some(patiently(self.connect().await?.agents()).await?)
        } else {
            None
        };
        let listened = began.elapsed();
        let now = jiff::Timestamp::now();
        let why = |need: &Need, seen: &_, youngest| need.why(seen, youngest, agents.as_deref(), now);
        let mut jobs = self.watched.attempts().take(&seen, (looked, unheard), why);
        if !due.is_empty() || !orphans.is_empty() {
            let unheard = patiently(self.connect().await?.unheard_agents()).await?;
            let hearing = Hearing::around(unheard_before, unheard);
            for (id, subject, debt) in due {
                let nothing = Frameworks::default();
                let listed = seen.get(&id).map_or(&nothing, |(frameworks, _)| frameworks);
                let (Some((means, _)), Some(operator)) = (&self.means, &mut self.operator) else { break };
                if !self.around.leadership.leads() {
                    break;
                }
                let outcome = settle(operator, &means.settings, (&subject, &debt), listed, hearing).await;
                let settled = self.watched.attempts().settled(&id, outcome);
                jobs.extend(settled);
            }
            self.tear_down(orphans).await;
        }
        Ok(News { jobs, listened })
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
            let (Some((means, _)), Some(operator)) = (&self.means, &mut self.operator) else { return };
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

/// How long to rest after a turn. A large Mesos is asked no oftener than it can well answer; how long a failure took, or what
/// was torn down, says nothing of that.
fn rest(usual: Duration, listened: Duration, failures: u32) -> Duration {
    match failures {
        0 => usual.max(listened * 5),
        failures => AGAIN.0.saturating_mul(1 << (failures - 1).min(10)).min(AGAIN.1),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn after_a_failure_mesos_is_asked_again_soon_however_long_the_failure_took() {
        let seconds = Duration::from_secs;
        for (usual, took, failures, expected) in [
            (2, 0, 0, 2),
            (2, 3, 0, 15),
            (10, 10, 1, 2),
            (2, 30, 2, 4),
            (10, 30, 3, 8),
            (10, 30, 4, 10),
            (30, 30, u32::MAX, 10),
        ] {
            let rested = rest(seconds(usual), seconds(took), failures);
            assert_eq!(rested, seconds(expected), "{usual} s, took {took} s, {failures} failures");
        }
    }
}
