//! What a scheduler in another process tells of its framework to whoever supervises that process: one small JSON file each.
//!
//! `framework-<n>.json`, in a folder that both know; `<n>` counts the frameworks of that folder from 1.

use std::{fs, path::Path};

use serde::{Deserialize, Serialize};

use crate::{kind::ErrorKind, offer_state::OfferState, plain_file::read_plain_file};

/// No file is longer: it holds some names and one reason.
const LONGEST: usize = 1 << 20;

/// How far a framework has come, by its own scheduler's account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum FrameworkPhase {
    /// Made, and not started.
    Created,
    /// It asks for registration.
    Connecting,
    /// It is registered, and connected as far as it knows.
    Registered,
    /// It was registered and seeks the master.
    Disconnected,
    /// Mesos refused it, or the program failed: `reason` says why. It remains so when the program then stops it.
    Aborted,
    /// The program stopped it.
    Stopped,
}

/// What stands in a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FrameworkState {
    /// How far it has come.
    pub phase: FrameworkPhase,
    /// The process that it lives in.
    pub pid: u32,
    /// The masters, as the program named them, without a password.
    pub master: String,
    /// The user that its tasks run as.
    pub user: String,
    /// Its role; none is Mesos' `*`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// Whether Mesos has ever registered it.
    #[serde(default)]
    pub was_registered: bool,
    /// Its id: the one that it asks for, or the one that it was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub framework_id: Option<String>,
    /// Where its web page is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub webui_url: Option<String>,
    /// Why it is not, or no longer, registered: in words for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The same in one word, where Mesos or the way to it is the reason.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trouble: Option<ErrorKind>,
    /// The host and port at which its executors find their driver, once it has launched one of Spark's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub driver_address: Option<String>,
    /// Whether any task of its has run.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub has_run: bool,
    /// Why the master refused its first task, as long as none has run: it lists such a task nowhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<String>,
    /// How it stands with its offers, while none of its tasks lives.
    #[serde(default, skip_serializing_if = "is_default")]
    pub offers: OfferState,
    /// The host names of agents that run tasks of its and that this machine cannot resolve; the first of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unresolved_hosts: Vec<String>,
    /// Whether the program has stopped it.
    pub stop_called: bool,
    /// Set when the framework should be torn down and was not, as far as is known: why not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub teardown_owed: Option<String>,
}

fn is_default(offers: &OfferState) -> bool {
    *offers == OfferState::default()
}

impl FrameworkState {
    /// Whether its program has stopped it, or Mesos has taken it.
    pub fn is_over(&self) -> bool {
        matches!(self.phase, FrameworkPhase::Stopped | FrameworkPhase::Aborted)
    }
}

/// A file and what stands in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SupervisedFramework {
    /// Which of the folder's it is, from 1.
    pub number: u32,
    /// What it says.
    pub state: FrameworkState,
}

/// The states in a folder, in the order of their numbers. A file that is only claimed yet, or half written, is left out.
pub fn read_states(folder: &Path) -> Vec<SupervisedFramework> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut states: Vec<SupervisedFramework> = entries
        .filter_map(|entry| {
            let name = entry.file_name();
            let number = name.to_str()?.strip_prefix("framework-")?.strip_suffix(".json")?.parse().ok()?;
            let state = serde_json::from_slice(&read_plain_file(&entry.path(), LONGEST).ok()?).ok()?;
            Some(SupervisedFramework { number, state })
        })
        .collect();
    states.sort_by_key(|framework| framework.number);
    states
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_are_read_in_order_and_what_is_none_is_left_out() {
        let folder = tempfile::tempdir().unwrap();
        let state = |phase: &str| {
            format!(r#"{{"phase":"{phase}","pid":7,"master":"m:5050","user":"u","stopCalled":false}}"#)
        };
        for (name, text) in [
            ("framework-10.json", state("Registered")),
            ("framework-2.json", state("Stopped")),
            ("framework-3.json", String::new()),
            ("framework-4.json.next", state("Aborted")),
            ("state.json", state("Aborted")),
        ] {
            fs::write(folder.path().join(name), text).unwrap();
        }
        let read: Vec<_> =
            read_states(folder.path()).into_iter().map(|it| (it.number, it.state.phase)).collect();
        assert_eq!(read, [(2, FrameworkPhase::Stopped), (10, FrameworkPhase::Registered)]);
        assert_eq!(read_states(&folder.path().join("none")), []);
    }
}
