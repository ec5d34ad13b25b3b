//! Telling people, or programs, what happens.

mod event;
mod json;
mod text;

use std::io::Write;
use std::time::Duration;

pub(crate) use event::{Event, Executors, Subject};
pub(crate) use text::Text;

/// How `run` speaks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Output {
    /// Sentences on standard error; the jobs' own output stays theirs.
    #[default]
    Text,
    /// One JSON object a line on standard output; the jobs' own standard output goes to standard error.
    Json,
}

/// Where events go.
#[derive(Debug)]
pub(crate) enum Reporter {
    /// To people.
    Text(Text),
    /// To a program.
    Json,
}

impl Reporter {
    /// A reporter for this kind of output.
    pub(crate) fn new(output: Output) -> Self {
        match output {
            Output::Text => Self::Text(Text::default()),
            Output::Json => Self::Json,
        }
    }

    /// How long what only changes its words waits: people want to read them, programs to have them all.
    pub(crate) fn pace(&self) -> Duration {
        match self {
            Self::Text(_) => Duration::from_secs(2),
            Self::Json => Duration::ZERO,
        }
    }

    /// Lets a driver's output pass, without a progress bar in its way.
    pub(crate) fn around_bar(&self, write: impl FnOnce()) {
        match self {
            Self::Text(text) => text.suspended(write),
            Self::Json => write(),
        }
    }

    /// Tells one event. A reader that has gone away does not stop a job.
    pub(crate) fn tell(&mut self, subject: &Subject, event: &Event) {
        match self {
            Self::Text(text) => text.tell(subject, event),
            Self::Json => {
                let line = json::line(jiff::Timestamp::now(), subject, event);
                let _ = writeln!(std::io::stdout().lock(), "{line}");
            }
        }
    }
}
