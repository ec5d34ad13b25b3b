//! Whether a framework could be registered: all of the way but the last step.

use std::net::IpAddr;

use crate::{
    HostPort, Masters, Settings,
    error::{Doing, Error},
    http::{Connection, Media, Request},
    leader::{Detector, ZooKeeperError},
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
/// The first thing in the way, once each master that is listed was tried. Whoever wants to wait for what may pass
/// ([`Passing::of`]) tries again.
pub async fn preflight(settings: &Settings) -> Result<Reached, Error> {
    // A call that does not say whose it is: a master refuses it once it knows who calls.
    let mut call = vec![];
    wire::put_number(&mut call, 2, TEARDOWN);
    let question = Question { name: "a scheduler's call", path: PATH, media: Media::Protobuf, body: &call };
    let mut detector = Detector::new(&settings.masters);
    let answer = match put(&mut detector, settings, question).await {
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

/// What of the things in the way may pass by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Passing {
    /// The masters elect a leader.
    Election,
    /// The leader is gone, and the others, or their `ZooKeeper`, have not noticed yet.
    Failover,
}

impl Passing {
    /// Whether an error may pass by itself, on masters of which another may come to lead.
    pub fn of(error: &Error, masters: &Masters) -> Option<Self> {
        let is_the_only_one =
            |at: &HostPort| matches!(masters, Masters::Listed(listed) if listed == std::slice::from_ref(at));
        match error {
            Error::NoLeader { .. }
            | Error::RedirectLoop { .. }
            | Error::ZooKeeper(ZooKeeperError::NoMaster(_)) => Some(Self::Election),
            Error::ZooKeeper(ZooKeeperError::Lost { .. }) => Some(Self::Failover),
            Error::Stranger { .. } => matches!(masters, Masters::Elected(_)).then_some(Self::Failover),
            Error::Refused { at }
            | Error::Unreachable { at, .. }
            | Error::TimedOut { at, .. }
            | Error::Lost { at, .. } => (!is_the_only_one(at)).then_some(Self::Failover),
            _ => None,
        }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kind::ErrorKind;

    #[test]
    fn what_another_leader_would_mend_may_pass() {
        let at = |text: &str| HostPort::parse(text, 5050).unwrap();
        let masters = |text: &str| text.parse::<Masters>().unwrap();
        let refused = |text: &str| Error::Refused { at: at(text) };
        let electing = || Error::NoLeader { at: at("a"), why: String::new() };
        let no_path = || Error::ZooKeeper(ZooKeeperError::NoPath("zk://z/m".into()));
        let no_master = || Error::ZooKeeper(ZooKeeperError::NoMaster("zk://z/m".into()));
        let down = || {
            Error::ZooKeeper(ZooKeeperError::Unreachable {
                kind: ErrorKind::ConnectionRefused,
                why: String::new(),
            })
        };
        let stranger = || Error::Unauthenticated { at: at("a"), principal: None };
        for (error, of, passing) in [
            (refused("a"), "a", None),
            (refused("b"), "a", Some(Passing::Failover)),
            (refused("a"), "a,b", Some(Passing::Failover)),
            (refused("a"), "zk://z/m", Some(Passing::Failover)),
            (electing(), "a", Some(Passing::Election)),
            (no_master(), "zk://z/m", Some(Passing::Election)),
            (no_path(), "zk://z/m", None),
            (down(), "zk://z/m", None),
            (stranger(), "a,b", None),
        ] {
            assert_eq!(Passing::of(&error, &masters(of)), passing, "{error} of {of}");
        }
    }
}
