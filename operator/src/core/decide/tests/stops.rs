//! Timeouts, deadlines, suspension, and drivers that vanish.

use super::*;

#[test]
fn a_driver_that_does_not_run_in_time_is_stopped_and_says_what_it_waited_for() {
    let mut world = World::new(json!({"startTimeout": "1m"}));
    world.step();
    assert_eq!(world.step().requeue, Requeue::After(Duration::from_secs(60)));
    assert_eq!(world.after(60).step().effects, [Effect::StopDriver(1)]);
    assert_eq!(world.place(), (Phase::Releasing, Reason::StartTimeout));
    assert!(world.status().message.contains("startTimeout (1m); it waited for: it starts"));
    assert!(world.step().effects.is_empty(), "it is asked once");
    world.ends(Reason::Stopped, 143);
    assert_eq!(world.place(), (Phase::Failed, Reason::StartTimeout));
}

#[test]
fn the_deadline_spans_all_attempts_of_a_run() {
    let mut world = World::new(
        json!({"activeDeadline": "100s", "restart": {"policy": "Always", "backoff": "1m", "backoffMax": "1m"}}),
    );
    world.step();
    world.runs().after(50).ends(Reason::ExitedNonZero, 1);
    let decision = world.step();
    assert_eq!(
        decision.requeue,
        Requeue::After(Duration::from_secs(50)),
        "the deadline comes before the retry"
    );
    assert!(world.after(50).step().effects.is_empty());
    assert_eq!(world.place(), (Phase::Failed, Reason::DeadlineExceeded));
}

#[test]
fn a_running_driver_is_stopped_at_the_deadline_and_not_tried_again() {
    let mut world = World::new(json!({"activeDeadline": "100s", "restart": {"policy": "OnFailure"}}));
    world.step();
    assert_eq!(world.runs().after(100).step().effects, [Effect::StopDriver(1)]);
    world.ends(Reason::Stopped, 143);
    assert_eq!(world.place(), (Phase::Failed, Reason::DeadlineExceeded));
}

#[test]
fn a_request_to_stop_wins_over_the_restart_policy() {
    let mut world = World::new(json!({"restart": {"policy": "Always"}}));
    world.step();
    world.runs().wanted = Wanted::Stop;
    assert_eq!(world.step().effects, [Effect::StopDriver(1)]);
    world.ends(Reason::Stopped, 143);
    assert_eq!(world.place(), (Phase::Failed, Reason::Interrupted));
}

#[test]
fn a_request_to_stop_ends_a_backoff_at_once() {
    let mut world = World::new(json!({"restart": {"policy": "Always"}}));
    world.step();
    world.runs().ends(Reason::ExitedNonZero, 1);
    world.step();
    world.wanted = Wanted::Stop;
    world.step();
    assert_eq!(world.place(), (Phase::Failed, Reason::Interrupted));
}

#[test]
fn a_notebook_that_is_stopped_has_ended_well() {
    let mut world = World::new(json!({"run": {"notebook": {}}}));
    world.step();
    world.runs().wanted = Wanted::Stop;
    world.step();
    world.ends(Reason::Stopped, 0);
    assert_eq!(world.place().0, Phase::Succeeded);
}

#[test]
fn a_suspended_job_holds_nothing_and_waits() {
    let mut world = World::new(json!({"suspend": true}));
    assert!(world.step().effects.is_empty());
    assert_eq!(world.place(), (Phase::Suspended, Reason::Suspended));
    assert_eq!(world.condition(ConditionType::Released), ConditionStatus::True);
    world.job.spec.suspend = false;
    assert_eq!(world.step().start, Some(Start::Driver(1)));
}

#[test]
fn a_driver_that_vanished_is_an_infrastructure_failure() {
    let mut world = World::new(json!({"restart": {"policy": "OnInfrastructureFailure"}}));
    world.step();
    world.runs().driver = None;
    world.step();
    assert_eq!(world.place(), (Phase::Pending, Reason::BackingOff));
    assert_eq!(world.status().attempts[0].reason, Reason::DriverLost);
}

#[test]
fn as_many_attempts_are_remembered_as_are_kept() {
    let mut world = World::new(
        json!({"restart": {"policy": "Always", "backoff": "1s", "backoffMax": "1s"}, "retention": {"attempts": 10}}),
    );
    for _ in 0..15 {
        while world.step().start.is_none() {
            world.after(1);
        }
        world.runs().ends(Reason::ExitedNonZero, 1);
    }
    let attempts: Vec<_> = world.status().attempts.iter().map(|attempt| attempt.attempt).collect();
    assert_eq!(attempts, (6..=15).collect::<Vec<_>>());
}
