//! The Lease on the API server: one look, one write, and word of its changes.

use std::time::Duration;

use futures::{Stream, StreamExt};
use k8s_openapi::api::coordination::v1::Lease;
use kube::api::PostParams;
use kube::runtime::utils::Backoff;
use kube::runtime::{WatchStreamExt, watcher};
use kube::{Api, Client};
use tokio::time::timeout;

use super::error::{LeaseError, LeaseName, Verb};

/// One Lease of one API server.
pub(super) struct Store {
    api: Api<Lease>,
    lease: LeaseName,
    /// How long an answer is waited for. The client's own retries happen within.
    within: Duration,
}

impl Store {
    pub(super) fn new(client: Client, lease: LeaseName, within: Duration) -> Self {
        Self { api: Api::namespaced(client, &lease.namespace), lease, within }
    }

    /// The Lease as it is now; none if there is none.
    pub(super) async fn look(&self) -> Result<Option<Lease>, LeaseError> {
        self.answer(Verb::Get, self.api.get_opt(&self.lease.name)).await
    }

    /// Stores `lease`, and gives it back with its new version: creates it, if it has no version yet, or replaces that
    /// version and no other.
    pub(super) async fn write(&self, lease: &Lease) -> Result<Lease, LeaseError> {
        let params = PostParams::default();
        if lease.metadata.resource_version.is_none() {
            self.answer(Verb::Create, self.api.create(&params, lease)).await
        } else {
            self.answer(Verb::Update, self.api.replace(&self.lease.name, &params, lease)).await
        }
    }

    /// The Lease as it is, and after each change; none while there is none. Never ends: what goes wrong is tried
    /// again every so often, here every `pace`.
    pub(super) fn looks(
        &self,
        pace: Duration,
    ) -> impl Stream<Item = Result<Option<Lease>, LeaseError>> + use<> {
        let lease = self.lease.clone();
        watcher::watch_object(self.api.clone(), &self.lease.name)
            .backoff(Steady(pace))
            .filter_map(move |look| std::future::ready(relevant(look, &lease)))
    }

    async fn answer<T>(
        &self,
        verb: Verb,
        request: impl Future<Output = Result<T, kube::Error>>,
    ) -> Result<T, LeaseError> {
        match timeout(self.within, request).await {
            Ok(answer) => answer.map_err(|error| LeaseError::of(error, verb, &self.lease)),
            Err(_) => Err(LeaseError::Unanswered { verb, lease: self.lease.clone(), within: self.within }),
        }
    }
}

/// What there is to tell of what a watch said.
fn relevant(
    look: Result<Option<Lease>, watcher::Error>,
    lease: &LeaseName,
) -> Option<Result<Option<Lease>, LeaseError>> {
    let error = match look {
        Ok(look) => return Some(Ok(look)),
        Err(error) => error,
    };
    let error = match error {
        watcher::Error::InitialListFailed(error)
        | watcher::Error::WatchStartFailed(error)
        | watcher::Error::WatchFailed(error) => error,
        // The watch is older than what the API server remembers. It begins anew by itself.
        watcher::Error::WatchError(status) if status.code == 410 => return None,
        watcher::Error::WatchError(status) => kube::Error::Api(status),
        watcher::Error::NoResourceVersion => {
            let message = "its list has no version".to_owned();
            return Some(Err(LeaseError::Refused { verb: Verb::Watch, lease: lease.clone(), message }));
        }
    };
    Some(Err(LeaseError::of(error, Verb::Watch, lease)))
}

/// Always the same time. Waiting for longer and longer, as watches do otherwise, would miss a release.
struct Steady(Duration);

impl Iterator for Steady {
    type Item = Duration;

    fn next(&mut self) -> Option<Duration> {
        Some(self.0)
    }
}

impl Backoff for Steady {
    fn reset(&mut self) {}
}
