mod installing;
mod rotating;

use std::fs;
use std::path::Path;
use std::time::Duration;

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    PKCS_ECDSA_P256_SHA256, PKCS_ECDSA_P384_SHA384, PKCS_ED25519, date_time_ymd,
};
use rustls_pki_types::UnixTime;
use tempfile::TempDir;

use super::install::install;
use super::*;
use crate::plan::Certificates;

/// A key of 2048 bits that is used nowhere else: ring makes no RSA keys.
const RSA: &str = include_str!("rsa-for-tests.pem");

/// 2026-06-15 00:00:00 UTC.
const NOW: u64 = 1_781_481_600;

const DAY: u64 = 24 * 3600;

fn at(seconds: u64) -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_secs(seconds))
}

/// Year, month and day, for the first and the last moment.
type Years = ((i32, u8, u8), (i32, u8, u8));

/// Around [`NOW`].
const VALID: Years = ((2026, 1, 1), (2026, 12, 31));

/// A certificate's text before it is signed.
fn params(name: &str, years: Years) -> CertificateParams {
    let mut params = CertificateParams::new(vec![]).unwrap();
    params.distinguished_name.push(DnType::CommonName, name);
    let ((year, month, day), (last_year, last_month, last_day)) = years;
    params.not_before = date_time_ymd(year, month, day);
    params.not_after = date_time_ymd(last_year, last_month, last_day);
    params
}

fn authority(name: &str, years: Years) -> (CertificateParams, KeyPair) {
    let mut params = params(name, years);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    (params, KeyPair::generate().unwrap())
}

/// A folder on memory-backed storage.
fn in_memory() -> TempDir {
    TempDir::new_in("/dev/shm").unwrap()
}

fn wanted(source: &Path, target: Option<&Path>) -> Certificates {
    Certificates { source: source.to_owned(), target: target.map(Path::to_owned) }
}

/// A folder with a certificate of a root of its own, `mesos.*` by name.
struct Folder {
    folder: TempDir,
    root: (CertificateParams, KeyPair),
}

impl Folder {
    fn new(years: Years, root_years: Years) -> Self {
        let root = authority("Test root", root_years);
        let made = Self { folder: TempDir::new().unwrap(), root };
        made.write("trustedroot.crt", &made.root.0.self_signed(&made.root.1).unwrap().pem());
        made.write_leaf(&params("driver", years), &KeyPair::generate().unwrap());
        made
    }

    fn valid() -> Self {
        Self::new(VALID, VALID)
    }

    fn write(&self, name: &str, content: &str) {
        fs::write(self.folder.path().join(name), content).unwrap();
    }

    fn text(&self, name: &str) -> String {
        fs::read_to_string(self.folder.path().join(name)).unwrap()
    }

    fn write_leaf(&self, params: &CertificateParams, key: &KeyPair) {
        let issuer = Issuer::from_params(&self.root.0, &self.root.1);
        self.write("mesos.crt", &params.signed_by(key, &issuer).unwrap().pem());
        self.write("mesos.key", &key.serialize_pem());
    }

    fn check_at(&self, seconds: u64) -> Result<Vec<String>, String> {
        let bundle = read(self.folder.path()).map_err(|error| error.to_string())?;
        check(&bundle, at(seconds)).map_err(|error| error.to_string())
    }

    /// What is said when the folder is refused, without the folder's name.
    fn refusal(&self) -> String {
        let said = self.check_at(NOW).unwrap_err();
        said.replace(&format!("{}/", self.folder.path().display()), "")
    }

    fn is_good(&self) {
        assert_eq!(self.check_at(NOW), Ok(Vec::new()));
    }
}

#[test]
fn every_kind_of_key_is_known_as_its_certificates() {
    let rsa = KeyPair::from_pem(RSA).unwrap();
    let generated = [&PKCS_ECDSA_P256_SHA256, &PKCS_ECDSA_P384_SHA384, &PKCS_ED25519];
    for key in generated.map(|kind| KeyPair::generate_for(kind).unwrap()).into_iter().chain([rsa]) {
        let folder = Folder::valid();
        folder.write_leaf(&params("driver", VALID), &key);
        folder.is_good();
    }
}

#[test]
fn keys_in_openssls_own_encodings_are_read() {
    let folder = Folder::valid();
    let rsa = KeyPair::from_pem(RSA).unwrap();
    folder.write_leaf(&params("driver", VALID), &rsa);
    // PKCS#8 is an envelope of 26 bytes around PKCS#1.
    folder.write("mesos.key", &pem::write("RSA PRIVATE KEY", [&rsa.serialized_der()[26..]]));
    folder.is_good();
    for (kind, envelope) in [(&PKCS_ECDSA_P256_SHA256, 29), (&PKCS_ECDSA_P384_SHA384, 27)] {
        let key = KeyPair::generate_for(kind).unwrap();
        folder.write_leaf(&params("driver", VALID), &key);
        let sec1 = pem::write("EC PRIVATE KEY", [&key.serialized_der()[envelope..]]);
        let parameters = pem::write("EC PARAMETERS", [b"\x06\x01\x00".as_slice()]);
        folder.write("mesos.key", &format!("{parameters}{sec1}"));
        folder.is_good();
    }
}

