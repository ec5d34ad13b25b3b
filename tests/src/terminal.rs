//! A run at a terminal, and the person who sits there.

use std::cell::Cell;
use std::fs::File;
use std::io::Write;
use std::os::fd::OwnedFd;
use std::process::{Child, Command};
use std::time::Instant;

use rustix::fs::{Mode, OFlags, open};
use rustix::process::{Pid, Signal, kill_process};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{LocalModes, Winsize, tcgetattr, tcsetwinsize};

use crate::Finished;
use crate::running::{LIMIT, wait};
use crate::sandbox::Sandbox;
use crate::transcript::Transcript;

/// A terminal's size, in characters.
#[derive(Debug, Clone, Copy)]
pub struct Size {
    /// Characters in a row.
    pub columns: u16,
    /// Rows.
    pub rows: u16,
}

impl Size {
    /// The size that terminals have had since they were made of glass.
    pub const USUAL: Self = Self { columns: 80, rows: 24 };
}

/// A run at a terminal.
#[derive(Debug)]
pub struct Terminal {
    child: Child,
    keyboard: File,
    screen: Transcript,
    seen: Cell<usize>,
    started: Instant,
    sandbox: Sandbox,
}

impl Terminal {
    /// Starts another program than lcmap-spark at a terminal of the usual size: `kubectl attach`, say.
    pub fn of(command: Command) -> Self {
        Self::open(command, Size::USUAL, Sandbox::new())
    }

    pub(crate) fn open(mut command: Command, size: Size, sandbox: Sandbox) -> Self {
        let (ours, theirs) = pair(size);
        let stream = || theirs.try_clone().unwrap();
        let child = command.stdin(stream()).stdout(stream()).stderr(stream()).spawn().unwrap();
        drop((command, theirs)); // so that ours comes to its end when the run does
        let keyboard = File::from(ours);
        let screen = Transcript::of(keyboard.try_clone().unwrap());
        let (seen, started) = (Cell::new(0), Instant::now());
        Self { child, keyboard, screen, seen, started, sandbox }
    }

    /// Waits until this appears on the screen, after what was waited for before.
    pub fn wait_for(&self, text: &str) {
        self.seen.set(self.screen.wait_for(text, self.seen.get(), LIMIT));
    }

    /// Types these keys.
    pub fn keys(&mut self, keys: &str) {
        self.keyboard.write_all(keys.as_bytes()).unwrap();
    }

    /// Types a line.
    pub fn line(&mut self, line: &str) {
        self.keys(&format!("{line}\r"));
    }

    /// Types ctrl-C.
    pub fn interrupt(&mut self) {
        self.keys("\x03");
    }

    /// Types ctrl-D.
    pub fn end_of_input(&mut self) {
        self.keys("\x04");
    }

    /// Pulls at the window's corner.
    pub fn resize(&self, size: Size) {
        tcsetwinsize(&self.keyboard, winsize(size)).unwrap();
    }

    /// Whether the terminal shows what is typed, as one does that a shell can be used at.
    pub fn echoes(&self) -> bool {
        tcgetattr(&self.keyboard).unwrap().local_modes.contains(LocalModes::ECHO | LocalModes::ICANON)
    }

    /// Tells the run what the kernel tells it when its window is closed, and looks at what it leaves behind.
    pub fn hang_up(mut self) {
        kill_process(Pid::from_child(&self.child), Signal::HUP).unwrap();
        wait(&mut self.child);
        self.sandbox.check();
    }

    /// Waits for the run's end. All that was on the screen is its standard output.
    pub fn finish(mut self) -> Finished {
        let status = wait(&mut self.child);
        let took = self.started.elapsed();
        self.sandbox.check();
        Finished { code: status.code(), stdout: self.screen.all(), stderr: String::new(), took }
    }
}

fn pair(size: Size) -> (OwnedFd, OwnedFd) {
    let ours = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).unwrap();
    grantpt(&ours).unwrap();
    unlockpt(&ours).unwrap();
    let name = ptsname(&ours, Vec::new()).unwrap();
    let theirs = open(name, OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC, Mode::empty()).unwrap();
    tcsetwinsize(&ours, winsize(size)).unwrap();
    (ours, theirs)
}

fn winsize(size: Size) -> Winsize {
    Winsize { ws_col: size.columns, ws_row: size.rows, ws_xpixel: 0, ws_ypixel: 0 }
}
