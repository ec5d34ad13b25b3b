//! What the operator API answers, as far as it is read. Fields that a master does not send are empty.
//!
//! Source: Mesos 1.11 `include/mesos/v1/master/master.proto`.

use std::time::{Duration, SystemTime};

use serde::{Deserialize, Deserializer};

/// The answer to any question.
#[derive(Debug, Deserialize)]
pub(super) struct Answer {
    #[serde(rename = "get_version")]
    pub(super) version: Option<GetVersion>,
    #[serde(rename = "get_flags")]
    pub(super) flags: Option<GetFlags>,
    #[serde(rename = "get_frameworks")]
    pub(super) frameworks: Option<Frameworks>,
    #[serde(rename = "get_tasks")]
    pub(super) tasks: Option<Tasks>,
    #[serde(rename = "get_agents")]
    pub(super) agents: Option<GetAgents>,
    #[serde(rename = "get_roles")]
    pub(super) roles: Option<GetRoles>,
}

#[derive(Debug, Deserialize)]
pub(super) struct GetVersion {
    pub(super) version_info: Version,
}

#[derive(Debug, Deserialize)]
pub(super) struct GetFlags {
    #[serde(default)]
    pub(super) flags: Vec<Flag>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Flag {
    pub(super) name: String,
    #[serde(default)]
    pub(super) value: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct GetAgents {
    #[serde(default)]
    pub(super) agents: Vec<Agent>,
    #[serde(default)]
    pub(super) recovered_agents: Vec<serde::de::IgnoredAny>,
}

#[derive(Debug, Deserialize)]
pub(super) struct GetRoles {
    #[serde(default)]
    pub(super) roles: Vec<Role>,
}

/// A master's version.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Version {
    /// As in `1.11.0`.
    pub version: String,
}

/// Frameworks by what has become of them.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Frameworks {
    /// Those that live, connected or not.
    #[serde(default)]
    pub frameworks: Vec<Framework>,
    /// Those that have ended; the master remembers a limited number.
    #[serde(default)]
    pub completed_frameworks: Vec<Framework>,
}

/// A framework as the master sees it.
#[derive(Debug, Clone, Deserialize)]
#[serde(from = "RawFramework")]
pub struct Framework {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The user that its tasks run as.
    pub user: String,
    /// The principal that it registered with.
    pub principal: Option<String>,
    /// Its roles.
    pub roles: Vec<String>,
    /// Where its web page is.
    pub webui_url: Option<String>,
    /// Its labels.
    pub labels: Vec<(String, String)>,
    /// Whether it takes offers.
    pub active: bool,
    /// Whether its scheduler is connected.
    pub connected: bool,
    /// Whether the master knows it only from its agents, after a restart.
    pub recovered: bool,
    /// When it first registered.
    pub registered: Option<SystemTime>,
    /// Offers that it holds without using them.
    pub outstanding_offers: usize,
    /// What its tasks use.
    pub allocated: Vec<Resource>,
}

/// A scalar resource.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(from = "RawResource")]
pub struct Resource {
    /// `cpus`, `mem` (MiB), `disk` (MiB), `gpus` …
    pub name: String,
    /// How much; none where it is no scalar.
    pub amount: Option<f64>,
    /// The role that it is reserved for. None: it is anybody's.
    pub reserved: Option<String>,
}

/// Tasks by what has become of them.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Tasks {
    /// Those that wait for their agent.
    #[serde(default)]
    pub pending_tasks: Vec<Task>,
    /// Those that live.
    #[serde(default)]
    pub tasks: Vec<Task>,
    /// Those whose agent cannot be reached.
    #[serde(default)]
    pub unreachable_tasks: Vec<Task>,
    /// Those that have ended; the master remembers a limited number.
    #[serde(default)]
    pub completed_tasks: Vec<Task>,
}

/// A task as the master sees it.
#[derive(Debug, Clone, Deserialize)]
pub struct Task {
    /// Its name.
    #[serde(default)]
    pub name: String,
    /// Its id, unique within its framework.
    #[serde(deserialize_with = "id")]
    pub task_id: String,
    /// Its framework.
    #[serde(deserialize_with = "id")]
    pub framework_id: String,
    /// The agent that runs it.
    #[serde(deserialize_with = "id")]
    pub agent_id: String,
    /// As in `TASK_RUNNING`.
    #[serde(default)]
    pub state: String,
    /// What it was given.
    #[serde(default)]
    pub resources: Vec<Resource>,
    /// Every status that the master still knows, the oldest first.
    #[serde(default)]
    pub statuses: Vec<Status>,
}

/// What was said of a task.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Status {
    /// As in `TASK_FAILED`.
    #[serde(default)]
    pub state: String,
    /// As in `SOURCE_EXECUTOR`.
    #[serde(default)]
    pub source: String,
    /// As in `REASON_CONTAINER_LIMITATION_MEMORY`.
    #[serde(default)]
    pub reason: String,
    /// In words.
    #[serde(default)]
    pub message: String,
}

/// An agent as the master sees it.
#[derive(Debug, Clone, Deserialize)]
#[serde(from = "RawAgent")]
pub struct Agent {
    /// Its id.
    pub id: String,
    /// Its host.
    pub hostname: String,
    /// Whether it is connected.
    pub active: bool,
    /// The names of its attributes, with their text where they have one.
    pub attributes: Vec<(String, Option<String>)>,
    /// What it has.
    pub total: Vec<Resource>,
    /// What is in use.
    pub allocated: Vec<Resource>,
}

