//! Each fault has an error of its own that names it: real servers with something wrong.

use lcmap_mesos::{
    Credential, CredentialSource, Error, FrameworkError, Settings,
    operator::Operator,
    scheduler::Signal,
    tls::{Authorities, Security, TlsError, TlsSettings, Verify},
};
use lcmap_spark_tests::mesos::{Access, Authority, Bed, NAME, Plan, early, expired, named};

use lcmap_spark_tests::mesos::driver::{Driver, framework, identity_files, principal, settings, tls};

/// What a scheduler is told first: why it waits, or why it was refused.
async fn first_error(settings: Settings) -> Error {
    let mut driver = Driver::start(settings, framework());
    driver
        .until(|signal| match signal {
            Signal::Waiting(error) | Signal::Refused(error) => Some(error),
            _ => None,
        })
        .await
}

async fn tls_error(bed: &Bed, change: impl FnOnce(&mut TlsSettings)) -> String {
    let (mut settings, mut tls) = (settings(bed), tls(bed));
    change(&mut tls);
    settings.security = Security::Tls(tls);
    match first_error(settings).await {
        Error::Tls { why, .. } => {
            eprintln!("{why}");
            format!("{why:?}")
        }
        other => panic!("{other}"),
    }
}

#[tokio::test]
async fn a_master_that_is_not_there() {
    let bed = Bed::plain().agents(0).start().unwrap();
    let mut at = settings(&bed);
    at.masters = "127.0.0.1:1".parse().unwrap();
    assert!(matches!(first_error(at.clone()).await, Error::Refused { .. }));
    at.masters = "no-such-host.invalid".parse().unwrap();
    assert!(matches!(first_error(at).await, Error::UnknownHost { .. }));
}

#[tokio::test]
async fn something_that_is_not_a_master() {
    let bed = Bed::plain().masters(1).start().unwrap();
    let mut at = settings(&bed);
    // ZooKeeper takes "POST" for the length of a message and closes.
    at.masters = bed.zookeeper_url().unwrap()[5..].trim_end_matches("/mesos").parse().unwrap();
    let error = first_error(at.clone()).await;
    assert!(matches!(error, Error::Lost { .. }), "{error}");
    // An agent speaks HTTP and has no such path.
    at.masters = bed.agent(0).address().to_string().parse().unwrap();
    let error = first_error(at).await;
    assert!(matches!(error, Error::NotMesos { .. }), "{error}");
}

#[tokio::test]
async fn certificates_of_the_master() {
    let bed = Bed::plain().agents(0).tls().start().unwrap();
    let stranger = bed.pki().authority(Authority::Stranger);
    let with_stranger =
        |tls: &mut TlsSettings| tls.authorities = Authorities { file: Some(stranger), folder: None };
    assert_eq!(tls_error(&bed, with_stranger).await, "UnknownAuthority");
    let error = tls_error(&bed, |tls| tls.server_name = Some("elsewhere".to_owned())).await;
    assert!(error.starts_with("Name("), "{error}");
    let old = Bed::plain().agents(0).server_certificate(expired).start().unwrap();
    assert_eq!(tls_error(&old, |_| {}).await, "Expired");
    let young = Bed::plain().agents(0).server_certificate(early).start().unwrap();
    assert_eq!(tls_error(&young, |_| {}).await, "NotYetValid");
}

#[tokio::test]
async fn a_master_whose_certificate_has_a_name_is_known_by_it() {
    let bed = Bed::plain().agents(0).server_certificate(named).start().unwrap();
    let error = tls_error(&bed, |_| {}).await;
    assert!(error.starts_with("Name("), "its address is not in it: {error}");
    assert_eq!(version(&bed, |tls| tls.server_name = Some(NAME.to_owned())).await, "1.11.0");
}

#[tokio::test]
async fn authorities_may_be_the_files_of_a_folder() {
    let bed = Bed::plain().agents(0).tls().start().unwrap();
    let folder = bed.folder().join("authorities");
    std::fs::create_dir(&folder).unwrap();
    let from_folder = |tls: &mut TlsSettings| {
        tls.authorities = Authorities { file: None, folder: Some(folder.clone()) };
    };
    let put =
        |name: &str, authority| std::fs::copy(bed.pki().authority(authority), folder.join(name)).unwrap();
    assert_eq!(tls_error(&bed, from_folder).await, "File(NoAuthority)");
    std::fs::write(folder.join("README"), "certificates, one a file").unwrap();
    put("0-stranger.pem", Authority::Stranger);
    assert_eq!(tls_error(&bed, from_folder).await, "UnknownAuthority");
    put("d3adb33f.0", Authority::Trusted);
    assert_eq!(version(&bed, from_folder).await, "1.11.0");
}

