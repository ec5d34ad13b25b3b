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
    /// What the last exchange replaced: whoever had followed the link just before may still read it.
    replaced: Option<PathBuf>,
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
    let files = CertificateFiles { folder, certificate, key, roots };
    let mut installed = Installed { files, replaced: None };
    installed.exchange(bundle)?;
    // What a killed agent left: nobody reads it.
    installed.drop_replaced()?;
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
    ///
    /// The old one's files stay until [`Installed::drop_replaced`], or the next exchange.
    pub(crate) fn exchange(&mut self, bundle: &Bundle) -> Result<(), CertificateError> {
        self.drop_replaced()?;
        self.try_exchange(bundle).map_err(|source| unwritable(&self.files.folder, source))
    }

    /// Removes the pair before this one, if it is still there.
    pub(crate) fn drop_replaced(&mut self) -> Result<(), CertificateError> {
        let Some(replaced) = &self.replaced else { return Ok(()) };
        match fs::remove_dir_all(replaced) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(unwritable(&self.files.folder, error))
            }
            _ => {
                self.replaced = None;
                Ok(())
            }
        }
    }

    fn try_exchange(&mut self, bundle: &Bundle) -> io::Result<()> {
        let folder = &self.files.folder;
        let next = mkdtemp(&folder.join("..XXXXXX"))?;
        let before = pair_before(folder);
        let exchanged = write(bundle, &next)
            .and_then(|()| link(Path::new(next.file_name().unwrap_or_default()), &folder.join(DATA)));
        if let Err(error) = exchanged {
            // Best effort: half of a pair is nobody's, and it holds a key.
            let _ = fs::remove_dir_all(&next);
            return Err(error);
        }
        self.replaced = before;
        for name in NAMES[0] {
            let (to, at) = (Path::new(DATA).join(name), folder.join(name));
            // From the second exchange on they are there, and nothing may fail that is not needed.
            if fs::read_link(&at).ok().as_ref() != Some(&to) {
                link(&to, &at)?;
            }
        }
        Ok(())
    }

    fn wipe(&self) -> io::Result<()> {
        let folder = &self.files.folder;
        if let Some(replaced) = self.replaced.as_ref().filter(|replaced| replaced.exists()) {
            fs::remove_dir_all(replaced)?;
        }
        if let Some(pair) = pair_before(folder) {
            fs::remove_dir_all(pair)?;
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

/// The pair that counts now. A link that leads out of the folder is none of ours, and what it leads to is not to be removed.
fn pair_before(folder: &Path) -> Option<PathBuf> {
    let pair = fs::read_link(folder.join(DATA)).ok()?;
    let is_within = pair.file_name() == Some(pair.as_os_str());
    is_within.then(|| folder.join(pair))
}

/// Writes the three files of a bundle into a folder.
fn write(bundle: &Bundle, folder: &Path) -> io::Result<()> {
    let [certificate, key, roots] = NAMES[0].map(|name| folder.join(name));
    let chain = std::iter::once(&bundle.leaf).chain(&bundle.intermediates).map(AsRef::as_ref);
    write_private(&certificate, &pem::write(pem::CERTIFICATE, chain))?;
    write_private(&key, &pem::write(&bundle.key.label, [bundle.key.der.as_slice()]))?;
    write_private(&roots, &pem::write(pem::CERTIFICATE, bundle.roots.iter().map(AsRef::as_ref)))
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
