//! A driver pod, and the kubelet that a test plays for it.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::{bed::NODE, job::eventually, space::Space};

/// A driver pod.
pub(crate) struct Driver<'s> {
    pub(crate) space: &'s Space<'s>,
    pub(crate) name: String,
    pub(crate) uid: String,
}

impl<'s> Driver<'s> {
    /// The pod of this name that is there now.
    pub(crate) fn named(space: &'s Space<'s>, name: &str) -> Self {
        let uid = space.get("pods", name)["metadata"]["uid"].as_str().unwrap_or_default().to_owned();
        Self { space, name: name.to_owned(), uid }
    }

    /// The pod itself, or a `Status` where it is gone.
    pub(crate) fn object(&self) -> Value {
        self.space.get("pods", &self.name)
    }

    /// The scheduler finds it a node.
    pub(crate) fn is_bound(&self) -> &Self {
        let target = json!({"apiVersion": "v1", "kind": "Node", "name": NODE});
        let binding =
            json!({"apiVersion": "v1", "kind": "Binding", "metadata": {"name": self.name}, "target": target});
        let answer = self.space.bed.api.post(&format!("{}/binding", self.path()), &binding).unwrap();
        assert_eq!(answer["status"], "Success", "{answer}");
        self
    }

    /// Its status gets these fields.
    pub(crate) fn shows(&self, status: &Value) -> &Self {
        let path = format!("{}/status", self.path());
        let answer = self.space.bed.api.merge(&path, &json!({"status": status})).unwrap();
        assert_eq!(answer["kind"], "Pod", "{answer}");
        self
    }

    /// Its driver container is in this state, and the pod in this phase.
    pub(crate) fn is(&self, phase: &str, state: Value) -> &Self {
        let ready = state["running"].is_object();
        self.shows(&json!({"phase": phase, "containerStatuses": [container("driver", ready, state)]}))
    }

    /// Its driver runs.
    pub(crate) fn runs(&self) -> &Self {
        self.is_bound().begins()
    }

    /// Its driver runs, on the node that it was bound to.
    pub(crate) fn begins(&self) -> &Self {
        self.is("Running", json!({"running": {"startedAt": Timestamp::now().to_string()}}))
    }

    /// Its driver waits, for a reason of the kubelet's.
    pub(crate) fn waits(&self, reason: &str, message: &str) -> &Self {
        self.is("Pending", json!({"waiting": {"reason": reason, "message": message}}))
    }

    /// Its driver has ended, and no agent said why.
    pub(crate) fn ends(&self, exit_code: u8) -> &Self {
        self.ends_with(exit_code, json!({}))
    }

    /// Its driver has ended, and its agent says why.
    pub(crate) fn reports(&self, exit_code: u8, reason: &str, message: &str) -> &Self {
        let report = json!({"exitCode": exit_code, "reason": reason, "message": message});
        self.ends_with(exit_code, json!({"message": report.to_string()}))
    }

    /// Its driver has ended, and the kubelet tells this of it.
    pub(crate) fn ends_with(&self, exit_code: u8, told: Value) -> &Self {
        let phase = if exit_code == 0 { "Succeeded" } else { "Failed" };
        let reason = if exit_code == 0 { "Completed" } else { "Error" };
        let mut terminated = json!({"exitCode": exit_code, "reason": reason, "finishedAt": now()});
        // As the kubelet does: an operator that was busy may never see the driver run.
        if let Some(started) = self.object().pointer("/status/containerStatuses/0/state/running/startedAt") {
            terminated["startedAt"] = started.clone();
        }
        let Value::Object(told) = told else { panic!("{told} is no map") };
        terminated.as_object_mut().unwrap().extend(told);
        self.is(phase, json!({"terminated": terminated}))
    }

    /// Waits until it is asked to stop; its driver then ends as its agent says, and the kubelet lets it go.
    pub(crate) fn stops_when_asked(&self) {
        self.is_asked_to_stop();
        self.reports(143, "Stopped", "stopped as asked").vanishes();
    }

    /// Waits until it is asked to stop.
    pub(crate) fn is_asked_to_stop(&self) {
        let asked = eventually(|| self.object()["metadata"]["deletionTimestamp"].is_string().then_some(()));
        asked.unwrap_or_else(|| panic!("{} is not asked to stop: {:#}", self.name, self.object()));
    }

    /// Waits until it is gone.
    pub(crate) fn is_gone(&self) {
        let gone = eventually(|| (self.object()["metadata"]["uid"] != *self.uid).then_some(()));
        gone.unwrap_or_else(|| panic!("{} is still there: {:#}", self.name, self.object()));
    }

    /// It is taken away at once, whatever it does.
    pub(crate) fn vanishes(&self) {
        self.space.bed.api.delete(&format!("{}?gracePeriodSeconds=0", self.path())).unwrap();
        self.is_gone();
    }

    /// Where it is.
    pub(crate) fn path(&self) -> String {
        format!("{}/{}", self.space.path("pods"), self.name)
    }
}

/// What the kubelet tells of a container.
pub(crate) fn container(name: &str, ready: bool, state: Value) -> Value {
    json!({"name": name, "image": "bed.test/spark:1", "imageID": "", "ready": ready, "restartCount": 0, "state": state})
}

/// Now, as Kubernetes writes it.
pub(crate) fn now() -> String {
    after(0)
}

/// In so many seconds, as Kubernetes writes it.
pub(crate) fn after(seconds: i64) -> String {
    let then = Timestamp::now() + SignedDuration::from_secs(seconds);
    then.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}
