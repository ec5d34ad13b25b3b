//! A look at one server, step by step: for people who want to know what stands between here and a master.

use std::net::{IpAddr, SocketAddr};

use crate::{
    address::HostPort,
    error::Error,
    preflight::explained,
    resolve::resolve,
    tls::{Security, TlsSettings, Verify},
    transport::{Master, connect_tcp, handshake},
};

/// What was found, as far as the way was open.
#[derive(Debug)]
pub struct Probed {
    /// What its name stands for.
    pub addresses: Vec<IpAddr>,
    /// The address that answers, and the one here that it is reached from.
    pub connected: Option<(SocketAddr, IpAddr)>,
    /// What TLS came to: also where its certificate is not accepted, if it shows one.
    pub agreed: Option<Agreed>,
    /// The first thing in the way.
    pub trouble: Option<Error>,
}

/// What both sides of a TLS connection agreed on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Agreed {
    /// The version, as rustls writes it.
    pub version: String,
    /// The cipher suite, as rustls writes it.
    pub cipher_suite: String,
    /// The server's certificate, DER.
    pub certificate: Vec<u8>,
}

/// Looks at a server. Nothing is asked of it.
pub async fn probe(master: &Master, security: &Security) -> Probed {
    let mut probed = Probed { addresses: vec![], connected: None, agreed: None, trouble: None };
    probed.trouble = step_by_step(master, security, &mut probed).await.err();
    probed
}

async fn step_by_step(master: &Master, security: &Security, probed: &mut Probed) -> Result<(), Error> {
    probed.addresses = resolve(&master.at).await?;
    let stream = connect_tcp(&master.at).await?;
    probed.connected = stream
        .peer_addr()
        .and_then(|peer| Ok((peer, stream.local_addr()?.ip().to_canonical())))
        .map(Some)
        .map_err(|error| unusable(&master.at, &error))?;
    let Security::Tls(settings) = security else { return Ok(()) };
    match agree(master, settings).await {
        Ok(agreed) => probed.agreed = Some(agreed),
        Err(error) => {
            // The look accepts any certificate, to describe the one that was refused. It sends no secret.
            let lenient = TlsSettings { verify: Verify::None, ..settings.clone() };
            probed.agreed = agree(master, &lenient).await.ok();
            return Err(explained(error, security).await);
        }
    }
    Ok(())
}

async fn agree(master: &Master, settings: &TlsSettings) -> Result<Agreed, Error> {
    let stream = handshake(connect_tcp(&master.at).await?, master, settings).await?;
    let (_, session) = stream.get_ref();
    Ok(Agreed {
        version: session.protocol_version().map(|version| format!("{version:?}")).unwrap_or_default(),
        cipher_suite: session
            .negotiated_cipher_suite()
            .map(|suite| format!("{:?}", suite.suite()))
            .unwrap_or_default(),
        certificate: session
            .peer_certificates()
            .and_then(<[_]>::first)
            .map(|der| der.to_vec())
            .unwrap_or_default(),
    })
}

fn unusable(at: &HostPort, error: &std::io::Error) -> Error {
    Error::Unreachable { at: at.clone(), why: error.to_string() }
}
