//! Names to addresses without the C library, whose resolver loads modules of the image it happens to run in.

use std::net::IpAddr;

use hickory_resolver::{
    Resolver, TokioResolver,
    config::ResolverConfig,
    net::{NetError, runtime::TokioRuntimeProvider},
};

use crate::{address::HostPort, error::Error};

/// The addresses of a host: `/etc/hosts` first, then the name servers and search domains of `/etc/resolv.conf`, both read
/// at each call.
pub(crate) async fn resolve(at: &HostPort) -> Result<Vec<IpAddr>, Error> {
    if let Ok(address) = at.host.parse() {
        return Ok(vec![address]);
    }
    let unknown = |why: String| Error::UnknownHost { host: at.host.clone(), why };
    let found = resolver()
        .map_err(|error| unknown(error.to_string()))?
        .lookup_ip(at.host.as_str())
        .await
        .map_err(|error| unknown(in_words(&error)))?;
    let addresses: Vec<IpAddr> = found.iter().collect();
    if addresses.is_empty() { Err(unknown("it has no address".to_owned())) } else { Ok(addresses) }
}

fn in_words(error: &NetError) -> String {
    match error {
        error if error.is_no_records_found() => "the name servers know no address for it".to_owned(),
        NetError::Timeout => "the name servers did not answer in time".to_owned(),
        NetError::NoConnections => "no name server could be reached".to_owned(),
        other => other.to_string(),
    }
}

fn resolver() -> Result<TokioResolver, NetError> {
    // An image without /etc/resolv.conf still has its hosts file.
    let without_servers = || {
        let nothing = ResolverConfig::from_parts(None, vec![], vec![]);
        Resolver::builder_with_config(nothing, TokioRuntimeProvider::default())
    };
    Resolver::builder_tokio().unwrap_or_else(|_| without_servers()).build()
}
