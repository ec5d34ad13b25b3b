//! The certificates that the driver shows to Mesos: read, checked, installed, renewed, wiped.

mod check;
mod describe;
mod image;
mod install;
mod key;
pub mod pem;
mod read;
mod rotation;
mod source;
mod validity;

use std::io;
use std::path::PathBuf;

pub use check::{WARN_AHEAD, check, expiry};
pub use describe::{Described, describe};
pub(crate) use image::{IMAGE_FOLDER, find_private_key};
pub(crate) use install::CertificateFiles;
pub use key::{KeyError, PrivateKey};
pub use pem::PemError;
pub use read::{Bundle, Files, files, is_known, read};
pub(crate) use rotation::{News, Rotation};
/// The moment that certificates are judged at.
pub use rustls_pki_types::UnixTime;

/// Why certificates cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum CertificateError {
    /// Not all files are there.
    #[error(
        "{} lacks {}; it must hold mesos.crt, mesos.key and trustedroot.crt, or tls.crt, tls.key and ca.crt",
        folder.display(), missing.join(", ")
    )]
    Missing {
        /// The folder.
        folder: PathBuf,
        /// The names that are missing of the set that most are there of.
        missing: Vec<&'static str>,
    },
    /// A file is there twice, in other letters.
    #[error(
        "{} and {} are not the same, and it is not clear which one is meant; take one of them away",
        path.display(), other.display()
    )]
    Ambiguous {
        /// The one that would be read.
        path: PathBuf,
        /// The other.
        other: PathBuf,
    },
    /// A file cannot be read.
    #[error("{} cannot be read: {source}; it must be readable by the driver's user or group", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the kernel said.
        source: io::Error,
    },
    /// A file is not PEM.
    #[error("{} {source}", path.display())]
    Pem {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: PemError,
    },
    /// A file is PEM without a certificate.
    #[error("{} holds no certificate (a block `CERTIFICATE`)", path.display())]
    NoCertificate {
        /// The file.
        path: PathBuf,
    },
    /// A certificate is damaged.
    #[error("certificate {number} of {} is damaged; ask for a new copy", path.display())]
    BrokenCertificate {
        /// The file.
        path: PathBuf,
        /// Which certificate of the file, from 1.
        number: usize,
    },
    /// A file is PEM without a private key.
    #[error("{} holds no private key (a block `PRIVATE KEY`)", path.display())]
    NoKey {
        /// The file.
        path: PathBuf,
    },
    /// A file holds more than one private key.
    #[error("{} holds several private keys; leave the one that belongs to the certificate", path.display())]
    SeveralKeys {
        /// The file.
        path: PathBuf,
    },
    /// A private key cannot be used.
    #[error("the private key {} {source}", path.display())]
    Key {
        /// The file.
        path: PathBuf,
        /// Why.
        source: KeyError,
    },
    /// The key is another certificate's.
    #[error(
        "the private key {} does not belong to the certificate {}; they come as a pair",
        key.display(), certificate.display()
    )]
    KeyMismatch {
        /// The certificate.
        certificate: PathBuf,
        /// The key.
        key: PathBuf,
    },
    /// A certificate's time has not come.
    #[error(
        "the certificate {subject} in {} is not valid yet: from {from} to {to}; is this machine's clock right?",
        path.display()
    )]
    NotYetValid {
        /// The file.
        path: PathBuf,
        /// The certificate's subject.
        subject: String,
        /// From when it is valid.
        from: String,
        /// To when it is valid.
        to: String,
    },
    /// A certificate's time is over.
    #[error("the certificate {subject} in {} has expired: valid from {from} to {to}; have it renewed", path.display())]
    Expired {
        /// The file.
        path: PathBuf,
        /// The certificate's subject.
        subject: String,
        /// From when it was valid.
        from: String,
        /// To when it was valid.
        to: String,
    },
    /// No chain leads to a root.
    #[error(
        "the certificate {subject} in {} is issued by {issuer}, and that leads to none of the roots in {}: {}; \
         append missing intermediates to the certificate's file",
        certificate.display(), roots.display(), known.join("; ")
    )]
    Untrusted {
        /// The certificate's file.
        certificate: PathBuf,
        /// Its subject.
        subject: String,
        /// Its issuer.
        issuer: String,
        /// The roots' file.
        roots: PathBuf,
        /// The roots' subjects.
        known: Vec<String>,
    },
    /// The certificate may not be shown by a client.
    #[error("{} is not for TLS clients (extended key usage clientAuth); ask for one that is", path.display())]
    NotForClients {
        /// The file.
        path: PathBuf,
    },
    /// A private key is baked into the image.
    #[error(
        "the private key {} is part of the image, and so known to all who can pull it; have it revoked, remove it \
         from the image, and mount it at run time",
        path.display()
    )]
    InImage {
        /// The file.
        path: PathBuf,
    },
    /// The certificates cannot be installed.
    #[error("certificates cannot be written to {}: {source}", path.display())]
    Unwritable {
        /// The folder.
        path: PathBuf,
        /// What the kernel said.
        source: io::Error,
    },
}

#[cfg(test)]
mod tests;
