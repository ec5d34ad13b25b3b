//! PURE: whether certificate, key and roots belong together and are valid at a time.

use std::time::Duration;

use rustls_pki_types::{CertificateDer, TrustAnchor, UnixTime};
use webpki::{ALL_VERIFICATION_ALGS, EndEntityCert, KeyUsage, anchor_from_trusted_cert};
use x509_parser::certificate::X509Certificate;
use x509_parser::prelude::FromDer;

use super::CertificateError;
use super::read::Bundle;
use super::validity::Validity;
use crate::report::Expiry;

/// How long before its end a certificate is warned about; one that lives shortly, after nine tenths of its life.
pub const WARN_AHEAD: Duration = Duration::from_secs(14 * 24 * 3600);

/// Checks a bundle, and says what the user should know though it is good.
pub fn check(bundle: &Bundle, now: UnixTime) -> Result<Vec<String>, CertificateError> {
    let path = &bundle.files.certificate;
    let leaf = parse(&bundle.leaf)
        .ok_or_else(|| CertificateError::BrokenCertificate { path: path.clone(), number: 1 })?;
    if leaf.public_key().subject_public_key.data != bundle.key.public {
        return Err(CertificateError::KeyMismatch {
            certificate: path.clone(),
            key: bundle.files.key.clone(),
        });
    }
    let validity = Validity::of(&leaf);
    validity.check(now, path)?;
    let mut warnings: Vec<String> = validity.warning(now, path).into_iter().collect();
    // What is trusted by itself needs no chain: Mesos' own OpenSSL takes a self-signed certificate this way.
    if !bundle.roots.contains(&bundle.leaf) {
        warnings.extend(check_chain(bundle, &leaf, now)?);
    }
    Ok(warnings)
}

/// When the certificate of a bundle ends.
pub fn expiry(bundle: &Bundle) -> Option<Expiry> {
    parse(&bundle.leaf).map(|leaf| Validity::of(&leaf).end())
}

/// When the certificate of a bundle should be renewed, and when it ends, as the label of its framework reports it.
pub(super) fn renewal(bundle: &Bundle) -> Option<String> {
    parse(&bundle.leaf).and_then(|leaf| Validity::of(&leaf).renewal())
}

/// Subject of a bundle's certificate, and until when it is valid.
pub(super) fn summary(bundle: &Bundle) -> String {
    parse(&bundle.leaf).map(|leaf| Validity::of(&leaf).summary()).unwrap_or_default()
}

/// Whether the chain leads to a root. A kind of certificate that cannot be judged here is only warned about.
fn check_chain(
    bundle: &Bundle,
    leaf: &X509Certificate<'_>,
    now: UnixTime,
) -> Result<Option<String>, CertificateError> {
    let path = &bundle.files.certificate;
    let anchors = anchors(bundle)?;
    let unjudged = |error: webpki::Error| {
        Some(format!(
            "whether {} leads to a root in {} could not be judged: {error}",
            path.display(),
            bundle.files.roots.display()
        ))
    };
    let end_entity = match EndEntityCert::try_from(&bundle.leaf) {
        Ok(end_entity) => end_entity,
        Err(error) => return Ok(unjudged(error)),
    };
    let verified = end_entity.verify_for_usage(
        ALL_VERIFICATION_ALGS,
        &anchors,
        &bundle.intermediates,
        now,
        KeyUsage::client_auth(),
        None,
        None,
    );
    match verified {
        Ok(verified) => root_of(bundle, verified.anchor()).map_or(Ok(None), |root| {
            let validity = Validity::of(&root);
            validity.check(now, &bundle.files.roots)?;
            Ok(validity.warning(now, &bundle.files.roots))
        }),
        Err(error) if is_untrusted(&error) => Err(CertificateError::Untrusted {
            certificate: path.clone(),
            subject: leaf.subject().to_string(),
            issuer: leaf.issuer().to_string(),
            roots: bundle.files.roots.clone(),
            known: bundle.roots.iter().filter_map(parse).map(|root| root.subject().to_string()).collect(),
        }),
        Err(webpki::Error::CertExpired { .. } | webpki::Error::CertNotValidYet { .. }) => {
            Err(invalid_intermediate(bundle, now))
        }
        Err(webpki::Error::RequiredEkuNotFoundContext(_)) => {
            Err(CertificateError::NotForClients { path: path.clone() })
        }
        Err(error) => Ok(unjudged(error)),
    }
}

/// Faults that no verifier would pass.
fn is_untrusted(error: &webpki::Error) -> bool {
    matches!(error, webpki::Error::UnknownIssuer | webpki::Error::InvalidSignatureForPublicKey)
}

fn anchors(bundle: &Bundle) -> Result<Vec<TrustAnchor<'_>>, CertificateError> {
    let broken = |index: usize| CertificateError::BrokenCertificate {
        path: bundle.files.roots.clone(),
        number: index + 1,
    };
    let roots = bundle.roots.iter().enumerate();
    roots.map(|(index, root)| anchor_from_trusted_cert(root).map_err(|_| broken(index))).collect()
}

/// The root that an anchor was made of.
fn root_of<'a>(bundle: &'a Bundle, anchor: &TrustAnchor<'_>) -> Option<X509Certificate<'a>> {
    let is_it =
        |root: &&CertificateDer<'static>| anchor_from_trusted_cert(root).is_ok_and(|of| of == *anchor);
    parse(bundle.roots.iter().find(is_it)?)
}

/// The intermediate that is out of its time.
fn invalid_intermediate(bundle: &Bundle, now: UnixTime) -> CertificateError {
    let path = &bundle.files.certificate;
    let intermediates = bundle.intermediates.iter().filter_map(parse);
    let mut checked = intermediates.map(|certificate| Validity::of(&certificate).check(now, path));
    checked
        .find_map(Result::err)
        .unwrap_or_else(|| CertificateError::BrokenCertificate { path: path.clone(), number: 2 })
}

fn parse<'a>(certificate: &'a CertificateDer<'_>) -> Option<X509Certificate<'a>> {
    X509Certificate::from_der(certificate).ok().map(|(_, parsed)| parsed)
}