#[test]
fn kubernetes_names_are_as_good() {
    let folder = Folder::valid();
    for (from, to) in [("mesos.crt", "tls.crt"), ("mesos.key", "tls.key"), ("trustedroot.crt", "ca.crt")] {
        fs::rename(folder.folder.path().join(from), folder.folder.path().join(to)).unwrap();
    }
    folder.is_good();
}

#[test]
fn the_case_of_a_name_does_not_matter() {
    for (name, other) in
        [("trustedroot.crt", "TrustedRoot.crt"), ("mesos.crt", "MESOS.CRT"), ("mesos.key", "Mesos.key")]
    {
        let folder = Folder::valid();
        folder.write(other, &folder.text(name));
        folder.is_good();
        fs::remove_file(folder.folder.path().join(name)).unwrap();
        folder.is_good();
    }
}

#[test]
fn two_files_of_one_name_that_differ_are_refused() {
    let folder = Folder::valid();
    folder.write("TrustedRoot.crt", &Folder::valid().text("trustedroot.crt"));
    let refusal = folder.refusal();
    assert!(
        refusal.contains("trustedroot.crt and ") && refusal.contains("take one of them away"),
        "{refusal}"
    );
}

#[test]
fn windows_line_ends_and_notes_around_the_blocks_do_no_harm() {
    let folder = Folder::valid();
    for name in ["mesos.crt", "mesos.key", "trustedroot.crt"] {
        let text = folder.text(name).replace('\n', "\r\n");
        folder.write(name, &format!("\u{feff}Bag Attributes\r\n  friendlyName: x\r\n{text}\r\nbye"));
    }
    folder.is_good();
}

#[test]
fn what_is_missing_is_named() {
    let folder = Folder::valid();
    fs::remove_file(folder.folder.path().join("mesos.key")).unwrap();
    let said = folder.check_at(NOW).unwrap_err();
    assert!(said.contains("lacks mesos.key; it must hold"), "{said}");
}

#[test]
fn files_of_the_wrong_kind_are_refused_in_words() {
    let key = Folder::valid().text("mesos.key");
    let encrypted = "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\nAAAA\n-----END RSA PRIVATE KEY-----\n";
    let needs_password = "the private key mesos.key is encrypted, and nobody is there to type a password; decrypt it with `openssl pkey -in FILE`";
    let unsupported = "the private key mesos.key is damaged or of a kind that is not supported; RSA of 2048 to 4096 bits, EC on P-256 or P-384 and Ed25519 are";
    for (file, content, said) in [
        ("mesos.key", encrypted, needs_password),
        ("mesos.key", &pem::write("ENCRYPTED PRIVATE KEY", [b"x".as_slice()]), needs_password),
        ("mesos.key", &pem::write("PRIVATE KEY", [b"x".as_slice()]), unsupported),
        ("mesos.key", &pem::write("DSA PRIVATE KEY", [b"x".as_slice()]), unsupported),
        (
            "mesos.key",
            &format!("{key}{key}"),
            "mesos.key holds several private keys; leave the one that belongs to the certificate",
        ),
        (
            "mesos.key",
            &pem::write("CERTIFICATE", [b"x".as_slice()]),
            "mesos.key holds no private key (a block `PRIVATE KEY`)",
        ),
        ("mesos.crt", &key, "mesos.crt holds no certificate (a block `CERTIFICATE`)"),
        ("mesos.crt", "", "mesos.crt holds no PEM block (a line `-----BEGIN ...-----` and what follows)"),
        (
            "mesos.crt",
            &pem::write("CERTIFICATE", [b"x".as_slice()]),
            "certificate 1 of mesos.crt is damaged; ask for a new copy",
        ),
        (
            "trustedroot.crt",
            &pem::write("CERTIFICATE", [b"x".as_slice()]),
            "certificate 1 of trustedroot.crt is damaged; ask for a new copy",
        ),
        (
            "trustedroot.crt",
            "0\u{1}x",
            "trustedroot.crt is binary (DER or PKCS#12), not PEM; convert it with `openssl x509 -inform der`, `openssl pkey -inform der` or `openssl pkcs12 -nodes`",
        ),
    ] {
        let folder = Folder::valid();
        folder.write(file, content);
        assert_eq!(folder.refusal(), said);
    }
}

#[test]
fn another_certificates_key_is_refused() {
    let folder = Folder::valid();
    folder.write("mesos.key", &KeyPair::generate().unwrap().serialize_pem());
    assert_eq!(
        folder.refusal(),
        "the private key mesos.key does not belong to the certificate mesos.crt; they come as a pair"
    );
}

