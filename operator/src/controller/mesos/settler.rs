//! Settles what attempts left on a Mesos, in turns of its own: whoever looks there never waits for it.

use std::sync::Arc;

use lcmap_mesos::operator::{Frameworks, Operator};
use tokio::sync::mpsc;

use super::attempts::{Debt, Subject};
use super::identity::Access;
use super::observers::{Context, Watched};
use super::settle::{Hearing, settle};
use crate::controller::metrics::Lane;
use crate::core;

/// How many debts one listing is good for: those that wait longest come first, and the next listing is newer.
pub(super) const MOST: usize = 32;

/// What is to be settled, by one listing of frameworks that was asked for after it was owed.
pub(super) struct Bill {
    /// What it takes to ask.
    pub(super) access: Arc<Access>,
    /// The debts.
    pub(super) debts: Vec<Owed>,
    /// How much of what runs the master may not have heard of when it made the list.
    pub(super) hearing: Hearing,
}

/// The debt of one attempt.
pub(super) struct Owed {
    /// The id of the attempt's first framework.
    pub(super) id: String,
    pub(super) subject: Subject,
    /// What is owed.
    pub(super) debt: Debt,
    /// What the master listed of it.
    pub(super) listed: Frameworks,
}

/// Settles, one debt after the other.
pub(super) struct Settler {
    pub(super) watched: Watched,
    pub(super) context: Arc<Context>,
    pub(super) bills: mpsc::Receiver<Bill>,
}

impl Settler {
    /// Settles for as long as anybody brings bills.
    pub(super) async fn run(mut self) {
        let mut known: Option<(Arc<Access>, Operator)> = None;
        while let Some(Bill { access, debts, hearing }) = self.bills.recv().await {
            let is_same = known.as_ref().is_some_and(|(with, _)| Arc::ptr_eq(with, &access));
            let (access, mut operator) = match known.take() {
                Some(known) if is_same => known,
                _ => {
                    let operator = Operator::new(access.settings.clone());
                    (access, operator)
                }
            };
            let mut is_well = true;
            for Owed { id, subject, debt, listed } in debts {
                if !self.context.leadership.leads() {
                    break;
                }
                // A bill before this one may have had it, too.
                if !self.watched.attempts().is_due(&id) {
                    continue;
                }
                let outcome =
                    settle(&mut operator, &access.settings, (&subject, &debt), &listed, hearing).await;
                is_well &= outcome == core::Frameworks::Gone;
                if let Some(job) = self.watched.attempts().settled(&id, outcome) {
                    self.context.queue.push(job, Lane::Finishing);
                }
            }
            // After a failure the leader is looked for anew.
            known = is_well.then_some((access, operator));
        }
    }
}
