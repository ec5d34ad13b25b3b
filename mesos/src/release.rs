//! The end of a framework whose own scheduler is gone.

use crate::{
    FrameworkInfo, Settings,
    error::Error,
    kind::ErrorKind,
    operator::{Operator, Teardown},
    scheduler::{TakeDownError, take_down},
};

/// Why a framework may still be there.
#[derive(Debug, thiserror::Error)]
pub enum ReleaseError {
    /// The operator API failed.
    #[error(transparent)]
    Mesos(#[from] Error),
    /// The operator API refused, and its own scheduler's way failed, too.
    #[error(
        "{refused} (the ACL is teardown_frameworks). What needs no ACL, to end it as its own scheduler, failed, too: {failed}"
    )]
    Refused {
        /// What the operator API said.
        refused: Error,
        /// What came of the other way.
        failed: TakeDownError,
    },
}

impl ReleaseError {
    /// What kind of trouble it is: that of the last thing tried.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Mesos(error) => error.kind(),
            Self::Refused { failed, .. } => failed.kind(),
        }
    }

    /// Whether trying again cannot help.
    pub fn is_final(&self) -> bool {
        match self {
            Self::Mesos(error) => error.is_final(),
            Self::Refused { failed, .. } => failed.is_final(),
        }
    }
}

/// Tears down a framework by the operator API, or, where that is not allowed (401, 403, 404), as its own scheduler, which
/// needs no ACL: with the same id, user and role, and this principal.
///
/// Only for a framework whose scheduler is gone: a living one would lose its framework to ours.
///
/// # Errors
/// When the master has not confirmed that the framework is gone.
pub async fn release(
    operator: &mut Operator,
    settings: &Settings,
    mut framework: FrameworkInfo,
) -> Result<Teardown, ReleaseError> {
    match operator.teardown(&framework.id().unwrap_or_default()).await {
        Err(refused @ (Error::Unauthenticated { .. } | Error::Forbidden { .. } | Error::NotMesos { .. })) => {
            if let Some(credential) = settings.credential.read().map_err(Error::from)? {
                framework = framework.with_principal(&credential.principal);
            }
            let taken = take_down(settings.clone(), framework).await;
            taken.map_err(|failed| ReleaseError::Refused { refused, failed })
        }
        answer => Ok(answer?),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_refused_is_told_of_the_acl_and_of_what_was_tried_instead() {
        let refused = Error::Forbidden {
            at: crate::HostPort { host: "m".into(), port: 5050 },
            what: "TEARDOWN",
            principal: Some("watch".into()),
            why: "403 Forbidden.".into(),
        };
        let failed = TakeDownError::Unconfirmed("the master said nothing about it".into());
        let error = ReleaseError::Refused { refused, failed };
        let message = error.to_string();
        for words in ["teardown_frameworks", "\"watch\"", "said nothing about it"] {
            assert!(message.contains(words), "{message}");
        }
        assert_eq!((error.kind(), error.is_final()), (ErrorKind::MesosUnreachable, false));
    }
}
