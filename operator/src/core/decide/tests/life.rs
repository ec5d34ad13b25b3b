//! Starts, ends and retries.

use super::*;

#[test]
fn a_job_starts_runs_and_succeeds() {
    let mut world = World::new(json!({}));
    assert_eq!(world.step().start, Some(Start::Driver(1)));
    assert_eq!(world.place(), (Phase::Pending, Reason::Starting));
    world.step();
    world.after(5).runs();
    assert_eq!(world.place(), (Phase::Running, Reason::DriverRunning));
    assert_eq!(world.condition(ConditionType::DriverReady), ConditionStatus::True);
    world.after(60).ends(Reason::Completed, 0);
    assert_eq!(world.place(), (Phase::Succeeded, Reason::Completed));
    assert_eq!(world.status().duration.unwrap().to_string(), "1m5s");
    for (type_, status) in [
        (ConditionType::Completed, ConditionStatus::True),
        (ConditionType::Finished, ConditionStatus::True),
        (ConditionType::Released, ConditionStatus::True),
        (ConditionType::Failed, ConditionStatus::False),
        (ConditionType::Reconciling, ConditionStatus::False),
        (ConditionType::Stalled, ConditionStatus::False),
    ] {
        assert_eq!(world.condition(type_), status, "{type_:?}");
    }
}

#[test]
fn why_a_program_failed_stands_in_status_conditions_attempts_and_event() {
    let mut world = World::new(json!({}));
    world.step();
    let before = world.status().clone();
    let why = "spark-submit ended with exit code 1: KeyError: 'LC08' (job.py:4)";
    let after = world.ends_saying(Reason::ExitedNonZero, 1, why.to_owned()).status;
    assert_eq!((after.message.as_str(), after.attempts[0].message.as_str()), (why, why));
    let failed = after.conditions.iter().find(|it| it.type_ == ConditionType::Failed).unwrap();
    assert_eq!(failed.message, why);
    let told = crate::core::announcements(Some(&before), &after);
    assert_eq!(told.last().map(|it| it.message.as_str()), Some(why));
}

#[test]
fn a_program_whose_jvm_lingered_has_succeeded() {
    let mut world = World::new(json!({"restart": {"policy": "OnFailure"}}));
    world.step();
    world.ends(Reason::JvmLingers, 0);
    assert_eq!(world.place(), (Phase::Succeeded, Reason::JvmLingers));
}

#[test]
fn a_finished_job_is_left_alone() {
    let mut world = World::new(json!({}));
    world.step();
    let last = world.ends(Reason::ExitedNonZero, 3);
    world.driver = None;
    let again = world.after(1000).step();
    assert!(again.effects.is_empty());
    assert_eq!(again.status, last.status, "nothing is written when nothing changed");
    assert_eq!(again.requeue, Requeue::OnChange);
}

#[test]
fn a_failed_attempt_is_retried_after_its_backoff_and_no_oftener_than_allowed() {
    let mut world =
        World::new(json!({"restart": {"policy": "OnFailure", "maxRestarts": 2, "backoff": "10s"}}));
    world.step();
    let decision = world.after(1).ends(Reason::ExitedNonZero, 3);
    assert_eq!(world.place(), (Phase::Pending, Reason::BackingOff));
    assert_eq!(decision.requeue, Requeue::After(Duration::from_secs(10)));
    assert!(world.status().message.contains("attempt 2 starts in 10s"), "{}", world.status().message);
    assert!(world.after(9).step().start.is_none(), "not before its time");
    assert_eq!(world.after(1).step().start, Some(Start::Driver(2)));
    assert_eq!(world.ends(Reason::ExitedNonZero, 3).requeue, Requeue::After(Duration::from_secs(20)));
    assert_eq!(world.after(20).step().start, Some(Start::Driver(3)));
    world.ends(Reason::ExitedNonZero, 4);
    assert_eq!(world.place(), (Phase::Failed, Reason::ExitedNonZero));
    let attempts: Vec<_> = world.status().attempts.iter().map(|a| (a.attempt, a.exit_code)).collect();
    assert_eq!(attempts, [(1, Some(3)), (2, Some(3)), (3, Some(4))]);
    assert_eq!(world.status().restarts, Some(2));
}

