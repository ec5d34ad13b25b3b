//! Sends calls in their order over one connection, each without waiting for the answer to the one before.
//!
//! A connection that dies leaves calls of which nobody knows whether the master got them. Repeating them does no harm, but
//! for ACCEPT: its offers may be used up, and the repetition would report tasks as lost that run. Its tasks are asked for
//! instead, and the master's answer is the truth. Its offers are declined, since a master that never got it holds them for this
//! framework for ever; one that did takes no notice of offers that are gone.

use std::{collections::VecDeque, time::Duration};

use bytes::{Bytes, BytesMut};
use prost::Message;
use tokio::{
    sync::{mpsc, oneshot},
    task::JoinHandle,
    time::{Instant, sleep},
};

use crate::{
    credential::Credential,
    error::{Doing, Error},
    http::{Connection, Head, Media, PATIENCE, Request, refusal},
    tls::Security,
    transport::Master,
};

use super::{
    backoff::Backoff,
    call::Call,
    known,
    subscription::{PATH, Subscription},
};

/// Calls under way at once: enough to keep a master busy, few enough that its answers fit the sockets' buffers.
const MOST_UNANSWERED: usize = 128;
/// `Filters` with `refuse_seconds` of 0: what was wanted may be offered again at once.
const NO_FILTER: Bytes = Bytes::from_static(&[0x09, 0, 0, 0, 0, 0, 0, 0, 0]);
/// Calls that are written together.
const LARGEST_WRITE: usize = 64 * 1024;

/// The calls of one subscription. Dropping it gives up what is still under way.
pub(super) struct Calls {
    queue: mpsc::UnboundedSender<Outgoing>,
    task: JoinHandle<()>,
}

/// A call that the master refused, with the reason.
pub(super) struct RefusedCall {
    pub(super) call: Call,
    pub(super) error: Error,
}

struct Outgoing {
    call: Call,
    answer: Option<oneshot::Sender<Result<(), Error>>>,
}

impl Calls {
    pub(super) fn start(
        subscription: &Subscription,
        security: &Security,
    ) -> (Self, mpsc::UnboundedReceiver<RefusedCall>) {
        let (queue, receiver) = mpsc::unbounded_channel();
        let (refused, refusals) = mpsc::unbounded_channel();
        let sender = Sender {
            master: subscription.master.clone(),
            security: security.clone(),
            credential: subscription.credential.clone(),
            stream_id: subscription.stream_id.clone(),
            framework_id: subscription.framework_id().encode_to_vec(),
            queue: receiver,
            waiting: VecDeque::new(),
            unanswered: VecDeque::new(),
            refused,
        };
        (Self { queue, task: tokio::spawn(sender.run()) }, refusals)
    }

    pub(super) fn send(&self, call: Call) {
        // The task ends with this handle only.
        let _ = self.queue.send(Outgoing { call, answer: None });
    }

    /// Sends a call whose answer matters. No answer comes once these calls are given up.
    pub(super) fn ask(&self, call: Call) -> oneshot::Receiver<Result<(), Error>> {
        let (answer, answered) = oneshot::channel();
        let _ = self.queue.send(Outgoing { call, answer: Some(answer) });
        answered
    }

    /// Tears the framework down, after every call before it, and waits for the master's word.
    pub(super) async fn teardown(&self) -> Result<(), Error> {
        match self.ask(Call::Teardown).await {
            Ok(answer) => answer,
            Err(_) => std::future::pending().await,
        }
    }
}

impl Drop for Calls {
    fn drop(&mut self) {
        self.task.abort();
    }
}

struct Sender {
    master: Master,
    security: Security,
    credential: Option<Credential>,
    stream_id: String,
    framework_id: Vec<u8>,
    queue: mpsc::UnboundedReceiver<Outgoing>,
    /// To be sent before anything of the queue.
    waiting: VecDeque<Outgoing>,
    /// Sent, with the time.
    unanswered: VecDeque<(Outgoing, Instant)>,
    refused: mpsc::UnboundedSender<RefusedCall>,
}

