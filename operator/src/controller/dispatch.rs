//! Gives jobs to workers, for as long as this replica leads and knows what there is.

use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;
use tracing::Instrument;

use super::error::ReconcileError;
use super::health::Pulse;
use super::lease::Leadership;
use super::metrics::{ErrorReason, Lane, Metrics, Outcome};
use super::namespaces::Scope;
use super::queue::Queue;
use super::reconcile::{Next, Reconciler};
use super::watch::Watches;
use super::watched::JobKey;

/// How long work that is under way may take when the operator stops.
const LAST_WORK: Duration = Duration::from_secs(10);

/// How often the loop comes round if nothing happens.
const ROUND: Duration = Duration::from_secs(1);

/// The shortest and the longest wait before a job that could not be looked after is tried again.
const RETRY: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(60));

/// Gives jobs to workers.
pub(crate) struct Dispatcher<L> {
    /// The work.
    pub(crate) reconciler: Arc<Reconciler<L>>,
    /// What there is, and what is to be looked at.
    pub(crate) watches: Watches,
    /// The namespaces whose jobs are managed.
    pub(crate) scope: Scope,
    /// Whether this replica leads.
    pub(crate) leadership: Leadership,
    /// How many jobs are worked on at a time.
    pub(crate) concurrency: usize,
    /// What is counted.
    pub(crate) metrics: Metrics,
}

type Done = (JobKey, Duration, Result<Next, ReconcileError>);

impl<L: Fn() -> bool + Send + Sync + 'static> Dispatcher<L> {
    /// Works until it is cancelled, and then until what is under way is done.
    pub(crate) async fn run(
        mut self,
        mut missing: watch::Receiver<usize>,
        pulse: Pulse,
        cancel: CancellationToken,
    ) {
        let queue = Arc::clone(&self.watches.queue);
        let mut work: JoinSet<Done> = JoinSet::new();
        let mut failures = HashMap::new();
        let mut rounds = interval(ROUND);
        rounds.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let may_work = *missing.borrow() == 0 && self.leadership.leads() && work.len() < self.concurrency;
            tokio::select! {
                biased; // a lead that is new comes before the work that it allows
                () = cancel.cancelled() => break,
                leads = self.leadership.changed() => {
                    tracing::info!(leads, "the lead has changed");
                    if leads {
                        self.watches.begin_anew();
                    }
                },
                changed = missing.changed() => match changed {
                    // Time has passed under another leader: look at everything once.
                    Ok(()) if *missing.borrow_and_update() == 0 => self.watches.look_at_all(None),
                    Ok(()) => {}
                    Err(_) => break,
                },
                _ = rounds.tick() => self.count_the_queue(),
                Some(done) = work.join_next(), if !work.is_empty() => self.after(done, &mut failures),
                key = queue.pop(), if may_work => self.work_on(key, &mut work),
            }
            pulse.beat();
        }
        let rest = async { while work.join_next().await.is_some() {} };
        if tokio::time::timeout(LAST_WORK, rest).await.is_err() {
            tracing::warn!("work is left undone; whoever leads next does it");
        }
    }

    fn work_on(&self, key: JobKey, work: &mut JoinSet<Done>) {
        let queue = Arc::clone(&self.watches.queue);
        if !self.scope.includes(&key.namespace) {
            return queue.done(&key);
        }
        let reconciler = Arc::clone(&self.reconciler);
        let span = tracing::info_span!("reconcile", job = %key);
        let reconcile = async move {
            let working = Working { queue, key: key.clone() };
            let began = Instant::now();
            // A job that makes us stumble must not be forgotten: it is tried again, as after any other failure.
            let work = AssertUnwindSafe(reconciler.reconcile(&key)).catch_unwind();
            let result = work.await.unwrap_or_else(|_| Err(ReconcileError::Panicked { key: key.clone() }));
            drop(working);
            (key, began.elapsed(), result)
        };
        work.spawn(reconcile.instrument(span));
    }

    fn after(&self, done: Result<Done, tokio::task::JoinError>, failures: &mut HashMap<JobKey, u32>) {
        let queue = &self.watches.queue;
        let (key, took, result) = match done {
            Ok(done) => done,
            Err(error) => return tracing::error!(%error, "a worker was cancelled"),
        };
        let outcome = match &result {
            Ok(_) => Outcome::Done,
            Err(ReconcileError::Conflict | ReconcileError::NotLeading) => Outcome::Conflict,
            Err(_) => Outcome::Failed,
        };
        self.metrics.reconciled(outcome, took);
        match result {
            Ok(next) => {
                failures.remove(&key);
                match next {
                    Next::OnChange => {}
                    Next::After(wait) => queue.push_after(key, wait),
                    Next::Gone => queue.forget(&key),
                }
            }
            // A lead that lapsed and was renewed at once is no change that anybody hears of: the job must not be
            // forgotten. Where somebody else leads now, it waits in the queue for nothing.
            Err(ReconcileError::NotLeading) => queue.push(key, Lane::Finishing),
            // The job has been read again after the first conflict. A second one means that another writer keeps writing.
            Err(ReconcileError::Conflict) => match wait_after_conflict(&key, failures) {
                Duration::ZERO => queue.push(key, Lane::Finishing),
                wait => queue.push_after(key, wait),
            },
            Err(error) => {
                match &error {
                    ReconcileError::Api { source, .. } => {
                        self.metrics.request_failed(ErrorReason::from(source.as_ref()));
                    }
                    ReconcileError::OldDefinition { .. } => self.metrics.request_failed(ErrorReason::Refused),
                    _ => {}
                }
                let wait = wait_after_failure(&key, failures);
                tracing::warn!(job = %key, %error, retry_in = ?wait, "the job could not be looked after");
                queue.push_after(key, wait);
            }
        }
    }

    fn count_the_queue(&self) {
        for lane in [Lane::Finishing, Lane::Starting] {
            self.metrics.queued(lane, self.watches.queue.depth(lane));
        }
    }
}

