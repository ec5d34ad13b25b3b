//! The state file: what a living agent tells whoever supervises it.
//!
//! `state.json` in the agent's state folder, replaced whole (write and rename) at each change.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::net::SocketAddr;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use lcmap_mesos::{FrameworkState, read_plain_file};
use nix::fcntl::OFlag;
use serde::{Deserialize, Serialize};

use crate::console;

/// The name of the state file in the agent's state folder.
pub const FILE_NAME: &str = "state.json";

/// No state is longer, in bytes.
const LONGEST: usize = 4 << 20;

/// How many warnings are kept.
const MOST_WARNINGS: usize = 100;
/// The name of the file in the state folder that is locked for as long as its agent lives, however that ends.
pub const LOCK_NAME: &str = "agent.lock";

/// What the agent knows of the driver that it runs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DriverState {
    /// The process id of the image's command, once it runs, as seen from the agent's pid namespace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pid: Option<u32>,
    /// Where Spark's web UI can be asked, once a process of the driver's own tree listens there: Spark binds it to one address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ui: Option<SocketAddr>,
    /// The notebook server, once it answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notebook: Option<NotebookState>,
    /// The driver's frameworks on Mesos, in the order in which it asked for them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub frameworks: Vec<FrameworkState>,
    /// Where executors that run do not reach the driver, as host and port, if that is so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unreached: Option<String>,
    /// Whether the program is over and its JVM is not.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub lingers: bool,
    /// The ids of those that may be left on Mesos after the end.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub frameworks_left: Vec<String>,
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
    /// How it is spoken to.
    pub scheme: Scheme,
    /// The prefix of all its paths, with a slash at both ends.
    pub base_url: String,
}

/// How a web server is spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scheme {
    /// In plain text.
    Http,
    /// By TLS.
    Https,
}

impl Scheme {
    /// As it stands in a URL.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }
}

/// What an agent last said of its driver in this folder; nothing, if it has not said anything.
pub fn read(folder: &Path) -> DriverState {
    let text = read_plain_file(&folder.join(FILE_NAME), LONGEST).ok();
    text.and_then(|text| serde_json::from_slice(&text).ok()).unwrap_or_default()
}

/// The state and the file that shows it.
#[derive(Debug)]
pub struct StateFile {
    path: PathBuf,
    current: DriverState,
    /// Locked for as long as the agent lives.
    _lock: File,
    /// A full disk is reported once, not at each change.
    complained: bool,
}

impl StateFile {
    /// An empty state in a folder, which is made if need be. Nothing is written yet.
    pub fn new(folder: &Path) -> io::Result<Self> {
        fs::create_dir_all(folder)?;
        // An earlier container may have left a pipe here, which would block the agent, or a link.
        let flags = OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK | OFlag::O_NOCTTY;
        let mut lock = OpenOptions::new();
        let lock = lock.write(true).create(true).truncate(true).custom_flags(flags.bits());
        let lock = lock.open(folder.join(LOCK_NAME))?;
        // One that is taken is another agent's of the same folder, which there is none of.
        let _ = lock.try_lock();
        let path = folder.join(FILE_NAME);
        Ok(Self { path, current: DriverState::default(), _lock: lock, complained: false })
    }

    /// What was last said.
    pub fn current(&self) -> &DriverState {
        &self.current
    }

    /// Changes the state and, if that made a difference, the file.
    ///
    /// A file that cannot be written becomes a warning on standard error and never ends the job.
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

    /// Adds a warning, and answers whether it did: one that came before is not repeated, and a source of ever new ones does not
    /// fill the file.
    pub(crate) fn warn(&mut self, warning: String) -> bool {
        let known = &self.current.warnings;
        let is_new = known.len() < MOST_WARNINGS && !known.contains(&warning);
        if is_new {
            self.update(|state| state.warnings.push(warning));
        }
        is_new
    }

    fn write(&self) -> io::Result<()> {
        let json = serde_json::to_vec(&self.current)?;
        let next = self.path.with_extension("json.next");
        fs::write(&next, json)?;
        fs::rename(&next, &self.path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const UI: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 4040);

    fn written(folder: &Path) -> DriverState {
        serde_json::from_slice(&fs::read(folder.join(FILE_NAME)).unwrap()).unwrap()
    }

    #[test]
    fn the_file_follows_every_change_and_nothing_else_is_left() {
        let folder = tempfile::tempdir().unwrap();
        let mut state = StateFile::new(&folder.path().join("new/state")).unwrap();
        let folder = folder.path().join("new/state");
        assert!(!folder.join(FILE_NAME).exists());
        state.update(|state| state.pid = Some(7));
        state.update(|state| state.ui = Some(UI));
        let expected = DriverState { pid: Some(7), ui: Some(UI), ..DriverState::default() };
        assert_eq!((state.current(), written(&folder)), (&expected, expected.clone()));
        let mut files: Vec<_> =
            fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        files.sort();
        assert_eq!(files, [LOCK_NAME, FILE_NAME]);
    }

    #[test]
    fn what_changes_nothing_writes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let mut state = StateFile::new(folder.path()).unwrap();
        state.update(|state| state.pid = None);
        assert!(!folder.path().join(FILE_NAME).exists());
    }

    #[test]
    fn a_warning_is_kept_once_and_there_are_never_too_many() {
        let folder = tempfile::tempdir().unwrap();
        let mut state = StateFile::new(folder.path()).unwrap();
        for number in [1, 2, 1] {
            state.warn(format!("warning {number}"));
        }
        assert_eq!(written(folder.path()).warnings, ["warning 1", "warning 2"]);
        for number in 0..1000 {
            state.warn(format!("warning {number}"));
        }
        assert_eq!(written(folder.path()).warnings.len(), MOST_WARNINGS);
    }

    #[test]
    fn a_change_that_could_not_be_written_is_not_forgotten() {
        let parent = tempfile::tempdir().unwrap();
        let folder = parent.path().join("state");
        let mut state = StateFile::new(&folder).unwrap();
        fs::remove_dir_all(&folder).unwrap();
        state.update(|state| state.pid = Some(7));
        fs::create_dir(&folder).unwrap();
        state.update(|state| state.ui = Some(UI));
        assert_eq!(written(&folder).pid, Some(7));
    }
}
