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
        (clearing, Event::Signal(Signal::CONT), clearing, None),
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
