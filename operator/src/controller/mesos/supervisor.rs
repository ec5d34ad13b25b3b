//! Sees to it that every observer looks for as long as it should: one that breaks down begins anew.

use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::identity::Target;
use super::observers::{Observers, Stay, Watched};
use crate::supervise::supervised;

/// An observer that is to look.
#[derive(Clone)]
pub(super) struct Order {
    pub(super) target: Target,
    pub(super) stay: Stay,
    pub(super) watched: Watched,
}

/// Runs the observers. It is itself a part of the operator, which ends if this does.
pub(crate) struct Supervisor {
    observers: Observers,
    orders: mpsc::UnboundedReceiver<Order>,
}

impl Supervisor {
    pub(super) fn new(observers: Observers, orders: mpsc::UnboundedReceiver<Order>) -> Self {
        Self { observers, orders }
    }

    /// Runs every observer that is ordered, until it is cancelled.
    pub(crate) async fn run(mut self, cancel: CancellationToken) {
        let mut running = JoinSet::new();
        loop {
            tokio::select! {
                () = cancel.cancelled() => return,
                Some(order) = self.orders.recv() => {
                    running.spawn(look(self.observers.clone(), order));
                }
                Some(ended) = running.join_next(), if !running.is_empty() => {
                    if let Err(error) = ended {
                        tracing::error!(%error, "an observer of Mesos is lost; the operator begins anew");
                        return;
                    }
                }
            }
        }
    }
}

/// Looks until nobody asks any more.
async fn look(observers: Observers, order: Order) {
    loop {
        supervised(|| Box::pin(observers.observer(&order).run()), || observers.tell_of_breakdown(&order))
            .await;
        if observers.let_go(&order) {
            return;
        }
    }
}