/// How long a job waits after one more failure in a row: twice as long each time, with jitter.
fn wait_after_failure(key: &JobKey, failures: &mut HashMap<JobKey, u32>) -> Duration {
    let count = failures.entry(key.clone()).or_default();
    let wait = RETRY.0.saturating_mul(1 << (*count).min(10)).min(RETRY.1);
    *count = count.saturating_add(1);
    wait + wait.mul_f64(0.1 * fastrand::f64())
}

/// The same after a conflict: the first is nothing to wait for.
fn wait_after_conflict(key: &JobKey, failures: &mut HashMap<JobKey, u32>) -> Duration {
    if failures.contains_key(key) {
        return wait_after_failure(key, failures);
    }
    failures.insert(key.clone(), 0);
    Duration::ZERO
}

/// A job that is worked on, until this is dropped: also when the work breaks down.
struct Working {
    queue: Arc<Queue>,
    key: JobKey,
}

impl Drop for Working {
    fn drop(&mut self) {
        self.queue.done(&self.key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_conflict_is_tried_again_at_once_and_more_in_a_row_ever_more_seldom() {
        let key = JobKey { namespace: "ns".into(), name: "pi".into() };
        let mut failures = HashMap::new();
        let waits: Vec<_> = (0..9).map(|_| wait_after_conflict(&key, &mut failures)).collect();
        assert_eq!(waits[0], Duration::ZERO);
        assert!(waits[1] >= RETRY.0 && waits[1] < RETRY.0 * 2, "{waits:?}");
        assert!(waits.windows(2).all(|pair| pair[0] < pair[1]), "{waits:?}");
        assert!(waits[8] >= RETRY.1, "{waits:?}");
        failures.remove(&key);
        assert_eq!(wait_after_conflict(&key, &mut failures), Duration::ZERO, "after one that went well");
    }
}
