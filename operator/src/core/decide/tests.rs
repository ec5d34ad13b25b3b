//! A job's whole life, told as what is seen and what is decided.

use lcmap_spark_crd::{ConditionStatus, ConditionType, find_condition};
use serde_json::json;

use super::*;
use crate::core::{Driver, DriverState, Ending, Jitter, Life, Obstacle, Remnant, Stopping, Wanted};

/// A world with one job in it and a clock that only the test moves.
struct World {
    job: SparkJob,
    now: Timestamp,
    wanted: Wanted,
    driver: Option<Driver>,
    remnants: Vec<Remnant>,
    obstacle: Option<Obstacle>,
}

impl World {
    fn new(mut spec: serde_json::Value) -> Self {
        if spec.get("run").is_none() {
            spec["run"] = json!({"submit": {"application": "pi.py"}});
        }
        let job = json!({"apiVersion": "lcmap.usgs.gov/v1alpha1", "kind": "SparkJob", "metadata": {"name": "pi", "generation": 1}, "spec": spec});
        let job = serde_json::from_value(job).unwrap();
        Self {
            job,
            now: Timestamp::UNIX_EPOCH,
            wanted: Wanted::Run,
            driver: None,
            remnants: vec![],
            obstacle: None,
        }
    }

    /// Decides, writes the status and does the effects, as whoever applies decisions does.
    fn step(&mut self) -> Decision {
        let mut done = Decision { start: None, effects: vec![], ..self.decide() };
        loop {
            let decision = self.decide();
            self.job.status = Some(decision.status.clone());
            if let Some(attempt) = decision.start {
                self.create(attempt);
                done.start = Some(attempt);
            }
            for effect in &decision.effects {
                if let Effect::StopDriver(_) = effect {
                    self.driver.as_mut().unwrap().stopping = Stopping::Asked;
                }
            }
            done.effects.extend(decision.effects);
            (done.status, done.requeue) = (decision.status, decision.requeue);
            if done.status.driver.is_none() && decision.start.is_none() {
                self.driver = None; // the ended attempt's driver is not the next one's
            }
            if done.requeue != Requeue::AtOnce {
                return done;
            }
        }
    }

    fn decide(&self) -> Decision {
        let observed = Observed {
            now: self.now,
            wanted: self.wanted,
            driver: self.driver.clone(),
            remnants: self.remnants.clone(),
            obstacle: self.obstacle.clone(),
            jitter: Jitter::NONE,
        };
        decide(&self.job, &observed)
    }

    fn create(&mut self, attempt: i32) {
        self.driver = Some(Driver {
            name: format!("pi-driver-{attempt}"),
            uid: Some(format!("uid-{attempt}")),
            node: None,
            notebook: None,
            revision: None,
            created: self.now,
            stopping: Stopping::No,
            state: DriverState::Waiting { reason: Reason::DriverStarting, message: "it starts".into() },
            life: Life::Living,
        });
    }

    fn after(&mut self, seconds: u32) -> &mut Self {
        self.now += Duration::from_secs(seconds.into());
        self
    }

    fn runs(&mut self) -> &mut Self {
        self.driver.as_mut().unwrap().state =
            DriverState::Running { reason: Reason::DriverRunning, message: String::new() };
        self.step();
        self
    }

    fn ends(&mut self, reason: Reason, exit_code: i32) -> Decision {
        let ending =
            Ending { at: self.now, exit_code: Some(exit_code), reason, message: format!("code {exit_code}") };
        let driver = self.driver.as_mut().unwrap();
        driver.state = DriverState::Ended(ending);
        driver.life = Life::Over;
        self.step()
    }

    fn status(&self) -> &SparkJobStatus {
        self.job.status.as_ref().unwrap()
    }

    fn place(&self) -> (Phase, Reason) {
        (self.status().phase.unwrap(), self.status().reason.unwrap())
    }

    fn condition(&self, type_: ConditionType) -> ConditionStatus {
        find_condition(&self.status().conditions, type_).unwrap().status
    }
}

#[test]
fn a_job_starts_runs_and_succeeds() {
    let mut world = World::new(json!({}));
    assert_eq!(world.step().start, Some(1));
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
    assert_eq!(world.after(1).step().start, Some(2));
    assert_eq!(world.ends(Reason::ExitedNonZero, 3).requeue, Requeue::After(Duration::from_secs(20)));
    assert_eq!(world.after(20).step().start, Some(3));
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
    assert_eq!(world.step().start, Some(1));
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

proptest::proptest! {
    /// Whatever is seen, in whatever order: one driver at most, every move of the phase is in its table, and what
    /// is final stays.
    #[test]
    fn no_history_breaks_the_rules(history in proptest::collection::vec((0u8..7, 0u32..200), 1..60), policy in 0usize..4) {
        let policy = ["Never", "OnFailure", "OnInfrastructureFailure", "Always"][policy];
        let mut world = World::new(json!({"restart": {"policy": policy}, "activeDeadline": "1h", "startTimeout": "90s"}));
        let mut started = 0;
        for (happening, seconds) in history {
            world.after(seconds);
            let alive = world.driver.as_ref().is_some_and(|d| !matches!(d.state, DriverState::Ended(_)));
            match (happening, alive) {
                (0, true) => { world.runs(); }
                (1, true) => { world.ends(Reason::Completed, 0); }
                (2, true) => { world.ends(Reason::ExitedNonZero, 1); }
                (3, _) => world.driver = None,
                (4, _) if seconds > 190 => world.wanted = Wanted::Stop,
                _ => {}
            }
            let before = world.job.status.as_ref().and_then(|status| status.phase);
            let alive = world.driver.as_ref().is_some_and(|d| !matches!(d.state, DriverState::Ended(_)));
            let decision = world.step();
            let after = decision.status.phase.unwrap();
            if let Some(before) = before {
                let allowed = lcmap_spark_crd::Event::ALL.iter().any(|event| before.may_become(after, *event));
                proptest::prop_assert!(allowed, "{before:?} to {after:?}");
            }
            if let Some(attempt) = decision.start {
                proptest::prop_assert!(!alive, "a second driver");
                proptest::prop_assert!(attempt > started, "attempt {attempt} a second time");
                started = attempt;
            }
            let again = world.step();
            proptest::prop_assert!(again.effects.iter().all(|e| !matches!(e, Effect::StopDriver(_))) || decision.effects.is_empty(), "asked twice");
        }
    }
}
