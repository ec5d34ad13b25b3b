//! An attempt goes forward, whatever comes late or goes missing.

use lcmap_spark_crd::status::Executors;
use proptest::prelude::*;

use super::mesos::{distributed, registered, with_executors};
use super::*;

fn waits(world: &mut World) {
    let message = "the agent starts".to_owned();
    world.driver.as_mut().unwrap().state = DriverState::Waiting { reason: Reason::DriverStarting, message };
}

#[test]
fn a_driver_whose_command_is_over_and_whose_agent_is_not_does_not_start_again() {
    let mut world = distributed(json!({}));
    world.step();
    world.runs();
    assert_eq!(world.place(), (Phase::Connecting, Reason::Connecting));
    waits(&mut world);
    let before = world.status().clone();
    assert_eq!(world.after(1).step().status, before, "nothing new is told");
}

#[test]
fn a_notebook_that_is_too_busy_to_answer_is_not_ended_for_not_having_started() {
    let mut world = World::new(json!({"run": {"notebook": {}}, "startTimeout": "10m"}));
    world.step();
    let answers = DriverState::Running { reason: Reason::NotebookReady, message: "Jupyter answers".into() };
    world.driver.as_mut().unwrap().state = answers.clone();
    world.after(5).step();
    waits(&mut world);
    assert_eq!(world.after(7200).step().effects, []);
    assert_eq!(world.place(), (Phase::Running, Reason::DriverRunning));
    assert_eq!(world.condition(ConditionType::DriverReady), ConditionStatus::False, "it does not answer");
    world.driver.as_mut().unwrap().state = answers;
    world.step();
    assert_eq!(world.place(), (Phase::Running, Reason::NotebookReady));
    assert_eq!(world.condition(ConditionType::DriverReady), ConditionStatus::True);
}

/// Observations of a driver on Mesos, in any order: looks overtake each other, and masters forget.
fn seen(world: &World, which: u8) -> OnMesos {
    let lost = Executors { running: 0, failed: 1, lost: 1 };
    match which {
        0 => OnMesos::default(),
        1 => registered(world),
        2 => with_executors(world, 2),
        3 => OnMesos { executors: lost, ..registered(world) },
        4 => OnMesos { trouble: Some((Reason::MesosUnreachable, "no route".into())), ..OnMesos::default() },
        5 => OnMesos { frameworks: vec![], ..with_executors(world, 0) },
        _ => OnMesos { wait: Some((Reason::NoOffers, "none".into())), ..registered(world) },
    }
}

proptest! {
    #[test]
    fn no_attempt_goes_back_to_an_earlier_phase(
        is_distributed: bool,
        run in 0usize..3,
        sights in proptest::collection::vec((0u8..4, 0u8..7, 0u32..40), 1..40),
    ) {
        let run = [json!({"submit": {"application": "a.py"}}), json!({"notebook": {}}), json!({"shell": {}})][run].clone();
        let spec = json!({"run": run, "startTimeout": "2m", "restart": {"policy": "Always"}});
        let mut world = if is_distributed { distributed(spec) } else { World::new(spec) };
        world.step();
        let (mut furthest, mut attempt) = (Phase::Pending, 1);
        for (state, on_mesos, seconds) in sights {
            world.after(seconds);
            let on_mesos = seen(&world, on_mesos);
            if let Some(driver) = &mut world.driver {
                let (reason, message) = (Reason::DriverRunning, String::new());
                match state {
                    0 => driver.state = DriverState::Waiting { reason: Reason::DriverStarting, message },
                    1 => driver.state = DriverState::Waiting { reason: Reason::PullingImage, message },
                    _ => driver.state = DriverState::Running { reason, message },
                }
                driver.mesos = is_distributed.then_some(on_mesos);
            }
            world.step();
            let phase = world.status().phase.unwrap();
            if std::mem::replace(&mut attempt, world.status().attempt.unwrap()) != attempt {
                furthest = Phase::Pending;
            }
            prop_assert!(phase >= furthest, "{furthest:?} and then {phase:?}: {}", world.status().message);
            furthest = phase;
        }
    }
}
