//! Certificates and keys out of PEM files.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use rustls::{
    RootCertStore,
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    sign::CertifiedKey,
};

use tokio::time::sleep;

use super::{Authorities, FileError, IdentityFiles};

/// Where distributions keep the authorities that they trust.
const SYSTEM_AUTHORITIES: [&str; 3] =
    ["/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem"];

/// Certificate and key change one after the other when they are rotated: a pair that does not match is read again.
const READINGS: u32 = 5;
const BETWEEN_READINGS: Duration = Duration::from_millis(50);

type Pair = (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>);

/// A certificate chain and the key that belongs to it.
pub(super) async fn matching_pair(files: &IdentityFiles) -> Result<Pair, FileError> {
    let mut readings = 1;
    loop {
        let (chain, key) = (certificates(&files.certificate)?, private_key(&files.key)?);
        match CertifiedKey::from_der(chain.clone(), key.clone_key(), &ring::default_provider()) {
            Ok(_) => return Ok((chain, key)),
            Err(rustls::Error::InconsistentKeys(_)) if readings < READINGS => readings += 1,
            Err(rustls::Error::InconsistentKeys(_)) => {
                return Err(FileError::Mismatch {
                    certificate: files.certificate.clone(),
                    key: files.key.clone(),
                });
            }
            Err(error) => return Err(FileError::Unusable(error)),
        }
        sleep(BETWEEN_READINGS).await;
    }
}

/// The trusted authorities.
pub(super) fn roots(authorities: &Authorities) -> Result<RootCertStore, FileError> {
    let mut roots = RootCertStore::empty();
    if let Some(file) = &authorities.file {
        for certificate in certificates(file)? {
            roots.add(certificate).map_err(|_| FileError::NoCertificate(file.clone()))?;
        }
    }
    if let Some(folder) = &authorities.folder {
        // As OpenSSL does: what else lies in the folder is no error.
        let read = |source| FileError::Read { path: folder.clone(), source };
        for entry in fs::read_dir(folder).map_err(read)?.flatten() {
            roots.add_parsable_certificates(certificates(&entry.path()).unwrap_or_default());
        }
    }
    if authorities.file.is_none() && authorities.folder.is_none() {
        let system = SYSTEM_AUTHORITIES.iter().map(PathBuf::from).find(|path| path.exists());
        roots.add_parsable_certificates(
            system.map(|path| certificates(&path)).transpose()?.unwrap_or_default(),
        );
    }
    if roots.is_empty() { Err(FileError::NoAuthority) } else { Ok(roots) }
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, FileError> {
    let pem = read(path)?;
    let found: Vec<_> = CertificateDer::pem_slice_iter(&pem).flatten().collect();
    if found.is_empty() { Err(FileError::NoCertificate(path.to_owned())) } else { Ok(found) }
}

fn private_key(path: &Path) -> Result<PrivateKeyDer<'static>, FileError> {
    let pem = read(path)?;
    if String::from_utf8_lossy(&pem).contains("ENCRYPTED") {
        return Err(FileError::EncryptedKey(path.to_owned()));
    }
    PrivateKeyDer::from_pem_slice(&pem).map_err(|_| FileError::NoKey(path.to_owned()))
}

fn read(path: &Path) -> Result<Vec<u8>, FileError> {
    fs::read(path).map_err(|source| FileError::Read { path: path.to_owned(), source })
}
