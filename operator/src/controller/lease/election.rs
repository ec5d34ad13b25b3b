//! What to do about the Lease next. Pure: knows neither a clock, nor the API server, nor chance.
//!
//! Why there are never two leaders. Every write names the version of the Lease that it was made from, so whoever
//! takes a lease knows that nobody has renewed it since he last saw it change. He saw it at the earliest when the
//! holder's last renewal was stored, hence after the holder had sent it, and he waits for the whole duration. The
//! holder leads for two thirds of the duration, counted from when he *sent* that renewal. Both count by their own
//! clocks and compare nothing with another machine's: only the rates of the clocks matter, and one would have to go
//! half as fast again as the other.
//!
//! A creation names no version. One whose answer is not heard within [`Terms::answer_within`] therefore entitles to nothing;
//! for the others there must be nobody who deletes Leases in the very seconds in which the first one is created.

use std::time::Duration;

use jiff::Timestamp;

use super::moment::Moment;

/// The fields of a Lease that matter to the election. Any change of them is a sign of life of its holder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct LeaseRecord {
    /// The holder; none if it was released.
    pub(super) holder: Option<String>,
    /// How long others are to wait since they saw a sign of life.
    pub(super) duration: Option<Duration>,
    /// When its holder renewed it by his own clock. Told from others, and never compared with the time here.
    pub(super) renewed: Option<Timestamp>,
    /// How often it changed hands.
    pub(super) transitions: i32,
}

/// What to do next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// Nothing until then, or until the Lease changes. Without a time: until there is one.
    Wait(Option<Moment>),
    /// Write this process into the Lease, from the last known version; create it if there is none.
    Claim,
}

/// The times that follow from a lease's duration. With 15 s: 3 s, 10 s, 3 s and 1 s.
#[derive(Debug, Clone, Copy)]
pub(super) struct Terms(pub(super) Duration);

impl Terms {
    /// How long after one renewal the next is sent.
    pub(super) fn renew_after(self) -> Duration {
        self.0 / 5
    }

    /// For how long since it was sent a renewal entitles to lead.
    pub(super) fn leads_for(self) -> Duration {
        self.0 * 2 / 3
    }

    /// How long an answer of the API server is waited for: a renewal can be tried again before the lead ends.
    pub(super) fn answer_within(self) -> Duration {
        self.0 / 5
    }

    /// How far apart tries are at least.
    pub(super) fn pace(self) -> Duration {
        self.0 / 15
    }
}

/// What this candidate knows of the Lease.
#[derive(Debug, PartialEq, Eq)]
enum Known {
    Nothing,
    NoLease,
    Lease(LeaseRecord),
}

/// One candidate's view of the election.
#[derive(Debug)]
pub(super) struct Election {
    me: String,
    terms: Terms,
    /// Added to others' time, so that followers do not all claim an abandoned lease at once.
    jitter: Duration,
    known: Known,
    /// From when on nobody else can lead, if the Lease stays as it is.
    free_at: Option<Moment>,
    /// When the claim was sent by which this process holds the Lease.
    claimed_at: Option<Moment>,
    /// When a claim was sent last, whatever became of it.
    tried_at: Option<Moment>,
}

impl Election {
    /// A candidate who has seen nothing yet.
    pub(super) fn new(me: String, terms: Terms, jitter: Duration) -> Self {
        Self { me, terms, jitter, known: Known::Nothing, free_at: None, claimed_at: None, tried_at: None }
    }

    /// Takes note of the present Lease; none if there is none.
    pub(super) fn see(&mut self, now: Moment, record: Option<LeaseRecord>) {
        let known = record.map_or(Known::NoLease, Known::Lease);
        let changed = known != self.known;
        match &known {
            Known::Nothing => {}
            // A process that has never read a Lease takes it that there was none. Otherwise somebody has deleted it, and its
            // holder may lead on by what he wrote into it last, just before.
            Known::NoLease => match &self.known {
                Known::Nothing => self.free_at = Some(now),
                Known::NoLease => {}
                Known::Lease(before) => self.free_at = Some(self.expiry(now, before)),
            },
            Known::Lease(record) => match &record.holder {
                Some(holder) if *holder == self.me => {
                    if changed {
                        self.recognise(now, record);
                    }
                }
                Some(_) => {
                    self.claimed_at = None;
                    if changed {
                        self.free_at = Some(self.expiry(now, record));
                    }
                }
                None => {
                    self.claimed_at = None;
                    self.free_at = Some(now);
                }
            },
        }
        self.known = known;
    }

    /// Takes note of this process's own name in the Lease.
    fn recognise(&mut self, now: Moment, record: &LeaseRecord) {
        if self.known != Known::NoLease || self.leads_until() > Some(now) {
            self.free_at = Some(now);
            return;
        }
        // A creation that was long on its way. Unlike an update it tells nothing of the past: somebody may have created the
        // Lease before, and have it deleted under him.
        self.claimed_at = None;
        self.free_at = Some(self.expiry(now, record));
    }

    /// Takes note that the API server took the claim that was sent at `sent`.
    pub(super) fn claimed(&mut self, sent: Moment, now: Moment, record: LeaseRecord) {
        self.see(now, Some(record));
        if self.holder() == Some(&self.me) {
            self.claimed_at = Some(sent);
        }
    }

    /// What to do now. A claim counts as sent now.
    pub(super) fn next(&mut self, now: Moment) -> Step {
        let Some(free_at) = self.free_at else {
            return Step::Wait(None);
        };
        let wanted = match (self.claimed_at, &self.known) {
            (Some(claimed_at), Known::Lease(_)) => claimed_at + self.terms.renew_after(),
            // While this process leads, nobody else has taken the Lease that somebody deleted.
            (Some(_), Known::NoLease) if self.leads_until() > Some(now) => now,
            _ => free_at,
        };
        let due = self.tried_at.map_or(wanted, |tried_at| wanted.max(tried_at + self.terms.pace()));
        if now < due {
            return Step::Wait(Some(due));
        }
        self.tried_at = Some(now);
        Step::Claim
    }

    /// When a lease expires of which this sign of life is seen at `seen`.
    fn expiry(&self, known: Moment, record: &LeaseRecord) -> Moment {
        known + record.duration.unwrap_or(self.terms.0) + self.jitter
    }

    /// Until when this process leads, if it does. To be compared with the clock at each use.
    pub(super) fn leads_until(&self) -> Option<Moment> {
        self.claimed_at.map(|at| at + self.terms.leads_for())
    }

    /// The holder of the Lease, as far as this process knows.
    pub(super) fn holder(&self) -> Option<&String> {
        match &self.known {
            Known::Lease(record) => record.holder.as_ref(),
            Known::Nothing | Known::NoLease => None,
        }
    }
}

#[cfg(test)]
mod contest;
#[cfg(test)]
mod tests;
