//! Whether Mesos would take the driver, asked before Spark starts: Spark itself would wait in silence.

use std::io;
use std::time::{Duration, Instant};

use lcmap_mesos::{Error, ErrorKind, Reached, Settings};
use tokio::time::sleep;

use super::runtime;
use crate::supervise::signals::{Inbox, Signal};

/// Between two tries while the masters elect a leader.
const PAUSE: Duration = Duration::from_millis(500);

/// How often is looked whether somebody wants us to stop.
const TICK: Duration = Duration::from_millis(50);

/// Why there is nothing to start.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PreflightError {
    /// Mesos, or the way to it.
    #[error("{0}{remedy}", remedy = remedy(.0.kind()))]
    Mesos(#[from] Box<Error>),
    /// The agent was asked to stop meanwhile.
    #[error("asked to stop before Mesos had answered")]
    Stopped,
    /// The kernel refused what it takes to wait.
    #[error("Mesos cannot be asked: {0}")]
    Runtime(#[from] io::Error),
}

/// What to change in a `SparkJob`, where the words about it are of the environment that the agent alone sets.
fn remedy(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::PlainHttp => {
            ". In a SparkJob: set mesos.certificates where the masters speak TLS, and leave it out where they do not"
        }
        ErrorKind::ServerNameMismatch => ". In a SparkJob: mesos.certificates.serverName or .verify",
        ErrorKind::CredentialsRefused => ". In a SparkJob: mesos.credentialsSecretName",
        _ => "",
    }
}

/// Asks the leading master. An election under way is waited for, up to `patience`; anything else in the way is told at once.
pub(crate) fn preflight(
    settings: &Settings,
    patience: Duration,
    inbox: &Inbox,
) -> Result<Reached, PreflightError> {
    runtime()?.block_on(async {
        tokio::select! {
            reached = asked(settings, patience) => reached.map_err(|error| Box::new(error).into()),
            stopped = stopped(inbox) => Err(stopped),
        }
    })
}

async fn asked(settings: &Settings, patience: Duration) -> Result<Reached, Error> {
    let began = Instant::now();
    loop {
        match lcmap_mesos::preflight(settings).await {
            Err(error) if error.kind() == ErrorKind::NoLeader && began.elapsed() < patience => {
                sleep(PAUSE).await;
            }
            answer => return answer,
        }
    }
}

async fn stopped(inbox: &Inbox) -> PreflightError {
    loop {
        match inbox.next() {
            Ok(Some((Signal::TERM | Signal::INT, _))) => return PreflightError::Stopped,
            Ok(Some(_)) => {}
            Ok(None) => sleep(TICK).await,
            Err(error) => return error.into(),
        }
    }
}
