//! Distributed jobs: how far they are on Mesos, and what must be gone before they may end.

use lcmap_spark_crd::names::ANNOTATION_ABANDON_FRAMEWORK;
use lcmap_spark_crd::spec::RestartPolicy;
use lcmap_spark_crd::status::Executors;

use super::*;
use crate::core::Connection;

pub(super) fn distributed(mut spec: serde_json::Value) -> World {
    spec["mode"] = json!("Distributed");
    let mut world = World::new(spec);
    world.job.metadata.uid = Some("u".into());
    world
}

fn left(reason: Reason) -> Frameworks {
    Frameworks::Left { ids: vec!["u-1".into()], reason, message: "it does not answer".into() }
}

impl World {
    pub(super) fn mesos(&mut self, seen: OnMesos) -> &mut Self {
        self.driver.as_mut().unwrap().mesos = Some(seen);
        self.step();
        self
    }

    fn is_kept(&self) -> bool {
        self.job.metadata.finalizers.is_some()
    }
}

pub(super) fn registered(world: &World) -> OnMesos {
    let now = Some(world.now);
    OnMesos { registered: now, looked: now, frameworks: vec!["u-1".into()], ..OnMesos::default() }
}

pub(super) fn with_executors(world: &World, running: i32) -> OnMesos {
    let executors = Executors { running, ..Executors::default() };
    OnMesos { executors, has_run: true, cores: i64::from(running), ..registered(world) }
}

/// A job whose driver runs on Mesos with executors.
pub(super) fn running() -> World {
    let mut world = distributed(json!({}));
    world.step();
    world.runs();
    let seen = with_executors(&world, 2);
    world.mesos(seen);
    world
}

#[test]
fn a_job_is_kept_before_its_first_driver_is_made_and_let_go_after_its_end() {
    let mut world = distributed(json!({}));
    assert_eq!(world.decide().start, Some(Start::AddFinalizer));
    assert_eq!(world.step().start, Some(Start::Driver(1)));
    assert!(world.is_kept());
    world.runs();
    world.frameworks = Frameworks::Gone;
    world.ends(Reason::Completed, 0);
    assert_eq!(world.place(), (Phase::Succeeded, Reason::Completed));
    assert!(!world.is_kept());
}

#[test]
fn a_job_is_connecting_requesting_and_running_by_what_mesos_tells() {
    let mut world = distributed(json!({}));
    world.step();
    world.runs();
    assert_eq!(world.place(), (Phase::Connecting, Reason::Connecting));
    let seen = registered(&world);
    world.mesos(seen.clone());
    assert_eq!(world.place(), (Phase::Requesting, Reason::Registered));
    assert_eq!(world.condition(ConditionType::MesosRegistered), ConditionStatus::True);
    world.mesos(OnMesos { wait: Some((Reason::NoOffers, "none".into())), ..seen });
    assert_eq!(world.place(), (Phase::Requesting, Reason::NoOffers));
    let seen = with_executors(&world, 2);
    world.mesos(seen);
    assert_eq!(world.place(), (Phase::Running, Reason::ExecutorsRunning));
    assert_eq!(world.condition(ConditionType::ResourcesAllocated), ConditionStatus::True);
    let seen = with_executors(&world, 0);
    world.mesos(seen);
    assert_eq!(world.place(), (Phase::Running, Reason::ExecutorsGone), "none later is no phase of its own");
    let told = world.status().mesos.clone().unwrap();
    assert_eq!((told.framework_ids.as_slice(), told.role.as_deref()), (&["u-1".to_owned()][..], Some("*")));
}

#[test]
fn a_mesos_that_cannot_be_asked_changes_no_phase() {
    let mut world = running();
    let trouble = Some((Reason::MesosUnreachable, "no route".into()));
    let seen = OnMesos { trouble, ..with_executors(&world, 2) };
    world.mesos(seen);
    assert_eq!(world.place(), (Phase::Running, Reason::ExecutorsRunning));
    assert_eq!(world.condition(ConditionType::MesosRegistered), ConditionStatus::Unknown);
}

