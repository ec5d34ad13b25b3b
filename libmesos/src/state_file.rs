//! What the library tells whoever supervises the process: a [`FrameworkState`] per driver, replaced whole at each change, in the
//! folder that `LCMAP_MESOS_STATE_DIR` names. The file is created exclusively, which claims the number, and with it the framework id, among processes too.

use std::{
    fs::{self, OpenOptions},
    io,
    path::{Path, PathBuf},
};

use lcmap_mesos::{FrameworkState, Labels, read_labels};

/// More drivers than any notebook server has kernels.
const MOST_DRIVERS: u32 = 10_000;

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

    /// The labels that whoever supervises this process wants said of the framework.
    pub(crate) fn labels(&self) -> Labels {
        self.path.parent().map(read_labels).unwrap_or_default()
    }

    /// Replaces what stands in it.
    ///
    /// # Errors
    /// In words. What stood there before still does.
    pub(crate) fn write(&self, state: &FrameworkState) -> Result<(), String> {
        let next = self.path.with_extension("json.next");
        let written = serde_json::to_vec(state)
            .map_err(io::Error::other)
            .and_then(|text| fs::write(&next, text))
            .and_then(|()| fs::rename(&next, &self.path));
        written.map_err(|error| format!("the state file {} cannot be written: {error}", self.path.display()))
    }
}

#[cfg(test)]
mod tests {
    use lcmap_mesos::{FrameworkPhase, OfferState};

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
        file.write(&FrameworkState {
            phase: FrameworkPhase::Connecting,
            pid: 7,
            master: "m:5050".to_owned(),
            user: "lcmap".to_owned(),
            role: None,
            was_registered: false,
            framework_id: None,
            webui_url: None,
            reason: None,
            trouble: None,
            driver_address: None,
            has_run: false,
            refused: None,
            offers: OfferState::default(),
            unresolved_hosts: vec![],
            stop_called: false,
            teardown_owed: None,
        })
        .unwrap();
        let text = fs::read_to_string(folder.path().join("framework-1.json")).unwrap();
        assert_eq!(
            text,
            r#"{"phase":"Connecting","pid":7,"master":"m:5050","user":"lcmap","wasRegistered":false,"stopCalled":false}"#
        );
    }
}