impl Sender {
    async fn run(mut self) {
        let mut backoff = Backoff::new();
        loop {
            if self.waiting.is_empty() {
                let Some(call) = self.queue.recv().await else { return };
                self.waiting.push_back(call);
            }
            match Connection::open(&self.master, &self.security).await {
                Ok(connection) => {
                    backoff = Backoff::new();
                    if self.use_up(connection).await.is_none() {
                        return;
                    }
                    self.take_back();
                }
                // The stream tells what is wrong; here it is only tried again while the stream lives.
                Err(_) => sleep(backoff.next()).await,
            }
        }
    }

    /// Uses a connection until it is lost; none when nobody is left to send for.
    async fn use_up(&mut self, mut connection: Connection) -> Option<()> {
        loop {
            if self.send_waiting(&mut connection).await.is_err() {
                return Some(());
            }
            let late = self.unanswered.front().map(|(_, sent)| PATIENCE.saturating_sub(sent.elapsed()));
            let room = self.unanswered.len() < MOST_UNANSWERED;
            tokio::select! {
                biased;
                head = connection.reader.head() => {
                    let answered = match head {
                        Ok(head) => self.answered(&mut connection, &head).await,
                        Err(error) => Err(error),
                    };
                    if answered.is_err() {
                        return Some(());
                    }
                }
                call = self.queue.recv(), if room => self.waiting.push_back(call?),
                () = sleep(late.unwrap_or(Duration::MAX)), if late.is_some() => return Some(()),
            }
        }
    }

    /// Writes what waits, and what has come meanwhile, as far as it may.
    async fn send_waiting(&mut self, connection: &mut Connection) -> Result<(), Error> {
        loop {
            let mut bytes = BytesMut::new();
            while self.unanswered.len() < MOST_UNANSWERED && bytes.len() < LARGEST_WRITE {
                let Some(next) = self.waiting.pop_front().or_else(|| self.queue.try_recv().ok()) else {
                    break;
                };
                self.request(&next.call.encode(&self.framework_id)).encode(&self.master.at, &mut bytes);
                self.unanswered.push_back((next, Instant::now()));
            }
            if bytes.is_empty() {
                return Ok(());
            }
            connection.writer.send(&bytes).await?;
        }
    }

    fn request<'a>(&'a self, body: &'a [u8]) -> Request<'a> {
        Request {
            path: PATH,
            media: Media::Protobuf,
            credential: self.credential.as_ref(),
            stream_id: Some(&self.stream_id),
            body,
        }
    }

    /// Matches an answer to the oldest call without one.
    async fn answered(&mut self, connection: &mut Connection, head: &Head) -> Result<(), Error> {
        let body = connection.reader.body(head).await?;
        let unasked = || Error::Lost {
            at: self.master.at.clone(),
            doing: Doing::Asking,
            why: "an answer without a question".to_owned(),
        };
        let (Outgoing { call, answer }, _) = self.unanswered.pop_front().ok_or_else(unasked)?;
        let verdict = match head.status {
            200..=299 => Ok(()),
            status => Err(refusal(&self.master, call.name(), status, self.credential.as_ref(), &body)),
        };
        match (answer, verdict) {
            (Some(answer), verdict) => drop(answer.send(verdict)),
            (None, Err(error)) => drop(self.refused.send(RefusedCall { call, error })),
            (None, Ok(())) => {}
        }
        Ok(())
    }

    /// After a loss: what had no answer is to be sent again; an ACCEPT is undone, as far as it may not have been done.
    fn take_back(&mut self) {
        while let Some((outgoing, _)) = self.unanswered.pop_back() {
            let Call::Accept { offers, .. } = &outgoing.call else {
                self.waiting.push_front(outgoing);
                continue;
            };
            let unused = Call::Decline { offers: offers.clone(), filters: Some(NO_FILTER) };
            // First the offers: an ACCEPT that is still on its way can then launch nothing after the question.
            let instead = [Some(unused), known::question(&outgoing.call)];
            for call in instead.into_iter().flatten().rev() {
                self.waiting.push_front(Outgoing { call, answer: None });
            }
        }
    }
}