#[test]
fn who_is_not_seen_on_mesos_for_longer_than_registering_takes_may_be_hidden() {
    let mut world = distributed(json!({"mesos": {"registrationTimeout": "1m"}}));
    world.step();
    world.runs();
    for (seconds, is_hinted) in [(0, false), (59, false), (1, true)] {
        world.after(seconds).step();
        let message = &world.status().message;
        assert_eq!(message.contains("view_frameworks"), is_hinted, "{message}");
        assert_eq!(world.place(), (Phase::Connecting, Reason::Connecting));
    }
}

#[test]
fn a_driver_that_mesos_has_lost_is_not_told_as_registered() {
    for (connection, words) in
        [(Connection::Lost, "mesos.failoverTimeout"), (Connection::Awaited, "waits for the driver")]
    {
        let mut world = running();
        let seen = OnMesos { connection, ..with_executors(&world, 2) };
        world.mesos(seen);
        assert_eq!(world.place(), (Phase::Running, Reason::ExecutorsRunning));
        let told = find_condition(&world.status().conditions, ConditionType::MesosRegistered).unwrap();
        assert_eq!((told.status, told.reason), (ConditionStatus::False, Reason::MesosUnreachable));
        assert!(told.message.contains(words), "{}", told.message);
        let back = with_executors(&world, 2);
        world.mesos(back);
        assert_eq!(world.condition(ConditionType::MesosRegistered), ConditionStatus::True);
    }
}

#[test]
fn an_attempt_is_over_only_when_its_frameworks_are_seen_gone() {
    let mut world = running();
    let decision = world.ends(Reason::Completed, 0);
    assert_eq!(decision.effects, [Effect::Settle(1)]);
    assert_eq!(
        world.place(),
        (Phase::Running, Reason::ExecutorsRunning),
        "mostly a moment, which is not told"
    );
    world.after(5).step();
    assert_eq!(world.place(), (Phase::Releasing, Reason::TearingDown));
    world.frameworks = left(Reason::MesosUnreachable);
    world.after(3600).step();
    assert_eq!(world.condition(ConditionType::Released), ConditionStatus::False);
    let released = find_condition(&world.status().conditions, ConditionType::Released).unwrap();
    assert_eq!(released.reason, Reason::MesosUnreachable);
    let expected =
        "the driver is over, and not yet seen gone from Mesos: the framework u-1: it does not answer";
    let reconciling = find_condition(&world.status().conditions, ConditionType::Reconciling).unwrap();
    assert_eq!((&*reconciling.message, &*world.status().message), (expected, expected));
    assert!(world.is_kept());
    world.frameworks = Frameworks::Gone;
    world.step();
    assert_eq!(world.place(), (Phase::Succeeded, Reason::Completed));
    assert_eq!(world.condition(ConditionType::Released), ConditionStatus::True);
    assert!(!world.is_kept());
}

#[test]
fn no_attempt_begins_while_the_one_before_may_hold_executors() {
    let mut world = distributed(json!({"restart": {"policy": "OnFailure", "backoff": "1s"}}));
    world.step();
    world.runs();
    world.frameworks = left(Reason::MesosUnreachable);
    world.ends(Reason::ExitedNonZero, 1);
    assert_eq!(world.after(600).step().start, None);
    assert_eq!(world.status().attempt, Some(1));
    world.frameworks = Frameworks::Gone;
    assert_eq!(world.step().start, Some(Start::Driver(2)));
}

#[test]
fn why_a_driver_was_asked_to_stop_is_not_forgotten_while_mesos_is_waited_for() {
    let mut world = running();
    world.job.spec.suspend = true;
    world.step();
    world.frameworks = left(Reason::MesosUnreachable);
    world.ends(Reason::Stopped, 143);
    world.after(60).step();
    assert_eq!(world.place(), (Phase::Releasing, Reason::Suspended));
    world.frameworks = Frameworks::Gone;
    world.step();
    assert_eq!(world.place(), (Phase::Suspended, Reason::Suspended));
    assert!(!world.is_kept());
}

#[test]
fn a_driver_that_vanished_is_lost_once_its_frameworks_are_gone() {
    let mut world = running();
    world.driver = None;
    world.step();
    assert_eq!(world.place(), (Phase::Releasing, Reason::TearingDown));
    world.frameworks = Frameworks::Gone;
    world.step();
    assert_eq!(world.place(), (Phase::Failed, Reason::DriverLost));
}

