//! Registering a framework only to end it.

use crate::{
    FrameworkInfo, Settings,
    error::{Error, FrameworkError},
    kind::ErrorKind,
    operator::Teardown,
};

use super::{Ended, Ending, Scheduler, Signal};

/// Why a framework could not be registered and ended.
#[derive(Debug, thiserror::Error)]
pub enum TakeDownError {
    /// It was not registered.
    #[error(transparent)]
    Mesos(#[from] Error),
    /// It was, and the master did not confirm its end.
    #[error("its teardown was not confirmed: {0}")]
    Unconfirmed(String),
}

impl TakeDownError {
    /// What kind of trouble it is.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Mesos(error) => error.kind(),
            Self::Unconfirmed(_) => ErrorKind::MesosUnreachable,
        }
    }

    /// Whether trying again cannot help.
    pub fn is_final(&self) -> bool {
        matches!(self, Self::Mesos(error) if error.is_final())
    }
}

/// Registers a framework, takes no offers, and tears it down at once.
///
/// With an id of its own it tells whether Mesos would register such a framework: its role, above all. With the id of one that
/// lives it takes that over from its scheduler, which must be gone, and ends it: what a principal may do that the operator
/// API forbids a teardown. User, role and principal must then be the same.
///
/// # Errors
/// The first thing in the way; nothing is waited for.
pub async fn take_down(settings: Settings, framework: FrameworkInfo) -> Result<Teardown, TakeDownError> {
    let role = framework.role().unwrap_or_else(|| "*".to_owned());
    let (scheduler, handle, mut signals) = Scheduler::new(settings, framework);
    let life = scheduler.with_suppressed_roles(vec![role]).run();
    tokio::pin!(life);
    let mut trouble = None;
    let mut hear = |signal| match signal {
        Signal::Subscribed { .. } => handle.stop(Ending::Teardown),
        Signal::Waiting(error) | Signal::Disconnected(error) => {
            trouble = Some(error);
            handle.stop(Ending::Failover);
        }
        Signal::Refused(error) => trouble = Some(error),
        _ => {}
    };
    let ended = loop {
        tokio::select! {
            biased;
            Some(signal) = signals.recv() => hear(signal),
            ended = &mut life => break ended,
        }
    };
    while let Ok(signal) = signals.try_recv() {
        hear(signal);
    }
    verdict(ended, trouble)
}

fn verdict(ended: Ended, trouble: Option<Error>) -> Result<Teardown, TakeDownError> {
    match (ended, trouble) {
        (Ended::TornDown, _) => Ok(Teardown::Done),
        // An id that is used up: the framework has gone.
        (Ended::Refused, Some(Error::Framework { why: FrameworkError::Removed(_), .. })) => {
            Ok(Teardown::AlreadyGone)
        }
        (_, Some(error)) => Err(error.into()),
        (Ended::TeardownOwed(why), None) => Err(TakeDownError::Unconfirmed(why)),
        (Ended::NeverSubscribed | Ended::LeftBehind | Ended::Refused, None) => {
            Err(TakeDownError::Unconfirmed("the master said nothing about it".to_owned()))
        }
    }
}
