//! Certificates and TLS: what is wrong is named before Spark starts, with what to do.

use std::path::Path;

use lcmap_spark_tests::{
    Folder, LcmapSpark,
    mesos::{Authority, Bed, Identity, NAME, early, expired, named},
    says,
};
use serde_json::json;

use super::bed::{bound, fails_early, secured, spec};

fn encrypted() -> Bed {
    Bed::plain().agents(0).tls().start().unwrap()
}

fn put(bed: &Bed, from: &Path, name: &str) {
    std::fs::copy(from, bed.folder().join("certificates").join(name)).unwrap();
}

fn show(bed: &Bed, identity: &Identity) {
    put(bed, &identity.certificate, "mesos.crt");
    put(bed, &identity.key, "mesos.key");
}

#[test]
fn roots_that_did_not_sign_the_jobs_own_certificate() {
    let bed = encrypted();
    let spec = secured(&bed, spec(&bed));
    put(&bed, &bed.pki().authority(Authority::Stranger), "trustedroot.crt");
    says(&fails_early(&bed, spec).stderr, &["CertificatesInvalid", "none of the roots in"]);
}

#[test]
fn a_master_whose_authority_is_unknown() {
    let bed = encrypted();
    let spec = secured(&bed, spec(&bed));
    let stranger = bed.pki().sign("stranger-client", Authority::Stranger, |_| {}).unwrap();
    show(&bed, &stranger);
    put(&bed, &bed.pki().authority(Authority::Stranger), "trustedroot.crt");
    says(&fails_early(&bed, spec).stderr, &["AuthorityUnknown", "an authority that is not trusted here"]);
}

#[test]
fn a_master_of_another_name_and_how_to_say_its_name() {
    let bed = Bed::plain().agents(0).server_certificate(named).start().unwrap();
    let mut spec = secured(&bed, spec(&bed));
    let folder = Folder::new();
    let failed = fails_early(&bed, spec.clone());
    says(&failed.stderr, &["ServerNameMismatch", NAME, "mesos.certificates.serverName"]);
    spec["mesos"]["certificates"]["serverName"] = json!(NAME);
    let doctor = bound(LcmapSpark::doctor(folder.job("job", spec)), &bed).finish();
    says(&doctor.stdout, &["ok     leader"]);
}

#[test]
fn a_master_whose_certificate_is_not_valid_now() {
    let changes: [(fn(&mut _), _); 2] = [
        (expired, ["its certificate has expired", "renew it on the masters"]),
        (early, ["its certificate is not valid yet", "check the clocks on both sides"]),
    ];
    for (change, said) in changes {
        let bed = Bed::plain().agents(0).server_certificate(change).start().unwrap();
        let failed = fails_early(&bed, secured(&bed, spec(&bed)));
        says(&failed.stderr, &["CertificatesInvalid"]);
        says(&failed.stderr, &said);
    }
}

#[test]
fn a_certificate_that_has_expired() {
    let bed = encrypted();
    let spec = secured(&bed, spec(&bed));
    show(&bed, &bed.pki().sign("old-client", Authority::Trusted, expired).unwrap());
    says(&fails_early(&bed, spec).stderr, &["CertificatesInvalid", "has expired", "have it renewed"]);
}

#[test]
fn a_key_that_belongs_to_another_certificate() {
    let bed = encrypted();
    let spec = secured(&bed, spec(&bed));
    put(&bed, &bed.pki().server().key, "mesos.key");
    says(&fails_early(&bed, spec).stderr, &["CertificatesInvalid", "does not belong to the certificate"]);
}

#[test]
fn a_master_with_tls_and_a_job_without() {
    let bed = encrypted();
    let mut spec = secured(&bed, spec(&bed));
    spec["mesos"].as_object_mut().unwrap().remove("certificates");
    says(&fails_early(&bed, spec).stderr, &["PlainHttp"]);
}

#[test]
fn a_master_without_tls_and_a_job_with() {
    let bed = Bed::plain().agents(0).start().unwrap();
    let spec = secured(&bed, spec(&bed));
    says(&fails_early(&bed, spec).stderr, &["PlainHttp"]);
}

#[test]
fn a_master_with_mesos_own_ciphers() {
    let ciphers = "AES128-SHA:AES256-SHA:RC4-SHA:DHE-RSA-AES128-SHA:DHE-RSA-AES256-SHA";
    let bed = Bed::plain().agents(0).ciphers(ciphers).start().unwrap();
    let spec = secured(&bed, spec(&bed));
    says(&fails_early(&bed, spec).stderr, &["TlsFailed", "LIBPROCESS_SSL_CIPHERS"]);
}
