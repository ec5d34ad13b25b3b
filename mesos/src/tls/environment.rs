//! The environment that Mesos' own library reads: `LIBPROCESS_SSL_*`, and the older `SSL_*`.
//!
//! Source: Mesos 1.11 `3rdparty/libprocess/src/openssl.cpp` and `docs/ssl.md`.

use super::{Authorities, IdentityFiles, Security, TlsSettings, Verify};

/// Reads the settings from an environment. `lookup` gives a variable's value, if it is set.
///
/// Beyond Mesos' own: `LCMAP_MESOS_VERIFY` (`Full`, `Chain`, `None`) says precisely what is to be verified, and
/// `LCMAP_MESOS_SERVER_NAME` which name. Without it, `LIBPROCESS_SSL_VERIFY_SERVER_CERT` (or `…_VERIFY_CERT`, its older
/// name) decides between `Full` and, as Mesos' default is, `None`.
pub fn from_environment(lookup: impl Fn(&str) -> Option<String>) -> Result<Security, EnvironmentError> {
    let lookup =
        |name: &str| lookup(name).map(|value| value.trim().to_owned()).filter(|value| !value.is_empty());
    // As Mesos does: the older prefix counts only where the newer one says nothing.
    let ssl =
        |name: &str| lookup(&format!("LIBPROCESS_SSL_{name}")).or_else(|| lookup(&format!("SSL_{name}")));
    let flag = |name: &str| ssl(name).map(|value| parse_flag(name, &value)).transpose();
    if flag("ENABLED")? != Some(true) {
        return Ok(Security::Plain);
    }
    let identity = match (ssl("CERT_FILE"), ssl("KEY_FILE")) {
        (Some(certificate), Some(key)) => {
            Some(IdentityFiles { certificate: path(&certificate), key: path(&key) })
        }
        (None, None) => None,
        (Some(_), None) => return Err(EnvironmentError::Half("LIBPROCESS_SSL_KEY_FILE")),
        (None, Some(_)) => return Err(EnvironmentError::Half("LIBPROCESS_SSL_CERT_FILE")),
    };
    let said = flag("VERIFY_SERVER_CERT")?.or(flag("VERIFY_CERT")?);
    let implied = flag("REQUIRE_CLIENT_CERT")?.or(flag("REQUIRE_CERT")?);
    let verify_certificate = said.or(implied).unwrap_or(false);
    let verify = match lookup("LCMAP_MESOS_VERIFY").as_deref() {
        None if verify_certificate => Verify::Full,
        None | Some("None") => Verify::None,
        Some("Full") => Verify::Full,
        Some("Chain") => Verify::Chain,
        Some(other) => return Err(EnvironmentError::Verify(other.to_owned())),
    };
    let authorities =
        Authorities { file: ssl("CA_FILE").as_deref().map(path), folder: ssl("CA_DIR").as_deref().map(path) };
    let server_name = lookup("LCMAP_MESOS_SERVER_NAME");
    Ok(Security::Tls(TlsSettings { identity, authorities, verify, server_name }))
}

/// A variable that cannot be understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EnvironmentError {
    /// Not a flag.
    #[error("LIBPROCESS_SSL_{name} is {value:?}: write 1 (true) or 0 (false)")]
    Flag {
        /// The variable, without its prefix.
        name: String,
        /// Its value.
        value: String,
    },
    /// A certificate without its key, or the reverse.
    #[error("{0} is not set: certificate and key are set together or not at all")]
    Half(&'static str),
    /// Not a way to verify.
    #[error("LCMAP_MESOS_VERIFY is {0:?}: write Full, Chain or None")]
    Verify(String),
}

/// As stout's flags read a boolean.
fn parse_flag(name: &str, value: &str) -> Result<bool, EnvironmentError> {
    match value {
        "1" | "true" => Ok(true),
        "0" | "false" => Ok(false),
        _ => Err(EnvironmentError::Flag { name: name.to_owned(), value: value.to_owned() }),
    }
}

/// A path, which Mesos also takes as a `file://` address.
fn path(value: &str) -> std::path::PathBuf {
    value.strip_prefix("file://").unwrap_or(value).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(variables: &[(&str, &str)]) -> Result<Security, EnvironmentError> {
        let value =
            |name: &str| variables.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
        from_environment(value)
    }

    fn verify(variables: &[(&str, &str)]) -> Verify {
        let all: Vec<_> = [("LIBPROCESS_SSL_ENABLED", "1")].iter().chain(variables).copied().collect();
        match read(&all).unwrap() {
            Security::Tls(settings) => settings.verify,
            Security::Plain => panic!("no TLS"),
        }
    }

    #[test]
    fn without_the_switch_it_is_plain() {
        assert_eq!(read(&[("LIBPROCESS_SSL_CA_FILE", "/ca")]), Ok(Security::Plain));
        assert_eq!(read(&[("LIBPROCESS_SSL_ENABLED", "0"), ("SSL_ENABLED", "1")]), Ok(Security::Plain));
    }

    #[test]
    fn both_prefixes_are_read() {
        let settings = TlsSettings {
            identity: Some(IdentityFiles { certificate: "/c".into(), key: "/k".into() }),
            authorities: Authorities { file: Some("/a".into()), folder: Some("/d".into()) },
            verify: Verify::None,
            server_name: None,
        };
        let old =
            [("SSL_ENABLED", "true"), ("SSL_CERT_FILE", "/c"), ("SSL_KEY_FILE", "/k"), ("SSL_CA_FILE", "/a")];
        let new = ("LIBPROCESS_SSL_CA_DIR", "file:///d");
        assert_eq!(read(&[&old[..], &[new]].concat()), Ok(Security::Tls(settings)));
    }

    #[test]
    fn how_much_is_verified_is_as_mesos_says_unless_said_precisely() {
        for (variables, expected) in [
            (&[][..], Verify::None),
            (&[("LIBPROCESS_SSL_VERIFY_CERT", "0")], Verify::None),
            (&[("LIBPROCESS_SSL_VERIFY_CERT", "1")], Verify::Full),
            (&[("LIBPROCESS_SSL_REQUIRE_CERT", "1")], Verify::Full),
            (&[("LIBPROCESS_SSL_VERIFY_SERVER_CERT", "1")], Verify::Full),
            (&[("LIBPROCESS_SSL_VERIFY_CERT", "0"), ("LCMAP_MESOS_VERIFY", "Chain")], Verify::Chain),
        ] {
            assert_eq!(verify(variables), expected, "{variables:?}");
        }
    }

    #[test]
    fn what_cannot_be_understood_is_refused() {
        let on = ("LIBPROCESS_SSL_ENABLED", "1");
        assert!(matches!(read(&[("LIBPROCESS_SSL_ENABLED", "yes")]), Err(EnvironmentError::Flag { .. })));
        assert_eq!(
            read(&[on, ("LIBPROCESS_SSL_KEY_FILE", "/k")]),
            Err(EnvironmentError::Half("LIBPROCESS_SSL_CERT_FILE"))
        );
        assert!(matches!(read(&[on, ("LCMAP_MESOS_VERIFY", "full")]), Err(EnvironmentError::Verify(_))));
    }
}
