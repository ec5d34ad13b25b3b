//! What can go wrong between here and a master. Every message says what was tried, what came back, and what to change.

use std::time::Duration;

use crate::{
    address::HostPort, credential::CredentialError, leader::ZooKeeperError, recordio::RecordError,
    tls::TlsError,
};

/// Why a request to Mesos, or a subscription, came to nothing.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The master's name is unknown.
    #[error(
        "the host name {host:?} of a Mesos master is unknown ({why}): check the name, and /etc/resolv.conf and /etc/hosts here"
    )]
    UnknownHost {
        /// The name.
        host: String,
        /// What the resolver says.
        why: String,
    },
    /// Nobody listens.
    #[error(
        "{at} refused the connection: no Mesos master listens there. Check host and port, and that the master runs"
    )]
    Refused {
        /// Where.
        at: HostPort,
    },
    /// No way to the host.
    #[error("{at} cannot be reached: {why}. Check the network between here and the master")]
    Unreachable {
        /// Where.
        at: HostPort,
        /// What the system says.
        why: String,
    },
    /// Nothing came in time.
    #[error("{at} gave no sign of life within {} s while {doing}: check firewalls between here and the master, and the master's health", after.as_secs())]
    TimedOut {
        /// Where.
        at: HostPort,
        /// What for.
        doing: Doing,
        /// How long was waited.
        after: Duration,
    },
    /// The connection ended too early.
    #[error("{at} closed the connection while {doing} ({why}).{}", hint_of_close(*doing))]
    Lost {
        /// Where.
        at: HostPort,
        /// What for.
        doing: Doing,
        /// How it ended.
        why: String,
    },
    /// TLS could not be agreed on.
    #[error("{at}: {why}")]
    Tls {
        /// Where.
        at: HostPort,
        /// Why.
        why: TlsError,
    },
    /// It answers in TLS where plain HTTP was spoken.
    #[error(
        "{at} answered plain HTTP with TLS: set LIBPROCESS_SSL_ENABLED=1 with LIBPROCESS_SSL_CA_FILE, _CERT_FILE and _KEY_FILE"
    )]
    WantsTls {
        /// Where.
        at: HostPort,
    },
    /// Something that is not Mesos.
    #[error(
        "{at} is no Mesos master: {why}. Check host and port (a master's is 5050 as a rule, an agent's 5051)"
    )]
    NotMesos {
        /// Where.
        at: HostPort,
        /// What it answered.
        why: String,
    },
    /// More than is taken in.
    #[error(
        "{at} answers with more than {} MiB: lower the masters' --max_completed_frameworks and --max_completed_tasks_per_framework",
        most >> 20
    )]
    TooLong {
        /// Where.
        at: HostPort,
        /// How many bytes are taken in.
        most: usize,
    },
    /// A master that knows of no leader, or is still recovering.
    #[error(
        "{at} says that no Mesos master leads at present ({why}): wait for the election, or check the masters' ZooKeeper"
    )]
    NoLeader {
        /// Where.
        at: HostPort,
        /// What it answered.
        why: String,
    },
    /// Masters that send to each other in a circle.
    #[error(
        "{at} redirects on and on to another master: check that the masters agree on their leader, and that each advertises an address that is its own"
    )]
    RedirectLoop {
        /// The last of them.
        at: HostPort,
    },
    /// A master that sends elsewhere than to a master.
    #[error(
        "{at} sends to {to}, which is none of the masters {masters}: principal and secret are not sent there. If it is one of \
         them, add it to the masters as it announces itself (--hostname, --advertise_ip), or name their zk:// address; if not, ask who answers at {at}"
    )]
    Stranger {
        /// The master that redirects there.
        at: HostPort,
        /// Where.
        to: HostPort,
        /// Those that are known.
        masters: String,
    },
    /// Nobody to ask.
    #[error("no Mesos master is named: write host:port, h1:port,h2:port or zk://h1:port,h2:port/path")]
    NoMaster,
    /// 401.
    #[error("{at} wants a principal and secret and {}: check principal and secret against the master's --credentials", who(.principal.as_deref(), "got none", "did not take those of"))]
    Unauthenticated {
        /// Where.
        at: HostPort,
        /// The principal that was sent.
        principal: Option<String>,
    },
    /// 403.
    #[error("{at} forbids {what} ({why}){}: grant it in the master's ACLs", who(.principal.as_deref(), "", " to"))]
    Forbidden {
        /// Where.
        at: HostPort,
        /// What was asked.
        what: &'static str,
        /// The principal that was sent.
        principal: Option<String>,
        /// What the master says.
        why: String,
    },
    /// Any other refusal of a request.
    #[error("{at} refused {what} with HTTP {status}: {why}")]
    Rejected {
        /// Where.
        at: HostPort,
        /// What was asked.
        what: &'static str,
        /// The HTTP status.
        status: u16,
        /// What the master says.
        why: String,
    },
    /// The master does not want this framework.
    #[error("{at}: {why}")]
    Framework {
        /// Where.
        at: HostPort,
        /// Why.
        why: FrameworkError,
    },
    /// A stream that is no RecordIO.
    #[error("{at}: {why}. Check that no proxy stands between here and the master")]
    Stream {
        /// Where.
        at: HostPort,
        /// What is wrong.
        why: RecordError,
    },
    /// A message that is not what Mesos sends.
    #[error("{at} sent {what} that cannot be read: {why}. Mesos 1.0 to 1.11 is understood")]
    Unreadable {
        /// Where.
        at: HostPort,
        /// What it was to be.
        what: &'static str,
        /// Why.
        why: String,
    },
    /// A credential that cannot be read.
    #[error(transparent)]
    Credential(#[from] CredentialError),
    /// No leader to be had from ZooKeeper.
    #[error(transparent)]
    ZooKeeper(#[from] ZooKeeperError),
}

/// What a connection was used for when it failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Doing {
    /// TCP.
    Connecting,
    /// TLS.
    Handshake,
    /// Waiting for the answer to a request.
    Asking,
    /// Reading the event stream.
    Listening,
}

