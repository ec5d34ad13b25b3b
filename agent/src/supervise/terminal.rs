//! The controlling terminal of an interactive shell: given to the shell, taken back at the end.

use std::io::{self, IsTerminal, Stdin};
use std::os::fd::{AsRawFd, BorrowedFd};
use std::time::{Duration, Instant, SystemTime};

use nix::errno::Errno;
use nix::libc;
use nix::sys::signal::{Signal as Known, killpg, raise};
use nix::sys::stat::fstat;
use nix::sys::termios::{SetArg, Termios, tcgetattr, tcsetattr};
use nix::unistd::{Pid, getpgrp, getpid, getsid, setsid, tcgetpgrp, tcsetpgrp};

/// Standard input as our controlling terminal.
///
/// Every use relies on SIGTTOU being blocked, as [`super::signals::Inbox`] has it: a background process may then
/// hand the terminal over without being stopped.
#[derive(Debug)]
pub(crate) struct Terminal {
    stdin: Stdin,
    /// The foreground group before; `None` if it lives in another pid namespace.
    before: Option<Pid>,
    /// How it was set: a killed shell leaves it without echo.
    settings: Option<Termios>,
}

/// How long a job-controlling shell may take to notice that its job was stopped.
const NOTICE: Duration = Duration::from_secs(1);

/// Where a stopped shell stands, while those who started us run apart from us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Suspension {
    /// They were stopped, and have the terminal until their own shell notices and takes it. If none does, nobody is
    /// there to bring us back.
    Leaving(Instant),
    /// Their shell has the terminal.
    Away,
}

impl Terminal {
    /// Standard input, if it is a terminal that is or can become our controlling one.
    pub(crate) fn acquire() -> Option<Self> {
        let stdin = io::stdin();
        if !stdin.is_terminal() {
            return None;
        }
        let foreground = match tcgetpgrp(&stdin) {
            Err(Errno::ENOTTY) => become_controlling(&stdin).and_then(|()| tcgetpgrp(&stdin)),
            foreground => foreground,
        };
        let before = Some(foreground.ok()?).filter(|group| group.as_raw() > 0);
        let settings = tcgetattr(&stdin).ok();
        Some(Self { stdin, before, settings })
    }

    /// Makes a group the one that reads, and that ctrl-C and a new window size reach.
    pub(crate) fn give(&self, group: Pid) {
        // The group may have ended meanwhile; then there is nobody to give it to.
        let _ = tcsetpgrp(&self.stdin, group);
    }

    /// Gives the terminal back as it was.
    pub(crate) fn take_back(&self) {
        if let Some(before) = self.before {
            self.give(before);
        }
        if let Some(settings) = &self.settings {
            // A terminal that hung up cannot be set, and need not be.
            let _ = tcsetattr(&self.stdin, SetArg::TCSADRAIN, settings);
        }
    }

    /// The shell was stopped (ctrl-Z): hands the terminal to whoever started us and stops them, as the kernel
    /// would have done. `None` where nobody could bring us back, in a container, or where they already have.
    pub(crate) fn suspend(&self) -> Option<Suspension> {
        let before = self.before.filter(|before| before.as_raw() > 1 && !nobody_is_above())?;
        self.give(before);
        // A group without a job-controlling parent is not stopped by this (an orphaned group, setpgid(2)).
        let _ = killpg(before, Known::SIGTSTP);
        if before == getpgrp() {
            stop_ourselves();
            return None;
        }
        Some(Suspension::Leaving(Instant::now()))
    }

    /// Whether those who started us were brought back to the foreground.
    pub(crate) fn is_back(&self, suspension: &mut Suspension) -> bool {
        let theirs = self.before.is_none_or(|before| tcgetpgrp(&self.stdin) == Ok(before));
        match suspension {
            Suspension::Leaving(since) if theirs => since.elapsed() >= NOTICE,
            Suspension::Leaving(_) => {
                *suspension = Suspension::Away;
                false
            }
            Suspension::Away => theirs,
        }
    }

    /// For how long nothing was typed or shown. The kernel keeps these times to eight seconds.
    pub(crate) fn idle_for(&self, now: SystemTime) -> Option<Duration> {
        let stat = fstat(&self.stdin).ok()?;
        let newest = u64::try_from(stat.st_atime.max(stat.st_mtime)).ok()?;
        now.duration_since(SystemTime::UNIX_EPOCH + Duration::from_secs(newest)).ok()
    }
}

/// Whether we lead the session, so that there is no job-controlling shell that could bring us back.
pub(super) fn nobody_is_above() -> bool {
    getsid(None) == Ok(getpid())
}

/// Stops this process until a CONT. (SIGTSTP would not: it is blocked.)
pub(super) fn stop_ourselves() {
    // A signal to ourselves is refused by no kernel.
    let _ = raise(Known::SIGSTOP);
}

/// Makes standard input our controlling terminal: in a container we may have a terminal and no session for it.
fn become_controlling(stdin: &Stdin) -> nix::Result<()> {
    if getsid(None)? != getpid() {
        setsid()?;
    }
    // SAFETY: TIOCSCTTY takes a number and touches no memory of ours.
    #[allow(unsafe_code)]
    let result = unsafe { libc::ioctl(stdin.as_raw_fd(), libc::TIOCSCTTY, 0) };
    Errno::result(result).map(drop)
}

/// Makes our own group the terminal's foreground group. For a child between fork and exec.
pub(crate) fn take_foreground() -> nix::Result<()> {
    // SAFETY: standard input stays open between fork and exec.
    #[allow(unsafe_code)]
    let stdin = unsafe { BorrowedFd::borrow_raw(libc::STDIN_FILENO) };
    tcsetpgrp(stdin, getpid())
}
