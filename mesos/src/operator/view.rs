//! What the operator API answers, as far as it is read. Fields that a master does not send are empty.
//!
//! Source: Mesos 1.11 `include/mesos/v1/master/master.proto`.

use std::time::{Duration, SystemTime};

use serde::{Deserialize, Deserializer};

use super::resource::Resource;

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
    /// Whether it runs in an image, which its agent may have to fetch first.
    #[serde(default, rename = "container", deserialize_with = "has_image")]
    pub has_image: bool,
}

/// What was said of a task.
#[derive(Debug, Clone, PartialEq, Deserialize)]
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
    /// When that was so, in seconds since 1970.
    pub timestamp: Option<f64>,
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
struct Container {
    docker: Option<Docker>,
    mesos: Option<MesosContainer>,
}

#[derive(Deserialize)]
struct Docker {
    #[serde(default)]
    image: String,
}

#[derive(Deserialize)]
struct MesosContainer {
    image: Option<serde::de::IgnoredAny>,
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

fn has_image<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    let Container { docker, mesos } = Container::deserialize(deserializer)?;
    Ok(docker.is_some_and(|it| !it.image.is_empty()) || mesos.is_some_and(|it| it.image.is_some()))
}

fn id<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    Value::deserialize(deserializer).map(|id| id.value)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_image_is_read_in_both_kinds_of_container() {
        for (container, has_image) in [
            (json!({"type": "DOCKER", "docker": {"image": "i:1"}}), true),
            (
                json!({"type": "MESOS", "mesos": {"image": {"type": "DOCKER", "docker": {"name": "i:1"}}}}),
                true,
            ),
            (json!({"type": "MESOS", "mesos": {}}), false),
            (json!({"type": "MESOS"}), false),
        ] {
            let id = json!({"value": "0"});
            let mut task = json!({"task_id": id, "framework_id": id, "agent_id": id});
            assert!(!serde_json::from_value::<Task>(task.clone()).unwrap().has_image);
            task["container"] = container.clone();
            assert_eq!(serde_json::from_value::<Task>(task).unwrap().has_image, has_image, "{container}");
        }
    }
}
