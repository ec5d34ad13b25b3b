//! What goes wrong with a Lease, and what to do about it.

use std::fmt;
use std::time::Duration;

/// Which Lease of a cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LeaseName {
    /// Its namespace: the operator's own.
    pub(crate) namespace: String,
    /// Its name, which all replicas share.
    pub(crate) name: String,
}

/// What the API server is asked for, by RBAC's verbs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verb {
    /// One look.
    Get,
    /// A first Lease.
    Create,
    /// Acquire, renew, release.
    Update,
    /// Watching for changes; begins with a list.
    Watch,
}

/// What stands in the election's way. Only [`LeaseError::TooShort`] is final; the others are tried again.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LeaseError {
    /// Renewals could not keep up.
    #[error("--lease-duration is {} s: give it {} s at least", given.as_secs_f64(), least.as_secs())]
    TooShort {
        /// What was given.
        given: Duration,
        /// What is needed.
        least: Duration,
    },
    /// The service account lacks a right.
    #[error(
        "may not {verb} {lease}, and cannot lead without: let the operator's service account get, list, watch, \
         create and update leases of coordination.k8s.io in namespace {} ({message})",
        lease.namespace
    )]
    Forbidden {
        /// What was asked for.
        verb: Verb,
        /// Of what.
        lease: LeaseName,
        /// The API server's words.
        message: String,
    },
    /// The API server hangs, or cannot be reached.
    #[error("cannot {verb} {lease}: the API server does not answer within {} s", within.as_secs_f64())]
    Unanswered {
        /// What was asked for.
        verb: Verb,
        /// Of what.
        lease: LeaseName,
        /// How long was waited.
        within: Duration,
    },
    /// Somebody else wrote, created or deleted the Lease first. Another look tells what became of it.
    #[error("cannot {verb} {lease}: somebody else has just changed it")]
    Overtaken {
        /// What was asked for.
        verb: Verb,
        /// Of what.
        lease: LeaseName,
    },
    /// The API server refused.
    #[error("cannot {verb} {lease}: the API server refuses: {message}")]
    Refused {
        /// What was asked for.
        verb: Verb,
        /// Of what.
        lease: LeaseName,
        /// The API server's words.
        message: String,
    },
    /// The request did not get there, or its answer not back.
    #[error("cannot {verb} {lease}: {source}")]
    Failed {
        /// What was asked for.
        verb: Verb,
        /// Of what.
        lease: LeaseName,
        /// Why.
        source: Box<kube::Error>,
    },
}

impl LeaseError {
    /// What `error` means for what was asked of `lease`.
    pub(super) fn of(error: kube::Error, verb: Verb, lease: &LeaseName) -> Self {
        let lease = lease.clone();
        let status = match error {
            kube::Error::Api(status) => status,
            source => return Self::Failed { verb, lease, source: Box::new(source) },
        };
        if status.is_forbidden() {
            Self::Forbidden { verb, lease, message: status.message }
        } else if status.is_conflict()
            || status.is_already_exists()
            || (status.is_not_found() && verb == Verb::Update)
        {
            Self::Overtaken { verb, lease }
        } else {
            Self::Refused { verb, lease, message: status.message }
        }
    }
}

impl fmt::Display for LeaseName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Lease {}/{}", self.namespace, self.name)
    }
}

impl fmt::Display for Verb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Get => "get",
            Self::Create => "create",
            Self::Update => "update",
            Self::Watch => "watch",
        })
    }
}
