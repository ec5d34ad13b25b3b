//! Whether a framework could be registered: all of the way but the last step.

use std::net::IpAddr;

use crate::{
    HostPort, Masters, Settings,
    error::{Doing, Error},
    http::{Connection, Media, Request},
    leader::Detector,
    question::{Question, put},
    scheduler::{AGENT_SAYS, PATH},
    tls::{Security, TlsError, TlsSettings, Verify},
    transport::Master,
    wire,
};

/// `Call.Type.TEARDOWN`.
const TEARDOWN: u64 = 2;

/// What a preflight found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reached {
    /// The leading master.
    pub master: Master,
    /// The address of this machine that it was reached from: whoever shares the master's network reaches this machine there.
    pub from: IpAddr,
}

/// Finds the leading master and speaks to it as a scheduler would: name, connection, TLS, leader, credential. Nothing is
/// registered and nothing is left behind. What only a registration tells is whether the role may be used.
///
/// # Errors
/// The first thing in the way, once each master that is listed was tried. Whoever wants to wait for an election tries again.
pub async fn preflight(settings: &Settings) -> Result<Reached, Error> {
    // A call that does not say whose it is: a master refuses it once it knows who calls.
    let mut call = vec![];
    wire::put_number(&mut call, 2, TEARDOWN);
    let question = Question { name: "a scheduler's call", path: PATH, media: Media::Protobuf, body: &call };
    let mut detector = Detector::new(&settings.masters);
    let mut answer = put(&mut detector, settings, question).await;
    if let Masters::Listed(masters) = &settings.masters {
        for _ in 1..masters.len() {
            answer = match answer {
                // The first is the one to tell of.
                Err(error) => put(&mut detector, settings, question).await.map_err(|_| error),
                Ok(_) => break,
            };
        }
    }
    let answer = match answer {
        Ok(answer) => answer,
        Err(error) => return Err(explained(error, &settings.security).await),
    };
    match answer.status {
        400 if answer.body.starts_with(AGENT_SAYS) => {
            let why = "it takes a scheduler's call for one of its own, as an agent does".to_owned();
            Err(Error::NotMesos { at: answer.master.at, why })
        }
        200..=299 | 400 => Ok(Reached { master: answer.master, from: answer.from }),
        _ => Err(answer.refusal(question.name)),
    }
}

/// A connection that was just closed is what a server does that speaks the other one of HTTP and HTTPS: that is tried.
pub(crate) async fn explained(error: Error, security: &Security) -> Error {
    match (&error, security) {
        (Error::Lost { at, doing: Doing::Asking, .. }, Security::Plain) if speaks_tls(at).await => {
            Error::WantsTls { at: at.clone() }
        }
        (Error::Lost { at, doing: Doing::Handshake, .. }, Security::Tls(_)) if speaks_http(at).await => {
            Error::Tls { at: at.clone(), why: TlsError::PlainHttp }
        }
        _ => error,
    }
}

async fn speaks_tls(at: &HostPort) -> bool {
    let anything = Security::Tls(TlsSettings { verify: Verify::None, ..TlsSettings::default() });
    match Connection::open(&at.clone().into(), &anything).await {
        Ok(_) => true,
        // It refuses us, in TLS.
        Err(Error::Tls { why, .. }) => !matches!(why, TlsError::PlainHttp),
        Err(_) => false,
    }
}

async fn speaks_http(at: &HostPort) -> bool {
    let request = Request { path: PATH, media: Media::Json, credential: None, stream_id: None, body: b"{}" };
    match Connection::open(&at.clone().into(), &Security::Plain).await {
        Ok(mut connection) => connection.ask(&request).await.is_ok(),
        Err(_) => false,
    }
}
