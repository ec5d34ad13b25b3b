//! PURE: from when to when a certificate is valid.

use std::path::Path;
use std::time::Duration;

use rustls_pki_types::UnixTime;
use x509_parser::certificate::X509Certificate;
use x509_parser::time::ASN1Time;

use super::CertificateError;
use super::check::WARN_AHEAD;
use crate::report::Expiry;

/// A certificate's own name and time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Validity {
    subject: String,
    from: ASN1Time,
    to: ASN1Time,
}

impl Validity {
    pub(super) fn of(certificate: &X509Certificate<'_>) -> Self {
        let validity = certificate.validity();
        Self { subject: certificate.subject().to_string(), from: validity.not_before, to: validity.not_after }
    }

    /// Refuses a certificate that is not valid at a time.
    pub(super) fn check(&self, now: UnixTime, path: &Path) -> Result<(), CertificateError> {
        let now_seconds = seconds(now);
        let (path, subject) = (path.to_owned(), self.subject.clone());
        let (from, to) = (shown(self.from), shown(self.to));
        if now_seconds < self.from.timestamp() {
            Err(CertificateError::NotYetValid { path, subject, from, to })
        } else if now_seconds > self.to.timestamp() {
            Err(CertificateError::Expired { path, subject, from, to })
        } else {
            Ok(())
        }
    }

    /// When it ends, and from when on that is worth a warning.
    pub(super) fn end(&self) -> Expiry {
        let lifetime = self.to.timestamp().saturating_sub(self.from.timestamp());
        let ahead = i64::try_from(WARN_AHEAD.as_secs()).unwrap_or(i64::MAX).min(lifetime / 10);
        Expiry { at: self.to.timestamp(), warn_from: self.to.timestamp().saturating_sub(ahead) }
    }

    /// From when on it should be renewed, and when it ends, as [`CERTIFICATE_LABEL`](lcmap_mesos::CERTIFICATE_LABEL) tells it.
    pub(super) fn renewal(&self) -> Option<String> {
        let from = ASN1Time::from_timestamp(self.end().warn_from).ok()?;
        Some(format!("{}/{}", rfc3339(from), rfc3339(self.to)))
    }

    /// The certificate's subject, and until when it is valid.
    pub(super) fn summary(&self) -> String {
        format!("{}, valid until {}", self.subject, shown(self.to))
    }

    /// What to say of a certificate that ends soon.
    pub(super) fn warning(&self, now: UnixTime, path: &Path) -> Option<String> {
        let lifetime = self.to.timestamp().saturating_sub(self.from.timestamp());
        let lifetime = Duration::from_secs(u64::try_from(lifetime).unwrap_or_default());
        let left = self.to.timestamp().saturating_sub(seconds(now));
        let left = Duration::from_secs(u64::try_from(left).unwrap_or_default());
        (left < WARN_AHEAD.min(lifetime / 10)).then(|| {
            format!(
                "the certificate {} in {} expires at {}; have it renewed",
                self.subject,
                path.display(),
                shown(self.to)
            )
        })
    }
}

fn seconds(time: UnixTime) -> i64 {
    i64::try_from(time.as_secs()).unwrap_or(i64::MAX)
}

/// A moment, for programs.
fn rfc3339(time: ASN1Time) -> String {
    let time = time.to_datetime();
    format!("{}T{:02}:{:02}:{:02}Z", time.date(), time.hour(), time.minute(), time.second())
}

/// A moment, for people.
pub(super) fn shown(time: ASN1Time) -> String {
    let time = time.to_datetime();
    format!("{} {:02}:{:02}:{:02} UTC", time.date(), time.hour(), time.minute(), time.second())
}
