//! The three files: found under either set of names, read, and taken apart into certificates and a key.

use std::fs;
use std::path::{Path, PathBuf};

use rustls_pki_types::CertificateDer;

use super::CertificateError;
use super::key::PrivateKey;
use super::pem::{self, Block};

/// Names that the three files go by: certificate, key, roots.
pub(super) const NAMES: [[&str; 3]; 2] =
    [["mesos.crt", "mesos.key", "trustedroot.crt"], ["tls.crt", "tls.key", "ca.crt"]];

/// The certificates of a folder, parsed but not yet checked.
#[derive(Debug)]
pub struct Bundle {
    /// The driver's own certificate.
    pub leaf: CertificateDer<'static>,
    /// What stands between it and a root.
    pub intermediates: Vec<CertificateDer<'static>>,
    /// Its private key.
    pub key: PrivateKey,
    /// The roots that both sides trust.
    pub roots: Vec<CertificateDer<'static>>,
    /// The files that they were read from.
    pub files: Files,
}

impl Bundle {
    /// Whether another bundle holds the same certificates, and the key of the same.
    pub(super) fn is_same_as(&self, other: &Self) -> bool {
        self.leaf == other.leaf
            && self.intermediates == other.intermediates
            && self.roots == other.roots
            && self.key.public == other.key.public
    }
}

/// Where certificates were read from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Files {
    /// The certificate and its chain.
    pub certificate: PathBuf,
    /// The private key.
    pub key: PathBuf,
    /// The roots.
    pub roots: PathBuf,
}

/// Reads the three files of a folder.
pub fn read(folder: &Path) -> Result<Bundle, CertificateError> {
    let files = find(folder)?;
    let mut chain = certificates(&files.certificate)?.into_iter();
    let leaf = chain.next().ok_or_else(|| no_certificate(&files.certificate))?;
    Ok(Bundle {
        leaf,
        intermediates: chain.collect(),
        key: key(&files.key)?,
        roots: certificates(&files.roots)?,
        files,
    })
}

/// Where the certificates of a folder are read from: under the first set of names of which all are there, else under the one
/// that most are there of.
pub fn files(folder: &Path) -> Files {
    closest(folder).0
}

fn find(folder: &Path) -> Result<Files, CertificateError> {
    let (files, missing) = closest(folder);
    if missing.is_empty() {
        Ok(files)
    } else {
        Err(CertificateError::Missing { folder: folder.to_owned(), missing })
    }
}

/// The files under the set of names that is closest to being whole, and what is missing of it.
fn closest(folder: &Path) -> (Files, Vec<&'static str>) {
    let [ours, theirs] = NAMES.map(|names| {
        let missing: Vec<&str> = names.into_iter().filter(|name| !folder.join(name).exists()).collect();
        (names, missing)
    });
    let ([certificate, key, roots], missing) = if theirs.1.len() < ours.1.len() { theirs } else { ours };
    let file = |name| folder.join(name);
    (Files { certificate: file(certificate), key: file(key), roots: file(roots) }, missing)
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, CertificateError> {
    let blocks = blocks(path)?.into_iter();
    let is_certificate = |label: &str| [pem::CERTIFICATE, "X509 CERTIFICATE"].contains(&label);
    let found: Vec<_> =
        blocks.filter(|block| is_certificate(&block.label)).map(|block| block.der.into()).collect();
    if found.is_empty() { Err(no_certificate(path)) } else { Ok(found) }
}

fn key(path: &Path) -> Result<PrivateKey, CertificateError> {
    let is_key = |block: &Block| block.label.ends_with("PRIVATE KEY");
    let mut keys = blocks(path)?.into_iter().filter(is_key);
    match (keys.next(), keys.next()) {
        (Some(block), None) => PrivateKey::parse(&block)
            .map_err(|source| CertificateError::Key { path: path.to_owned(), source }),
        (None, _) => Err(CertificateError::NoKey { path: path.to_owned() }),
        (Some(_), Some(_)) => Err(CertificateError::SeveralKeys { path: path.to_owned() }),
    }
}

fn blocks(path: &Path) -> Result<Vec<Block>, CertificateError> {
    let file =
        fs::read(path).map_err(|source| CertificateError::Unreadable { path: path.to_owned(), source })?;
    pem::read(&file).map_err(|source| CertificateError::Pem { path: path.to_owned(), source })
}

fn no_certificate(path: &Path) -> CertificateError {
    CertificateError::NoCertificate { path: path.to_owned() }
}
