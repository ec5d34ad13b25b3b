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

/// Who listens to ctrl-C.
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
    /// Who listens to ctrl-C.
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
mod tests {
    use nix::libc;
    use proptest::prelude::*;

    use super::*;

    const RULES: Rules = Rules { grace: Duration::from_secs(30), attendance: Attendance::Unattended };
    const TERM: Event = Event::Signal(Signal::TERM);
    const EXITED: Event = Event::MainEnded(Ended::Exited(3));

    fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn ended(stop: Option<StopCause>, forced: bool) -> Outcome {
        Outcome { ended: Some(Ended::Exited(3)), stop, forced }
    }

    /// Every state, as it is ten seconds after the start.
    fn states() -> [State; 6] {
        let cause = StopCause::Requested;
        [
            State::Running,
            State::Stopping { cause, kill_at: at(30) },
            State::Killing { cause, until: at(15) },
            State::Clearing { outcome: ended(None, false), kill_at: at(15) },
            State::ClearingByForce { outcome: ended(None, false), until: at(15) },
            State::Done(ended(None, false)),
        ]
    }

    #[test]
    fn every_state_has_its_answer_to_every_event() {
        let [running, stopping, killing, clearing, by_force, done] = states();
        let cause = StopCause::Requested;
        let (kill, term) = (Some(Action::All(Signal::KILL)), Some(Action::All(Signal::TERM)));
        let stopping_now = State::Stopping { cause, kill_at: at(40) };
        let clearing_stopped = State::Clearing { outcome: ended(Some(cause), false), kill_at: at(30) };
        let killed = State::ClearingByForce { outcome: ended(Some(cause), true), until: at(15) };
        for (state, event, next, action) in [
            (running, TERM, stopping_now, Some(Action::Group(Signal::TERM))),
            (running, EXITED, clearing, term),
            (running, Event::NoneLeft, running, None),
            (running, Event::Tick, running, None),
            (
                running,
                Event::Stop(StopCause::Idle),
                State::Stopping { cause: StopCause::Idle, kill_at: at(40) },
                Some(Action::Group(Signal::TERM)),
            ),
            (stopping, TERM, killing, kill),
            (stopping, EXITED, clearing_stopped, term),
            (stopping, Event::NoneLeft, stopping, None),
            (stopping, Event::Tick, stopping, None),
            (stopping, Event::Stop(StopCause::Idle), stopping, None),
            (killing, TERM, killing, None),
            (killing, EXITED, killed, kill),
            (killing, Event::NoneLeft, killing, None),
            (killing, Event::Tick, killing, kill),
            (clearing, TERM, by_force, kill),
            (clearing, Event::NoneLeft, done, None),
            (clearing, Event::Tick, clearing, None),
            (by_force, TERM, by_force, None),
            (by_force, Event::NoneLeft, done, None),
            (by_force, Event::Tick, by_force, kill),
            (done, TERM, done, None),
            (done, EXITED, done, None),
            (done, Event::Tick, done, None),
        ] {
            assert_eq!(state.step(event, at(10), &RULES), (next, action), "{state:?} {event:?}");
        }
    }

    #[test]
    fn time_moves_every_waiting_state_on() {
        let [_, stopping, killing, clearing, by_force, _] = states();
        let cause = StopCause::Requested;
        let kill = Some(Action::All(Signal::KILL));
        let unkillable = Outcome { ended: None, stop: Some(cause), forced: true };
        for (state, next, action) in [
            (stopping, State::Killing { cause, until: at(35) }, kill),
            (killing, State::Done(unkillable), None),
            (clearing, State::ClearingByForce { outcome: ended(None, false), until: at(35) }, kill),
            (by_force, State::Done(ended(None, false)), None),
        ] {
            assert_eq!(state.step(Event::Tick, at(30), &RULES), (next, action), "{state:?}");
        }
    }

    #[test]
    fn signals_go_where_they_are_meant() {
        let attended = Rules { attendance: Attendance::Interactive, ..RULES };
        for (number, action) in [
            (libc::SIGHUP, Some(Action::Main(Signal::new(libc::SIGHUP)))),
            (libc::SIGQUIT, Some(Action::Main(Signal::new(libc::SIGQUIT)))),
            (libc::SIGUSR1, Some(Action::Main(Signal::new(libc::SIGUSR1)))),
            (40, Some(Action::Main(Signal::new(40)))),
            (libc::SIGTSTP, Some(Action::Group(Signal::new(libc::SIGTSTP)))),
            (libc::SIGCONT, Some(Action::Group(Signal::CONT))),
            (libc::SIGWINCH, Some(Action::Group(Signal::new(libc::SIGWINCH)))),
            (libc::SIGINT, Some(Action::Group(Signal::INT))),
            (libc::SIGCHLD, None),
        ] {
            let event = Event::Signal(Signal::new(number));
            assert_eq!(State::Running.step(event, at(1), &attended), (State::Running, action), "{number}");
        }
    }

    #[test]
    fn a_short_grace_period_is_also_enough_for_what_is_left_behind() {
        let rules = Rules { grace: Duration::from_millis(100), ..RULES };
        let (next, _) = State::Running.step(EXITED, at(10), &rules);
        assert_eq!(next.deadline(), Some(Duration::from_millis(10_100)));
    }

    fn any_event() -> impl Strategy<Value = Event> {
        prop_oneof![
            (1..=64).prop_map(|number| Event::Signal(Signal::new(number))),
            any::<u8>().prop_map(|code| Event::MainEnded(Ended::Exited(code))),
            Just(Event::NoneLeft),
            Just(Event::Stop(StopCause::ParentGone)),
            Just(Event::Tick),
        ]
    }

    proptest! {
        #[test]
        fn whatever_happens_a_stop_ends_in_time(before in prop::collection::vec(any_event(), 0..20)) {
            let mut state = State::Running;
            for event in before {
                state = state.step(event, at(0), &RULES).0;
            }
            state = state.step(TERM, at(0), &RULES).0;
            for now in [30, 35, 40] {
                state = state.step(Event::Tick, at(now), &RULES).0;
            }
            prop_assert!(matches!(state, State::Done(_)), "{state:?}");
        }

        #[test]
        fn how_the_main_process_ended_is_never_forgotten(
            code in any::<u8>(),
            after in prop::collection::vec((any_event(), 0_u64..100), 0..20),
        ) {
            let expected = Some(Ended::Exited(code));
            let (mut state, _) = State::Running.step(Event::MainEnded(Ended::Exited(code)), at(0), &RULES);
            for (event, now) in after {
                state = state.step(event, at(now), &RULES).0;
                let ended = match state {
                    State::Clearing { outcome, .. }
                    | State::ClearingByForce { outcome, .. }
                    | State::Done(outcome) => outcome.ended,
                    State::Running | State::Stopping { .. } | State::Killing { .. } => None,
                };
                prop_assert_eq!(ended, expected);
            }
        }

        #[test]
        fn nobody_is_killed_who_was_not_asked_before(events in prop::collection::vec((any_event(), 0_u64..100), 0..20)) {
            let (mut state, mut asked) = (State::Running, false);
            for (event, now) in events {
                let (next, action) = state.step(event, at(now), &RULES);
                match action {
                    Some(Action::Group(Signal::TERM) | Action::All(Signal::TERM)) => asked = true,
                    Some(Action::All(Signal::KILL)) => prop_assert!(asked),
                    _ => {}
                }
                state = next;
            }
        }
    }
}
