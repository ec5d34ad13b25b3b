//! One subscription: the request that opens it, and the events that come over it.

use std::time::Duration;

use prost::Message;
use tokio::time::Instant;

use crate::{
    Settings,
    credential::Credential,
    error::{Doing, Error, FrameworkError},
    http::{Body, Connection, Head, Media, Reader, Request, refusal},
    leader::{Detector, redirect_target},
    message::{Id, RawEvent, Subscribed},
    recordio::Decoder,
    transport::Master,
};

use super::{Signal, unanswered::Unanswered};

/// Where schedulers are served.
pub(crate) const PATH: &str = "/api/v1/scheduler";
/// How often in a row a master may send us to another.
const MOST_REDIRECTS: u32 = 5;
/// How an agent answers a scheduler's call: it takes it for one of its own.
pub(crate) const AGENT_SAYS: &[u8] = b"Failed to parse body into a protobuf object";
/// Seconds between heartbeats, when the master does not say.
const HEARTBEAT: f64 = 15.0;
/// As many heartbeats missing and the master counts as gone.
const MISSING_HEARTBEATS: f64 = 5.0;

/// Types of `Event`.
mod kind {
    pub(super) const SUBSCRIBED: i32 = 1;
    pub(super) const ERROR: i32 = 7;
}

/// An open subscription. While it is held the master counts the framework as connected.
pub(super) struct Subscription {
    pub(super) master: Master,
    pub(super) stream_id: String,
    pub(super) credential: Option<Credential>,
    pub(super) subscribed: Subscribed,
    events: Events,
}

struct Events {
    reader: Reader,
    body: Body,
    decoder: Decoder,
    master: Master,
    /// Silence for longer means that the master is gone.
    patience: Duration,
    heard: Instant,
}

impl Subscription {
    /// Finds the leader and sends it the SUBSCRIBE call. One that is not answered in time joins those that are `unanswered`.
    pub(super) async fn open(
        detector: &mut Detector,
        settings: &Settings,
        call: &[u8],
        unanswered: &mut Unanswered,
    ) -> Result<Self, Error> {
        let mut redirects = 0;
        loop {
            let master = detector.leader().await?;
            let credential = settings.credential.read()?;
            let mut connection = Connection::open(&master, &settings.security).await?;
            let request = Request {
                path: PATH,
                media: Media::Protobuf,
                credential: credential.as_ref(),
                stream_id: None,
                body: call,
            };
            let head = match connection.ask(&request).await {
                Ok(head) => head,
                Err(error @ Error::TimedOut { .. }) => {
                    unanswered.give_up(connection);
                    return Err(error);
                }
                Err(error) => return Err(error),
            };
            match head.status {
                200 => {
                    detector.answered(&master);
                    return Self::begin(master, credential, connection, &head).await;
                }
                301 | 302 | 307 | 308 => {
                    let target = head.location.as_deref().and_then(redirect_target);
                    let target = target.ok_or_else(|| Error::NotMesos {
                        at: master.at.clone(),
                        why: "it redirects to nowhere".to_owned(),
                    })?;
                    redirects += 1;
                    if redirects > MOST_REDIRECTS {
                        return Err(Error::RedirectLoop { at: target.at });
                    }
                    detector.redirected(&master, target, credential.as_ref()).await?;
                }
                status => {
                    let body = connection.reader.body(&head).await?;
                    if status == 400 && body.starts_with(AGENT_SAYS) {
                        let why = "it does not understand SUBSCRIBE, as an agent does not".to_owned();
                        return Err(Error::NotMesos { at: master.at, why });
                    }
                    return Err(refusal(&master, "SUBSCRIBE", status, credential.as_ref(), &body));
                }
            }
        }
    }

    async fn begin(
        master: Master,
        credential: Option<Credential>,
        connection: Connection,
        head: &Head,
    ) -> Result<Self, Error> {
        let no_stream = || Error::NotMesos {
            at: master.at.clone(),
            why: "it answered SUBSCRIBE without a Mesos-Stream-Id".to_owned(),
        };
        let stream_id = head.stream_id.clone().ok_or_else(no_stream)?;
        let mut events = Events {
            reader: connection.reader,
            body: Body::new(head.framing),
            decoder: Decoder::default(),
            master: master.clone(),
            patience: Duration::from_secs_f64(HEARTBEAT),
            heard: Instant::now(),
        };
        let event = events.next().await?;
        match event {
            RawEvent { subscribed: Some(subscribed), kind: Some(kind::SUBSCRIBED), .. } => {
                let interval = subscribed.heartbeat_interval_seconds.unwrap_or(HEARTBEAT).clamp(0.1, 3600.0);
                events.patience = Duration::from_secs_f64(interval * MISSING_HEARTBEATS);
                Ok(Self { master, stream_id, credential, subscribed, events })
            }
            RawEvent { error: Some(error), .. } => Err(framework_error(&master, error.message)),
            _ => {
                let why = format!("its first event is of type {}", event.kind.unwrap_or_default());
                Err(Error::NotMesos { at: master.at, why })
            }
        }
    }

    /// The next event that says something; heartbeats do not. Nothing is lost when this is cancelled.
    pub(super) async fn next(&mut self) -> Result<Signal, Error> {
        loop {
            let event = self.events.next().await?;
            if event.kind == Some(kind::ERROR) {
                let message = event.error.map(|error| error.message).unwrap_or_default();
                return Err(framework_error(&self.master, message));
            }
            if let Some(signal) = signal(event) {
                return Ok(signal);
            }
        }
    }

    /// The framework's id, as encoded.
    pub(super) fn framework_id(&self) -> &Id {
        &self.subscribed.framework_id
    }
}

impl Events {
    async fn next(&mut self) -> Result<RawEvent, Error> {
        loop {
            let wrong = |why| Error::Stream { at: self.master.at.clone(), why };
            if let Some(record) = self.decoder.next_record().map_err(wrong)? {
                return RawEvent::decode(record).map_err(|error| Error::Unreadable {
                    at: self.master.at.clone(),
                    what: "an event",
                    why: error.to_string(),
                });
            }
            let patience = self.patience.saturating_sub(self.heard.elapsed());
            match self.reader.piece(&mut self.body, Doing::Listening, patience).await {
                Ok(Some(piece)) => {
                    self.heard = Instant::now();
                    self.decoder.push(&piece);
                }
                Ok(None) => {
                    let why =
                        if self.decoder.is_within_record() { "within an event" } else { "end of stream" };
                    let at = self.master.at.clone();
                    return Err(Error::Lost { at, doing: Doing::Listening, why: why.to_owned() });
                }
                Err(Error::TimedOut { at, doing, .. }) => {
                    return Err(Error::TimedOut { at, doing, after: self.patience });
                }
                Err(error) => return Err(error),
            }
        }
    }
}

fn signal(event: RawEvent) -> Option<Signal> {
    let RawEvent { offers, rescind, update, message, failure, .. } = event;
    offers
        .map(|offers| Signal::Offers(offers.offers))
        .or(rescind.map(|rescind| Signal::Rescinded(rescind.offer_id)))
        .or(update.map(|update| Signal::Update(update.status)))
        .or(message.map(Signal::Message))
        .or(failure.map(Signal::Failure))
}

fn framework_error(master: &Master, message: String) -> Error {
    Error::Framework { at: master.at.clone(), why: FrameworkError::from_master(message) }
}
