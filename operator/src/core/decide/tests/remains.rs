//! What is left of ended attempts, and of the job itself.

use super::*;

#[test]
fn what_still_lives_of_an_ended_attempt_is_stopped_whatever_the_job_does_next() {
    let companion = |stopping| Remnant { attempt: 1, life: Life::Living, stopping };
    for spec in [json!({"suspend": true}), json!({"restart": {"policy": "OnFailure"}})] {
        let mut world = World::new(json!({"restart": {"policy": "OnFailure"}}));
        world.step();
        world.after(1).ends(Reason::ExitedNonZero, 1);
        world.job.spec = World::new(spec).job.spec;
        world.remnants = vec![companion(Stopping::No)];
        assert_eq!(world.decide().effects, [Effect::StopDriver(1)]);
        world.remnants = vec![companion(Stopping::Asked)];
        assert_eq!(world.decide().effects, [], "it is asked once");
    }
}

fn ended(spec: serde_json::Value) -> World {
    let mut world = World::new(spec);
    world.step();
    world.runs();
    world.ends(Reason::Completed, 0);
    world
}

#[test]
fn pods_are_kept_as_retention_says() {
    for (pods, reason, removed) in [
        ("Always", Reason::Completed, false),
        ("Always", Reason::ExitedNonZero, false),
        ("OnFailure", Reason::Completed, true),
        ("OnFailure", Reason::IdleTimeout, true),
        ("OnFailure", Reason::ExitedNonZero, false),
        ("Never", Reason::ExitedNonZero, true),
    ] {
        let mut world = World::new(json!({"retention": {"pods": pods}}));
        world.step();
        world.runs();
        let decision = world.ends(reason, 0);
        let expected: &[Effect] = if removed { &[Effect::RemoveDriver(1)] } else { &[] };
        assert_eq!(decision.effects, expected, "{pods} {reason:?}");
    }
}

#[test]
fn nothing_is_removed_before_the_status_tells_of_its_end() {
    let mut world = World::new(json!({"retention": {"pods": "Never"}}));
    world.step();
    world.runs();
    let driver = world.driver.as_mut().unwrap();
    driver.life = Life::Over;
    let (at, message) = (world.now, String::new());
    driver.state = DriverState::Ended(Ending { at, exit_code: Some(0), reason: Reason::Completed, message });
    let first = world.decide();
    assert_eq!((first.effects.as_slice(), first.requeue), (&[][..], Requeue::AtOnce));
    world.job.status = Some(first.status);
    assert_eq!(world.decide().effects, [Effect::RemoveDriver(1)]);
}

#[test]
fn a_container_beside_a_driver_that_ended_is_stopped() {
    let mut world = ended(json!({}));
    world.driver.as_mut().unwrap().life = Life::Living;
    assert_eq!(world.decide().effects, [Effect::StopDriver(1)]);
    assert_eq!(world.step().status.phase, Some(Phase::Succeeded));
    assert_eq!(world.condition(ConditionType::Released), ConditionStatus::False);
}

#[test]
fn a_finished_job_goes_when_its_time_is_over_and_not_while_suspended() {
    let mut world = ended(json!({"ttlAfterFinished": "1h"}));
    assert_eq!(world.decide().requeue, Requeue::After(Duration::from_secs(3600)));
    world.after(3600);
    assert_eq!(world.decide().effects, [Effect::DeleteJob]);
    world.job.spec.suspend = true;
    assert_eq!(world.decide().effects, []);
}