#[test]
fn health_resets_the_count_of_restarts() {
    let restart = json!({"restart": {"policy": "OnFailure", "maxRestarts": 1, "resetAfter": "10m"}});
    let mut world = World::new(restart);
    for _ in 0..4 {
        while world.step().start.is_none() {
            world.after(10);
        }
        world.runs().after(600).ends(Reason::ExitedNonZero, 1);
        assert_eq!(world.place(), (Phase::Pending, Reason::BackingOff));
        assert_eq!(world.status().restarts, Some(1));
    }
}

/// Lets every attempt of a job come to this end, until the job is over, or has had six. Answers which comes next, or was the last.
fn attempts(mut world: World, end: impl Fn(&mut World)) -> (Phase, i32) {
    for _ in 0..6 {
        while world.step().start.is_none() {
            if world.place().0.is_final() {
                return (world.place().0, world.status().attempt.unwrap());
            }
            world.after(60);
        }
        world.step();
        end(&mut world);
    }
    (world.place().0, world.status().attempt.unwrap())
}

#[test]
fn drivers_that_never_get_to_their_work_use_up_their_restarts_however_long_they_take() {
    let never_starts = |world: &mut World| {
        world.after(600).step();
        world.ends(Reason::Stopped, 143);
    };
    let vanishes = |world: &mut World| {
        world.after(7200).driver = None;
        world.frameworks = Frameworks::Gone;
        world.step();
    };
    let gets_no_executor = |world: &mut World| {
        world.runs();
        let seen = super::mesos::registered(world);
        world.mesos(seen);
        world.after(3600);
        world.driver.as_mut().unwrap().mesos.as_mut().unwrap().looked = Some(world.now);
        world.step();
        world.frameworks = Frameworks::Gone;
        world.ends(Reason::Stopped, 143);
    };
    let is_never_registered = |world: &mut World| {
        world.runs().after(3600).frameworks = Frameworks::Gone;
        world.ends(Reason::NoLeader, 125);
    };
    for policy in ["OnFailure", "OnInfrastructureFailure"] {
        let spec = json!({"restart": {"policy": policy}, "mesos": {"allocationTimeout": "1h"}});
        assert_eq!(attempts(World::new(spec.clone()), never_starts), (Phase::Failed, 4), "{policy}");
        let notebook = json!({"run": {"notebook": {}}, "restart": {"policy": policy}});
        assert_eq!(attempts(World::new(notebook), never_starts), (Phase::Failed, 4), "{policy}");
        assert_eq!(attempts(World::new(spec.clone()), vanishes), (Phase::Failed, 4), "{policy}");
        let on_mesos = || super::mesos::distributed(spec.clone());
        assert_eq!(attempts(on_mesos(), gets_no_executor), (Phase::Failed, 4), "{policy}");
        if policy == "OnFailure" {
            assert_eq!(attempts(on_mesos(), is_never_registered), (Phase::Failed, 4));
        }
    }
}

#[test]
fn a_driver_that_ran_for_long_counts_as_healthy_also_if_it_vanished_or_was_only_seen_ended() {
    let vanishes = |world: &mut World| {
        world.runs().after(600).driver = None;
        world.step();
    };
    let ends_unseen = |world: &mut World| {
        world.driver.as_mut().unwrap().started = Some(world.now);
        world.after(600).ends(Reason::DriverLost, 137);
    };
    let policy = || World::new(json!({"restart": {"policy": "OnFailure", "maxRestarts": 1}}));
    assert_eq!(attempts(policy(), vanishes), (Phase::Pending, 7));
    assert_eq!(attempts(policy(), ends_unseen), (Phase::Pending, 7));
}

#[test]
fn when_a_driver_began_to_run_is_told_of_each_attempt_that_did() {
    let mut world = World::new(json!({"restart": {"policy": "OnFailure", "backoff": "1s"}}));
    world.step();
    world.after(30).runs();
    let began = Some(time(world.now));
    assert_eq!(world.status().driver.as_ref().unwrap().start_time, began);
    world.after(30).ends(Reason::ExitedNonZero, 1);
    while world.step().start.is_none() {
        world.after(1);
    }
    world.ends(Reason::InitFailed, 1);
    let told: Vec<_> = world.status().attempts.iter().map(|it| it.start_time.clone()).collect();
    assert_eq!(told, [began, None], "its pod alone did not run");
}