impl std::fmt::Display for Doing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Connecting => "connecting",
            Self::Handshake => "agreeing on TLS",
            Self::Asking => "answering a request",
            Self::Listening => "sending events",
        })
    }
}

/// Why a master does not want a framework: the ERROR event, sorted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FrameworkError {
    /// Its role is not in the master's whitelist, or its principal may not use it.
    #[error(
        "the master does not accept this framework's role ({0}): use a role that the master's --roles lists and its ACLs (register_frameworks) allow to this principal"
    )]
    Role(String),
    /// It was torn down, or its failover timeout has passed: its id is used up.
    #[error(
        "the master has removed this framework ({0}): its id cannot be used again. A new one must be started; a longer failover timeout survives longer interruptions"
    )]
    Removed(String),
    /// Another scheduler has subscribed with the same id.
    #[error(
        "another scheduler has taken this framework over ({0}): each program needs a framework id of its own"
    )]
    FailedOver(String),
    /// Anything else that the master says.
    #[error("the master refuses this framework: {0}")]
    Other(String),
}

impl FrameworkError {
    /// Sorts what the master says in an ERROR event.
    ///
    /// Source: the messages in Mesos 1.11 `src/master/master.cpp` and `src/master/validation.cpp`.
    pub fn from_master(message: String) -> Self {
        let says = |text: &str| message.contains(text);
        if says("Framework has been removed") || says("Completed framework") {
            Self::Removed(message)
        } else if says("Framework failed over") {
            Self::FailedOver(message)
        } else if (says("role") && (says("Not authorized") || says("not present in the master's --roles")))
            || says("not in the master's --roles")
        {
            Self::Role(message)
        } else {
            Self::Other(message)
        }
    }
}

impl Error {
    /// Whether asking again cannot help: the answer is Mesos' last word, or the settings here must change.
    ///
    /// A refused credential counts, since masters forget none; a wrong certificate does not, since files are read anew.
    pub fn is_final(&self) -> bool {
        matches!(
            self,
            Self::Unauthenticated { .. }
                | Self::Forbidden { .. }
                | Self::Rejected { .. }
                | Self::Framework { .. }
        )
    }
}

fn hint_of_close(doing: Doing) -> &'static str {
    match doing {
        Doing::Connecting | Doing::Asking => {
            " If it speaks TLS, set LIBPROCESS_SSL_ENABLED=1; otherwise look at its log"
        }
        Doing::Handshake => {
            " If it speaks plain HTTP, unset LIBPROCESS_SSL_ENABLED; otherwise look at its log"
        }
        Doing::Listening => " The subscription is made anew",
    }
}

fn who(principal: Option<&str>, nobody: &str, somebody: &str) -> String {
    principal.map_or_else(|| nobody.to_owned(), |principal| format!("{somebody} {principal:?}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_master_says_is_sorted() {
        let kind = |text: &str| match FrameworkError::from_master(text.to_owned()) {
            FrameworkError::Role(_) => "role",
            FrameworkError::Removed(_) => "removed",
            FrameworkError::FailedOver(_) => "failed over",
            FrameworkError::Other(_) => "other",
        };
        for (text, sorted) in [
            ("Framework has been removed", "removed"),
            ("Framework failed over", "failed over"),
            ("Not authorized to register framework  with roles { forbidden }", "role"),
            ("Roles { a } are not present in the master's --roles", "role"),
            ("User 'root' is not allowed to run frameworks without --root_submissions set", "other"),
        ] {
            assert_eq!(kind(text), sorted, "{text}");
        }
    }
}
