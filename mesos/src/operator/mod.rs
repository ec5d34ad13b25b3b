//! Operator API v1: what runs on a cluster, and the end of it.

mod ask;
mod resource;
mod view;

pub use resource::Resource;
pub use view::{Agent, Framework, Frameworks, Role, Status, Task, Tasks, Version};

use std::collections::BTreeMap;

use serde_json::json;

use crate::{HostPort, Settings, error::Error, leader::Detector};

use view::{Answer, Flag};

/// A client of the operator API. Every question goes to the leading master, with the credential as it is now.
#[derive(Debug)]
pub struct Operator {
    settings: Settings,
    detector: Detector,
    /// The master that answered last.
    answered_by: Option<HostPort>,
}

/// What became of a teardown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Teardown {
    /// The framework and its tasks are gone.
    Done,
    /// The master knows of no such framework that lives.
    AlreadyGone,
}

impl Operator {
    /// A client of these masters. With a ZooKeeper it keeps a session there, on the current tokio runtime.
    pub fn new(settings: Settings) -> Self {
        let detector = Detector::new(&settings.masters);
        Self { settings, detector, answered_by: None }
    }

    /// The master that answered the last question: what two of them say need not fit together.
    pub fn answered_by(&self) -> Option<&HostPort> {
        self.answered_by.as_ref()
    }

    /// The master's version.
    pub async fn version(&mut self) -> Result<Version, Error> {
        Ok(self.get("GET_VERSION", |answer| answer.version).await?.version_info)
    }

    /// The master's flags with their values.
    pub async fn flags(&mut self) -> Result<BTreeMap<String, String>, Error> {
        let flags = self.get("GET_FLAGS", |answer| answer.flags).await?.flags;
        Ok(flags.into_iter().map(|Flag { name, value }| (name, value)).collect())
    }

    /// The frameworks that this principal may see. One that is not here may be hidden by ACLs: not visible is not gone.
    pub async fn frameworks(&mut self) -> Result<Frameworks, Error> {
        self.get("GET_FRAMEWORKS", |answer| answer.frameworks).await
    }

    /// The tasks that this principal may see.
    pub async fn tasks(&mut self) -> Result<Tasks, Error> {
        self.get("GET_TASKS", |answer| answer.tasks).await
    }

    /// The agents that are registered.
    pub async fn agents(&mut self) -> Result<Vec<Agent>, Error> {
        Ok(self.get("GET_AGENTS", |answer| answer.agents).await?.agents)
    }

    /// How many agents the leading master knows from its registry alone, since it began to lead after they had registered
    /// with another: what runs there it has not heard yet.
    pub async fn unheard_agents(&mut self) -> Result<usize, Error> {
        Ok(self.get("GET_AGENTS", |answer| answer.agents).await?.recovered_agents.len())
    }

    /// The roles that are in use or have a weight or quota.
    pub async fn roles(&mut self) -> Result<Vec<Role>, Error> {
        Ok(self.get("GET_ROLES", |answer| answer.roles).await?.roles)
    }

    /// Removes a framework with all its tasks. The principal needs the ACL `teardown_frameworks`.
    pub async fn teardown(&mut self, framework_id: &str) -> Result<Teardown, Error> {
        let call = json!({"type": "TEARDOWN", "teardown": {"framework_id": {"value": framework_id}}});
        let asked = match self.ask(&call, "TEARDOWN").await {
            // Masters before 1.5 do not know the call; all know the endpoint.
            Err(Error::Rejected { status: 400, why, .. }) if !is_gone(&why) => {
                self.submit("/master/teardown", &[("frameworkId", framework_id)], "TEARDOWN").await
            }
            asked => asked,
        };
        match asked {
            Ok(_) => Ok(Teardown::Done),
            Err(Error::Rejected { status: 400, why, .. }) if is_gone(&why) => Ok(Teardown::AlreadyGone),
            Err(error) => Err(error),
        }
    }

    async fn get<T>(
        &mut self,
        call: &'static str,
        part: impl FnOnce(Answer) -> Option<T>,
    ) -> Result<T, Error> {
        let said = self.ask(&json!({"type": call}), call).await?;
        let unreadable = |why: String| Error::Unreadable { at: said.master.at.clone(), what: call, why };
        let answer = serde_json::from_slice(&said.body).map_err(|error| unreadable(error.to_string()))?;
        part(answer).ok_or_else(|| unreadable("the answer is to another question".to_owned()))
    }
}

/// Source: Mesos 1.11 `src/master/http.cpp`, `Master::Http::_teardown`.
fn is_gone(why: &str) -> bool {
    why.contains("No framework found with specified ID")
}
