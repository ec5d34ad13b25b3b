//! A job that somebody attends to, outside a cluster: what its attempts leave on Mesos is waited for by him.

use super::*;

const LEFT: &str = "u-1 (no route)";

/// What is decided of a Distributed job whose driver has failed.
fn decided(world: &World, wanted: Wanted, frameworks: Frameworks) -> Decision {
    let observed = Observed {
        now: world.now,
        wanted,
        driver: world.driver.clone(),
        remnants: vec![],
        obstacle: None,
        frameworks,
        keeping: Keeping::Attended,
        jitter: Jitter::NONE,
    };
    decide(&world.job, &observed)
}

fn failed() -> World {
    let mut world =
        World::new(json!({"mode": "Distributed", "restart": {"policy": "OnFailure", "maxRestarts": 3}}));
    world.create(1);
    let driver = world.driver.as_mut().unwrap();
    (driver.uid, driver.mesos) = (None, Some(OnMesos::default()));
    driver.state = DriverState::Ended(Ending {
        at: world.now,
        exit_code: Some(1),
        reason: Reason::ExitedNonZero,
        message: "exit code 1".to_owned(),
    });
    driver.life = Life::Over;
    world.now = later(world.now, Duration::from_secs(60)).unwrap();
    world
}

fn left() -> Frameworks {
    Frameworks::Left { ids: vec!["u-1".into()], reason: Reason::TearingDown, message: LEFT.into() }
}

#[test]
fn no_attempt_follows_one_that_may_have_a_framework_however_long_that_takes() {
    let mut world = failed();
    for _ in 0..3 {
        world.now = later(world.now, Duration::from_secs(100_000)).unwrap();
        let decision = decided(&world, Wanted::Run, left());
        assert_eq!(decision.effects, [Effect::Settle(1)]);
        assert_eq!((decision.start, decision.status.attempt), (None, Some(1)));
        assert_eq!(
            (decision.status.phase, decision.status.reason),
            (Some(Phase::Releasing), Some(Reason::TearingDown))
        );
        assert!(decision.status.message.contains(LEFT), "{}", decision.status.message);
        world.job.status = Some(decision.status);
    }
    let decision = decided(&world, Wanted::Run, Frameworks::Gone);
    assert_eq!(decision.status.attempt, Some(2), "and then it does");
}

#[test]
fn whoever_gives_up_on_a_framework_gets_the_end_of_its_attempt_and_no_other() {
    let mut world = failed();
    world.job.status = Some(decided(&world, Wanted::Run, left()).status);
    let status = decided(&world, Wanted::Stop, Frameworks::Gone).status;
    assert_eq!((status.phase, status.reason), (Some(Phase::Failed), Some(Reason::ExitedNonZero)));
}
