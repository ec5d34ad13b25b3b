//! Looking at the image that the driver will run in, from a container of that image.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use rustls_pki_types::UnixTime;

use crate::certificates::{self, CertificateError};
use crate::error::AGENT_FAILED;
use crate::identity::Entry;
use crate::report::{ExitReason, Inspection, TerminationMessage};

/// Why an image cannot be used, or not be looked at.
#[derive(Debug, thiserror::Error)]
pub(crate) enum InspectError {
    /// A private key is baked in, or the certificates for Mesos are no good.
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
            Self::Certificates(CertificateError::InImage { .. }) => ExitReason::CertificatesInImage,
            Self::Certificates(_) => ExitReason::CertificatesInvalid,
            Self::Unwritable { .. } => ExitReason::ConfigurationFailed,
        };
        let message = self.to_string();
        TerminationMessage {
            exit_code: AGENT_FAILED,
            reason,
            message,
            warnings: Vec::new(),
            frameworks: None,
        }
    }
}

/// What is to be looked at, beside the image.
#[derive(Debug)]
pub(crate) struct Wanted<'a> {
    /// The folder that `passwd` and `group` are written to, with an entry for the user. They are to be mounted over those in
    /// `/etc`: without an entry Hadoop's file writes fail.
    pub out: Option<&'a Path>,
    /// The user.
    pub entry: &'a Entry,
    /// The folder of the certificates that the driver is to show to Mesos.
    pub certificates: Option<&'a Path>,
}

/// Refuses an image with private keys, and certificates that no master would take.
pub(crate) fn inspect(wanted: &Wanted<'_>) -> Result<Inspection, InspectError> {
    if let Some(path) = certificates::find_private_key(Path::new(certificates::IMAGE_FOLDER)) {
        return Err(CertificateError::InImage { path }.into());
    }
    let mut inspection = Inspection::default();
    if let Some(folder) = wanted.certificates {
        let bundle = certificates::read(folder)?;
        certificates::check(&bundle, UnixTime::now())?;
        inspection.certificate = certificates::expiry(&bundle);
    }
    let Some(out) = wanted.out else { return Ok(inspection) };
    // An image without these files, distroless say, gets files with our entry alone.
    let passwd = fs::read_to_string("/etc/passwd").unwrap_or_default();
    let group = fs::read_to_string("/etc/group").unwrap_or_default();
    write(out, "passwd", &wanted.entry.in_passwd(&passwd))?;
    write(out, "group", &wanted.entry.in_group(&group))?;
    Ok(inspection)
}

fn write(out: &Path, name: &str, content: &str) -> Result<(), InspectError> {
    let path = out.join(name);
    let written = fs::create_dir_all(out).and_then(|()| fs::write(&path, content));
    written.map_err(|source| InspectError::Unwritable { path, source })
}
