//! Takes part in the election: looks at the Lease, asks [`Election`] what to do, does it, and tells who leads.

use std::pin::pin;
use std::time::Duration;

use futures::StreamExt;
use jiff::Timestamp;
use k8s_openapi::api::coordination::v1::Lease;
use kube::Client;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use super::election::{Election, Step, Terms};
use super::error::{LeaseError, LeaseName};
use super::leadership::Leadership;
use super::moment::Moment;
use super::record;
use super::store::Store;
use crate::controller::health::Health;

/// A lease shorter than this is lost whenever the API server takes a breath.
const LEAST_DURATION: Duration = Duration::from_secs(3);
/// How often the release is tried, if others write the Lease meanwhile, before it is left to expire.
const RELEASES: usize = 3;

/// One replica that holds the Lease, or waits for it.
pub(crate) struct Elector {
    store: Store,
    name: LeaseName,
    me: String,
    terms: Terms,
    election: Election,
    /// The Lease as it was read last.
    lease: Option<Lease>,
    until: watch::Sender<Option<Moment>>,
    /// What was logged last, so that the same line is not logged at each try.
    logged: Logged,
}

#[derive(Debug, Default)]
struct Logged {
    trouble: Option<String>,
    leader: Option<String>,
}

/// What became of a claim.
enum Claim {
    /// The API server took it.
    Taken(Lease),
    /// Somebody was faster. This is what he wrote; none if he deleted the Lease.
    Overtaken(Option<Lease>),
}

impl Elector {
    /// A candidate for the Lease `name`, which expires `duration` after its holder's last sign of life.
    ///
    /// `pod` is what the holder is called. A random suffix tells it from another of the same name, such as the same
    /// pod before its container was restarted.
    pub(crate) fn new(
        client: Client,
        name: LeaseName,
        pod: &str,
        duration: Duration,
    ) -> Result<Self, LeaseError> {
        if duration < LEAST_DURATION {
            return Err(LeaseError::TooShort { given: duration, least: LEAST_DURATION });
        }
        let terms = Terms(duration);
        let me = format!("{pod}_{:08x}", fastrand::u32(..));
        Ok(Self {
            store: Store::new(client, name.clone(), terms.answer_within()),
            election: Election::new(me.clone(), terms, terms.pace().mul_f64(fastrand::f64())),
            name,
            me,
            terms,
            lease: None,
            until: watch::Sender::new(None),
            logged: Logged::default(),
        })
    }

    /// Whether this process leads: it follows, until [`Elector::run`] wins the election.
    pub(crate) fn leadership(&self) -> Leadership {
        Leadership::new(self.until.subscribe())
    }

    /// Takes part in the election until it is cancelled, and then releases the Lease, so that a successor starts at
    /// once. To be cancelled only after the work that needs the lead has stopped.
    ///
    /// Never gives up: what goes wrong is logged and tried again, and meanwhile the lead ends in time.
    pub(crate) async fn run(mut self, cancel: CancellationToken, health: Health) {
        let pulse = health.pulse("leader election", self.terms.0 * 3);
        let mut looks = pin!(self.store.looks(self.terms.renew_after()));
        while !cancel.is_cancelled() {
            pulse.beat();
            let now = Moment::now();
            match self.election.next(now) {
                Step::Wait(until) => {
                    // Now and then in any case, for the pulse.
                    let longest = self.terms.0;
                    let wait = until.map_or(longest, |until| until.since(now).min(longest));
                    tokio::select! {
                        () = cancel.cancelled() => {}
                        Some(look) = looks.next() => self.looked(look),
                        () = tokio::time::sleep(wait) => {}
                    }
                }
                Step::Claim => tokio::select! {
                    () = cancel.cancelled() => {}
                    claim = self.claim() => self.claimed(now, claim),
                },
            }
            self.publish();
        }
        self.until.send_replace(None);
        self.release().await;
    }

    /// Writes this process into the Lease. If somebody else was faster, looks at what he wrote.
    async fn claim(&self) -> Result<Claim, LeaseError> {
        let lease =
            record::claimed(self.lease.as_ref(), &self.name.name, &self.me, self.terms.0, Timestamp::now());
        match self.store.write(&lease).await {
            Ok(lease) => Ok(Claim::Taken(lease)),
            Err(LeaseError::Overtaken { .. }) => Ok(Claim::Overtaken(self.store.look().await?)),
            Err(error) => Err(error),
        }
    }

    /// Takes note of what became of the claim that was sent at `sent`.
    fn claimed(&mut self, sent: Moment, claim: Result<Claim, LeaseError>) {
        match claim {
            Ok(Claim::Taken(lease)) => {
                self.election.claimed(sent, Moment::now(), record::read(&lease));
                self.lease = Some(lease);
                self.logged.trouble = None;
            }
            Ok(Claim::Overtaken(lease)) => self.saw(lease),
            Err(error) => self.complain(&error),
        }
    }

    /// Takes note of what the watch says.
    fn looked(&mut self, look: Result<Option<Lease>, LeaseError>) {
        match look {
            // The watch lags behind what this process itself wrote or looked up.
            Ok(Some(lease)) if self.lease.as_ref().is_some_and(|seen| record::is_older(&lease, seen)) => {}
            Ok(lease) => self.saw(lease),
            Err(error) => self.complain(&error),
        }
    }

    fn saw(&mut self, lease: Option<Lease>) {
        self.election.see(Moment::now(), lease.as_ref().map(record::read));
        self.lease = lease;
    }

    /// Tells the rest of the operator, and the log, what is new.
    fn publish(&mut self) {
        let until = self.election.leads_until();
        self.until.send_if_modified(|told| std::mem::replace(told, until) != until);
        let leader = self.election.holder();
        if leader.is_some() && leader != self.logged.leader.as_ref() {
            match leader {
                Some(me) if *me == self.me => info!(lease = %self.name, identity = me, "leads"),
                Some(leader) => info!(lease = %self.name, identity = self.me, leader, "follows"),
                None => {}
            }
            self.logged.leader = leader.cloned();
        }
    }

    fn complain(&mut self, error: &LeaseError) {
        let trouble = error.to_string();
        if self.logged.trouble.as_ref() == Some(&trouble) {
            return;
        }
        if let LeaseError::Forbidden { .. } = error {
            error!("{trouble}");
        } else {
            warn!("{trouble}");
        }
        self.logged.trouble = Some(trouble);
    }

    /// Lets the next one have the Lease, if this process holds it; also when it does not know, since no answer came.
    async fn release(mut self) {
        for _ in 0..RELEASES {
            let lease = match self.store.look().await {
                Ok(Some(lease)) if record::read(&lease).holder.as_ref() == Some(&self.me) => lease,
                Ok(_) => return,
                Err(error) => return self.complain(&error),
            };
            match self.store.write(&record::released(lease, Timestamp::now())).await {
                Ok(_) => return info!(lease = %self.name, identity = self.me, "released"),
                Err(LeaseError::Overtaken { .. }) => {}
                Err(error) => return self.complain(&error),
            }
        }
    }
}
