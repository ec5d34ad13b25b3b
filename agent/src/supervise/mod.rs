//! PID 1's duties: one command, its signals, its dead, its terminal, its end.

mod descendants;
mod reap;
pub(crate) mod signals;
pub(crate) mod spawn;
pub(crate) mod step;
pub(crate) mod terminal;

use std::io;
use std::time::{Duration, Instant};

use nix::sys::prctl;
use nix::unistd::{Pid, getpid};

use crate::output::Output;
use reap::Reaped;
use signals::{Inbox, Origin, Signal};
use spawn::{LaunchError, Prepared};
use step::{Action, Attendance, Event, Outcome, Rules, State};
use terminal::{Suspension, Terminal};

pub(crate) use descendants::{has_ended, of as descendants_of, parent as parent_of};

/// How often a stopped terminal, or a kill, is looked at again.
const BUSY_TICK: Duration = Duration::from_millis(100);

/// What is looked at between signals.
pub(crate) trait Watch {
    /// Looks, and says whether the command is to be stopped. Called at least as often as [`Watch::every`] says.
    fn look(&mut self) -> Option<step::StopCause>;

    /// How long until the next look.
    fn every(&self) -> Duration;
}

/// A started command and what is needed to look after it.
#[derive(Debug)]
pub(crate) struct Supervisor<'a> {
    inbox: &'a Inbox,
    terminal: Option<&'a Terminal>,
    rules: Rules,
    main: Pid,
    began: Instant,
    /// The shell was stopped by ctrl-Z.
    suspended: Option<Suspension>,
}

impl<'a> Supervisor<'a> {
    /// Starts a command. Orphans among its descendants become ours from here on.
    pub(crate) fn start(
        prepared: &Prepared,
        inbox: &'a Inbox,
        terminal: Option<&'a Terminal>,
        grace: Duration,
        output: &mut Output,
    ) -> Result<Self, LaunchError> {
        if getpid().as_raw() != 1 {
            // Refused by no kernel since 3.4; without it orphans would only go to another reaper.
            let _ = prctl::set_child_subreaper(true);
        }
        let attendance = if terminal.is_some() { Attendance::Interactive } else { Attendance::Unattended };
        let main = prepared.spawn(inbox.original_mask(), attendance, output).inspect_err(|_| {
            if let Some(terminal) = terminal {
                terminal.take_back();
            }
        })?;
        let rules = Rules { grace, attendance };
        Ok(Self { inbox, terminal, rules, main, began: Instant::now(), suspended: None })
    }

    /// The command's process id.
    pub(crate) fn main(&self) -> Pid {
        self.main
    }

    /// Looks after the command until nothing of it is left.
    pub(crate) fn run(mut self, watch: &mut dyn Watch) -> io::Result<Outcome> {
        let mut state = State::Running;
        loop {
            let (next, actions) = self.advance(state, watch)?;
            state = next;
            if let State::Done(outcome) = state {
                if let Some(terminal) = self.terminal {
                    terminal.take_back();
                }
                return Ok(outcome);
            }
            for action in actions {
                self.apply(action);
            }
            self.inbox.wait(self.timeout(&state, watch))?;
        }
    }

    fn advance(&mut self, mut state: State, watch: &mut dyn Watch) -> io::Result<(State, Vec<Action>)> {
        let mut events = Vec::new();
        while let Some((signal, origin)) = self.inbox.next()? {
            match (signal, origin) {
                (Signal::TSTP, Origin::Terminal) => events.extend(self.ctrl_z()),
                _ => events.push(Event::Signal(signal)),
            }
        }
        self.reap(&mut events);
        if state == State::Running {
            events.extend(watch.look().map(Event::Stop));
        }
        events.push(Event::Tick);
        let now = self.began.elapsed();
        let mut actions = Vec::new();
        for event in events {
            let (next, action) = state.step(event, now, &self.rules);
            state = next;
            actions.extend(action);
        }
        Ok((state, actions))
    }

    fn reap(&mut self, events: &mut Vec<Event>) {
        loop {
            match reap::reap() {
                Reaped::Ended(pid, ended) if pid == self.main => events.push(Event::MainEnded(ended)),
                Reaped::Stopped(pid) if pid == self.main => self.suspend(),
                Reaped::Ended(..) | Reaped::Stopped(_) => {}
                Reaped::Nothing => break,
                Reaped::NoChildren => {
                    events.push(Event::NoneLeft);
                    break;
                }
            }
        }
        self.look_after_suspension();
    }

    /// Ctrl-Z at a command that is no shell: it is stopped, and so are we, for whoever started us to bring us back.
    /// Where nobody could, in a container, it goes on.
    fn ctrl_z(&self) -> Option<Event> {
        if terminal::nobody_is_above() {
            return None;
        }
        Signal::TSTP.send(self.group());
        terminal::stop_ourselves();
        Some(Event::Signal(Signal::CONT))
    }

    fn suspend(&mut self) {
        if let Some(terminal) = self.terminal {
            self.suspended = terminal.suspend();
            if self.suspended.is_none() {
                self.resume(terminal);
            }
        }
    }

    fn look_after_suspension(&mut self) {
        if let (Some(terminal), Some(mut suspension)) = (self.terminal, self.suspended) {
            let back = terminal.is_back(&mut suspension);
            self.suspended = (!back).then_some(suspension);
            if back {
                self.resume(terminal);
            }
        }
    }

    fn resume(&self, terminal: &Terminal) {
        terminal.give(self.main);
        Signal::CONT.send(self.group());
    }

    fn apply(&self, action: Action) {
        match action {
            Action::Main(signal) => signal.send(self.main),
            Action::Group(signal) => signal.send(self.group()),
            Action::All(signal) => {
                for pid in descendants::of(getpid()) {
                    signal.send(pid);
                }
            }
        }
        if matches!(action, Action::Group(Signal::TERM)) {
            // A stopped process takes TERM only once it goes on.
            Signal::CONT.send(self.group());
        }
    }

    fn group(&self) -> Pid {
        Pid::from_raw(-self.main.as_raw())
    }

    fn timeout(&self, state: &State, watch: &dyn Watch) -> Duration {
        let tick = match state {
            State::Running if self.suspended.is_some() => BUSY_TICK,
            State::Running => watch.every(),
            State::Killing { .. } | State::ClearingByForce { .. } => BUSY_TICK,
            State::Stopping { .. } | State::Clearing { .. } | State::Done(_) => Duration::MAX,
        };
        let deadline = state.deadline().map_or(Duration::MAX, |at| at.saturating_sub(self.began.elapsed()));
        tick.min(deadline)
    }
}
