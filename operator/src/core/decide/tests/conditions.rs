//! What each condition says: its own, and no other's words.

use super::mesos::{distributed, registered, with_executors};
use super::*;

/// The conditions that have the whole sentence of the status.
fn with_the_sentence(world: &World) -> Vec<ConditionType> {
    let status = world.status();
    let has_it = |it: &&lcmap_spark_crd::Condition| it.message.contains(&status.message);
    status.conditions.iter().filter(has_it).map(|it| it.type_).collect()
}

fn message(world: &World, type_: ConditionType) -> &str {
    &find_condition(&world.status().conditions, type_).unwrap().message
}

fn waiting() -> World {
    let mut world = World::new(json!({}));
    world.step();
    let message = "no node takes the driver pod: 0/3 nodes are available".to_owned();
    world.driver.as_mut().unwrap().state = DriverState::Waiting { reason: Reason::Unschedulable, message };
    world.after(30).step();
    world
}

fn obstructed(remedy: Remedy) -> World {
    let mut world = World::new(json!({}));
    world.obstacle =
        Some(Obstacle { reason: Reason::PodRefused, message: "it is refused".into(), remedy, until: None });
    world.step();
    world
}

fn ended(reason: Reason, exit_code: i32) -> World {
    let mut world = World::new(json!({}));
    world.step();
    world.runs().ends(reason, exit_code);
    world
}

fn without_offers(spec: serde_json::Value) -> World {
    let mut world = distributed(spec);
    world.step();
    world.runs();
    let seen = OnMesos { wait: Some((Reason::NoOffers, "no offer".into())), ..registered(&world) };
    world.mesos(seen);
    world
}

fn settling() -> World {
    let mut world = without_offers(json!({}));
    world.ends(Reason::Completed, 0);
    world.frameworks = Frameworks::Left {
        ids: vec!["u-1".into()],
        reason: Reason::MesosUnreachable,
        message: "no route".into(),
    };
    world.after(60).step();
    world
}

fn suspended() -> World {
    let mut world = World::new(json!({"suspend": true}));
    world.step();
    world
}

fn stopping() -> World {
    let mut world = waiting();
    world.job.spec.suspend = true;
    world.step();
    world
}

fn connecting() -> World {
    let mut world = distributed(json!({}));
    world.step();
    world.runs();
    world
}

#[test]
fn the_sentence_of_a_job_stands_in_one_condition() {
    for (world, type_) in [
        (waiting as fn() -> World, ConditionType::Reconciling),
        (|| obstructed(Remedy::Wait), ConditionType::Reconciling),
        (|| obstructed(Remedy::Mend), ConditionType::Stalled),
        (connecting, ConditionType::Reconciling),
        (|| without_offers(json!({})), ConditionType::Reconciling),
        (|| without_offers(json!({"run": {"shell": {}}})), ConditionType::Reconciling),
        (stopping, ConditionType::Reconciling),
        (settling, ConditionType::Reconciling),
        (suspended, ConditionType::DriverReady),
        (|| ended(Reason::Completed, 0), ConditionType::Completed),
        (|| ended(Reason::ExitedNonZero, 3), ConditionType::Failed),
    ] {
        let world = world();
        assert!(!world.status().message.is_empty());
        assert_eq!(with_the_sentence(&world), [type_], "{:?}", world.place());
    }
}

#[test]
fn whoever_reads_stalled_alone_is_told_the_reason_of_a_failure() {
    assert_eq!(
        message(&ended(Reason::ExitedNonZero, 3), ConditionType::Stalled),
        "the run has failed: ExitedNonZero"
    );
}

#[test]
fn of_a_job_on_mesos_each_condition_tells_its_own() {
    let mut world = distributed(json!({}));
    world.step();
    let state = DriverState::Running { reason: Reason::DriverRunning, message: "on node-1".into() };
    world.driver.as_mut().unwrap().state = state;
    let seen = with_executors(&world, 2);
    world.mesos(seen.clone());
    assert_eq!(message(&world, ConditionType::DriverReady), "on node-1");
    assert_eq!(message(&world, ConditionType::ResourcesAllocated), "2 executors run with 2 cores");
    assert_eq!(message(&world, ConditionType::MesosRegistered), "");
    world.mesos(OnMesos { trouble: Some((Reason::MesosUnreachable, "no route".into())), ..seen });
    assert_eq!(message(&world, ConditionType::MesosRegistered), "no route");
    assert_eq!(
        message(&world, ConditionType::ResourcesAllocated),
        "",
        "of which Mesos cannot be asked either"
    );
}
