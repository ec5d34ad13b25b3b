//! The termination message: how an attempt ended, in at most [`MAX_BYTES`] of JSON.

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
