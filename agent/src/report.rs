//! The termination message: how an attempt ended, in at most [`MAX_BYTES`] of JSON.

use std::path::Path;
use std::{fs, io};

use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::supervise::signals::Signal;
use crate::supervise::step::{Ended, Outcome, StopCause};

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
    /// The kernel killed a process of the driver for want of memory.
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
}

/// The exit code of a command that could not be killed, as if it had been.
const UNKILLABLE: u8 = 137;

/// The exit code of a shell whose own child was killed by SIGKILL.
const KILLED: u8 = 137;

/// What else is known when a command ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Circumstances<'a> {
    /// The command's name.
    pub command: &'a str,
    /// How many processes of our cgroup the kernel killed meanwhile for want of memory.
    pub oom_kills: u64,
    /// The grace period, in milliseconds.
    pub grace_period_ms: u64,
}

impl TerminationMessage {
    /// The message of a command that ran.
    pub fn of_outcome(outcome: &Outcome, circumstances: &Circumstances<'_>) -> Self {
        let exit_code = exit_code(outcome.ended);
        let reason = reason(outcome, exit_code, circumstances.oom_kills);
        let message = describe(reason, outcome, circumstances);
        Self { exit_code, reason, message, warnings: Vec::new() }
    }

    /// The message of an attempt that could not begin.
    pub fn of_error(error: &Error) -> Self {
        Self {
            exit_code: error.exit_code(),
            reason: error.reason(),
            message: error.to_string(),
            warnings: Vec::new(),
        }
    }

    /// JSON of at most [`MAX_BYTES`]: the message is cut first, then warnings are left out from the end.
    pub fn to_json(&self) -> Result<String, serde_json::Error> {
        let mut short = self.clone();
        let mut json = serde_json::to_string(&short)?;
        while json.len() > MAX_BYTES {
            let over = json.len() - MAX_BYTES;
            if short.message.len() > SHORT_MESSAGE {
                let keep = short.message.len().saturating_sub(over + ELLIPSIS.len()).max(SHORT_MESSAGE);
                short.message = cut(&short.message, keep.saturating_sub(ELLIPSIS.len()));
            } else if short.warnings.pop().is_none() {
                break;
            }
            json = serde_json::to_string(&short)?;
        }
        Ok(json)
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

/// Below this length, in bytes, a message is not cut.
const SHORT_MESSAGE: usize = 1024;

const ELLIPSIS: &str = "…";

fn cut(text: &str, longest: usize) -> String {
    let end = (0..=longest.min(text.len())).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
    format!("{}{ELLIPSIS}", &text[..end])
}

fn exit_code(ended: Option<Ended>) -> u8 {
    match ended {
        Some(Ended::Exited(code)) => code,
        Some(Ended::Signaled(signal)) => u8::try_from(128 + signal.number()).unwrap_or(u8::MAX),
        None => UNKILLABLE,
    }
}

fn reason(outcome: &Outcome, exit_code: u8, oom_kills: u64) -> ExitReason {
    let killed = outcome.ended == Some(Ended::Signaled(Signal::KILL)) || exit_code == KILLED;
    match (outcome.stop, outcome.ended) {
        (Some(StopCause::Idle), _) => ExitReason::IdleTimeout,
        (Some(_), _) if outcome.forced => ExitReason::KilledAfterGracePeriod,
        (Some(_), _) => ExitReason::Stopped,
        (None, _) if killed && oom_kills > 0 => ExitReason::OutOfMemory,
        (None, Some(Ended::Exited(0))) => ExitReason::Completed,
        (None, Some(Ended::Exited(_))) => ExitReason::ExitedNonZero,
        (None, Some(Ended::Signaled(_)) | None) => ExitReason::KilledBySignal,
    }
}

fn describe(reason: ExitReason, outcome: &Outcome, circumstances: &Circumstances<'_>) -> String {
    let Circumstances { command, oom_kills, grace_period_ms } = circumstances;
    let how = match outcome.ended {
        Some(Ended::Exited(code)) => format!("{command} ended with exit code {code}"),
        Some(Ended::Signaled(signal)) => format!("{command} was killed by {}", signal.name()),
        None => format!("{command} could not be killed; it hangs in the kernel"),
    };
    let more = match reason {
        ExitReason::OutOfMemory => {
            ": the kernel killed it for want of memory; raise driver.memory or driver.memoryOverhead"
                .to_owned()
        }
        ExitReason::IdleTimeout => " after nobody had used it for its idle timeout".to_owned(),
        ExitReason::Stopped => " after it was asked to stop".to_owned(),
        ExitReason::KilledAfterGracePeriod => {
            format!(" after it was asked to stop (grace period {grace_period_ms} ms)")
        }
        _ if *oom_kills > 0 => {
            "; meanwhile the kernel killed one of its processes for want of memory".to_owned()
        }
        _ => String::new(),
    };
    how + &more
}
