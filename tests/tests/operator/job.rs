//! A job as a test sees and treats it.

use std::{
    thread,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use crate::{driver::Driver, space::Space};

/// How long anything may take that happens at once, or when a JVM has started, when the machine is free.
pub(crate) const LIMIT: Duration = Duration::from_secs(120);

/// A job.
pub(crate) struct Job<'s> {
    pub(crate) space: &'s Space<'s>,
    pub(crate) name: String,
}

impl<'s> Job<'s> {
    /// The job itself, or a `Status` where it is not there.
    pub(crate) fn object(&self) -> Value {
        self.space.bed.api.get(&self.path()).unwrap()
    }

    /// Its status.
    pub(crate) fn status(&self) -> Value {
        self.object()["status"].take()
    }

    /// Waits until its status pleases; `what` reads as "is Running".
    pub(crate) fn wait_until(&self, what: &str, accept: impl Fn(&Value) -> bool) -> Value {
        let mut last = Value::Null;
        let seen = eventually(|| {
            last = self.status();
            accept(&last).then(|| last.clone())
        });
        seen.unwrap_or_else(|| {
            panic!("{}/{} was waited for until it {what}: {last:#}", self.space.name, self.name)
        })
    }

    /// Waits until it has this phase for this reason.
    pub(crate) fn becomes(&self, phase: &str, reason: &str) -> Value {
        let is = |status: &Value| status["phase"] == phase && status["reason"] == reason;
        self.wait_until(&format!("is {phase}, {reason}"), is)
    }

    /// Waits until it is gone.
    pub(crate) fn wait_until_gone(&self) {
        let gone = eventually(|| (self.object()["kind"] == "Status").then_some(()));
        gone.unwrap_or_else(|| panic!("{} is still there: {:#}", self.name, self.object()));
    }

    /// Waits until its status tells of its spec as it is now.
    pub(crate) fn is_up_to_date(&self) -> Value {
        let generation = self.object()["metadata"]["generation"].clone();
        self.wait_until("is up to date", |status| status["observedGeneration"] == generation)
    }

    /// Fails if anything of it changes for so long.
    pub(crate) fn stays_as_it_is(&self, time: Duration) {
        let before = self.object();
        thread::sleep(time);
        let after = self.object();
        assert_eq!(after["metadata"]["resourceVersion"], before["metadata"]["resourceVersion"], "{after:#}");
    }

    /// Merges `change` into its spec, as `kubectl patch` does.
    pub(crate) fn edit(&self, change: Value) {
        self.merge(&json!({"spec": change}));
    }

    /// Sets an annotation.
    pub(crate) fn annotate(&self, name: &str, value: &str) {
        self.merge(&json!({"metadata": {"annotations": {name: value}}}));
    }

    /// Deletes it, in the background.
    pub(crate) fn delete(&self) {
        self.space.bed.api.delete(&self.path()).unwrap();
    }

    /// The driver of an attempt, once its pod is there.
    pub(crate) fn driver(&self, attempt: u32) -> Driver<'s> {
        let name = self.driver_name(attempt);
        let pod = eventually(|| Some(self.space.get("pods", &name)).filter(|pod| pod["kind"] == "Pod"));
        let pod = pod.unwrap_or_else(|| panic!("there is no pod {name}: {:#}", self.status()));
        Driver { space: self.space, name, uid: pod["metadata"]["uid"].as_str().unwrap().to_owned() }
    }

    /// What the pod of an attempt is called.
    pub(crate) fn driver_name(&self, attempt: u32) -> String {
        format!("{}-driver-{attempt}", self.name)
    }

    /// Its UID.
    pub(crate) fn uid(&self) -> String {
        self.object()["metadata"]["uid"].as_str().unwrap().to_owned()
    }

    fn merge(&self, change: &Value) {
        let answer = self.space.bed.api.merge(&self.path(), change).unwrap();
        assert_eq!(answer["kind"], "SparkJob", "{answer}");
    }

    /// Where it is.
    pub(crate) fn path(&self) -> String {
        format!("{}/{}", self.space.jobs(), self.name)
    }
}

/// A condition of a status, or null.
pub(crate) fn condition(status: &Value, kind: &str) -> Value {
    let conditions = status["conditions"].as_array().map_or(&[][..], Vec::as_slice);
    conditions.iter().find(|condition| condition["type"] == kind).cloned().unwrap_or_default()
}

/// The types of the conditions that hold.
pub(crate) fn holding(status: &Value) -> Vec<&str> {
    let conditions = status["conditions"].as_array().map_or(&[][..], Vec::as_slice);
    let mut holding: Vec<_> = conditions
        .iter()
        .filter(|condition| condition["status"] == "True")
        .filter_map(|condition| condition["type"].as_str())
        .collect();
    holding.sort_unstable();
    holding
}

/// Asks again and again until there is an answer, or [`LIMIT`] is over.
pub(crate) fn eventually<T>(mut ask: impl FnMut() -> Option<T>) -> Option<T> {
    let deadline = Instant::now() + LIMIT;
    loop {
        let answer = ask();
        if answer.is_some() || Instant::now() >= deadline {
            return answer;
        }
        thread::sleep(Duration::from_millis(150));
    }
}
