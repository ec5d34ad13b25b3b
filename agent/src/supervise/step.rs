//! PURE: what is done about each thing that happens. No clock, no kernel.
//!
//! ```text
//! Running ── main ends ───────────────────────────► Clearing ── none left ──► Done
//!    │ TERM, idle, parent gone: TERM to the group       │ time is up, or TERM: KILL to all
//!    ▼                                                  ▼
//! Stopping ── time is up, or a second TERM ─► Killing ─► ClearingByForce ── none left, or patience ends ──► Done
//! ```

use std::time::Duration;

use super::signals::Signal;

/// How long descendants that outlive the main process may take after TERM when nobody asked to stop.
pub(crate) const LINGER: Duration = Duration::from_secs(5);

/// How long a killed process may take to vanish before it is given up (it hangs in the kernel).
pub(crate) const PATIENCE: Duration = Duration::from_secs(5);

/// Something that happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Event {
    /// The agent got a signal.
    Signal(Signal),
    /// The main process ended.
    MainEnded(Ended),
    /// No descendant is left.
    NoneLeft,
    /// A stop was asked for in another way than by signal.
    Stop(StopCause),
    /// Time went by.
    Tick,
}

/// How the main process ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ended {
    /// By itself, with an exit code.
    Exited(u8),
    /// By a signal.
    Signaled(Signal),
}

/// Why the agent stops the main process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StopCause {
    /// TERM, or INT to an agent without a terminal.
    Requested,
    /// The process that started the agent is gone.
    ParentGone,
    /// An interactive shell was idle for longer than it may be.
    Idle,
    /// Mesos took the framework of a shell, whose JVM is a child of it and ended before.
    FrameworkTaken,
    /// A notebook server that its token alone does not open, or that listens elsewhere.
    NotebookRefused,
    /// Spark launches no more executors on any Mesos agent that makes offers.
    AgentsExcluded,
    /// The program is over, and its JVM is not.
    Lingering,
}

/// Whom to send a signal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Action {
    /// The main process.
    Main(Signal),
    /// The main process' group.
    Group(Signal),
    /// Every descendant.
    All(Signal),
}

/// The receiver of ctrl-C.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Attendance {
    /// A person at a terminal, through the kernel: an INT that reaches the agent is meant for the shell.
    Interactive,
    /// Nobody: an INT that reaches the agent asks it to stop.
    Unattended,
}

/// What never changes while one command is supervised.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rules {
    /// From TERM to KILL.
    pub grace: Duration,
    /// The receiver of ctrl-C.
    pub attendance: Attendance,
}

/// How it all ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Outcome {
    /// How the main process ended; `None` if it could not be killed.
    pub ended: Option<Ended>,
    /// Why it was stopped, if it was.
    pub stop: Option<StopCause>,
    /// Whether it had to be killed.
    pub forced: bool,
}

/// Where supervision stands. Times are since its start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    /// The main process runs.
    Running,
    /// The main process was asked to end.
    Stopping {
        /// Why.
        cause: StopCause,
        /// When it is killed.
        kill_at: Duration,
    },
    /// The main process was killed and has not yet ended.
    Killing {
        /// Why.
        cause: StopCause,
        /// When it is given up.
        until: Duration,
    },
    /// The main process ended; what it left behind was asked to end.
    Clearing {
        /// How it ended.
        outcome: Outcome,
        /// When the rest is killed.
        kill_at: Duration,
    },
    /// The main process ended; what it left behind was killed.
    ClearingByForce {
        /// How it ended.
        outcome: Outcome,
        /// When the rest is given up.
        until: Duration,
    },
    /// Nothing is left to do.
    Done(Outcome),
}

impl State {
    /// When the next [`Event::Tick`] matters at the latest.
    pub(crate) fn deadline(&self) -> Option<Duration> {
        match *self {
            Self::Running | Self::Done(_) => None,
            Self::Stopping { kill_at, .. } | Self::Clearing { kill_at, .. } => Some(kill_at),
            Self::Killing { until, .. } | Self::ClearingByForce { until, .. } => Some(until),
        }
    }

