//! What the library tells whoever supervises the process: one small JSON file per driver, replaced whole at each change.
//!
//! `framework-<n>.json` in the folder that `LCMAP_MESOS_STATE_DIR` names; `<n>` counts the drivers of that folder from 1. The
//! file is created exclusively, which claims the number, and with it the framework id, among processes too.

use std::{
    fs::{self, OpenOptions},
    io,
    path::{Path, PathBuf},
};

use serde::Serialize;

use crate::say;

/// More drivers than any notebook server has kernels.
const MOST_DRIVERS: u32 = 10_000;

/// How far the driver has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(crate) enum Phase {
    /// Made, and not started.
    Created,
    /// It asks for registration.
    Connecting,
    /// It is registered, and connected as far as it knows.
    Registered,
    /// It was registered and seeks the master.
    Disconnected,
    /// Mesos refused it, or the program failed: `reason` says why.
    Aborted,
    /// It was stopped.
    Stopped,
}

/// What stands in the file.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct State {
    pub(crate) phase: Phase,
    /// The process that it lives in.
    pub(crate) pid: u32,
    pub(crate) master: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) framework_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) webui_url: Option<String>,
    /// Why it is not, or no longer, registered: in words for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) reason: Option<String>,
    /// Whether the program has stopped it.
    pub(crate) stop_called: bool,
    /// Set when the framework should be torn down and was not, as far as is known: why not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) teardown_owed: Option<String>,
}

/// A claimed number in a state folder.
#[derive(Debug)]
pub(crate) struct StateFile {
    pub(crate) number: u32,
    path: PathBuf,
}

impl StateFile {
    /// Claims the lowest free number.
    pub(crate) fn claim(folder: &Path) -> io::Result<Self> {
        for number in 1..=MOST_DRIVERS {
            let path = folder.join(format!("framework-{number}.json"));
            match OpenOptions::new().write(true).create_new(true).open(&path) {
                Ok(_) => return Ok(Self { number, path }),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
        Err(io::Error::other(format!("{MOST_DRIVERS} drivers have used {}", folder.display())))
    }

    /// Replaces what stands in it. A failure is said and changes nothing else: the program matters more.
    pub(crate) fn write(&self, state: &State) {
        let next = self.path.with_extension("json.next");
        let written = serde_json::to_vec(state)
            .map_err(io::Error::other)
            .and_then(|text| fs::write(&next, text))
            .and_then(|()| fs::rename(&next, &self.path));
        if let Err(error) = written {
            say(&format!("the state file {} cannot be written: {error}", self.path.display()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_driver_claims_a_number_of_its_own() {
        let folder = tempfile::tempdir().unwrap();
        let numbers: Vec<u32> = (0..3).map(|_| StateFile::claim(folder.path()).unwrap().number).collect();
        assert_eq!(numbers, [1, 2, 3]);
    }

    #[test]
    fn the_file_says_what_is_known_and_no_more() {
        let folder = tempfile::tempdir().unwrap();
        let file = StateFile::claim(folder.path()).unwrap();
        file.write(&State {
            phase: Phase::Connecting,
            pid: 7,
            master: "m:5050".to_owned(),
            framework_id: None,
            webui_url: None,
            reason: None,
            stop_called: false,
            teardown_owed: None,
        });
        let text = fs::read_to_string(folder.path().join("framework-1.json")).unwrap();
        assert_eq!(text, r#"{"phase":"Connecting","pid":7,"master":"m:5050","stopCalled":false}"#);
    }
}