#[test]
fn a_deleted_job_stays_until_its_frameworks_are_gone() {
    let mut world = running();
    world.job.metadata.deletion_timestamp = Some(time(world.now));
    assert!(world.step().effects.contains(&Effect::StopDriver(1)));
    world.driver = None;
    world.frameworks = left(Reason::MesosUnreachable);
    for _ in 0..2 {
        world.after(60).step();
        assert_eq!(world.place(), (Phase::Releasing, Reason::TearingDown), "no driver is stopped any more");
        assert!(world.is_kept());
    }
    world.frameworks = Frameworks::Gone;
    world.step();
    assert!(!world.is_kept());
}

#[test]
fn a_deleted_job_is_not_tried_again_once_its_frameworks_are_gone() {
    let mut world = running();
    world.job.spec.restart.policy = RestartPolicy::Always;
    world.job.metadata.deletion_timestamp = Some(time(world.now));
    world.frameworks = left(Reason::MesosUnreachable);
    world.step();
    world.ends(Reason::Stopped, 143);
    world.after(60).step();
    assert_eq!(world.place(), (Phase::Releasing, Reason::TearingDown));
    world.frameworks = Frameworks::Gone;
    world.step();
    assert!(world.place().0.is_final() && !world.is_kept());
}

#[test]
fn a_deleted_job_that_never_had_a_driver_waits_for_no_mesos() {
    let mut world = distributed(json!({}));
    world.obstacle = Some(Obstacle {
        reason: Reason::QuotaExceeded,
        message: "full".into(),
        remedy: Remedy::Wait,
        until: None,
    });
    world.job.metadata.finalizers = Some(vec![FINALIZER.to_owned()]);
    world.step();
    world.job.metadata.deletion_timestamp = Some(time(world.now));
    world.step();
    assert!(!world.is_kept());
}

#[test]
fn who_gives_up_on_a_framework_names_it() {
    let mut world = running();
    world.frameworks = left(Reason::MesosUnreachable);
    world.ends(Reason::Completed, 0);
    let annotate = |world: &mut World, id: &str| {
        let annotation = (ANNOTATION_ABANDON_FRAMEWORK.to_owned(), id.to_owned());
        world.job.metadata.annotations = Some([annotation].into());
        world.after(10).step();
    };
    annotate(&mut world, "u-10");
    assert_eq!(world.place(), (Phase::Releasing, Reason::TearingDown));
    annotate(&mut world, "u-1");
    assert_eq!(world.place(), (Phase::Succeeded, Reason::Completed));
    let released = find_condition(&world.status().conditions, ConditionType::Released).unwrap();
    assert_eq!((released.status, released.reason), (ConditionStatus::False, Reason::FrameworkAbandoned));
    assert!(released.message.contains("u-1"), "{}", released.message);
    assert!(!world.is_kept());
}

#[test]
fn no_mesos_is_waited_for_longer_than_the_operator_allows() {
    let mut world = running();
    world.frameworks = left(Reason::MesosUnreachable);
    world.ends(Reason::Completed, 0);
    world.after(24 * 3600 - 1).step();
    assert_eq!(world.place(), (Phase::Releasing, Reason::TearingDown));
    world.after(1).step();
    assert_eq!(world.place(), (Phase::Succeeded, Reason::Completed));
    let released = find_condition(&world.status().conditions, ConditionType::Released).unwrap();
    assert_eq!(released.reason, Reason::FrameworkAbandoned);
}

#[test]
fn an_edit_to_the_other_mode_waits_for_mesos_and_is_let_go() {
    let mut world = running();
    world.job.spec.mode = Mode::NonDistributed;
    world.job.metadata.generation = Some(2);
    world.step();
    assert_eq!(world.place(), (Phase::Releasing, Reason::Edited));
    world.frameworks = Frameworks::Gone;
    let decision = world.ends(Reason::Stopped, 143);
    assert_eq!(decision.start, Some(Start::Driver(2)));
    assert!(!world.is_kept(), "its driver has nothing to do with Mesos");
    world.job.metadata.finalizers = Some(vec![FINALIZER.to_owned()]);
    world.driver.as_mut().unwrap().mesos = None;
    world.step();
    assert!(!world.is_kept(), "also where its driver was made first");
}

