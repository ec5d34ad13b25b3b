//! Distributed jobs: an operator, a real Mesos, and frameworks that are really there.
//!
//! The tests play the kubelet; the driver in its pod is a scheduler of theirs that registers as the launch plan says.

mod agent;
mod executors;
mod faults;
mod framework;
mod identities;
mod life;
mod masters;
mod phases;
mod pod;
mod spark;
mod sweep;

use std::sync::OnceLock;

use lcmap_spark_tests::mesos::Bed;
use serde_json::{Value, json};

pub(crate) use framework::Framework;

use crate::{
    job::{Job, eventually},
    space::Space,
};

/// The finalizer of a job that may have something on Mesos.
const FINALIZER: &str = "lcmap.usgs.gov/mesos-framework";

/// A Mesos that all tests share which leave it as it is.
fn shared() -> &'static Bed {
    static MESOS: OnceLock<Bed> = OnceLock::new();
    MESOS.get_or_init(|| Bed::plain().start().unwrap())
}

/// What a job calls this Mesos.
fn name(mesos: &Bed) -> String {
    format!("mesos://{}", mesos.masters())
}

/// A Distributed job there.
fn job<'s>(space: &'s Space<'s>, mesos: &Bed, name_of_job: &str, changes: Value) -> Job<'s> {
    let mut spec = json!({"mode": "Distributed", "mesos": {"master": name(mesos)},
        "executor": {"cores": 1, "memory": "64m", "memoryOverhead": "32m"}});
    for (field, value) in changes.as_object().unwrap() {
        if let (Some(own), Some(more)) = (spec[field].as_object_mut(), value.as_object()) {
            own.extend(more.clone());
        } else {
            spec[field] = value.clone();
        }
    }
    space.job(name_of_job, spec)
}

/// Such a job named `pi`, whose driver runs and is registered.
fn registered<'s>(space: &'s Space<'s>, mesos: &Bed, changes: Value) -> (Job<'s>, Framework) {
    let job = job(space, mesos, "pi", changes);
    job.driver(1).runs();
    let framework = Framework::of(&job.driver(1), mesos);
    job.wait_until("is Requesting", |status| status["phase"] == "Requesting");
    (job, framework)
}

/// The ids of the frameworks of a job that live, or might.
fn frameworks(mesos: &Bed, job_uid: &str) -> Vec<String> {
    let ids = mesos.frameworks().into_iter().map(|framework| framework.id);
    ids.filter(|id| id.starts_with(job_uid)).collect()
}

/// Waits until nothing of a job is on Mesos.
fn is_gone_from(mesos: &Bed, job_uid: &str) {
    let gone = eventually(|| frameworks(mesos, job_uid).is_empty().then_some(()));
    gone.unwrap_or_else(|| panic!("left on Mesos: {:?}", frameworks(mesos, job_uid)));
}

/// Whether a job is kept from vanishing.
fn is_kept(job: &Job) -> bool {
    job.object()["metadata"]["finalizers"].as_array().is_some_and(|all| all.contains(&json!(FINALIZER)))
}

/// Waits until a job is let go.
fn is_let_go(job: &Job) {
    eventually(|| (!is_kept(job)).then_some(())).unwrap_or_else(|| panic!("kept: {:#}", job.object()));
}

/// Waits until a job is let go, and nothing of it is on Mesos.
fn leaves_nothing(job: &Job, mesos: &Bed) {
    is_let_go(job);
    is_gone_from(mesos, &job.uid());
}

/// The driver of a job ends in order: so does the job.
fn ends_well(job: &Job, framework: Framework, mesos: &Bed) {
    framework.stops();
    job.driver(1).reports(0, "Completed", "");
    job.becomes("Succeeded", "Completed");
    leaves_nothing(job, mesos);
}

/// The driver of a job is killed, with its framework.
fn is_killed(job: &Job, framework: Framework) {
    framework.dies();
    job.driver(1).reports(137, "KilledBySignal", "killed");
}
