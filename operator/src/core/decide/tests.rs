//! A job's whole life, as observations and decisions.

mod allocation;
mod asked;
mod attended;
mod certificates;
mod conditions;
mod disruptions;
mod forward;
mod life;
mod mesos;
mod reach;
mod remains;
mod stops;

use lcmap_spark_crd::names::FINALIZER;
use lcmap_spark_crd::status::Progress;
use lcmap_spark_crd::{ConditionStatus, ConditionType, Mode, find_condition};
use serde_json::json;

use super::*;
use crate::core::{
    Driver, DriverState, Ending, Frameworks, Jitter, Keeping, Life, Obstacle, OnMesos, Remedy, Remnant,
    SparkUi, Stopping, Wanted,
};

/// A world with one job in it and a clock that only the test moves.
struct World {
    job: SparkJob,
    now: Timestamp,
    wanted: Wanted,
    driver: Option<Driver>,
    remnants: Vec<Remnant>,
    obstacle: Option<Obstacle>,
    frameworks: Frameworks,
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
            frameworks: Frameworks::Unasked,
        }
    }

    /// Decides, writes the status and does the effects, as whoever applies decisions does.
    fn step(&mut self) -> Decision {
        let mut done = Decision { start: None, effects: vec![], ..self.decide() };
        loop {
            let decision = self.decide();
            self.job.status = Some(decision.status.clone());
            if let Some(start) = decision.start {
                match start {
                    Start::Driver(attempt) => self.create(attempt),
                    Start::AddFinalizer => self.job.metadata.finalizers = Some(vec![FINALIZER.to_owned()]),
                }
                done.start = Some(start);
            }
            for effect in &decision.effects {
                match effect {
                    Effect::StopDriver(_) => self.driver.as_mut().unwrap().stopping = Stopping::Asked,
                    Effect::RemoveFinalizer => self.job.metadata.finalizers = None,
                    _ => {}
                }
            }
            done.effects.extend(decision.effects);
            (done.status, done.requeue) = (decision.status, decision.requeue);
            if done.status.driver.is_none() && decision.start.is_none() {
                self.driver = None; // the ended attempt's driver is not the next one's
            }
            if done.requeue != Requeue::AtOnce && decision.start != Some(Start::AddFinalizer) {
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
            frameworks: self.frameworks.clone(),
            keeping: Keeping::Finalizer(Duration::from_secs(24 * 3600)),
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
            ui: None,
            certificate: None,
            left: None,
            mesos: (self.job.spec.mode == Mode::Distributed).then(OnMesos::default),
            revision: None,
            created: self.now,
            started: None,
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
        self.ends_saying(reason, exit_code, format!("code {exit_code}"))
    }

    fn ends_saying(&mut self, reason: Reason, exit_code: i32, message: String) -> Decision {
        let ending = Ending { at: self.now, exit_code: Some(exit_code), reason, message };
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
            if let Some(Start::Driver(attempt)) = decision.start {
                proptest::prop_assert!(!alive, "a second driver");
                proptest::prop_assert!(attempt > started, "attempt {attempt} a second time");
                started = attempt;
            }
            let again = world.step();
            proptest::prop_assert!(again.effects.iter().all(|e| !matches!(e, Effect::StopDriver(_))) || decision.effects.is_empty(), "asked twice");
        }
    }
}