/// A role.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Role {
    /// Its name.
    #[serde(default)]
    pub name: String,
    /// Its weight.
    #[serde(default)]
    pub weight: f64,
}

#[derive(Deserialize)]
struct Value {
    #[serde(default)]
    value: String,
}

#[derive(Deserialize)]
struct Scalar {
    value: f64,
}

#[derive(Deserialize)]
struct Time {
    nanoseconds: u64,
}

#[derive(Default, Deserialize)]
struct Labels {
    #[serde(default)]
    labels: Vec<Label>,
}

#[derive(Deserialize)]
struct Label {
    key: String,
    #[serde(default)]
    value: String,
}

#[derive(Deserialize)]
struct RawFramework {
    framework_info: RawFrameworkInfo,
    #[serde(default)]
    active: bool,
    #[serde(default)]
    connected: bool,
    #[serde(default)]
    recovered: bool,
    registered_time: Option<Time>,
    #[serde(default)]
    offers: Vec<serde::de::IgnoredAny>,
    #[serde(default)]
    allocated_resources: Vec<Resource>,
}

#[derive(Deserialize)]
struct RawFrameworkInfo {
    id: Value,
    #[serde(default)]
    name: String,
    #[serde(default)]
    user: String,
    principal: Option<String>,
    role: Option<String>,
    #[serde(default)]
    roles: Vec<String>,
    webui_url: Option<String>,
    #[serde(default)]
    labels: Labels,
}

impl From<RawFramework> for Framework {
    fn from(raw: RawFramework) -> Self {
        let info = raw.framework_info;
        let roles = if info.roles.is_empty() { info.role.into_iter().collect() } else { info.roles };
        Self {
            id: info.id.value,
            name: info.name,
            user: info.user,
            principal: info.principal,
            roles,
            webui_url: info.webui_url,
            labels: info.labels.labels.into_iter().map(|label| (label.key, label.value)).collect(),
            active: raw.active,
            connected: raw.connected,
            recovered: raw.recovered,
            registered: raw
                .registered_time
                .map(|time| SystemTime::UNIX_EPOCH + Duration::from_nanos(time.nanoseconds)),
            outstanding_offers: raw.offers.len(),
            allocated: raw.allocated_resources,
        }
    }
}

#[derive(Deserialize)]
struct RawResource {
    #[serde(default)]
    name: String,
    scalar: Option<Scalar>,
    /// Before reservations could be refined: `*` is anybody's.
    role: Option<String>,
    /// The last of them counts.
    #[serde(default)]
    reservations: Vec<Reservation>,
}

#[derive(Deserialize)]
struct Reservation {
    #[serde(default)]
    role: String,
}

impl From<RawResource> for Resource {
    fn from(mut raw: RawResource) -> Self {
        let reserved = raw.reservations.pop().map(|it| it.role).or(raw.role);
        Self {
            name: raw.name,
            amount: raw.scalar.map(|scalar| scalar.value),
            reserved: reserved.filter(|role| role != "*"),
        }
    }
}

#[derive(Deserialize)]
struct RawAgent {
    agent_info: RawAgentInfo,
    #[serde(default)]
    active: bool,
    #[serde(default)]
    total_resources: Vec<Resource>,
    #[serde(default)]
    allocated_resources: Vec<Resource>,
}

#[derive(Deserialize)]
struct RawAgentInfo {
    id: Value,
    #[serde(default)]
    hostname: String,
    #[serde(default)]
    attributes: Vec<Attribute>,
}

#[derive(Deserialize)]
struct Attribute {
    name: String,
    text: Option<Value>,
}

impl From<RawAgent> for Agent {
    fn from(raw: RawAgent) -> Self {
        let attribute = |Attribute { name, text }| (name, text.map(|text: Value| text.value));
        Self {
            id: raw.agent_info.id.value,
            hostname: raw.agent_info.hostname,
            active: raw.active,
            attributes: raw.agent_info.attributes.into_iter().map(attribute).collect(),
            total: raw.total_resources,
            allocated: raw.allocated_resources,
        }
    }
}

fn id<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    Value::deserialize(deserializer).map(|id| id.value)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn whose_a_resource_is_is_read_in_the_forms_of_all_masters() {
        for (form, reserved) in [
            (json!({}), None),
            (json!({"role": "*"}), None),
            (json!({"role": "science"}), Some("science")),
            (
                json!({"reservations": [{"type": "STATIC", "role": "a"}, {"type": "DYNAMIC", "role": "a/b"}]}),
                Some("a/b"),
            ),
            (json!({"role": "*", "reservations": [{"type": "STATIC", "role": "a"}]}), Some("a")),
        ] {
            let mut resource = json!({"name": "cpus", "type": "SCALAR", "scalar": {"value": 2.0}});
            for (key, value) in form.as_object().unwrap() {
                resource[key] = value.clone();
            }
            let resource: Resource = serde_json::from_value(resource).unwrap();
            assert_eq!(resource.reserved.as_deref(), reserved, "{form}");
        }
    }
}
