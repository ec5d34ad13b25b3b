//! What kind of trouble an error is: one word for programs, where the error itself speaks to people.

use serde::{Deserialize, Serialize};

use crate::{
    error::{Error, FrameworkError},
    leader::ZooKeeperError,
    tls::TlsError,
};

/// A kind of trouble with Mesos. The list is closed: each word may become a condition's reason or a metric's label.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum ErrorKind {
    /// The host's name is unknown.
    NameUnknown,
    /// Nobody listens there.
    ConnectionRefused,
    /// No answer came in time, or there is no way to the host.
    ConnectionTimeout,
    /// No agreement on TLS: versions, cipher suites, or the client's certificate.
    TlsFailed,
    /// The master's certificate comes from an unknown authority.
    AuthorityUnknown,
    /// The master's certificate is another's.
    ServerNameMismatch,
    /// One side speaks TLS, the other does not.
    PlainHttp,
    /// Certificates or keys here cannot be used, or the master's has expired.
    CertificatesInvalid,
    /// Somebody else listens there.
    NotMesos,
    /// No master leads.
    NoLeader,
    /// Principal and secret are not taken, or cannot be read.
    CredentialsRefused,
    /// The role is not allowed.
    RoleRefused,
    /// The framework was removed.
    FrameworkRemoved,
    /// The framework is not wanted for another reason.
    FrameworkRefused,
    /// The connection broke.
    MesosUnreachable,
    /// The framework was not registered in time; what was in the way stands in the words beside it.
    RegistrationTimeout,
}

impl Error {
    /// What kind of trouble it is.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::UnknownHost { .. } | Self::NoMaster => ErrorKind::NameUnknown,
            Self::Refused { .. } => ErrorKind::ConnectionRefused,
            Self::Unreachable { .. } | Self::TimedOut { .. } => ErrorKind::ConnectionTimeout,
            Self::Lost { .. } | Self::TooLong { .. } => ErrorKind::MesosUnreachable,
            Self::Tls { why, .. } => of_tls(why),
            Self::WantsTls { .. } => ErrorKind::PlainHttp,
            Self::NotMesos { .. } | Self::Stream { .. } | Self::Unreadable { .. } => ErrorKind::NotMesos,
            Self::NoLeader { .. } | Self::RedirectLoop { .. } => ErrorKind::NoLeader,
            Self::Unauthenticated { .. } | Self::Credential(_) | Self::Stranger { .. } => {
                ErrorKind::CredentialsRefused
            }
            Self::Forbidden { .. } | Self::Rejected { .. } => ErrorKind::FrameworkRefused,
            Self::Framework { why, .. } => match why {
                FrameworkError::Role(_) => ErrorKind::RoleRefused,
                FrameworkError::Removed(_) => ErrorKind::FrameworkRemoved,
                FrameworkError::FailedOver(_) | FrameworkError::Other(_) => ErrorKind::FrameworkRefused,
            },
            Self::ZooKeeper(why) => match why {
                ZooKeeperError::Unreachable { kind, .. } => *kind,
                ZooKeeperError::Forbidden(_) => ErrorKind::CredentialsRefused,
                _ => ErrorKind::NoLeader,
            },
        }
    }
}

fn of_tls(why: &TlsError) -> ErrorKind {
    match why {
        TlsError::UnknownAuthority => ErrorKind::AuthorityUnknown,
        TlsError::Name(_) => ErrorKind::ServerNameMismatch,
        TlsError::PlainHttp => ErrorKind::PlainHttp,
        TlsError::Expired | TlsError::NotYetValid | TlsError::Certificate(_) | TlsError::File(_) => {
            ErrorKind::CertificatesInvalid
        }
        TlsError::HandshakeRefused { .. }
        | TlsError::Version
        | TlsError::ClientCertificate(_)
        | TlsError::Alert(_)
        | TlsError::Other(_) => ErrorKind::TlsFailed,
    }
}
