//! Verifies a master's certificate as far as it is wanted.

use std::sync::Arc;

use rustls::{
    CertificateError, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
    client::{
        WebPkiServerVerifier,
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    },
    crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature},
    pki_types::{CertificateDer, ServerName, UnixTime},
};

use super::FileError;

/// Accepts a certificate after the checks that it was made with. Signatures of the handshake are always verified.
#[derive(Debug)]
pub(super) struct MasterVerifier {
    provider: Arc<CryptoProvider>,
    checks: Checks,
}

#[derive(Debug)]
enum Checks {
    Nothing,
    Chain(Arc<WebPkiServerVerifier>),
    /// The chain, and that the certificate carries one of these names.
    Full(Arc<WebPkiServerVerifier>, Vec<ServerName<'static>>),
}

impl MasterVerifier {
    pub(super) fn nothing(provider: &Arc<CryptoProvider>) -> Self {
        Self { provider: Arc::clone(provider), checks: Checks::Nothing }
    }

    pub(super) fn chain(provider: &Arc<CryptoProvider>, roots: RootCertStore) -> Result<Self, FileError> {
        let checks = Checks::Chain(webpki(provider, roots)?);
        Ok(Self { provider: Arc::clone(provider), checks })
    }

    pub(super) fn full(
        provider: &Arc<CryptoProvider>,
        roots: RootCertStore,
        names: &[ServerName<'static>],
    ) -> Result<Self, FileError> {
        let checks = Checks::Full(webpki(provider, roots)?, names.to_vec());
        Ok(Self { provider: Arc::clone(provider), checks })
    }
}

fn webpki(
    provider: &Arc<CryptoProvider>,
    roots: RootCertStore,
) -> Result<Arc<WebPkiServerVerifier>, FileError> {
    WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(provider))
        .build()
        .map_err(|_| FileError::NoAuthority)
}

impl ServerCertVerifier for MasterVerifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let verify = |webpki: &WebPkiServerVerifier, name: &ServerName<'_>| {
            webpki.verify_server_cert(end_entity, intermediates, name, ocsp_response, now)
        };
        match &self.checks {
            Checks::Nothing => Ok(ServerCertVerified::assertion()),
            // webpki looks at the chain first: a wrong name means that the chain is right.
            Checks::Chain(webpki) => match verify(webpki, server_name) {
                Err(Error::InvalidCertificate(
                    CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
                )) => Ok(ServerCertVerified::assertion()),
                verdict => verdict,
            },
            Checks::Full(webpki, names) => {
                let mut verdict = Err(Error::InvalidCertificate(CertificateError::NotValidForName));
                for name in names {
                    verdict = verify(webpki, name);
                    if verdict.is_ok() {
                        break;
                    }
                }
                verdict
            }
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
