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

/// Whether this is the name of one of the files, in whatever case: sites hand out `TrustedRoot.crt`.
pub fn is_known(name: &str) -> bool {
    NAMES.iter().flatten().any(|known| known.eq_ignore_ascii_case(name))
}

/// The files of a folder that go by one of the names, in whatever case, in order.
pub(super) fn present(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let known = entries.filter(|entry| entry.file_name().to_str().is_some_and(is_known));
    let mut found: Vec<PathBuf> = known.map(|entry| entry.path()).filter(|path| path.exists()).collect();
    found.sort();
    found
}

fn find(folder: &Path) -> Result<Files, CertificateError> {
    let (files, missing) = closest(folder);
    if !missing.is_empty() {
        return Err(CertificateError::Missing { folder: folder.to_owned(), missing });
    }
    for file in [&files.certificate, &files.key, &files.roots] {
        if let Some(other) = other_in_another_case(file, &present(folder)) {
            return Err(CertificateError::Ambiguous { path: file.clone(), other });
        }
    }
    Ok(files)
}

/// A file of the same name in another case and with another content.
fn other_in_another_case(file: &Path, present: &[PathBuf]) -> Option<PathBuf> {
    let name = file.file_name()?;
    let others = present.iter().filter(|other| *other != file);
    let mut same =
        others.filter(|other| other.file_name().is_some_and(|other| other.eq_ignore_ascii_case(name)));
    same.find(|other| fs::read(other).ok() != fs::read(file).ok()).cloned()
}

/// The files under the set of names that is closest to being whole, and what is missing of it.
fn closest(folder: &Path) -> (Files, Vec<&'static str>) {
    let present = present(folder);
    let file = |name: &str| {
        let exact = folder.join(name);
        let in_any_case =
            |path: &&PathBuf| path.file_name().is_some_and(|found| found.eq_ignore_ascii_case(name));
        let found = present.iter().find(|path| **path == exact).or_else(|| present.iter().find(in_any_case));
        found.cloned().ok_or(exact)
    };
    let [ours, theirs] = NAMES.map(|names| {
        let missing: Vec<&str> = names.into_iter().filter(|name| file(name).is_err()).collect();
        (names, missing)
    });
    let ([certificate, key, roots], missing) = if theirs.1.len() < ours.1.len() { theirs } else { ours };
    let path = |name| file(name).unwrap_or_else(|exact| exact);
    (Files { certificate: path(certificate), key: path(key), roots: path(roots) }, missing)
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
