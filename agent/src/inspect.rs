//! Looking at the image that the driver will run in, from a container of that image.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::certificates::{self, CertificateError};
use crate::error::AGENT_FAILED;
use crate::identity::Entry;
use crate::report::{ExitReason, TerminationMessage};

/// Why an image cannot be used, or not be looked at.
#[derive(Debug, thiserror::Error)]
pub(crate) enum InspectError {
    /// A private key is baked in.
    #[error(transparent)]
    Certificates(#[from] CertificateError),
    /// What was found cannot be written.
    #[error("{} cannot be written: {source}; give a folder that can be by --out", path.display())]
    Unwritable {
        /// The file or folder.
        path: PathBuf,
        /// What the kernel said.
        source: io::Error,
    },
}

impl InspectError {
    pub(crate) fn termination_message(&self) -> TerminationMessage {
        let reason = match self {
            Self::Certificates(_) => ExitReason::CertificatesInImage,
            Self::Unwritable { .. } => ExitReason::ConfigurationFailed,
        };
        let message = self.to_string();
        TerminationMessage { exit_code: AGENT_FAILED, reason, message, warnings: Vec::new() }
    }
}

/// Refuses an image with private keys, and writes its `passwd` and `group`, with an entry for the user, into `out`, if given.
///
/// They are to be mounted over `/etc/passwd` and `/etc/group`: without an entry Hadoop's file writes fail.
pub(crate) fn inspect(out: Option<&Path>, entry: &Entry) -> Result<(), InspectError> {
    if let Some(path) = certificates::find_private_key(Path::new(certificates::IMAGE_FOLDER)) {
        return Err(CertificateError::InImage { path }.into());
    }
    let Some(out) = out else { return Ok(()) };
    // An image without these files, distroless say, gets files with our entry alone.
    let passwd = fs::read_to_string("/etc/passwd").unwrap_or_default();
    let group = fs::read_to_string("/etc/group").unwrap_or_default();
    write(out, "passwd", &entry.in_passwd(&passwd))?;
    write(out, "group", &entry.in_group(&group))
}

fn write(out: &Path, name: &str, content: &str) -> Result<(), InspectError> {
    let path = out.join(name);
    let written = fs::create_dir_all(out).and_then(|()| fs::write(&path, content));
    written.map_err(|source| InspectError::Unwritable { path, source })
}
