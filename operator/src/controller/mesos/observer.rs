//! Asks one Mesos in turns, as one identity, for all attempts that are there.
//!
//! How often depends on that Mesos alone: what takes the API server, or what is torn down, goes on beside it.

use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use lcmap_mesos::Error;
use lcmap_mesos::operator::{Frameworks, Operator, Tasks};
use lcmap_spark_crd::Reason;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::time::{Instant, sleep_until, timeout};

use super::attempts::ByAttempt;
use super::identity::{Access, Identity, IdentityError, Target, access};
use super::observers::{Context, Stay, Watched};
use super::reason;
use super::settle::Hearing;
use super::settler::{Bill, MOST, Owed, Settler};
use super::sweep::is_labelled;
use super::sweeper::{Listing, Sweeper};
use crate::controller::metrics::{Lane, Look};
use crate::controller::watched::JobKey;
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
/// Between two turns at least, however much is asked.
const LEAST: Duration = Duration::from_millis(300);

/// Asks one Mesos.
pub(super) struct Observer {
    target: Target,
    stay: Stay,
    watched: Watched,
    context: Arc<Context>,
    looks: Arc<Semaphore>,
    /// What it takes to ask, since when. It outlives what it was read from: Secrets go with their namespace, frameworks do not.
    access: Option<(Arc<Access>, Instant)>,
    /// The same, while it is read anew.
    refreshing: Option<BoxFuture<'static, Result<Access, IdentityError>>>,
    operator: Option<Operator>,
    /// How many looks in a row have failed.
    failures: u32,
    /// Whether the last look succeeded.
    is_known_to_answer: bool,
    swept: Option<Instant>,
    /// What was in the way the last time, and has been logged.
    trouble: Option<(Reason, String)>,
}