#[test]
fn a_certificate_out_of_its_time_is_refused_with_both_dates() {
    let late = Folder::new(((2025, 1, 1), (2026, 6, 1)), VALID);
    assert_eq!(
        late.refusal(),
        "the certificate CN=driver in mesos.crt has expired: valid from 2025-01-01 00:00:00 UTC to 2026-06-01 00:00:00 UTC; have it renewed"
    );
    let early = Folder::new(((2026, 7, 1), (2027, 7, 1)), VALID);
    assert_eq!(
        early.refusal(),
        "the certificate CN=driver in mesos.crt is not valid yet: from 2026-07-01 00:00:00 UTC to 2027-07-01 00:00:00 UTC; is this machine's clock right?"
    );
    let root = Folder::new(VALID, ((2020, 1, 1), (2026, 6, 1)));
    assert!(root.refusal().starts_with("the certificate CN=Test root in trustedroot.crt has expired"));
}

#[test]
fn the_end_is_warned_of_ahead() {
    let end_of_year = NOW + 199 * DAY;
    let folder = Folder::valid();
    assert_eq!(folder.check_at(end_of_year - 15 * DAY), Ok(Vec::new()));
    let warnings = folder.check_at(end_of_year - 13 * DAY).unwrap();
    let said = "mesos.crt expires at 2026-12-31 00:00:00 UTC; have it renewed";
    assert!(
        warnings[0].starts_with("the certificate CN=driver in ") && warnings[0].ends_with(said),
        "{warnings:?}"
    );
    assert!(warnings[1].contains("CN=Test root"), "{warnings:?}");
    let short_lived = Folder::new(((2026, 6, 10), (2026, 6, 20)), VALID);
    assert_eq!(short_lived.check_at(NOW), Ok(Vec::new()));
    assert_eq!(short_lived.check_at(NOW + 4 * DAY + DAY / 2).unwrap().len(), 1);
}

#[test]
fn a_chain_to_another_root_is_refused_with_both_names() {
    let folder = Folder::valid();
    let (other, key) = authority("Other root", VALID);
    folder.write("trustedroot.crt", &other.self_signed(&key).unwrap().pem());
    assert_eq!(
        folder.refusal(),
        "the certificate CN=driver in mesos.crt is issued by CN=Test root, and that leads to none of the roots in \
         trustedroot.crt: CN=Other root; append missing intermediates to the certificate's file"
    );
}

#[test]
fn a_root_of_the_same_name_and_another_key_is_another_root() {
    let folder = Folder::valid();
    let (other, key) = authority("Test root", VALID);
    folder.write("trustedroot.crt", &other.self_signed(&key).unwrap().pem());
    assert!(folder.refusal().contains("leads to none of the roots"), "{}", folder.refusal());
}

/// Puts an intermediate between root and certificate, and returns its text.
fn with_intermediate(folder: &Folder, years: Years) -> String {
    let root = Issuer::from_params(&folder.root.0, &folder.root.1);
    let (intermediate, key) = authority("Intermediate", years);
    let text = intermediate.signed_by(&key, &root).unwrap().pem();
    let leaf_key = KeyPair::generate().unwrap();
    let leaf =
        params("driver", VALID).signed_by(&leaf_key, &Issuer::from_params(&intermediate, &key)).unwrap();
    folder.write("mesos.crt", &leaf.pem());
    folder.write("mesos.key", &leaf_key.serialize_pem());
    text
}

#[test]
fn a_chain_needs_its_intermediates() {
    let folder = Folder::valid();
    let intermediate = with_intermediate(&folder, VALID);
    assert!(folder.refusal().contains("is issued by CN=Intermediate"), "{}", folder.refusal());
    folder.write("mesos.crt", &(folder.text("mesos.crt") + &intermediate));
    folder.is_good();
}

#[test]
fn an_expired_intermediate_is_named() {
    let folder = Folder::valid();
    let intermediate = with_intermediate(&folder, ((2020, 1, 1), (2026, 6, 1)));
    folder.write("mesos.crt", &(folder.text("mesos.crt") + &intermediate));
    assert!(folder.refusal().starts_with("the certificate CN=Intermediate in mesos.crt has expired"));
}

#[test]
fn a_self_signed_certificate_that_is_its_own_root_is_trusted() {
    let folder = Folder::valid();
    let key = KeyPair::generate().unwrap();
    let certificate = params("driver", VALID).self_signed(&key).unwrap().pem();
    folder.write("mesos.crt", &certificate);
    folder.write("trustedroot.crt", &certificate);
    folder.write("mesos.key", &key.serialize_pem());
    folder.is_good();
}

#[test]
fn a_certificate_for_servers_only_is_refused() {
    let folder = Folder::valid();
    let mut params = params("driver", VALID);
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    folder.write_leaf(&params, &KeyPair::generate().unwrap());
    assert_eq!(
        folder.refusal(),
        "mesos.crt is not for TLS clients (extended key usage clientAuth); ask for one that is"
    );
}

#[test]
fn what_cannot_be_judged_is_said_and_not_refused() {
    let folder = Folder::valid();
    let (params, key) = authority("driver", VALID);
    folder.write_leaf(&params, &key);
    let warnings = folder.check_at(NOW).unwrap();
    assert!(warnings[0].contains("could not be judged"), "{warnings:?}");
}
