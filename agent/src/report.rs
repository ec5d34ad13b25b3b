//! The termination message: how an attempt ended, in at most [`MAX_BYTES`] of JSON.

use std::path::Path;
use std::{fs, io};

use lcmap_mesos::ErrorKind;
use serde::{Deserialize, Serialize};

/// The longest termination message, in bytes. The kubelet keeps 4,096; the rest is left to JSON's escapes.
pub const MAX_BYTES: usize = 3 * 1024;

/// How an attempt ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TerminationMessage {
    /// The agent's own exit code: the command's, 128 + n when signal n killed it, 126 or 127 when it could not
    /// be started.
    pub exit_code: u8,
    /// Why it ended.
    pub reason: ExitReason,
    /// The same for people: what happened and what to do.
    pub message: String,
    /// What the user should know beside the result.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
    /// What it had on Mesos, and what may be left there. None: there was no Mesos, or the agent cannot tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub frameworks: Option<Frameworks>,
}

/// The frameworks of a driver that has ended, by their ids.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Frameworks {
    /// Those that it asked Mesos for; the first of them, if there are very many.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ids: Vec<String>,
    /// Those that were not seen to go.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left: Vec<String>,
}

impl Frameworks {
    /// How many ids a message holds.
    const MOST: usize = 16;

    /// These, of which some are left.
    pub(crate) fn new(mut ids: Vec<String>, mut left: Vec<String>) -> Self {
        ids.truncate(Self::MOST);
        left.truncate(Self::MOST);
        Self { ids, left }
    }
}

/// What `inspect` says when all is well.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Inspection {
    /// The end of the certificate that the driver is to show to Mesos, if it is to show one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate: Option<Expiry>,
}

/// When a certificate ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Expiry {
    /// The last second of its validity, since 1970.
    pub at: i64,
    /// The second from which on its end is near: two weeks ahead, or after nine tenths of a short life.
    pub warn_from: i64,
}

/// Why an attempt ended: a closed list, since it becomes a condition's reason and a metric's label.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ExitReason {
    /// The command ended with exit code 0.
    Completed,
    /// The command ended with another exit code.
    ExitedNonZero,
    /// The command was killed by a signal that the agent did not send.
    KilledBySignal,
    /// The kernel killed a process of the driver for want of memory, or the heap of its JVM was full.
    OutOfMemory,
    /// The agent was asked to stop, and the command ended within its grace period.
    Stopped,
    /// The agent was asked to stop, and the command had to be killed after its grace period.
    KilledAfterGracePeriod,
    /// An interactive shell was idle for longer than it may be.
    IdleTimeout,
    /// The command was not found.
    CommandNotFound,
    /// The command was found and could not be started.
    CommandNotExecutable,
    /// The launch plan could not be read, or is of an unknown version.
    PlanRefused,
    /// A certificate is unreadable, expired, or does not fit its key or root.
    CertificatesInvalid,
    /// A private key is baked into the image.
    CertificatesInImage,
    /// The driver's configuration could not be written or read.
    ConfigurationFailed,
    /// Jupyter's own configuration lets in others than the notebook's token does, or has it listen elsewhere.
    JupyterMisconfigured,
    /// The Mesos master's name is unknown.
    NameUnknown,
    /// Nobody listens at the Mesos master's address.
    ConnectionRefused,
    /// The Mesos master did not answer in time.
    ConnectionTimeout,
    /// The Mesos master and the driver do not agree on TLS.
    TlsFailed,
    /// The Mesos master's certificate comes from an unknown authority.
    AuthorityUnknown,
    /// The Mesos master's certificate is another's.
    ServerNameMismatch,
    /// The Mesos master and the driver do not agree on whether to speak TLS.
    PlainHttp,
    /// What answers is no Mesos master.
    NotMesos,
    /// No Mesos master leads.
    NoLeader,
    /// The connection to Mesos broke.
    MesosUnreachable,
    /// Mesos does not take principal and secret.
    CredentialsRefused,
    /// Mesos does not allow the role.
    RoleRefused,
    /// Mesos does not want the framework.
    FrameworkRefused,
    /// Mesos removed the framework while its program lived.
    FrameworkRemoved,
    /// Mesos did not register the framework in time.
    RegistrationTimeout,
    /// So many executors failed on each Mesos agent that Spark launches no more there.
    AgentsExcluded,
    /// The program ended well and has never asked Mesos for anything.
    NeverConnected,
    /// The program ended well, and its JVM only after TERM.
    JvmLingers,
}

