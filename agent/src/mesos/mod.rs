//! The agent's own dealings with Mesos: before Spark starts, while it runs, and after it has ended.

mod frameworks;
mod preflight;
mod settle;

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
pub(crate) use settle::settle;

/// A Mesos that has answered.
#[derive(Debug)]
pub(crate) struct Cluster {
    /// Whom to speak to, and as whom: the same that libmesos.so is told.
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

/// A runtime for one conversation. It has no thread beside this one: the agent must not have any before it forks.
fn runtime() -> io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread().enable_io().enable_time().build()
}
