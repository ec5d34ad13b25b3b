//! Why TLS failed, and what to change.

use std::{io, path::PathBuf};

use rustls::{AlertDescription, CertificateError, Error as Rustls, InvalidMessage};

/// A handshake that failed, or files that cannot be used for one.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// The alert that OpenSSL sends for two very different reasons.
    #[error(
        "it broke the TLS handshake off (alert HandshakeFailure). Either no cipher suite is common: Mesos' default list has none that is \
         safe today, so set LIBPROCESS_SSL_CIPHERS=ECDHE-RSA-AES256-GCM-SHA384 and LIBPROCESS_SSL_ECDH_CURVES=auto on the masters. \
         Or it wants a client certificate (LIBPROCESS_SSL_REQUIRE_CERT=1): {}",
        if *.certificate_sent { "the one that was shown may not be trusted there" } else { "set LIBPROCESS_SSL_CERT_FILE and LIBPROCESS_SSL_KEY_FILE here" }
    )]
    HandshakeRefused {
        /// Whether a client certificate was at hand.
        certificate_sent: bool,
    },
    /// Versions that do not meet.
    #[error("it knows neither TLS 1.2 nor 1.3: set LIBPROCESS_SSL_ENABLE_TLS_V1_2=1 on the masters")]
    Version,
    /// The client certificate was not taken.
    #[error(
        "it did not accept the client certificate (alert {0}): check that the masters' LIBPROCESS_SSL_CA_FILE holds its authority, and that it has not expired"
    )]
    ClientCertificate(&'static str),
    /// Another alert.
    #[error("it broke TLS off with the alert {0}: look at the master's log")]
    Alert(String),
    /// Plain HTTP.
    #[error("it does not speak TLS there: unset LIBPROCESS_SSL_ENABLED here, or set it on the masters")]
    PlainHttp,
    /// A certificate from nobody known.
    #[error(
        "its certificate comes from an authority that is not trusted here: put the authority's certificate into LIBPROCESS_SSL_CA_FILE"
    )]
    UnknownAuthority,
    /// A certificate that is no longer valid.
    #[error("its certificate has expired: renew it on the masters, and check the clock here")]
    Expired,
    /// A certificate that is not valid yet.
    #[error("its certificate is not valid yet: check the clocks on both sides")]
    NotYetValid,
    /// A certificate for somebody else.
    #[error(
        "its certificate does not carry the name that was dialled ({0}): dial one of its names, set the server name, or verify the chain alone"
    )]
    Name(String),
    /// A certificate that is wrong otherwise.
    #[error("its certificate cannot be used: {0}")]
    Certificate(String),
    /// Anything else.
    #[error("TLS failed: {0}")]
    Other(String),
    /// Files here.
    #[error(transparent)]
    File(#[from] FileError),
}

/// A certificate or key file that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// It cannot be read.
    #[error("{path} cannot be read: {source}. Check that it exists and that this user may read it")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// No certificate in it.
    #[error("{0} holds no certificate that can be used: it has to be PEM (-----BEGIN CERTIFICATE-----)")]
    NoCertificate(PathBuf),
    /// No key in it.
    #[error("{0} holds no private key: it has to be PEM (-----BEGIN PRIVATE KEY-----)")]
    NoKey(PathBuf),
    /// A key with a passphrase.
    #[error(
        "the private key {0} is encrypted: decrypt it (openssl pkey -in KEY -out KEY), since nobody is here to type a passphrase"
    )]
    EncryptedKey(PathBuf),
    /// Two that do not belong together.
    #[error("the private key {key} does not belong to the certificate {certificate}: replace both together")]
    Mismatch {
        /// The certificate.
        certificate: PathBuf,
        /// The key.
        key: PathBuf,
    },
    /// Nobody to trust.
    #[error(
        "no trusted authority is known: set LIBPROCESS_SSL_CA_FILE to a PEM file with the certificate of the masters' authority"
    )]
    NoAuthority,
    /// Something that rustls does not take.
    #[error("certificate and key cannot be used: {0}")]
    Unusable(Rustls),
}

impl TlsError {
    /// Reads an error of the handshake, or one that TLS 1.3 reports with the first bytes after it.
    pub(crate) fn from_rustls(error: &Rustls, certificate_sent: bool) -> Self {
        match error {
            Rustls::AlertReceived(alert) => Self::from_alert(*alert, certificate_sent),
            Rustls::InvalidMessage(InvalidMessage::InvalidContentType) => Self::PlainHttp,
            Rustls::PeerIncompatible(_) => Self::HandshakeRefused { certificate_sent },
            Rustls::InvalidCertificate(wrong) => Self::from_certificate(wrong),
            other => Self::Other(other.to_string()),
        }
    }

    fn from_alert(alert: AlertDescription, certificate_sent: bool) -> Self {
        use AlertDescription as Alert;
        match alert {
            Alert::HandshakeFailure => Self::HandshakeRefused { certificate_sent },
            Alert::ProtocolVersion => Self::Version,
            Alert::CertificateRequired => Self::HandshakeRefused { certificate_sent: false },
            Alert::BadCertificate => Self::ClientCertificate("BadCertificate"),
            Alert::UnsupportedCertificate => Self::ClientCertificate("UnsupportedCertificate"),
            Alert::CertificateRevoked => Self::ClientCertificate("CertificateRevoked"),
            Alert::CertificateExpired => Self::ClientCertificate("CertificateExpired"),
            Alert::CertificateUnknown => Self::ClientCertificate("CertificateUnknown"),
            Alert::UnknownCA => Self::ClientCertificate("UnknownCA"),
            Alert::DecryptError => Self::ClientCertificate("DecryptError"),
            other => Self::Alert(format!("{other:?}")),
        }
    }

    fn from_certificate(wrong: &CertificateError) -> Self {
        use CertificateError as Wrong;
        match wrong {
            Wrong::UnknownIssuer | Wrong::BadSignature => Self::UnknownAuthority,
            Wrong::Expired | Wrong::ExpiredContext { .. } => Self::Expired,
            Wrong::NotValidYet | Wrong::NotValidYetContext { .. } => Self::NotYetValid,
            Wrong::NotValidForNameContext { expected, presented } => {
                Self::Name(format!("{}; it carries {}", expected.to_str(), presented.join(", ")))
            }
            other => Self::Certificate(other.to_string()),
        }
    }
}