impl From<ErrorKind> for ExitReason {
    fn from(kind: ErrorKind) -> Self {
        match kind {
            ErrorKind::NameUnknown => Self::NameUnknown,
            ErrorKind::ConnectionRefused => Self::ConnectionRefused,
            ErrorKind::ConnectionTimeout => Self::ConnectionTimeout,
            ErrorKind::TlsFailed => Self::TlsFailed,
            ErrorKind::AuthorityUnknown => Self::AuthorityUnknown,
            ErrorKind::ServerNameMismatch => Self::ServerNameMismatch,
            ErrorKind::PlainHttp => Self::PlainHttp,
            ErrorKind::CertificatesInvalid => Self::CertificatesInvalid,
            ErrorKind::NotMesos => Self::NotMesos,
            ErrorKind::NoLeader => Self::NoLeader,
            ErrorKind::CredentialsRefused => Self::CredentialsRefused,
            ErrorKind::RoleRefused => Self::RoleRefused,
            ErrorKind::FrameworkRemoved => Self::FrameworkRemoved,
            ErrorKind::FrameworkRefused => Self::FrameworkRefused,
            ErrorKind::MesosUnreachable => Self::MesosUnreachable,
            ErrorKind::RegistrationTimeout => Self::RegistrationTimeout,
        }
    }
}

impl TerminationMessage {
    /// JSON of at most [`MAX_BYTES`]: a long message is cut first, then warnings are left out from the end.
    pub fn to_json(&self) -> Result<String, serde_json::Error> {
        let mut short = self.clone();
        loop {
            let json = serde_json::to_string(&short)?;
            if json.len() <= MAX_BYTES {
                return Ok(json);
            }
            if short.message.len() > SHORT_MESSAGE || short.warnings.pop().is_none() {
                short.message = cut(&short.message, short.message.len() * 3 / 4);
            }
        }
    }

    /// Writes the JSON into a file that may be a mount of its own (`/dev/termination-log`), and so is not replaced.
    pub fn write(&self, path: &Path) -> io::Result<()> {
        fs::write(path, self.to_json()?)
    }

    /// Whether the command's own output leaves open why it ended, so that a line of ours helps.
    pub fn needs_words(&self) -> bool {
        !matches!(self.reason, ExitReason::Completed | ExitReason::ExitedNonZero | ExitReason::Stopped)
    }
}

/// A message of this length, in bytes, is cut only when no warning is left.
const SHORT_MESSAGE: usize = 1024;

const ELLIPSIS: &str = "…";

/// A text of so many bytes at most, and a mark that it was longer.
pub(crate) fn cut(text: &str, longest: usize) -> String {
    let end = (0..=longest.min(text.len())).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
    format!("{}{ELLIPSIS}", &text[..end])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn message(message: &str, warnings: &[&str]) -> TerminationMessage {
        TerminationMessage {
            exit_code: 1,
            reason: ExitReason::ExitedNonZero,
            message: message.to_owned(),
            warnings: warnings.iter().map(|warning| (*warning).to_owned()).collect(),
            frameworks: None,
        }
    }

    #[test]
    fn a_short_message_is_kept_whole() {
        let json = message("spark-submit ended with exit code 1", &["a", "b"]).to_json().unwrap();
        let expected = r#"{"exitCode":1,"reason":"ExitedNonZero","message":"spark-submit ended with exit code 1","warnings":["a","b"]}"#;
        assert_eq!(json, expected);
    }

    #[test]
    fn a_long_message_is_cut_before_a_warning_is_lost() {
        let json = message(&"m".repeat(9_000), &["certificate"]).to_json().unwrap();
        let short: TerminationMessage = serde_json::from_str(&json).unwrap();
        assert!(short.message.ends_with("m…"), "{}", short.message);
        assert_eq!(short.warnings, ["certificate"]);
    }

    #[test]
    fn warnings_are_left_out_from_the_end() {
        let json = message("m", &["first", &"w".repeat(4_000)]).to_json().unwrap();
        let short: TerminationMessage = serde_json::from_str(&json).unwrap();
        assert_eq!(short.warnings, ["first"]);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]

        #[test]
        fn it_always_fits_and_is_always_json(
            text in "(?s).{0,3000}",
            warnings in prop::collection::vec("(?s).{0,2000}", 0..4),
        ) {
            let warnings: Vec<&str> = warnings.iter().map(String::as_str).collect();
            let json = message(&text, &warnings).to_json().unwrap();
            prop_assert!(json.len() <= MAX_BYTES);
            let short: TerminationMessage = serde_json::from_str(&json).unwrap();
            prop_assert_eq!(short.exit_code, 1);
        }
    }
}
