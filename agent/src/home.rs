//! A home folder that can be written: Ivy, Jupyter and matplotlib fail without one.

use std::fs;
use std::path::{Path, PathBuf};

use nix::unistd::{AccessFlags, access};

use crate::configuration::ConfigurationError;

/// The home folder of the image's command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Home(PathBuf);

impl Home {
    /// The given home if it is a folder that can be written, else one in the state folder.
    pub(crate) fn choose(given: Option<&Path>, state: &Path) -> Result<Self, ConfigurationError> {
        let writable =
            |home: &&Path| home.is_dir() && access(*home, AccessFlags::W_OK | AccessFlags::X_OK).is_ok();
        if let Some(given) = given.filter(writable) {
            return Ok(Self(given.to_owned()));
        }
        let spare = state.join("home");
        fs::create_dir_all(&spare)
            .map_err(|source| ConfigurationError::Unwritable { path: spare.clone(), source })?;
        Ok(Self(spare))
    }

    /// The folder.
    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}
