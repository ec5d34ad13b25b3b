//! Installing: 0400, on memory-backed storage, certificate and key exchanged in one step.
//!
//! ```text
//! /certs/mesos.crt -> ..data/mesos.crt     so that paths never change
//! /certs/..data    -> ..a1B2c3             exchanged by one rename(2)
//! /certs/..a1B2c3/{mesos.crt,mesos.key,trustedroot.crt}
//! ```
//!
//! The way in which the kubelet exchanges Secrets.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, symlink};
use std::path::{Path, PathBuf};

use nix::unistd::{AccessFlags, access, mkdtemp};

use super::CertificateError;
use super::pem;
use super::read::{Bundle, NAMES};
use crate::plan;
use crate::private::is_memory_backed;

/// The link to the folder that counts.
const DATA: &str = "..data";

/// Where certificates were installed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CertificateFiles {
    /// The folder of all three (`LIBPROCESS_SSL_CA_DIR`).
    pub folder: PathBuf,
    /// The certificate and its chain (`LIBPROCESS_SSL_CERT_FILE`).
    pub certificate: PathBuf,
    /// Its private key (`LIBPROCESS_SSL_KEY_FILE`).
    pub key: PathBuf,
    /// The roots that Mesos is checked against (`LIBPROCESS_SSL_CA_FILE`).
    pub roots: PathBuf,
}

/// Installed certificates. They are wiped when this value is dropped.
#[derive(Debug)]
pub(crate) struct Installed {
    files: CertificateFiles,
}

/// Installs checked certificates in the plan's target, if that is memory-backed and can be written, else in a new
/// folder `certs` of the private folder.
pub(crate) fn install(
    bundle: &Bundle,
    wanted: &plan::Certificates,
    private: &Path,
) -> Result<Installed, CertificateError> {
    let target = wanted.target.as_deref().filter(|target| is_usable(target, &wanted.source));
    let folder = target.map_or_else(|| private.join("certs"), Path::to_owned);
    let made = DirBuilder::new().mode(0o700).recursive(true).create(&folder);
    made.map_err(|source| unwritable(&folder, source))?;
    let [certificate, key, roots] = NAMES[0].map(|name| folder.join(name));
    let installed = Installed { files: CertificateFiles { folder, certificate, key, roots } };
    installed.exchange(bundle)?;
    Ok(installed)
}

/// A target that is the source itself is the user's own, and is left alone.
fn is_usable(target: &Path, source: &Path) -> bool {
    let same = match (fs::canonicalize(target), fs::canonicalize(source)) {
        (Ok(target), Ok(source)) => target == source,
        _ => false,
    };
    !same && is_memory_backed(target) && access(target, AccessFlags::W_OK | AccessFlags::X_OK).is_ok()
}

impl Installed {
    /// Where they are.
    pub(crate) fn files(&self) -> &CertificateFiles {
        &self.files
    }

    /// Puts a bundle in the place of the one that is there. Whoever opens the files sees the old pair or the new.
    pub(crate) fn exchange(&self, bundle: &Bundle) -> Result<(), CertificateError> {
        let folder = &self.files.folder;
        self.write(bundle).map_err(|source| unwritable(folder, source))
    }

    fn write(&self, bundle: &Bundle) -> io::Result<()> {
        let folder = &self.files.folder;
        let [certificate, key, roots] = NAMES[0];
        let next = mkdtemp(&folder.join("..XXXXXX"))?;
        let chain = std::iter::once(&bundle.leaf).chain(&bundle.intermediates).map(AsRef::as_ref);
        write_private(&next.join(certificate), &pem::write(pem::CERTIFICATE, chain))?;
        write_private(&next.join(key), &pem::write(&bundle.key.label, [bundle.key.der.as_slice()]))?;
        write_private(
            &next.join(roots),
            &pem::write(pem::CERTIFICATE, bundle.roots.iter().map(AsRef::as_ref)),
        )?;
        let before = fs::read_link(folder.join(DATA)).ok();
        link(Path::new(next.file_name().unwrap_or_default()), &folder.join(DATA))?;
        for name in NAMES[0] {
            link(&Path::new(DATA).join(name), &folder.join(name))?;
        }
        before.map_or(Ok(()), |before| fs::remove_dir_all(folder.join(before)))
    }

    fn wipe(&self) -> io::Result<()> {
        let folder = &self.files.folder;
        if let Ok(data) = fs::read_link(folder.join(DATA)) {
            fs::remove_dir_all(folder.join(data))?;
        }
        [DATA].iter().chain(&NAMES[0]).try_for_each(|name| fs::remove_file(folder.join(name)))
    }
}

impl Drop for Installed {
    fn drop(&mut self) {
        if let Err(error) = self.wipe() {
            let folder = self.files.folder.display();
            crate::console::warn(&format!("certificates in {folder} could not be wiped: {error}"));
        }
    }
}

/// Makes or replaces a link in one step.
fn link(to: &Path, at: &Path) -> io::Result<()> {
    let next = at.with_file_name("..next");
    // One that a killed agent left would be in the way.
    let _ = fs::remove_file(&next);
    symlink(to, &next)?;
    fs::rename(&next, at)
}

fn write_private(path: &Path, text: &str) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o400).open(path)?;
    file.write_all(text.as_bytes())
}

fn unwritable(path: &Path, source: io::Error) -> CertificateError {
    CertificateError::Unwritable { path: path.to_owned(), source }
}
