//! What people ask for: edits, another run, suspension, deletion; and what is in the way.

use super::*;

fn edit(world: &mut World, generation: i64, value: &str) {
    world.job.metadata.generation = Some(generation);
    world.job.spec.conf.insert("a.b".into(), value.into());
}

fn annotate(world: &mut World, value: &str) {
    let annotations = world.job.metadata.annotations.get_or_insert_default();
    annotations.insert("lcmap.usgs.gov/rerun".into(), value.into());
}

#[test]
fn an_edit_of_a_running_job_stops_its_driver_and_begins_another_run() {
    let mut world = World::new(json!({}));
    world.step();
    edit(world.runs(), 2, "1");
    assert_eq!(world.step().effects, [Effect::StopDriver(1)]);
    assert_eq!(world.place(), (Phase::Releasing, Reason::Edited));
    let decision = world.ends(Reason::Stopped, 143);
    assert_eq!(decision.start, Some(Start::Driver(2)));
    assert_eq!((world.status().run_number, world.status().restarts), (Some(2), Some(0)));
    assert_eq!(world.status().attempts[0].reason, Reason::Edited);
}

#[test]
fn an_edit_of_a_finished_job_begins_another_run() {
    for reason in [Reason::Completed, Reason::ExitedNonZero] {
        let mut world = World::new(json!({}));
        world.step();
        world.runs();
        world.ends(reason, 0);
        edit(&mut world, 2, "1");
        assert_eq!(world.step().start, Some(Start::Driver(2)), "{reason:?}");
    }
}

#[test]
fn an_edit_that_restarts_nothing_is_taken_note_of_and_no_more() {
    let mut world = World::new(json!({}));
    world.step();
    world.runs();
    world.job.metadata.generation = Some(2);
    world.job.spec.active_deadline = "1h".parse().ok();
    let decision = world.step();
    assert_eq!((decision.start, decision.effects.len()), (None, 0));
    assert_eq!(world.place(), (Phase::Running, Reason::DriverRunning));
    assert_eq!(world.status().observed_generation, Some(2));
    assert_eq!(world.status().revision.as_ref().unwrap().generation, 2);
}

#[test]
fn a_new_value_of_the_annotation_runs_a_job_again_and_the_first_counts_as_done() {
    let mut world = World::new(json!({}));
    annotate(&mut world, "monday");
    assert_eq!(world.step().start, Some(Start::Driver(1)));
    world.runs();
    world.ends(Reason::Completed, 0);
    assert_eq!(world.step().start, None);
    annotate(&mut world, "tuesday");
    assert_eq!(world.step().start, Some(Start::Driver(2)));
    assert_eq!(world.status().rerun.as_deref(), Some("tuesday"));
    assert_eq!(world.status().run_number, Some(2));
}

#[test]
fn a_running_job_that_is_suspended_holds_nothing_and_goes_on_with_another_attempt() {
    let mut world = World::new(json!({}));
    world.step();
    world.runs().job.spec.suspend = true;
    assert_eq!(world.step().effects, [Effect::StopDriver(1)]);
    world.ends(Reason::Stopped, 143);
    world.driver = None;
    world.step();
    assert_eq!(world.place(), (Phase::Suspended, Reason::Suspended));
    world.after(60).job.spec.suspend = false;
    assert_eq!(world.step().start, Some(Start::Driver(2)));
    assert_eq!(world.status().restarts, Some(0), "that was no retry");
}

#[test]
fn a_finished_job_that_is_suspended_stays_as_it_is() {
    let mut world = World::new(json!({}));
    world.step();
    world.runs();
    world.ends(Reason::Completed, 0);
    world.job.spec.suspend = true;
    world.step();
    assert_eq!(world.place(), (Phase::Succeeded, Reason::Completed));
}

#[test]
fn a_job_that_is_being_deleted_stops_its_driver_and_starts_no_other() {
    let mut world = World::new(json!({"restart": {"policy": "Always"}}));
    world.step();
    world.runs().job.metadata.deletion_timestamp = Some(Time(Timestamp::UNIX_EPOCH));
    assert_eq!(world.step().effects, [Effect::StopDriver(1)]);
    assert_eq!(world.place(), (Phase::Releasing, Reason::StoppingDriver));
    assert_eq!(world.ends(Reason::Stopped, 143).start, None);
}

#[test]
fn what_is_in_the_way_is_told_and_tried_again_in_its_time() {
    let obstacle =
        |remedy, until| Obstacle { reason: Reason::QuotaExceeded, message: "full".into(), remedy, until };
    for (remedy, accepted) in [(Remedy::Wait, ConditionStatus::True), (Remedy::Mend, ConditionStatus::False)]
    {
        let mut world = World::new(json!({}));
        let until = world.now.checked_add(Duration::from_secs(5)).ok();
        world.obstacle = Some(obstacle(remedy, until));
        let decision = world.step();
        assert_eq!((decision.start, decision.requeue), (None, Requeue::After(Duration::from_secs(5))));
        assert_eq!(world.place(), (Phase::Pending, Reason::QuotaExceeded));
        assert_eq!(world.condition(ConditionType::Accepted), accepted, "{remedy:?}");
        world.obstacle = None;
        assert_eq!(world.step().start, Some(Start::Driver(1)));
    }
}

#[test]
fn no_driver_is_started_while_an_earlier_one_lives() {
    let mut world = World::new(json!({}));
    world.remnants = vec![Remnant { attempt: 7, life: Life::Living, stopping: Stopping::Asked }];
    assert_eq!(world.step().start, None);
    assert_eq!(world.place(), (Phase::Pending, Reason::StoppingDriver));
    world.remnants.clear();
    assert_eq!(world.step().start, Some(Start::Driver(1)));
}
