//! Whatever happens to a Distributed job in whatever phase: it ends as it should, and leaves nothing.

use std::{sync::OnceLock, thread};

use lcmap_spark_tests::mesos::Bed;
use serde_json::json;

use super::{Framework, ends_well, is_gone_from, job, leaves_nothing};
use crate::{
    bed::{in_namespace, shared as kubernetes},
    job::Job,
    space::Space,
};

/// How far a job has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Phase {
    Pending,
    Connecting,
    Requesting,
    Running,
    /// By its deadline.
    Releasing,
}

use Phase::{Connecting, Pending, Releasing, Requesting, Running};

const PHASES: [Phase; 5] = [Pending, Connecting, Requesting, Running, Releasing];

/// What then happens to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Happening {
    Deleted,
    Suspended,
    Edited,
    DriverKilled,
}

use Happening::{Deleted, DriverKilled, Edited, Suspended};

/// A Mesos with room for all, where nobody holds an offer for long that he does not use.
fn roomy() -> &'static Bed {
    static MESOS: OnceLock<Bed> = OnceLock::new();
    let plan = Bed::plain().resources("cpus:16;mem:8192;disk:1000;ports:[31000-31999]");
    MESOS.get_or_init(|| plan.master_flag("MESOS_OFFER_TIMEOUT", "5secs").start().unwrap())
}

/// A job in a phase.
struct Stage<'s> {
    phase: Phase,
    job: Job<'s>,
    framework: Option<Framework>,
}

impl<'s> Stage<'s> {
    fn reach(space: &'s Space<'s>, named: &str, phase: Phase) -> Self {
        let job = job(space, roomy(), named, json!({}));
        let driver = job.driver(1);
        if phase == Pending {
            driver.is_bound().waits("ContainerCreating", "");
        } else {
            driver.runs();
        }
        let mut framework = (phase >= Requesting).then(|| Framework::of(&driver, roomy()));
        if let Some(framework) = framework.as_mut().filter(|_| phase >= Running) {
            framework.runs("0", "sleep 600");
        }
        match phase {
            Pending => job.becomes("Pending", "Starting"),
            Connecting => job.becomes("Connecting", "Connecting"),
            Requesting => job.wait_until("is Requesting", |status| status["phase"] == "Requesting"),
            Running | Releasing => job.becomes("Running", "ExecutorsRunning"),
        };
        if phase == Releasing {
            job.edit(json!({"activeDeadline": "1s"}));
            job.becomes("Releasing", "DeadlineExceeded");
        }
        Self { phase, job, framework }
    }

    fn meets(&self, happening: Happening) {
        match happening {
            Deleted => self.job.delete(),
            Suspended => self.job.edit(json!({"suspend": true})),
            Edited => self.job.edit(json!({"conf": {"spark.ui.enabled": "false"}, "activeDeadline": null})),
            DriverKilled => {}
        }
    }

    /// Its driver ends, as it was asked to or without.
    fn driver_ends(&mut self, happening: Happening) {
        let driver = self.job.driver(1);
        let is_asked = happening != DriverKilled || self.phase == Releasing;
        if is_asked {
            driver.is_asked_to_stop();
        }
        if let Some(framework) = self.framework.take() {
            framework.dies();
        }
        match happening {
            DriverKilled => driver.reports(137, "KilledBySignal", "killed"),
            _ => driver.reports(143, "Stopped", "stopped as asked"),
        };
        if is_asked {
            driver.vanishes();
        }
    }

    /// Runs anew, with another framework, which leaves nothing either.
    fn runs_anew(&self) {
        let driver = self.job.driver(2);
        is_gone_from(roomy(), &self.job.uid());
        driver.runs();
        let framework = Framework::of(&driver, roomy());
        let id = json!([format!("{}-2", self.job.uid())]);
        self.job.wait_until("has its new framework", |status| status["mesos"]["frameworkIds"] == id);
        framework.stops();
        driver.reports(0, "Completed", "");
        self.job.becomes("Succeeded", "Completed");
    }

    /// Goes on to its end as if nothing had happened.
    fn goes_on(mut self) {
        if self.phase == Releasing {
            self.driver_ends(Suspended);
            self.job.becomes("Failed", "DeadlineExceeded");
            return leaves_nothing(&self.job, roomy());
        }
        let driver = self.job.driver(1);
        if self.phase == Pending {
            driver.begins();
        }
        let framework = self.framework.take().unwrap_or_else(|| Framework::of(&driver, roomy()));
        let id = json!([format!("{}-1", self.job.uid())]);
        self.job.wait_until("has its framework", |status| status["mesos"]["frameworkIds"] == id);
        ends_well(&self.job, framework, roomy());
    }
}

fn ends_as_it_should(space: &Space, phase: Phase, happening: Happening) {
    let named = format!("{phase:?}-{happening:?}").to_lowercase();
    let mut stage = Stage::reach(space, &named, phase);
    let uid = stage.job.uid();
    stage.meets(happening);
    stage.driver_ends(happening);
    match (happening, phase) {
        (Deleted, _) => {
            stage.job.wait_until_gone();
            return is_gone_from(roomy(), &uid);
        }
        (Edited, _) => stage.runs_anew(),
        (_, Releasing) => drop(stage.job.becomes("Failed", "DeadlineExceeded")),
        (Suspended, _) => drop(stage.job.becomes("Suspended", "Suspended")),
        (DriverKilled, _) => drop(stage.job.becomes("Failed", "KilledBySignal")),
    }
    leaves_nothing(&stage.job, roomy());
}

#[test]
fn a_job_that_is_changed_or_killed_in_any_phase_ends_as_it_should_and_leaves_nothing() {
    in_namespace("phases", |space| {
        for happening in [Deleted, Suspended, Edited, DriverKilled] {
            thread::scope(|scope| {
                // A driver that has not begun cannot be killed.
                let possible = |phase: &Phase| (*phase, happening) != (Pending, DriverKilled);
                for phase in PHASES.into_iter().filter(possible) {
                    scope.spawn(move || ends_as_it_should(space, phase, happening));
                }
            });
        }
    });
}

#[test]
fn a_job_whose_operator_is_killed_in_any_phase_goes_on_and_leaves_nothing() {
    kubernetes().in_namespace("succeeded", |space| {
        let operator = space.operator().start().unwrap();
        operator.wait_until_leads().unwrap();
        thread::scope(|scope| {
            let reach =
                |phase| scope.spawn(move || Stage::reach(space, &format!("{phase:?}").to_lowercase(), phase));
            let stages = PHASES.map(reach).map(|stage| stage.join().unwrap());
            operator.kill();
            let _successor = space.operator().start().unwrap();
            let ends = stages.map(|stage| scope.spawn(move || stage.goes_on()));
            for end in ends {
                end.join().unwrap();
            }
        });
        assert_eq!(space.created_pods().len(), PHASES.len(), "no driver is made twice");
    });
}
