//! Where the masters are: `host:port`, several of them, or a path in a ZooKeeper.

use std::{fmt, net::IpAddr, str::FromStr};

/// The port of a Mesos master that names none.
pub const MASTER_PORT: u16 = 5050;
/// The port of a ZooKeeper server that names none.
pub const ZOOKEEPER_PORT: u16 = 2181;

/// A host, by name or address, and a port.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct HostPort {
    /// A name, or an IP address without brackets.
    pub host: String,
    /// The TCP port.
    pub port: u16,
}

impl HostPort {
    /// Reads `host`, `host:port`, `[v6]` or `[v6]:port`.
    pub fn parse(text: &str, default_port: u16) -> Result<Self, AddressError> {
        let wrong = || AddressError::Host(text.to_owned());
        let (host, port) = match text.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
            Some((host, "")) => (host, None),
            Some((host, port)) => (host, Some(port.strip_prefix(':').ok_or_else(wrong)?)),
            None if text.parse::<IpAddr>().is_ok() => (text, None),
            None => text.split_once(':').map_or((text, None), |(host, port)| (host, Some(port))),
        };
        let plausible = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | ':');
        if host.is_empty() || !host.chars().all(plausible) {
            return Err(wrong());
        }
        let port = match port {
            None => default_port,
            Some(port) => port.parse().ok().filter(|port| *port != 0).ok_or_else(wrong)?,
        };
        Ok(Self { host: host.to_owned(), port })
    }

    fn parse_list(text: &str, default_port: u16) -> Result<Vec<Self>, AddressError> {
        text.split(',').map(|each| Self::parse(each.trim(), default_port)).collect()
    }
}

impl fmt::Display for HostPort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

/// A ZooKeeper ensemble, and the path under which Mesos' masters elect their leader.
#[derive(Clone, PartialEq, Eq)]
pub struct Ensemble {
    /// Its servers.
    pub servers: Vec<HostPort>,
    /// The path, with a leading and no trailing slash.
    pub path: String,
    /// `user:password` for ZooKeeper's digest scheme.
    pub digest: Option<String>,
}

/// Without the password.
impl fmt::Debug for Ensemble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// As a `zk://` address, without user and password.
impl fmt::Display for Ensemble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let servers: Vec<String> = self.servers.iter().map(ToString::to_string).collect();
        write!(f, "zk://{}{}", servers.join(","), self.path)
    }
}

/// Where to ask for the leading master.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Masters {
    /// These, any of which redirects to the leader.
    Listed(Vec<HostPort>),
    /// The leader that this ZooKeeper names.
    Elected(Ensemble),
}

impl FromStr for Masters {
    type Err = AddressError;

    /// Reads what Spark takes after (or with) `mesos://`: `host:port`, `h1:p,h2:p`, `zk://[user:pass@]h1,h2/path`.
    fn from_str(text: &str) -> Result<Self, AddressError> {
        let text = text.trim();
        let text = text.strip_prefix("mesos://").unwrap_or(text);
        let Some(rest) = text.strip_prefix("zk://") else {
            if let Some((scheme, _)) = text.split_once("://") {
                return Err(AddressError::Scheme(scheme.to_owned()));
            }
            return Ok(Self::Listed(HostPort::parse_list(text, MASTER_PORT)?));
        };
        // A password may hold anything, an @ or a slash too: the last @ before the servers counts.
        let (digest, rest) =
            rest.rsplit_once('@').map_or((None, rest), |(digest, rest)| (Some(digest), rest));
        if digest.is_some_and(|digest| !digest.contains(':')) {
            return Err(AddressError::Digest);
        }
        let (servers, path) = rest.split_once('/').ok_or(AddressError::Path)?;
        let path = path.trim_end_matches('/');
        if path.is_empty() || path.split('/').any(str::is_empty) {
            return Err(AddressError::Path);
        }
        Ok(Self::Elected(Ensemble {
            servers: HostPort::parse_list(servers, ZOOKEEPER_PORT)?,
            path: format!("/{path}"),
            digest: digest.map(str::to_owned),
        }))
    }
}

impl fmt::Display for Masters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Elected(ensemble) => ensemble.fmt(f),
            Self::Listed(masters) => {
                let masters: Vec<String> = masters.iter().map(ToString::to_string).collect();
                f.write_str(&masters.join(","))
            }
        }
    }
}

/// What is wrong with the address of a master.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// Not a host with a port.
    #[error(
        "{0:?} is not the address of a Mesos master: write host:port, h1:port,h2:port or zk://h1:port,h2:port/path"
    )]
    Host(String),
    /// A scheme that is not Mesos'.
    #[error(
        "a Mesos master has no {0}:// address: write host:port, h1:port,h2:port or zk://h1:port,h2:port/path"
    )]
    Scheme(String),
    /// `zk://` without a path.
    #[error("the ZooKeeper address lacks the path that the masters use: write zk://h1:port,h2:port/mesos")]
    Path,
    /// Something before `@` that is not `user:password`.
    #[error(
        "what stands before @ in the ZooKeeper address is not user:password: write zk://user:password@h1:port/path"
    )]
    Digest,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> String {
        text.parse::<Masters>().map_or_else(|error| format!("{error:?}"), |masters| masters.to_string())
    }

    #[test]
    fn every_way_to_name_masters_is_understood() {
        for (given, read_as) in [
            ("10.0.0.1:5050", "10.0.0.1:5050"),
            ("mesos://leader.mesos", "leader.mesos:5050"),
            ("mesos://h1:5050, h2:6060", "h1:5050,h2:6060"),
            ("[::1]:5051", "[::1]:5051"),
            ("fe80::1", "[fe80::1]:5050"),
            ("mesos://zk://z1:2181,z2/mesos", "zk://z1:2181,z2:2181/mesos"),
            ("zk://user:p@ss/w@z1/a/b/", "zk://z1:2181/a/b"),
        ] {
            assert_eq!(read(given), read_as);
        }
    }

    #[test]
    fn what_is_no_master_says_so() {
        for (given, says) in [
            ("", r#"Host("")"#),
            ("host:port", r#"Host("host:port")"#),
            ("host:0", r#"Host("host:0")"#),
            ("h1,,h2", r#"Host("")"#),
            ("ho st", r#"Host("ho st")"#),
            ("[::1]x", r#"Host("[::1]x")"#),
            ("http://h", r#"Scheme("http")"#),
            ("zk://z1:2181", "Path"),
            ("zk://z1/", "Path"),
            ("zk://z1/a//b", "Path"),
            ("zk://user@z1/mesos", "Digest"),
        ] {
            assert_eq!(read(given), says);
        }
    }

    #[test]
    fn a_password_is_never_printed() {
        let masters: Masters = "zk://user:hidden@z1/mesos".parse().unwrap();
        assert!(!format!("{masters} {masters:?}").contains("hidden"));
    }
}
