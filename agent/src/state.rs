//! The state file: what a living agent tells whoever supervises it.
//!
//! `state.json` in the agent's state folder, replaced whole (write and rename) at each change.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::console;

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

/// The state and the file that shows it.
#[derive(Debug)]
pub struct StateFile {
    path: PathBuf,
    current: DriverState,
    /// A full disk is told once, not at each change.
    complained: bool,
}

impl StateFile {
    /// An empty state in a folder, which is made if need be. Nothing is written yet.
    pub fn new(folder: &Path) -> io::Result<Self> {
        fs::create_dir_all(folder)?;
        Ok(Self { path: folder.join(FILE_NAME), current: DriverState::default(), complained: false })
    }

    /// What was last said.
    pub fn current(&self) -> &DriverState {
        &self.current
    }

    /// Changes the state and, if that made a difference, the file.
    ///
    /// A file that cannot be written is told on standard error and never ends the job.
    pub fn update(&mut self, change: impl FnOnce(&mut DriverState)) {
        let mut next = self.current.clone();
        change(&mut next);
        if next == self.current {
            return;
        }
        self.current = next;
        match self.write() {
            Ok(()) => self.complained = false,
            Err(error) if !self.complained => {
                self.complained = true;
                console::warn(&format!(
                    "{} cannot be written: {error}; the job goes on",
                    self.path.display()
                ));
            }
            Err(_) => {}
        }
    }

    fn write(&self) -> io::Result<()> {
        let json = serde_json::to_vec(&self.current)?;
        let next = self.path.with_extension("json.next");
        fs::write(&next, json)?;
        fs::rename(&next, &self.path)
    }
}