#[test]
fn a_program_that_never_asked_mesos_succeeds_with_a_warning() {
    let mut world = distributed(json!({}));
    world.step();
    world.runs();
    world.frameworks = Frameworks::Gone;
    world.ends(Reason::NeverConnected, 0);
    assert_eq!(world.place(), (Phase::Succeeded, Reason::NeverConnected));
}

#[test]
fn an_agent_that_has_seen_everything_go_is_believed_without_asking_mesos() {
    let mut world = running();
    world.driver.as_mut().unwrap().left = Some(vec![]);
    world.frameworks = left(Reason::MesosUnreachable);
    world.ends(Reason::ConnectionRefused, 125);
    assert_eq!(world.place(), (Phase::Failed, Reason::ConnectionRefused));
    assert!(!world.is_kept());
}

#[test]
fn an_agent_that_could_not_settle_everything_leaves_it_to_the_operator() {
    let mut world = running();
    world.driver.as_mut().unwrap().left = Some(vec!["u-1".into()]);
    let decision = world.ends(Reason::Completed, 0);
    assert_eq!(decision.effects, [Effect::Settle(1)]);
}

#[test]
fn an_operator_that_has_just_been_started_takes_nothing_back() {
    for (seen, place) in [
        (registered as fn(&World) -> OnMesos, (Phase::Requesting, Reason::Registered)),
        (|world| with_executors(world, 2), (Phase::Running, Reason::ExecutorsRunning)),
        (|world| with_executors(world, 0), (Phase::Running, Reason::ExecutorsGone)),
    ] {
        let mut world = distributed(json!({}));
        world.step();
        world.runs();
        let seen = seen(&world);
        world.mesos(seen);
        let before = world.status().clone();
        assert_eq!(world.place(), place);
        world.after(3600).mesos(OnMesos::default());
        assert_eq!(*world.status(), before);
    }
}

#[test]
fn whoever_was_away_for_longer_than_the_limit_asks_mesos_before_giving_up() {
    for (frameworks, hours, released) in [
        (Frameworks::Unasked, 25, None),
        (left(Reason::MesosUnreachable), 23, None),
        (left(Reason::MesosUnreachable), 25, Some(Reason::FrameworkAbandoned)),
        (Frameworks::Gone, 25, Some(Reason::Released)),
    ] {
        let mut world = running();
        world.ends(Reason::Completed, 0);
        world.frameworks = frameworks.clone();
        let decision = world.after(hours * 3600).step();
        let asks = decision.effects.contains(&Effect::Settle(1));
        assert_eq!((asks, world.is_kept()), (released.is_none(), released.is_none()), "{frameworks:?}");
        let told = find_condition(&world.status().conditions, ConditionType::Released).unwrap();
        if let Some(released) = released {
            assert_eq!(told.reason, released, "{frameworks:?}");
        }
    }
}

#[test]
fn a_suspended_job_is_kept_while_a_driver_that_turned_up_late_may_have_something_on_mesos() {
    for (turns_up, frameworks, is_kept) in [
        (false, Frameworks::Unasked, false),
        (true, Frameworks::Unasked, true),
        (true, left(Reason::MesosUnreachable), true),
        (true, Frameworks::Gone, false),
    ] {
        let mut world = distributed(json!({"suspend": true}));
        world.job.metadata.finalizers = Some(vec![FINALIZER.to_owned()]);
        world.job.status = Some(world.decide().status);
        if turns_up {
            world.create(1);
            let driver = world.driver.as_mut().unwrap();
            let (at, exit_code, message) = (world.now, Some(137), String::new());
            driver.state = DriverState::Ended(Ending { at, exit_code, reason: Reason::OutOfMemory, message });
            driver.life = Life::Over;
        }
        world.frameworks = frameworks.clone();
        let settles = world.step().effects.contains(&Effect::Settle(1));
        assert_eq!((settles, world.is_kept()), (is_kept, is_kept), "{frameworks:?}");
    }
}
