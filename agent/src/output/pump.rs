//! Passing on what comes in a pipe, in a thread of its own: neither the agent's other duties nor a reader that takes
//! its time hold the other up.

use std::io::{self, PipeReader, PipeWriter, Read};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::unistd::write;

use super::tail::Tail;

/// What is read at once: as much as a pipe holds.
const PIECE: usize = 64 * 1024;

/// What a pump needs, none of which any other part writes to: system calls and two buffers.
const STACK: usize = 64 * 1024;

/// From a pipe of ours to where the command's output was to go.
#[derive(Debug)]
pub(super) struct Pump {
    /// The pipe that the command writes to. Closing it tells the command that nobody reads any more.
    pub from: PipeReader,
    /// One of our own streams.
    pub to: OwnedFd,
    /// What came last.
    pub tail: Arc<Mutex<Tail>>,
    /// At its end when nothing is to be waited for any more.
    pub hurry: PipeReader,
    /// Closed when all has been passed on.
    pub running: PipeWriter,
}

impl Pump {
    /// Begins.
    pub(super) fn start(self) -> io::Result<()> {
        thread::Builder::new().name("output".to_owned()).stack_size(STACK).spawn(move || self.run()).map(drop)
    }

    fn run(mut self) {
        let mut buffer = vec![0; PIECE];
        while self.wait() {
            let length = match self.from.read(&mut buffer) {
                Ok(0) => break,
                Ok(length) => length,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(_) => break,
            };
            let piece = &buffer[..length];
            let passed_on = write_all(self.to.as_fd(), piece);
            self.tail.lock().unwrap_or_else(PoisonError::into_inner).push(piece);
            if passed_on.is_err() {
                break;
            }
        }
        // Not before the last bytes are where they belong.
        drop(self.running);
    }

    /// Waits until there is something to read; false when nothing is to come, or nobody to read it.
    fn wait(&self) -> bool {
        let none = PollFlags::empty();
        let mut hurried = false;
        loop {
            let mut watched = [
                PollFd::new(self.from.as_fd(), PollFlags::POLLIN),
                // The kernel tells of a reader that is gone without being asked.
                PollFd::new(self.to.as_fd(), none),
                PollFd::new(self.hurry.as_fd(), none),
            ];
            // The event of `hurry` stays set, so the poll leaves it out once it has been read.
            let watched = if hurried { &mut watched[..2] } else { &mut watched[..] };
            let timeout = if hurried { PollTimeout::ZERO } else { PollTimeout::NONE };
            match poll(watched, timeout) {
                Err(Errno::EINTR) => continue,
                Err(_) => return false,
                Ok(_) => {}
            }
            let happened = |index: usize| watched.get(index).and_then(PollFd::revents).unwrap_or(none);
            // A pipe whose reader is gone errs, a socket hangs up.
            if happened(1).intersects(PollFlags::POLLERR | PollFlags::POLLHUP | PollFlags::POLLNVAL) {
                return false;
            }
            if happened(0).intersects(PollFlags::POLLIN | PollFlags::POLLHUP) {
                return true;
            }
            if hurried || happened(0).intersects(PollFlags::POLLERR | PollFlags::POLLNVAL) {
                return false;
            }
            hurried = !happened(2).is_empty();
        }
    }
}

/// Writes all of it, however long the reader takes. The stream may have been set not to wait by somebody who shares it.
fn write_all(to: BorrowedFd<'_>, mut bytes: &[u8]) -> nix::Result<()> {
    while !bytes.is_empty() {
        match write(to, bytes) {
            Ok(written) => bytes = &bytes[written..],
            Err(Errno::EINTR) => {}
            Err(Errno::EAGAIN) => match poll(&mut [PollFd::new(to, PollFlags::POLLOUT)], PollTimeout::NONE) {
                Ok(_) | Err(Errno::EINTR) => {}
                Err(errno) => return Err(errno),
            },
            Err(errno) => return Err(errno),
        }
    }
    Ok(())
}