/// What a master says of itself over TLS.
async fn version(bed: &Bed, change: impl FnOnce(&mut TlsSettings)) -> String {
    let (mut settings, mut tls) = (settings(bed), tls(bed));
    change(&mut tls);
    settings.security = Security::Tls(tls);
    Operator::new(settings).version().await.unwrap().version
}

#[tokio::test]
async fn certificates_of_the_client() {
    let bed = Bed::plain().agents(0).tls().start().unwrap();
    let error = tls_error(&bed, |tls| tls.identity = None).await;
    assert_eq!(error, "HandshakeRefused { certificate_sent: false }");
    let stranger = bed.pki().sign("stranger-client", Authority::Stranger, |_| {}).unwrap();
    let error = tls_error(&bed, |tls| tls.identity = Some(identity_files(stranger))).await;
    assert_eq!(error, r#"ClientCertificate("UnknownCA")"#);
    let old = bed.pki().sign("old-client", Authority::Trusted, expired).unwrap();
    let error = tls_error(&bed, |tls| tls.identity = Some(identity_files(old))).await;
    assert_eq!(error, r#"ClientCertificate("CertificateExpired")"#);
    let mut torn = identity_files(bed.pki().client());
    torn.key = bed.pki().server().key;
    let error = tls_error(&bed, |tls| tls.identity = Some(torn)).await;
    assert!(error.starts_with("File(Mismatch"), "{error}");
}

#[tokio::test]
async fn cipher_suites_that_do_not_meet() {
    // Mesos' default list.
    let ciphers = "AES128-SHA:AES256-SHA:RC4-SHA:DHE-RSA-AES128-SHA:DHE-RSA-AES256-SHA";
    let bed = Bed::plain().agents(0).ciphers(ciphers).start().unwrap();
    assert_eq!(tls_error(&bed, |_| {}).await, "HandshakeRefused { certificate_sent: true }");
}

#[tokio::test]
async fn plain_and_encrypted_do_not_meet() {
    let plain = Bed::plain().agents(0).start().unwrap();
    let encrypted = Bed::plain().agents(0).tls().start().unwrap();
    let mut to_plain = settings(&plain);
    to_plain.security = Security::Tls(tls(&encrypted));
    let error = first_error(to_plain).await;
    assert!(matches!(error, Error::Tls { why: TlsError::PlainHttp, .. } | Error::Lost { .. }), "{error}");
    let error = first_error(settings(&encrypted)).await;
    assert!(error.to_string().contains("LIBPROCESS_SSL_ENABLED=1"), "{error}");
}

#[tokio::test]
async fn the_chain_alone_or_nothing_can_be_verified() {
    let bed = Bed::plain().agents(0).tls().start().unwrap();
    for verify in [Verify::Chain, Verify::None] {
        let change = |tls: &mut TlsSettings| {
            tls.verify = verify;
            tls.server_name = Some("elsewhere".to_owned());
            if verify == Verify::None {
                tls.authorities.file = Some(bed.pki().authority(Authority::Stranger));
            }
        };
        assert_eq!(version(&bed, change).await, "1.11.0");
    }
}

fn guarded(acls: &str) -> Plan {
    Bed::plain().agents(0).access(Access::Credentials(acls.to_owned()))
}

#[tokio::test]
async fn credentials_and_roles() {
    let acls = r#"{"register_frameworks":[{"principals":{"values":["spark"]},"roles":{"values":["allowed"]}},
        {"principals":{"type":"ANY"},"roles":{"type":"NONE"}}]}"#;
    let bed = guarded(acls).start().unwrap();
    let mut settings = settings(&bed);
    let error = first_error(settings.clone()).await;
    assert!(matches!(error, Error::Unauthenticated { principal: None, .. }), "{error}");
    settings.credential = CredentialSource::Given(Credential::new("spark", "wrong"));
    let error = first_error(settings.clone()).await;
    assert!(matches!(error, Error::Unauthenticated { principal: Some(_), .. }), "{error}");
    settings.credential = principal("spark");
    let error = first_error(settings).await;
    assert!(matches!(error, Error::Framework { why: FrameworkError::Role(_), .. }), "{error}");
}

#[tokio::test]
async fn a_role_that_the_master_does_not_list() {
    let bed = Bed::plain().agents(0).master_flag("MESOS_ROLES", "listed").start().unwrap();
    let mut driver = Driver::start(settings(&bed), framework().with_role("unlisted"));
    let error =
        driver.until(|signal| if let Signal::Refused(error) = signal { Some(error) } else { None }).await;
    assert!(matches!(error, Error::Framework { why: FrameworkError::Role(_), .. }), "{error}");
}
