//! What the command prints: passed on byte by byte, and its end kept to say why the command failed.
//!
//! Nothing may come later, or as anything else, for that:
//! - A terminal stays the command's own, since programs ask for one; what is on it has just been read.
//! - A file stays its own, too: its end is read afterwards.
//! - A pipe, a socket or `/dev/null` gets a pipe of ours before it, and a thread that passes on what comes. Standard
//!   output and error that are one pipe stay one, or their order would be lost. A reader that is gone or slow is so for
//!   the command, too.

mod file;
mod pump;
mod tail;

use std::io::{self, PipeReader, PipeWriter};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::process::Command;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use nix::sys::stat::{FileStat, SFlag, fstat};
use nix::unistd::isatty;

use crate::supervise::signals::{Inbox, Signal};
use file::Written;
use pump::Pump;
use tail::Tail;

/// The last of what a command printed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Printed {
    /// On standard output; on both, where they are one.
    pub out: String,
    /// On standard error.
    pub err: String,
}

/// The command's standard output and error.
#[derive(Debug)]
pub(crate) struct Output {
    out: Stream,
    err: Stream,
    /// Closed to have pumps end with what has come by then.
    hurry: Option<PipeWriter>,
    /// At its end when every pump has ended.
    running: Option<PipeReader>,
}

#[derive(Debug, Default)]
enum Stream {
    /// It is our own, of which nothing is known.
    #[default]
    Untouched,
    /// It is our own, and a file.
    File(Written),
    /// It goes through a pipe.
    Pumped {
        /// What the command is given, until it is started.
        end: Option<OwnedFd>,
        tail: Arc<Mutex<Tail>>,
    },
    /// It is the same pipe as standard output.
    AsOut(Option<OwnedFd>),
}

impl Output {
    /// Our own streams, as they are: those of a person at a terminal.
    pub(crate) fn untouched() -> Self {
        Self { out: Stream::Untouched, err: Stream::Untouched, hurry: None, running: None }
    }

    /// Streams whose end is kept, where that changes nothing. What cannot be had is done without.
    pub(crate) fn kept() -> Self {
        Self::begin().unwrap_or_else(|_| Self::untouched())
    }

    fn begin() -> io::Result<Self> {
        let (stdout, stderr) = (io::stdout(), io::stderr());
        let (hurried, hurry) = io::pipe()?;
        let (running, alive) = io::pipe()?;
        let pump = |stream: BorrowedFd<'_>| pumped(stream, hurried.try_clone()?, alive.try_clone()?);
        let mut out = stream(stdout.as_fd(), 1, pump);
        let err = match &mut out {
            Stream::Pumped { end: Some(end), .. } if is_one_pipe(stdout.as_fd(), stderr.as_fd()) => {
                Stream::AsOut(Some(end.try_clone()?))
            }
            _ => stream(stderr.as_fd(), 2, pump),
        };
        Ok(Self { out, err, hurry: Some(hurry), running: Some(running) })
    }

    /// Gives a command that is about to be started its streams.
    pub(crate) fn attach(&mut self, command: &mut Command) {
        if let Some(end) = self.out.take_end() {
            command.stdout(end);
        }
        if let Some(end) = self.err.take_end() {
            command.stderr(end);
        }
    }

    /// Waits until all that the command and its descendants have printed is where it was to go, and returns the last of it.
    ///
    /// A reader who takes his time holds this up, as he would have held up the command, for so long at most, and until
    /// somebody asks us to end.
    pub(crate) fn finish(mut self, inbox: &Inbox, longest: Duration) -> io::Result<Printed> {
        drop(self.hurry.take());
        let began = Instant::now();
        while let Some(running) = &self.running {
            let left = longest.saturating_sub(began.elapsed());
            let ended = inbox.wait_or(running.as_fd(), left)?;
            if ended || left.is_zero() || is_asked_to_end(inbox)? {
                break;
            }
        }
        Ok(Printed { out: self.out.tail(), err: self.err.tail() })
    }
}

fn is_asked_to_end(inbox: &Inbox) -> io::Result<bool> {
    let mut asked = false;
    while let Some((signal, _)) = inbox.next()? {
        asked |= matches!(signal, Signal::TERM | Signal::INT);
    }
    Ok(asked)
}

impl Stream {
    fn take_end(&mut self) -> Option<OwnedFd> {
        match self {
            Self::Pumped { end, .. } | Self::AsOut(end) => end.take(),
            Self::Untouched | Self::File(_) => None,
        }
    }

    fn tail(self) -> String {
        let bytes = match self {
            Self::Untouched | Self::AsOut(_) => Vec::new(),
            Self::File(written) => written.tail(),
            Self::Pumped { tail, .. } => {
                std::mem::take(&mut *tail.lock().unwrap_or_else(PoisonError::into_inner)).into_bytes()
            }
        };
        // The first line of a longer output is the end of one, and may be that of a secret.
        let is_cut = bytes.len() >= tail::KEPT;
        let begin = bytes.iter().position(|byte| *byte == b'\n').filter(|_| is_cut).map_or(0, |at| at + 1);
        let bytes = &bytes[begin..];
        String::from_utf8_lossy(bytes).into_owned()
    }
}

fn stream(
    ours: BorrowedFd<'_>,
    number: i32,
    pump: impl FnOnce(BorrowedFd<'_>) -> io::Result<Stream>,
) -> Stream {
    let stream = match fstat(ours).map(|stat| kind(&stat)) {
        _ if isatty(ours).unwrap_or(false) => Ok(Stream::Untouched),
        Ok(SFlag::S_IFREG) => Written::behind(ours, number).map(Stream::File),
        Ok(SFlag::S_IFIFO | SFlag::S_IFSOCK | SFlag::S_IFCHR) => pump(ours),
        _ => Ok(Stream::Untouched),
    };
    stream.unwrap_or_default()
}

fn pumped(stream: BorrowedFd<'_>, hurry: PipeReader, running: PipeWriter) -> io::Result<Stream> {
    let (from, end) = io::pipe()?;
    let tail = Arc::new(Mutex::new(Tail::default()));
    Pump { from, to: stream.try_clone_to_owned()?, tail: Arc::clone(&tail), hurry, running }.start()?;
    Ok(Stream::Pumped { end: Some(end.into()), tail })
}

fn kind(stat: &FileStat) -> SFlag {
    SFlag::from_bits_truncate(stat.st_mode) & SFlag::S_IFMT
}

fn is_one_pipe(out: BorrowedFd<'_>, err: BorrowedFd<'_>) -> bool {
    let (Ok(out), Ok(err)) = (fstat(out), fstat(err)) else { return false };
    matches!(kind(&out), SFlag::S_IFIFO | SFlag::S_IFSOCK)
        && (out.st_dev, out.st_ino) == (err.st_dev, err.st_ino)
}
