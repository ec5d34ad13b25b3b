use std::{fmt, io, path::PathBuf, process::ExitStatus, time::Duration};

/// Why the bed could not do what a test asked for.
#[derive(thiserror::Error)]
pub enum Error {
    /// A file or folder of the bed.
    #[error("bed: cannot {action} {}: {source}", path.display())]
    File {
        /// What was tried: "read", "create" …
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// What the kernel said.
        source: io::Error,
    },
    /// A program that could not even be started.
    #[error("bed: cannot start {program}: {source}")]
    Start {
        /// The program.
        program: String,
        /// What the kernel said.
        source: io::Error,
    },
    /// A program that ended with another code than 0.
    #[error("bed: `{command}` failed (exit code {code:?}):\n{stderr}")]
    Failed {
        /// The program and its arguments.
        command: String,
        /// Its exit code; none when a signal ended it.
        code: Option<i32>,
        /// What it wrote to standard error.
        stderr: String,
    },
    /// A program that should have gone on.
    #[error("bed: {program} ended ({status}); the end of its log:\n{log}")]
    Ended {
        /// The program.
        program: String,
        /// How it ended.
        status: ExitStatus,
        /// The end of its log.
        log: String,
    },
    /// A test's own mistake.
    #[error("bed: this operator sees the machine's own time: start it `with_clock`")]
    NoClock,
    /// A signal that did not arrive.
    #[error("bed: cannot signal {program}: {source}")]
    Signal {
        /// The program.
        program: String,
        /// What the kernel said.
        source: io::Error,
    },
    /// Something that did not come to be in time.
    #[error("bed: {what} within {limit:?}\n{detail}")]
    TimedOut {
        /// What was missing, as in "the API server was not ready".
        what: String,
        /// How long it was waited for.
        limit: Duration,
        /// What is known about the reason, such as the end of a log.
        detail: String,
    },
    /// No free port on 127.0.0.1.
    #[error("bed: no free port on 127.0.0.1: {0}")]
    Port(io::Error),
    /// A connection on the nodes' network.
    #[error("bed: {0}")]
    Network(io::Error),
    /// A network namespace.
    #[error("bed: cannot make or enter a network namespace: {0}; nodes need root (CAP_SYS_ADMIN)")]
    Namespace(io::Error),
    /// A certificate that could not be made.
    #[error("bed: cannot make a certificate: {0}")]
    Certificate(#[from] rcgen::Error),
    /// An answer of Kubernetes that is not what it should be.
    #[error("bed: cannot read the answer of {what}: {source}")]
    Answer {
        /// The question.
        what: String,
        /// What is wrong with the answer.
        source: serde_json::Error,
    },
}

/// The same words as `Display`: what `unwrap` prints in a failing test is what a person should read.
impl fmt::Debug for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

impl Error {
    pub(crate) fn file(action: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::File { action, path, source }
    }

    /// Adds what is known about the reason to a [`TimedOut`](Self::TimedOut).
    pub(crate) fn explained_by(mut self, explanation: impl FnOnce() -> String) -> Self {
        if let Self::TimedOut { detail, .. } = &mut self {
            *detail = explanation();
        }
        self
    }
}
