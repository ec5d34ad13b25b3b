//! Collecting the dead: our own child, and every orphan that the kernel hands us.

use nix::libc;
use nix::unistd::Pid;

use super::signals::Signal;
use super::step::Ended;

/// What `waitpid` had to say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reaped {
    /// A child ended.
    Ended(Pid, Ended),
    /// A child was stopped, by ctrl-Z say.
    Stopped(Pid),
    /// There are children, and none has news.
    Nothing,
    /// There are no children.
    NoChildren,
}

/// Collects one child's news without waiting for any.
///
/// Not by nix: it has no names for real-time signals, and so loses a child that died of one.
pub(super) fn reap() -> Reaped {
    let mut status = 0;
    // SAFETY: `status` is a valid place for one int for the time of the call.
    #[allow(unsafe_code)]
    let pid = unsafe { libc::waitpid(-1, &raw mut status, libc::WNOHANG | libc::WUNTRACED) };
    match (pid, decode(status)) {
        (..=-1, _) => Reaped::NoChildren,
        (0, _) => Reaped::Nothing,
        (_, Some(ended)) => Reaped::Ended(Pid::from_raw(pid), ended),
        (_, None) => Reaped::Stopped(Pid::from_raw(pid)),
    }
}

/// How a process ended, by its wait status (wait(2)); `None` if it did not end.
fn decode(status: i32) -> Option<Ended> {
    if libc::WIFEXITED(status) {
        // The kernel keeps eight bits of what was given to exit(2).
        Some(Ended::Exited(u8::try_from(libc::WEXITSTATUS(status)).unwrap_or(u8::MAX)))
    } else if libc::WIFSIGNALED(status) {
        Some(Ended::Signaled(Signal::new(libc::WTERMSIG(status))))
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_status_says_how_a_process_ended() {
        for (status, ended) in [
            (0, Some(Ended::Exited(0))),
            (0x0300, Some(Ended::Exited(3))),
            (0xff00, Some(Ended::Exited(255))),
            (9, Some(Ended::Signaled(Signal::KILL))),
            (0x8b, Some(Ended::Signaled(Signal::new(11)))),
            (40, Some(Ended::Signaled(Signal::new(40)))),
            (0x137f, None),
            (0xffff, None),
        ] {
            assert_eq!(decode(status), ended, "{status:#x}");
        }
    }
}
