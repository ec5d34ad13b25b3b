//! TLS towards Mesos: what is shown, what is trusted, how much is verified. Files are read at each connection.

mod environment;
mod error;
mod files;
mod verify;

pub use environment::{EnvironmentError, from_environment};
pub use error::{FileError, TlsError};

use std::{path::PathBuf, sync::Arc};

use rustls::{
    ClientConfig,
    client::danger::ServerCertVerifier,
    crypto::{CryptoProvider, ring},
    pki_types::ServerName,
};

use verify::MasterVerifier;

/// How to speak to a master.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Security {
    /// Plain HTTP.
    #[default]
    Plain,
    /// TLS 1.2 or 1.3.
    Tls(TlsSettings),
}

/// What TLS needs to know.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TlsSettings {
    /// What is shown to a master that wants a client certificate.
    pub identity: Option<IdentityFiles>,
    /// The authorities that are trusted.
    pub authorities: Authorities,
    /// How much of the master's certificate is verified.
    pub verify: Verify,
    /// The name that the master's certificate must carry, instead of the one that was dialled.
    pub server_name: Option<String>,
}

/// A certificate chain and its key, PEM each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdentityFiles {
    /// The certificate, then what leads to the authority.
    pub certificate: PathBuf,
    /// Its key, not encrypted.
    pub key: PathBuf,
}

/// Where the certificates of trusted authorities are. Neither: the system's own.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Authorities {
    /// A PEM file.
    pub file: Option<PathBuf>,
    /// A folder of PEM files.
    pub folder: Option<PathBuf>,
}

/// How much of the master's certificate is verified.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Verify {
    /// The chain up to a trusted authority, validity, and the name (or IP address) as a subject alternative name.
    #[default]
    Full,
    /// All of it but the name.
    Chain,
    /// Nothing: encrypted, but with anyone. This is what `LIBPROCESS_SSL_VERIFY_CERT=0` asks for.
    None,
}

impl TlsSettings {
    /// What rustls needs for a connection to a master with one of these names.
    pub(crate) async fn client_config(
        &self,
        names: &[ServerName<'static>],
    ) -> Result<Arc<ClientConfig>, FileError> {
        let provider = Arc::new(ring::default_provider());
        let verifier: Arc<dyn ServerCertVerifier> = Arc::new(self.verifier(&provider, names)?);
        let builder = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(FileError::Unusable)?
            .dangerous()
            .with_custom_certificate_verifier(verifier);
        let config = match &self.identity {
            None => builder.with_no_client_auth(),
            Some(files) => {
                let (chain, key) = files::matching_pair(files).await?;
                builder.with_client_auth_cert(chain, key).map_err(FileError::Unusable)?
            }
        };
        Ok(Arc::new(config))
    }

    /// The names of which a master's certificate must carry one.
    pub(crate) fn names(&self, dialled: &[&str]) -> Vec<ServerName<'static>> {
        let wanted: Vec<&str> =
            self.server_name.as_deref().map_or_else(|| dialled.to_vec(), |name| vec![name]);
        wanted.into_iter().filter_map(|name| ServerName::try_from(name.to_owned()).ok()).collect()
    }

    fn verifier(
        &self,
        provider: &Arc<CryptoProvider>,
        names: &[ServerName<'static>],
    ) -> Result<MasterVerifier, FileError> {
        match self.verify {
            Verify::None => Ok(MasterVerifier::nothing(provider)),
            Verify::Chain => MasterVerifier::chain(provider, files::roots(&self.authorities)?),
            Verify::Full => MasterVerifier::full(provider, files::roots(&self.authorities)?, names),
        }
    }
}
