//! The end of a framework whose own scheduler is gone.

use crate::{
    FrameworkInfo, Settings,
    error::{Error, FrameworkError},
    kind::ErrorKind,
    operator::{Operator, Teardown},
    scheduler::{Ended, Ending, Scheduler, Signal},
};

/// What became of a framework that was to go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Released {
    /// It was torn down.
    TornDown,
    /// The leading master knows of none of this id that lives.
    NotThere,
}

/// Why a framework may still be there.
#[derive(Debug, thiserror::Error)]
pub enum ReleaseError {
    /// Mesos, or the way to it.
    #[error(transparent)]
    Mesos(#[from] Box<Error>),
    /// The teardown was sent and not confirmed.
    #[error("its teardown was not confirmed: {0}")]
    Unconfirmed(String),
}

impl ReleaseError {
    /// What kind of trouble it is.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Mesos(error) => error.kind(),
            Self::Unconfirmed(_) => ErrorKind::MesosUnreachable,
        }
    }
}

/// Tears down a framework by the operator API, or, where that is not allowed (401, 403, 404), as its own scheduler: it
/// subscribes with the same id, user, role and principal, and sends the scheduler's TEARDOWN, which needs no ACL.
///
/// Only for a framework whose scheduler is gone: a living one would lose its framework to ours.
///
/// # Errors
/// When the master has not confirmed that the framework is gone.
pub async fn release(
    operator: &mut Operator,
    settings: &Settings,
    framework: FrameworkInfo,
) -> Result<Released, ReleaseError> {
    let id = framework.id().unwrap_or_default();
    match operator.teardown(&id).await {
        Ok(Teardown::Done) => Ok(Released::TornDown),
        Ok(Teardown::AlreadyGone) => Ok(Released::NotThere),
        Err(Error::Unauthenticated { .. } | Error::Forbidden { .. } | Error::NotMesos { .. }) => {
            as_scheduler(settings, framework).await
        }
        Err(error) => Err(Box::new(error).into()),
    }
}

async fn as_scheduler(settings: &Settings, mut framework: FrameworkInfo) -> Result<Released, ReleaseError> {
    if let Some(credential) = settings.credential.read().map_err(|error| Box::new(Error::from(error)))? {
        framework = framework.with_principal(&credential.principal);
    }
    let (scheduler, handle, mut signals) = Scheduler::new(settings.clone(), framework);
    // Not before it is subscribed: only then is a refusal told, and one kind of refusal says that all is well.
    let subscribed = async move {
        while let Some(signal) = signals.recv().await {
            match signal {
                Signal::Subscribed { .. } => handle.stop(Ending::Teardown),
                // The handle goes with us, and the scheduler with it.
                Signal::Refused(error) | Signal::Disconnected(error) | Signal::Waiting(error) => {
                    return Some(error);
                }
                _ => {}
            }
        }
        None
    };
    match tokio::join!(scheduler.run(), subscribed) {
        (Ended::TornDown, _) => Ok(Released::TornDown),
        // An id that is used up: the framework has gone.
        (_, Some(Error::Framework { why: FrameworkError::Removed(_), .. })) => Ok(Released::NotThere),
        (_, Some(error)) => Err(Box::new(error).into()),
        (Ended::TeardownOwed(why), None) => Err(ReleaseError::Unconfirmed(why)),
        (Ended::NeverSubscribed | Ended::LeftBehind | Ended::Refused, None) => {
            Err(ReleaseError::Unconfirmed("the master did not take it up".to_owned()))
        }
    }
}
