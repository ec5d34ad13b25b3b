//! PURE: what stands in a certificate, for people.

use std::net::IpAddr;
use std::time::Duration;

use rustls_pki_types::UnixTime;
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::FromDer;

use super::validity::shown;

/// What stands in a certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Described {
    /// The name that the certificate is for.
    pub subject: String,
    /// The name of the authority that signed it.
    pub issuer: String,
    /// Its subject alternative names: host names and addresses.
    pub names: Vec<String>,
    /// Until when it is valid.
    pub until: String,
    /// How long that is from now; zero when it is over.
    pub left: Duration,
}

/// Reads a certificate in DER; none if it is damaged.
pub fn describe(der: &[u8], now: UnixTime) -> Option<Described> {
    let (_, certificate) = X509Certificate::from_der(der).ok()?;
    let end = certificate.validity().not_after;
    let left = u64::try_from(end.timestamp()).unwrap_or_default().saturating_sub(now.as_secs());
    Some(Described {
        subject: certificate.subject().to_string(),
        issuer: certificate.issuer().to_string(),
        names: names(&certificate),
        until: shown(end),
        left: Duration::from_secs(left),
    })
}

fn names(certificate: &X509Certificate<'_>) -> Vec<String> {
    let Ok(Some(extension)) = certificate.subject_alternative_name() else { return Vec::new() };
    extension.value.general_names.iter().filter_map(name).collect()
}

fn name(name: &GeneralName<'_>) -> Option<String> {
    match name {
        GeneralName::DNSName(name) => Some((*name).to_owned()),
        GeneralName::IPAddress(bytes) => address(bytes).map(|address| address.to_string()),
        _ => None,
    }
}

fn address(bytes: &[u8]) -> Option<IpAddr> {
    <[u8; 4]>::try_from(bytes)
        .map(IpAddr::from)
        .or_else(|_| <[u8; 16]>::try_from(bytes).map(IpAddr::from))
        .ok()
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, DnType, KeyPair, date_time_ymd};

    use super::*;

    #[test]
    fn a_certificate_is_told_by_its_names_its_issuer_and_its_end() {
        let mut parameters =
            CertificateParams::new(vec!["m.example".to_owned(), "10.0.0.1".to_owned()]).unwrap();
        parameters.distinguished_name.push(DnType::CommonName, "master");
        parameters.not_after = date_time_ymd(2030, 1, 2);
        let certificate = parameters.self_signed(&KeyPair::generate().unwrap()).unwrap();
        let second_before = UnixTime::since_unix_epoch(Duration::from_secs(1_893_542_399));
        let described = describe(certificate.der(), second_before).unwrap();
        assert_eq!(described.names, ["m.example", "10.0.0.1"]);
        assert!(described.subject.contains("CN=master") && described.issuer == described.subject);
        assert_eq!((described.until.as_str(), described.left.as_secs()), ("2030-01-02 00:00:00 UTC", 1));
        assert_eq!(describe(b"no certificate", second_before), None);
    }
}
