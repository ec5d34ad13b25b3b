//! The agent's own dealings with Mesos: before Spark starts, while it runs, and after it has ended.

mod frameworks;
mod labels;
mod preflight;
mod reach;
mod settle;
mod standstill;

use std::io;
use std::net::IpAddr;
use std::time::Duration;

use lcmap_mesos::tls::{Authorities, IdentityFiles, Security, TlsSettings, Verify};
use lcmap_mesos::{AddressError, CredentialSource, Settings};

use crate::certificates::{CertificateFiles, Files};
use crate::error::Error;
use crate::plan;
use crate::supervise::signals::Inbox;

pub(crate) use frameworks::{Frameworks, refusal};
pub(crate) use preflight::PreflightError;
pub(crate) use reach::{Reach, unreached};
pub(crate) use settle::settle;
pub(crate) use standstill::{Standstill, unresolved};

/// A Mesos that has answered.
#[derive(Debug)]
pub(crate) struct Cluster {
    /// The masters and the principal, the same that libmesos.so gets.
    pub settings: Settings,
    /// The address of this machine that the leading master was reached from: agents reach the driver there.
    pub driver_host: IpAddr,
    /// The principal that the driver registers as; empty when there is none.
    pub principal: String,
}

/// Asks the Mesos of a plan whether it would take the driver.
pub(crate) fn connect(
    mesos: &plan::Mesos,
    certificates: Option<&CertificateFiles>,
    inbox: &Inbox,
) -> Result<Cluster, Error> {
    let files = certificates.map(|files| Files {
        certificate: files.certificate.clone(),
        key: files.key.clone(),
        roots: files.roots.clone(),
    });
    let settings = settings(mesos, files.as_ref())?;
    let patience = Duration::from_millis(mesos.registration_timeout_ms);
    let reached = preflight::preflight(&settings, patience, inbox)?;
    let credential =
        settings.credential.read().map_err(|error| PreflightError::from(Box::new(error.into())))?;
    Ok(Cluster {
        driver_host: reached.from,
        principal: credential.map(|credential| credential.principal).unwrap_or_default(),
        settings,
    })
}

/// Whom to speak to about a plan, and as whom.
pub(crate) fn settings(mesos: &plan::Mesos, certificates: Option<&Files>) -> Result<Settings, AddressError> {
    let security = certificates.map_or(Security::Plain, |files| {
        Security::Tls(TlsSettings {
            identity: Some(IdentityFiles { certificate: files.certificate.clone(), key: files.key.clone() }),
            authorities: Authorities { file: Some(files.roots.clone()), folder: None },
            verify: match mesos.verify {
                plan::Verify::Full => Verify::Full,
                plan::Verify::Chain => Verify::Chain,
                plan::Verify::None => Verify::None,
            },
            server_name: mesos.server_name.clone(),
        })
    });
    let credential = mesos.credentials.as_ref().map_or(CredentialSource::None, |folder| {
        CredentialSource::Files { principal: folder.join("principal"), secret: folder.join("secret") }
    });
    Ok(Settings { masters: mesos.masters.parse()?, security, credential })
}

/// Whether the agent hears of every framework of the driver: from our own library it does, from another it cannot.
pub(crate) fn knows_all(plan: &plan::LaunchPlan) -> bool {
    let is_ours = matches!(&plan.master, plan::Master::Mesos(mesos) if mesos.library.is_some());
    is_ours && plan.env.iter().all(|variable| variable.name != "MESOS_NATIVE_JAVA_LIBRARY")
}

/// A runtime for one conversation. It has no thread beside this one: the agent must not have any before it forks.
fn runtime() -> io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread().enable_io().enable_time().build()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(masters: &str, verify: plan::Verify) -> plan::Mesos {
        plan::Mesos {
            masters: masters.to_owned(),
            role: None,
            credentials: Some("/credentials".into()),
            verify,
            server_name: Some("master".to_owned()),
            framework_id: "uid-1".to_owned(),
            labels: std::collections::BTreeMap::new(),
            registration_timeout_ms: 1,
            library: None,
            python: None,
        }
    }

    #[test]
    fn credentials_are_named_by_their_files_and_read_later() {
        let settings = settings(&plan("m:5050", plan::Verify::Full), None).unwrap();
        let files = CredentialSource::Files {
            principal: "/credentials/principal".into(),
            secret: "/credentials/secret".into(),
        };
        assert_eq!((settings.credential, settings.security), (files, Security::Plain));
    }

    #[test]
    fn certificates_are_shown_and_the_master_verified_as_the_plan_says() {
        let files = Files {
            certificate: "/certs/mesos.crt".into(),
            key: "/certs/mesos.key".into(),
            roots: "/certs/trustedroot.crt".into(),
        };
        for (wanted, verify) in [
            (plan::Verify::Full, Verify::Full),
            (plan::Verify::Chain, Verify::Chain),
            (plan::Verify::None, Verify::None),
        ] {
            let settings = settings(&plan("m:5050", wanted), Some(&files)).unwrap();
            let expected = TlsSettings {
                identity: Some(IdentityFiles {
                    certificate: files.certificate.clone(),
                    key: files.key.clone(),
                }),
                authorities: Authorities { file: Some(files.roots.clone()), folder: None },
                verify,
                server_name: Some("master".to_owned()),
            };
            assert_eq!(settings.security, Security::Tls(expected));
        }
    }

    #[test]
    fn masters_that_are_none_are_refused_by_the_field_that_names_them() {
        for (masters, said) in [
            ("http://m:5050", "a Mesos master has no http:// address: write host:port"),
            ("", "\"\" is not the address of a Mesos master: write host:port"),
            ("m:0", "\"m:0\" is not the address of a Mesos master: write host:port"),
            ("m:5050,", "\"\" is not the address of a Mesos master: write host:port"),
            ("zk://zk1:2181", "the ZooKeeper address lacks the path that the masters use"),
        ] {
            let refused = settings(&plan(masters, plan::Verify::Full), None).unwrap_err();
            let refused = Error::from(refused);
            assert_eq!(refused.reason(), crate::report::ExitReason::PlanRefused);
            let words = refused.to_string();
            assert!(words.starts_with(&format!("spec.mesos.master: {said}")), "{words}");
        }
    }
}
