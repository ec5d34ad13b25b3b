//! A connection to a master: a name resolved, TCP, and TLS where it is wanted.

use std::{
    future::Future,
    io,
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use rustls::pki_types::ServerName;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    time::timeout,
};
use tokio_rustls::{TlsConnector, client::TlsStream};

use crate::{
    address::HostPort,
    error::{Doing, Error},
    resolve::resolve,
    tls::{Security, TlsError, TlsSettings},
};

/// How long each of resolving, connecting and the handshake may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// What bytes go through.
pub(crate) trait Transport: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Transport for T {}

/// A master to speak to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Master {
    /// Where it listens.
    pub at: HostPort,
    /// The name that it gives itself in ZooKeeper: its certificate may carry this one instead of the address.
    pub hostname: Option<String>,
}

impl From<HostPort> for Master {
    fn from(at: HostPort) -> Self {
        Self { at, hostname: None }
    }
}

/// Connects to a master; with the address that it is reached from.
pub(crate) async fn connect(
    master: &Master,
    security: &Security,
) -> Result<(Box<dyn Transport>, IpAddr), Error> {
    let stream = connect_tcp(&master.at).await?;
    let lost = |error: io::Error| broken(&master.at, Doing::Connecting, &error, false);
    let from = stream.local_addr().map_err(lost)?.ip().to_canonical();
    let transport = match security {
        Security::Plain => Box::new(stream) as Box<dyn Transport>,
        Security::Tls(settings) => Box::new(handshake(stream, master, settings).await?),
    };
    Ok((transport, from))
}

/// Connects to the first address of the host that answers.
pub(crate) async fn connect_tcp(at: &HostPort) -> Result<TcpStream, Error> {
    let addresses = within(at, Doing::Connecting, resolve(at)).await??;
    let mut last = None;
    for address in addresses {
        let connecting = TcpStream::connect(SocketAddr::new(address, at.port));
        match within(at, Doing::Connecting, connecting).await {
            Ok(Ok(stream)) => {
                // Without it small calls wait for acknowledgements; with a failure they only wait.
                let _ = stream.set_nodelay(true);
                return Ok(stream);
            }
            Ok(Err(error)) => last = Some(refusal(at, &error)),
            Err(error) => last = Some(error),
        }
    }
    Err(last
        .unwrap_or_else(|| Error::UnknownHost { host: at.host.clone(), why: "it has no address".to_owned() }))
}

/// Agrees on TLS with a master.
pub(crate) async fn handshake(
    stream: TcpStream,
    master: &Master,
    settings: &TlsSettings,
) -> Result<TlsStream<TcpStream>, Error> {
    let failed = |why| Error::Tls { at: master.at.clone(), why };
    let dialled: Vec<&str> =
        std::iter::once(master.at.host.as_str()).chain(master.hostname.as_deref()).collect();
    let names = settings.names(&dialled);
    let shown = match names.first() {
        Some(name) => name.clone(),
        None => ServerName::try_from("mesos-master")
            .map_err(|error| failed(TlsError::Other(error.to_string())))?,
    };
    let config = settings.client_config(&names).await.map_err(|error| failed(error.into()))?;
    let connecting = TlsConnector::from(Arc::clone(&config)).connect(shown, stream);
    match within(&master.at, Doing::Handshake, connecting).await? {
        Ok(stream) => Ok(stream),
        Err(error) => Err(broken(&master.at, Doing::Handshake, &error, settings.identity.is_some())),
    }
}

/// Reads an error of a connection that was up.
pub(crate) fn broken(at: &HostPort, doing: Doing, error: &io::Error, certificate_sent: bool) -> Error {
    let tls = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
    match tls {
        Some(tls) => Error::Tls { at: at.clone(), why: TlsError::from_rustls(tls, certificate_sent) },
        // rustls' own words for it hold an address of its manual.
        None if error.kind() == io::ErrorKind::UnexpectedEof => {
            Error::Lost { at: at.clone(), doing, why: "end of stream".to_owned() }
        }
        None => Error::Lost { at: at.clone(), doing, why: error.to_string() },
    }
}

fn refusal(at: &HostPort, error: &io::Error) -> Error {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => Error::Refused { at: at.clone() },
        _ => Error::Unreachable { at: at.clone(), why: error.to_string() },
    }
}

async fn within<T>(at: &HostPort, doing: Doing, what: impl Future<Output = T>) -> Result<T, Error> {
    let late = |_| Error::TimedOut { at: at.clone(), doing, after: PATIENCE };
    timeout(PATIENCE, what).await.map_err(late)
}
