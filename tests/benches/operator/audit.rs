//! What the API server's audit log says the operator asked for.

use std::collections::BTreeMap;

use jiff::Timestamp;
use lcmap_spark_tests::kubernetes::ControlPlane;
use serde::Deserialize;

use crate::process::USER;

/// Requests, in their order.
pub(crate) struct Audit(Vec<Request>);

#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Request {
    verb: String,
    user: User,
    #[serde(default)]
    object_ref: Option<Object>,
    #[serde(rename = "requestReceivedTimestamp")]
    received: Timestamp,
    #[serde(rename = "stageTimestamp")]
    answered: Timestamp,
}

#[derive(Clone, Deserialize)]
struct User {
    username: String,
}

#[derive(Clone, Default, Deserialize)]
#[serde(default)]
struct Object {
    resource: String,
    subresource: String,
    namespace: String,
    name: String,
}

impl Request {
    fn resource(&self) -> String {
        let object = self.object_ref.clone().unwrap_or_default();
        match object.subresource.as_str() {
            "" => object.resource,
            subresource => format!("{}/{subresource}", object.resource),
        }
    }

    fn is(&self, namespace: &str, verb: &str, resource: &str) -> bool {
        self.verb == verb
            && self.resource() == resource
            && self.object_ref.as_ref().is_some_and(|object| object.namespace == namespace)
    }
}

impl Audit {
    /// Everybody's requests so far.
    pub(crate) fn read(bed: &ControlPlane) -> Self {
        let log = bed.audit_log().unwrap();
        Self(log.lines().filter_map(|line| serde_json::from_str(line).ok()).collect())
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// Those after the first `before`.
    pub(crate) fn since(self, before: usize) -> Self {
        Self(self.0.into_iter().skip(before).collect())
    }

    /// When the operator asked for this.
    pub(crate) fn times(&self, namespace: &str, verb: &str, resource: &str) -> Vec<Timestamp> {
        let ours = self.0.iter().filter(|request| request.user.username == USER);
        ours.filter(|request| request.is(namespace, verb, resource)).map(|request| request.answered).collect()
    }

    /// When each job's status was written last, by the job's name.
    pub(crate) fn last_statuses(&self, namespace: &str) -> BTreeMap<String, Timestamp> {
        let statuses = self.0.iter().filter(|request| request.is(namespace, "patch", "sparkjobs/status"));
        statuses
            .map(|request| (request.object_ref.clone().unwrap_or_default().name, request.answered))
            .collect()
    }

    /// What the operator asked for on behalf of jobs: not its Lease, and not the watches that it began with.
    pub(crate) fn of_jobs(&self) -> Vec<String> {
        let ours = self.0.iter().filter(|request| request.user.username == USER);
        let all = ours.map(|request| format!("{} {}", request.verb, request.resource()));
        all.filter(|what| {
            !what.ends_with(" leases") && !what.starts_with("list ") && !what.starts_with("watch ")
        })
        .collect()
    }

    /// How often the operator asked for what.
    pub(crate) fn by_verb(&self) -> BTreeMap<String, usize> {
        let mut counts = BTreeMap::new();
        for what in self.of_jobs() {
            *counts.entry(what).or_default() += 1;
        }
        counts
    }

    /// How long each job waited for its first pod, in seconds.
    pub(crate) fn waits(&self, namespace: &str) -> Vec<f64> {
        let mut stored = BTreeMap::new();
        let mut waits = Vec::new();
        for request in &self.0 {
            let name = request.object_ref.clone().unwrap_or_default().name;
            if request.is(namespace, "create", "sparkjobs") {
                stored.insert(format!("{name}-driver-1"), request.answered);
            } else if request.is(namespace, "create", "pods")
                && let Some(at) = stored.get(&name)
            {
                waits.push(request.received.duration_since(*at).as_secs_f64());
            }
        }
        waits
    }
}

/// The value that so many of all are not above.
pub(crate) fn quantile(values: &mut [f64], share: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    #[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    // an index
    let at = (values.len().saturating_sub(1) as f64 * share).round() as usize;
    values.get(at).copied().unwrap_or_default()
}