    /// What becomes of the state, and what is to be done, when something happens at a time.
    pub(crate) fn step(self, event: Event, now: Duration, rules: &Rules) -> (Self, Option<Action>) {
        match (self, event) {
            (Self::Done(_), _) => (self, None),
            (Self::Clearing { .. } | Self::ClearingByForce { .. }, Event::Signal(signal))
                if !rules.is_stop(signal) =>
            {
                // The main process' id may already be another's.
                (self, None)
            }
            (_, Event::Signal(signal)) if !rules.is_stop(signal) => (self, forward(signal)),
            (Self::Running, Event::Signal(_)) => stop(StopCause::Requested, now, rules),
            (Self::Running, Event::Stop(cause)) => stop(cause, now, rules),
            (Self::Running | Self::Stopping { .. } | Self::Killing { .. }, Event::MainEnded(ended)) => {
                self.main_ended(ended, now, rules)
            }
            (Self::Stopping { cause, .. }, Event::Signal(_)) => kill(cause, now),
            (Self::Stopping { cause, kill_at }, Event::Tick) if now >= kill_at => kill(cause, now),
            (Self::Clearing { outcome, .. }, Event::Signal(_)) => clear_by_force(outcome, now),
            (Self::Clearing { outcome, kill_at }, Event::Tick) if now >= kill_at => {
                clear_by_force(outcome, now)
            }
            (Self::Killing { cause, until }, Event::Tick) if now >= until => {
                (Self::Done(Outcome { ended: None, stop: Some(cause), forced: true }), None)
            }
            (Self::ClearingByForce { outcome, until }, Event::Tick) if now >= until => {
                (Self::Done(outcome), None)
            }
            // What was forked while the last KILL went round gets the next one.
            (Self::Killing { .. } | Self::ClearingByForce { .. }, Event::Tick) => {
                (self, Some(Action::All(Signal::KILL)))
            }
            (Self::Clearing { outcome, .. } | Self::ClearingByForce { outcome, .. }, Event::NoneLeft) => {
                (Self::Done(outcome), None)
            }
            _ => (self, None),
        }
    }

    fn main_ended(self, ended: Ended, now: Duration, rules: &Rules) -> (Self, Option<Action>) {
        let ended = Some(ended);
        match self {
            Self::Killing { cause, .. } => {
                clear_by_force(Outcome { ended, stop: Some(cause), forced: true }, now)
            }
            Self::Stopping { cause, kill_at } => {
                let outcome = Outcome { ended, stop: Some(cause), forced: false };
                (Self::Clearing { outcome, kill_at }, Some(Action::All(Signal::TERM)))
            }
            _ => {
                let outcome = Outcome { ended, stop: None, forced: false };
                let kill_at = now + rules.grace.min(LINGER);
                (Self::Clearing { outcome, kill_at }, Some(Action::All(Signal::TERM)))
            }
        }
    }
}

impl Rules {
    fn is_stop(&self, signal: Signal) -> bool {
        signal == Signal::TERM || (signal == Signal::INT && self.attendance == Attendance::Unattended)
    }
}

fn stop(cause: StopCause, now: Duration, rules: &Rules) -> (State, Option<Action>) {
    (State::Stopping { cause, kill_at: now + rules.grace }, Some(Action::Group(Signal::TERM)))
}

fn kill(cause: StopCause, now: Duration) -> (State, Option<Action>) {
    (State::Killing { cause, until: now + PATIENCE }, Some(Action::All(Signal::KILL)))
}

fn clear_by_force(outcome: Outcome, now: Duration) -> (State, Option<Action>) {
    (State::ClearingByForce { outcome, until: now + PATIENCE }, Some(Action::All(Signal::KILL)))
}

fn forward(signal: Signal) -> Option<Action> {
    if signal == Signal::CHLD {
        None
    } else if signal == Signal::INT || signal.concerns_the_whole_group() {
        Some(Action::Group(signal))
    } else {
        Some(Action::Main(signal))
    }
}

#[cfg(test)]
mod tests;
