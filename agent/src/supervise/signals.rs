//! Signals as values: blocked before anything is started, read when we are ready for them.

use std::borrow::Cow;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::time::Duration;

use nix::errno::Errno;
use nix::libc;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::Signal as Known;
use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, SigmaskHow, sigaction, sigprocmask};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use nix::unistd::Pid;

/// A signal by its number, real-time signals included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Signal(i32);

impl Signal {
    /// Asks to end.
    pub(crate) const TERM: Self = Self(libc::SIGTERM);
    /// Ends, unasked.
    pub(crate) const KILL: Self = Self(libc::SIGKILL);
    /// What ctrl-C sends.
    pub(crate) const INT: Self = Self(libc::SIGINT);
    /// Lets a stopped process go on.
    pub(crate) const CONT: Self = Self(libc::SIGCONT);
    /// What ctrl-Z sends.
    pub(crate) const TSTP: Self = Self(libc::SIGTSTP);
    /// A child changed its state.
    pub(crate) const CHLD: Self = Self(libc::SIGCHLD);

    /// The signal with a number.
    pub(crate) const fn new(number: i32) -> Self {
        Self(number)
    }

    /// Its number, from 1 to 64.
    pub(crate) const fn number(self) -> i32 {
        self.0
    }

    /// Its name, `SIGTERM` say.
    pub(crate) fn name(self) -> Cow<'static, str> {
        match Known::try_from(self.0) {
            Ok(known) => Cow::Borrowed(known.as_str()),
            Err(_) => Cow::Owned(format!("signal {}", self.0)),
        }
    }

    /// Whether it is about the terminal or about stopping and going on, and so meant for every process of a job.
    pub(crate) const fn concerns_the_whole_group(self) -> bool {
        matches!(self.0, libc::SIGCONT | libc::SIGTSTP | libc::SIGTTIN | libc::SIGTTOU | libc::SIGWINCH)
    }

    /// Sends it to a process or, by a negative id, to a group. A process that is gone is no error.
    pub(crate) fn send(self, pid: Pid) {
        // SAFETY: kill(2) takes two numbers and touches no memory of ours.
        #[allow(unsafe_code)]
        unsafe {
            libc::kill(pid.as_raw(), self.0);
        }
    }
}

/// The sender of a signal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Origin {
    /// A process, by kill(2) or the like.
    Process,
    /// The kernel, for a key or for the end of a terminal.
    Terminal,
}

/// Signals that the processor raises in the very thread that errs: blocking them would only hide our own faults.
const OWN_FAULTS: [Known; 7] = [
    Known::SIGABRT,
    Known::SIGBUS,
    Known::SIGFPE,
    Known::SIGILL,
    Known::SIGSEGV,
    Known::SIGSYS,
    Known::SIGTRAP,
];

/// Where signals wait until they are read.
#[derive(Debug)]
pub(crate) struct Inbox {
    fd: SignalFd,
    original: SigSet,
}

impl Inbox {
    /// Blocks every signal that can be blocked and is not a fault of our own. From here on none is lost.
    ///
    /// To be called by the main thread before any other exists.
    pub(crate) fn open() -> io::Result<Self> {
        let mut blocked = SigSet::all();
        for fault in OWN_FAULTS {
            blocked.remove(fault);
        }
        let mut original = SigSet::empty();
        sigprocmask(SigmaskHow::SIG_SETMASK, Some(&blocked), Some(&mut original))?;
        // A parent may have left SIGCHLD ignored, and the kernel would then reap our children for us.
        let default = SigAction::new(SigHandler::SigDfl, SaFlags::empty(), SigSet::empty());
        // SAFETY: the default action runs no code of ours.
        #[allow(unsafe_code)]
        unsafe {
            sigaction(Known::SIGCHLD, &default)?;
        }
        let fd = SignalFd::with_flags(&blocked, SfdFlags::SFD_CLOEXEC | SfdFlags::SFD_NONBLOCK)?;
        Ok(Self { fd, original })
    }

    /// The signals that were blocked before: what a child gets back.
    pub(crate) fn original_mask(&self) -> SigSet {
        self.original
    }

    /// Waits for a signal, at most so long.
    pub(crate) fn wait(&self, longest: Duration) -> io::Result<()> {
        // One millisecond more than asked, since a deadline that is missed by a fraction of one would be spun for.
        let longest = longest.saturating_add(Duration::from_millis(1));
        let timeout = PollTimeout::try_from(longest).unwrap_or(PollTimeout::MAX);
        match poll(&mut [PollFd::new(self.fd.as_fd(), PollFlags::POLLIN)], timeout) {
            Ok(_) | Err(Errno::EINTR) => Ok(()),
            Err(errno) => Err(errno.into()),
        }
    }

    /// Waits for a signal or for something on a pipe, at most so long. Whether it was the pipe.
    pub(crate) fn wait_or(&self, pipe: BorrowedFd<'_>, longest: Duration) -> io::Result<bool> {
        let timeout = PollTimeout::try_from(longest).unwrap_or(PollTimeout::MAX);
        let mut watched =
            [PollFd::new(self.fd.as_fd(), PollFlags::POLLIN), PollFd::new(pipe, PollFlags::empty())];
        match poll(&mut watched, timeout) {
            Ok(_) => Ok(watched[1].revents().is_some_and(|happened| !happened.is_empty())),
            Err(Errno::EINTR) => Ok(false),
            Err(errno) => Err(errno.into()),
        }
    }

    /// The next signal that waits, if any. What we sent ourselves, SIGPIPE by a closed stderr say, is left out.
    pub(crate) fn next(&self) -> io::Result<Option<(Signal, Origin)>> {
        let own = nix::unistd::getpid().as_raw().unsigned_abs();
        loop {
            match self.fd.read_signal() {
                Ok(Some(signal)) if signal.ssi_pid == own => {}
                Ok(Some(signal)) => {
                    let origin =
                        if signal.ssi_code == libc::SI_KERNEL { Origin::Terminal } else { Origin::Process };
                    return Ok(i32::try_from(signal.ssi_signo).ok().map(|number| (Signal(number), origin)));
                }
                Ok(None) => return Ok(None),
                Err(Errno::EINTR) => {}
                Err(errno) => return Err(errno.into()),
            }
        }
    }
}