#[test]
fn each_policy_retries_what_it_names() {
    for (policy, reason, code, retried) in [
        ("Never", Reason::ExitedNonZero, 1, false),
        ("OnFailure", Reason::ExitedNonZero, 1, true),
        ("OnFailure", Reason::DriverLost, 137, true),
        ("OnFailure", Reason::Completed, 0, false),
        ("OnInfrastructureFailure", Reason::ExitedNonZero, 1, false),
        ("OnInfrastructureFailure", Reason::DriverLost, 137, true),
        ("Always", Reason::Completed, 0, true),
        ("Always", Reason::ExitedNonZero, 1, true),
    ] {
        let mut world = World::new(json!({"restart": {"policy": policy}}));
        world.step();
        world.runs().ends(reason, code);
        assert_eq!(!world.place().0.is_final(), retried, "{policy} {reason:?}");
    }
}

#[test]
fn progress_is_shown_while_a_driver_runs_and_kept_only_of_what_failed() {
    for (reason, code, kept) in [(Reason::Completed, 0, None), (Reason::ExitedNonZero, 1, Some(40))] {
        let mut world = World::new(json!({}));
        world.step();
        world.runs();
        assert_eq!(world.status().progress, None);
        let progress = Progress { percent: 40, ..Progress::default() };
        world.driver.as_mut().unwrap().ui =
            Some(SparkUi { url: "http://10.0.0.1:4040".into(), progress, unreached: None });
        world.step();
        assert_eq!(world.status().progress, Some(progress));
        assert_eq!(world.status().url.as_deref(), Some("http://10.0.0.1:4040"));
        world.driver.as_mut().unwrap().ui = None;
        world.step();
        assert_eq!(world.status().progress, Some(progress), "a successor has not asked yet");
        world.ends(reason, code);
        assert_eq!(world.status().progress.map(|progress| progress.percent), kept);
        assert_eq!((&world.status().url, &world.status().ui_url), (&None, &None));
    }
}

#[test]
fn a_backoff_that_a_clock_wrote_which_was_set_back_since_is_over() {
    let mut world =
        World::new(json!({"restart": {"policy": "OnFailure", "backoff": "10s", "backoffMax": "20s"}}));
    world.step();
    world.ends(Reason::ExitedNonZero, 3);
    assert!(world.step().start.is_none(), "it backs off");
    world.now -= Duration::from_secs(3600);
    assert_eq!(world.step().start, Some(Start::Driver(2)));
}

#[test]
fn a_young_driver_that_starts_and_runs_is_told_of_once_there_is_time_and_all_else_now() {
    let write = |spec, state, seconds| {
        let mut world = World::new(spec);
        world.create(1);
        world.driver.as_mut().unwrap().state = state;
        world.after(seconds).decide().write
    };
    let waiting = |reason| DriverState::Waiting { reason, message: "it waits".into() };
    let running = || DriverState::Running { reason: Reason::DriverRunning, message: String::new() };
    let submitted = || json!({});
    assert_eq!(write(submitted(), waiting(Reason::Starting), 1), StatusWrite::WhenQuiet);
    assert_eq!(write(submitted(), running(), 1), StatusWrite::WhenQuiet);
    assert_eq!(write(submitted(), waiting(Reason::Starting), 20), StatusWrite::Now, "it takes long");
    assert_eq!(write(submitted(), running(), 20), StatusWrite::Now);
    assert_eq!(write(submitted(), waiting(Reason::ImagePullFailed), 1), StatusWrite::Now, "trouble");
    assert_eq!(write(json!({"suspend": true}), running(), 1), StatusWrite::Now, "it is to stop");
    let shell = json!({"run": {"shell": {}}});
    assert_eq!(write(shell, running(), 1), StatusWrite::Now, "somebody waits to attach");
}
