//! In whatever phase of a Distributed job its operator is killed: it ends as it should, and leaves nothing.

use std::{sync::OnceLock, thread};

use lcmap_spark_tests::mesos::Bed;
use serde_json::json;

use super::{Framework, ends_well, job, leaves_nothing};
use crate::{bed::shared as kubernetes, job::Job, space::Space};

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

    /// Goes on to its end as if nothing had happened.
    fn goes_on(mut self) {
        let driver = self.job.driver(1);
        if self.phase == Releasing {
            driver.is_asked_to_stop();
            self.framework.into_iter().for_each(Framework::dies);
            driver.reports(143, "Stopped", "stopped as asked").vanishes();
            self.job.becomes("Failed", "DeadlineExceeded");
            return leaves_nothing(&self.job, roomy());
        }
        if self.phase == Pending {
            driver.begins();
        }
        let framework = self.framework.take().unwrap_or_else(|| Framework::of(&driver, roomy()));
        let id = json!([format!("{}-1", self.job.uid())]);
        self.job.wait_until("has its framework", |status| status["mesos"]["frameworkIds"] == id);
        ends_well(&self.job, framework, roomy());
    }
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
