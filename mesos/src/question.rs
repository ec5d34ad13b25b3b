//! One question to the leading master, wherever that turns out to be.

use std::net::IpAddr;

use bytes::Bytes;

use crate::{
    Settings,
    credential::Credential,
    error::Error,
    http::{Connection, Media, Request, refusal},
    leader::{Detector, redirect_target},
    transport::Master,
};

/// How often in a row a master may send us to another.
const MOST_REDIRECTS: u32 = 5;

/// What is asked.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Question<'a> {
    /// What it is called in words about it.
    pub(crate) name: &'static str,
    pub(crate) path: &'a str,
    pub(crate) media: Media,
    pub(crate) body: &'a [u8],
}

/// What the leading master said.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) master: Master,
    /// The address of this machine that it was asked from.
    pub(crate) from: IpAddr,
    pub(crate) status: u16,
    pub(crate) body: Bytes,
    /// As whom it was asked.
    credential: Option<Credential>,
}

impl Answer {
    /// Whether another master may not know better: one that does not lead, or is none, answers so.
    fn is_of_a_leader(&self) -> bool {
        !matches!(self.status, 404 | 500..=599)
    }

    /// The error that an answer is which is no success.
    pub(crate) fn refusal(&self, name: &'static str) -> Error {
        refusal(&self.master, name, self.status, self.credential.as_ref(), &self.body)
    }
}

/// Asks the leading master. What is no success is an error.
pub(crate) async fn ask(
    detector: &mut Detector,
    settings: &Settings,
    question: Question<'_>,
) -> Result<Answer, Error> {
    let answer = put(detector, settings, question).await?;
    if (200..=299).contains(&answer.status) { Ok(answer) } else { Err(answer.refusal(question.name)) }
}

/// Puts a question to the leading master, and gives whatever it says. Of a list each master is tried once.
pub(crate) async fn put(
    detector: &mut Detector,
    settings: &Settings,
    question: Question<'_>,
) -> Result<Answer, Error> {
    let mut first = None;
    for _ in 0..detector.choices() {
        let said = put_to_one(detector, settings, question).await;
        if let Ok(answer) = &said
            && answer.is_of_a_leader()
        {
            detector.answered(&answer.master);
            return said;
        }
        // Where none leads, the first is the one to tell of.
        first.get_or_insert(said);
    }
    match first {
        Some(said) => said,
        None => put_to_one(detector, settings, question).await,
    }
}

/// Puts it to the master that is to be tried now, or to where that sends us.
async fn put_to_one(
    detector: &mut Detector,
    settings: &Settings,
    question: Question<'_>,
) -> Result<Answer, Error> {
    let Question { path, media, body, .. } = question;
    let mut redirects = 0;
    loop {
        let master = detector.leader().await?;
        let credential = settings.credential.read()?;
        let mut connection = Connection::open(&master, &settings.security).await?;
        let request = Request { path, media, credential: credential.as_ref(), stream_id: None, body };
        let head = connection.ask(&request).await?;
        let body = connection.reader.body(&head).await?;
        match (head.status, head.location.as_deref().and_then(redirect_target)) {
            (301 | 302 | 307 | 308, Some(target)) if redirects < MOST_REDIRECTS => {
                redirects += 1;
                detector.redirected(&master, target, credential.as_ref()).await?;
            }
            (301 | 302 | 307 | 308, Some(target)) => return Err(Error::RedirectLoop { at: target.at }),
            (status, _) => return Ok(Answer { master, from: connection.from, status, body, credential }),
        }
    }
}