/// Where goes what others do beside the looks.
struct Beside {
    bills: mpsc::Sender<Bill>,
    listings: mpsc::Sender<Listing>,
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
        (target, stay): (Target, Stay),
        watched: Watched,
        context: Arc<Context>,
        looks: Arc<Semaphore>,
    ) -> Self {
        Self {
            target,
            stay,
            watched,
            context,
            looks,
            access: None,
            refreshing: None,
            operator: None,
            failures: 0,
            is_known_to_answer: false,
            swept: None,
            trouble: None,
        }
    }

    /// Looks, and settles and sweeps beside that, for as long as there is anything to look at; at the Mesos that the operator is
    /// configured for always.
    pub(super) async fn run(self) {
        // A busy settler gets nothing new: what is due stays due.
        let (bills, brought) = mpsc::channel(1);
        let (listings, listed) = mpsc::channel(1);
        let (watched, context) = (self.watched.clone(), Arc::clone(&self.context));
        let settler = Settler { watched, context: Arc::clone(&context), bills: brought };
        tokio::select! {
            () = self.look_on(Beside { bills, listings }) => {}
            () = settler.run() => {}
            () = Sweeper::new(context, listed).run() => {}
        }
    }

    async fn look_on(mut self, beside: Beside) {
        loop {
            let leads = self.context.leadership.leads();
            let listened = if leads { self.turn(&beside).await } else { Duration::ZERO };
            if self.stay == Stay::WhileAsked && self.watched.is_forgotten() {
                return;
            }
            self.refresh();
            self.rest(rest(self.pause(), listened, self.failures)).await;
        }
    }

    /// Waits for the next turn.
    async fn rest(&mut self, pause: Duration) {
        let began = Instant::now();
        let wake = Arc::clone(&self.watched.wake);
        let woken = async {
            sleep_until(began + LEAST).await;
            wake.notified().await;
        };
        tokio::pin!(woken);
        loop {
            tokio::select! {
                () = sleep_until(began + pause) => return,
                () = &mut woken => return,
                fresh = pending(&mut self.refreshing) => {
                    self.refreshing = None;
                    self.renew(fresh);
                }
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
    async fn turn(&mut self, beside: &Beside) -> Duration {
        let index = self.context.index.clone();
        self.watched.attempts().retain(|job, id| index.is_current(job, id));
        let is_sweep = self.swept.is_none_or(|swept| swept.elapsed() >= SWEEP);
        let is_asked = !self.watched.attempts().is_empty();
        if !is_asked && !is_sweep {
            return Duration::ZERO;
        }
        let looked = match self.approach().await {
            Ok(_one_of_few) => self.look(beside).await,
            Err(error) => Err(error),
        };
        self.is_known_to_answer = looked.is_ok();
        let (look, News { jobs, listened }) = match looked {
            Ok(news) => {
                self.failures = 0;
                if self.trouble.take().is_some() {
                    tracing::info!(master = self.target.master, "Mesos answers again");
                }
                (Look::Done, news)
            }
            Err(error) => {
                self.operator = None;
                self.failures = self.failures.saturating_add(1);
                let trouble = trouble(&error);
                if self.trouble.as_ref() != Some(&trouble) {
                    tracing::warn!(master = self.target.master, reason = trouble.0.as_str(), %error, "Mesos cannot be asked");
                }
                let jobs = self.watched.attempts().trouble(&trouble);
                self.trouble = Some(trouble);
                (Look::Failed, News { jobs, listened: Duration::ZERO })
            }
        };
        // That a Mesos which nobody uses takes nobody's word is no trouble.
        if is_asked || look == Look::Done || self.target.identity != Identity::Anonymous {
            self.context.metrics.looked_at_mesos(look);
        }
        self.push(jobs);
        listened
    }

    fn push(&self, jobs: impl IntoIterator<Item = JobKey>) {
        for job in jobs {
            self.context.queue.push(job, Lane::Finishing);
        }
    }

    /// Waits for a place among those that look at Mesos which jobs alone name. One that may not answer is asked something small
    /// first, so that it holds no place; those that the operator is configured for never wait.
    async fn approach(&mut self) -> Result<Option<OwnedSemaphorePermit>, TurnError> {
        if self.stay == Stay::Always {
            return Ok(None);
        }
        if !self.is_known_to_answer {
            patiently(self.connect().await?.version()).await?;
        }
        Ok(Arc::clone(&self.looks).acquire_owned().await.ok()) // it is never closed
    }

    async fn connect(&mut self) -> Result<&mut Operator, TurnError> {
        if self.access.is_none() {
            let Context { identities, client, .. } = &*self.context;
            self.access = Some((Arc::new(access(&self.target, identities, client).await?), Instant::now()));
            self.operator = None;
        }
        let Some((access, _)) = &self.access else { return Err(TurnError::Silent) };
        Ok(self.operator.get_or_insert_with(|| Operator::new(access.settings.clone())))
    }

    /// Begins to read a job's Secrets anew, if it is time. Nobody waits for that: the API server may be slow.
    fn refresh(&mut self) {
        let is_jobs = matches!(self.target.identity, Identity::Jobs { .. });
        let is_stale = self.access.as_ref().is_some_and(|(_, since)| is_jobs && since.elapsed() > FRESH);
        if is_stale && self.refreshing.is_none() {
            let (target, context) = (self.target.clone(), Arc::clone(&self.context));
            self.refreshing = Some(Box::pin(async move {
                let Context { identities, client, .. } = &*context;
                access(&target, identities, client).await
            }));
        }
    }

    /// Takes in credentials that were read anew. What cannot be read now stays; what may not be read any more is reported.
    fn renew(&mut self, fresh: Result<Access, IdentityError>) {
        match (fresh, &mut self.access) {
            (Ok(access), _) => self.access = Some((Arc::new(access), Instant::now())),
            (Err(error), Some((_, since))) if error.is_gone() || error.passes() => *since = Instant::now(),
            (Err(_), _) => self.access = None,
        }
        self.operator = None;
    }

    /// What Mesos says of each attempt.
    async fn sort(&mut self, frameworks: Frameworks) -> Result<ByAttempt, TurnError> {
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
    async fn list(&mut self, frameworks: Frameworks) -> Result<(ByAttempt, usize), TurnError> {
        let seen = self.sort(frameworks).await?;
        if !self.watched.attempts().is_missing_any(&seen) {
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
    async fn look(&mut self, beside: &Beside) -> Result<News, TurnError> {
        self.connect().await?;
        let (looked, began) = (jiff::Timestamp::now(), Instant::now());
        // Only what was owed before is settled by this listing: a driver may make one more context until its end. And a master
        // that had not heard of all its agents then may have left frameworks out of it.
        let due = if beside.bills.capacity() > 0 { self.watched.attempts().due(MOST) } else { Vec::new() };
        let unheard_before =
            if due.is_empty() { 0 } else { patiently(self.connect().await?.unheard_agents()).await? };
        let frameworks = patiently(self.connect().await?.frameworks()).await?;
        self.bring_listing(&frameworks, beside);
        let (seen, unheard) = self.list(frameworks).await?;
        let agents = if self.watched.attempts().is_expecting() {
            Some(patiently(self.connect().await?.agents()).await?)
        } else {
            None
        };
        let unheard_after =
            if due.is_empty() { 0 } else { patiently(self.connect().await?.unheard_agents()).await? };
        let listened = began.elapsed();
        let now = jiff::Timestamp::now();
        let why = |need: &Need, seen: &_, youngest| need.why(seen, youngest, agents.as_deref(), now);
        let jobs = self.watched.attempts().take(&seen, (looked, unheard), why);
        if let Some((access, _)) = self.access.as_ref().filter(|_| !due.is_empty()) {
            let owed = due.into_iter().map(|(id, subject, debt)| {
                let listed = seen.get(&id).map(|(frameworks, _)| frameworks.clone()).unwrap_or_default();
                Owed { id, subject, debt, listed }
            });
            let hearing = Hearing::around(unheard_before, unheard_after);
            // If there is no room after all, it stays due.
            let _ =
                beside.bills.try_send(Bill { access: Arc::clone(access), debts: owed.collect(), hearing });
        }
        Ok(News { jobs, listened })
    }

    /// Lets be swept what is listed, if it is time and the last sweep is done.
    fn bring_listing(&mut self, frameworks: &Frameworks, beside: &Beside) {
        let Some((access, _)) = &self.access else { return };
        if self.swept.is_some_and(|swept| swept.elapsed() < SWEEP) {
            return;
        }
        let labelled = frameworks.frameworks.iter().filter(|it| is_labelled(it)).cloned().collect();
        if beside.listings.try_send(Listing { access: Arc::clone(access), frameworks: labelled }).is_ok() {
            self.swept = Some(Instant::now());
        }
    }
}

/// What is under way, once it is done; nothing, if nothing is.
async fn pending<T>(under_way: &mut Option<BoxFuture<'static, T>>) -> T {
    match under_way {
        Some(it) => it.await,
        None => std::future::pending().await,
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
