//! The state file: what a living agent tells whoever supervises it.
//!
//! `state.json` in the agent's state folder, replaced whole (write and rename) at each change.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// The name of the state file in the agent's state folder.
pub const FILE_NAME: &str = "state.json";

/// What the agent knows of the driver that it runs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DriverState {
    /// The process id of the image's command, once it runs, as seen from the agent's pid namespace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pid: Option<u32>,
    /// Spark's web UI, once a process of the driver's own tree listens on it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ui_port: Option<u16>,
    /// The notebook server, once it answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notebook: Option<NotebookState>,
    /// The agent's private folder with secrets, which whoever outlives the agent wipes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub private_folder: Option<PathBuf>,
    /// What the user should know though the job runs (a certificate that soon expires, say).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
}

/// A notebook server that answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NotebookState {
    /// The port it listens on.
    pub port: u16,
    /// The file that holds its token.
    pub token_file: PathBuf,
}
