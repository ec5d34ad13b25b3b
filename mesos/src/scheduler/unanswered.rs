//! Attempts to subscribe that were given up on, and may still reach the master.

use std::time::Duration;

use tokio::time::Instant;

use crate::{
    error::{Doing, Error, FrameworkError},
    http::Connection,
};

/// For how long what was sent may still arrive, at a master that comes to itself or over a network that does: Linux sends
/// again for about 100 s, also for a socket that is closed (`tcp_orphan_retries`).
const LATE: Duration = Duration::from_secs(180);

/// As many are kept at most.
const MOST: usize = 8;

/// SUBSCRIBE calls without an answer. One that arrives after the next was answered takes the framework over from it, though
/// nobody else is there.
///
/// Their connections are kept open: a master that saw one close after that would remove a framework without failover timeout.
#[derive(Default)]
pub(super) struct Unanswered {
    sent: Vec<(Instant, Connection)>,
    /// Those that have arrived, as far as is known.
    arrived: Vec<Connection>,
}

impl Unanswered {
    /// Gives up on an attempt.
    pub(super) fn give_up(&mut self, connection: Connection) {
        self.forget_the_oldest();
        self.sent.push((Instant::now(), connection));
    }

    /// A subscription stands: no master counts on those before it any more.
    pub(super) fn subscribed(&mut self) {
        self.arrived.clear();
        self.forget_the_oldest();
    }

    /// What is behind the end of a subscription. A takeover is a loss like any other if it was by an attempt that was given up
    /// on. Each of them is believed to arrive once; a scheduler that really takes the framework over is given way to.
    pub(super) fn explain(&mut self, error: Error) -> Error {
        self.forget_the_oldest();
        match error {
            Error::Framework { at, why: FrameworkError::FailedOver(_) } if !self.sent.is_empty() => {
                self.arrived.push(self.sent.remove(0).1);
                let why = "it has just heard of an earlier attempt to subscribe".to_owned();
                Error::Lost { at, doing: Doing::Listening, why }
            }
            error => error,
        }
    }

    fn forget_the_oldest(&mut self) {
        self.sent.retain(|(since, _)| since.elapsed() < LATE);
        let too_many = (self.sent.len() + 1).saturating_sub(MOST);
        self.sent.drain(..too_many);
    }
}
