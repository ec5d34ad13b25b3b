//! Questions to the notebook server, by HTTP or HTTPS.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::ring;
use rustls::{
    AlertDescription, ClientConfig, ClientConnection, DigitallySignedStruct, SignatureScheme, StreamOwned,
};
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};

use crate::state::Scheme;

/// How long a connection to this machine may take. The agent does nothing else meanwhile.
const CONNECT: Duration = Duration::from_millis(200);

/// How long an answer may take.
const ANSWER: Duration = Duration::from_secs(1);

/// Stands in every question, so that it is known in the server's log.
pub(super) const QUESTION: &str = "asked_by=lcmap-agent";

/// What came back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answer {
    /// An HTTP status.
    Status(u16),
    /// The other side asks for a certificate, which the agent has none of.
    WantsCertificate,
    /// Something else than HTTP: the server speaks TLS, or does not.
    NotHttp,
}

/// Asks for a path, which has a query.
pub(super) fn ask(address: SocketAddr, scheme: Scheme, path: &str) -> io::Result<Answer> {
    let stream = TcpStream::connect_timeout(&address, CONNECT)?;
    stream.set_read_timeout(Some(ANSWER))?;
    stream.set_write_timeout(Some(ANSWER))?;
    let request =
        format!("GET {path} HTTP/1.1\r\nHost: localhost:{}\r\nConnection: close\r\n\r\n", address.port());
    let answer = match scheme {
        Scheme::Http => exchange(stream, &request),
        Scheme::Https => {
            let name = ServerName::from(address.ip());
            let tls = ClientConnection::new(Arc::new(configuration()?), name).map_err(io::Error::other)?;
            exchange(StreamOwned::new(tls, stream), &request)
        }
    };
    answer.or_else(judge)
}

fn exchange(mut stream: impl Read + Write, request: &str) -> io::Result<Answer> {
    stream.write_all(request.as_bytes())?;
    let mut line = [0; 12];
    stream.read_exact(&mut line)?;
    let status =
        line.strip_prefix(b"HTTP/1.").and_then(|rest| std::str::from_utf8(rest.get(2..)?).ok()?.parse().ok());
    Ok(status.map_or(Answer::NotHttp, Answer::Status))
}

/// A handshake that fails, or a connection that is cut, is an answer; one that takes too long is none.
fn judge(error: io::Error) -> io::Result<Answer> {
    use AlertDescription::{BadCertificate, CertificateRequired, HandshakeFailure};
    use io::ErrorKind::{BrokenPipe, ConnectionReset, UnexpectedEof};
    let tls = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
    match tls {
        Some(rustls::Error::AlertReceived(CertificateRequired | BadCertificate | HandshakeFailure)) => {
            Ok(Answer::WantsCertificate)
        }
        Some(_) => Ok(Answer::NotHttp),
        None if [ConnectionReset, UnexpectedEof, BrokenPipe].contains(&error.kind()) => Ok(Answer::NotHttp),
        None => Err(error),
    }
}

fn configuration() -> io::Result<ClientConfig> {
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?;
    Ok(builder.dangerous().with_custom_certificate_verifier(Arc::new(OurOwn)).with_no_client_auth())
}

/// Takes any certificate: that the socket is held by a process of our own is known from the kernel, and a notebook's
/// certificate is for the name by which browsers reach it.
#[derive(Debug)]
struct OurOwn;

impl ServerCertVerifier for OurOwn {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        ring::default_provider().signature_verification_algorithms.supported_schemes()
    }
}
