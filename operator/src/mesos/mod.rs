//! Mesos as it is seen from outside the driver: a job's frameworks and executors, by the operator API.

pub(crate) mod sight;
mod wait;

use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;
use lcmap_mesos::operator::Operator;
use lcmap_mesos::tls::{Authorities, IdentityFiles, Security, TlsSettings, Verify};
use lcmap_mesos::{AddressError, CredentialSource, Error, Settings};
use lcmap_spark_crd::spec::{CertificateVerification, Mesos};
use tokio::sync::watch::{Receiver, channel};

use crate::core::OnMesos;
pub(crate) use sight::Whose;
pub(crate) use wait::Need;

/// How often Mesos is asked.
const PAUSE: Duration = Duration::from_secs(2);

/// Where the files for a job's Mesos are.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Files<'a> {
    /// A folder with a certificate, its key and the roots.
    pub(crate) certificates: Option<&'a Path>,
    /// A folder with principal and secret.
    pub(crate) credentials: Option<&'a Path>,
}

/// Whom to ask about a job, and as whom.
pub(crate) fn settings(mesos: &Mesos, files: Files<'_>) -> Result<Settings, AddressError> {
    let certificates = mesos.certificates.clone().unwrap_or_default();
    let security = files.certificates.map_or(Security::Plain, |folder| {
        let file = |names: [&str; 2]| {
            let [ours, theirs] = names.map(|name| folder.join(name));
            if ours.exists() { ours } else { theirs }
        };
        Security::Tls(TlsSettings {
            identity: Some(IdentityFiles {
                certificate: file(["mesos.crt", "tls.crt"]),
                key: file(["mesos.key", "tls.key"]),
            }),
            authorities: Authorities { file: Some(file(["trustedroot.crt", "ca.crt"])), folder: None },
            verify: match certificates.verify {
                CertificateVerification::Full => Verify::Full,
                CertificateVerification::Chain => Verify::Chain,
                CertificateVerification::None => Verify::None,
            },
            server_name: certificates.server_name,
        })
    });
    let credential = files.credentials.map_or(CredentialSource::None, |folder| CredentialSource::Files {
        principal: folder.join("principal"),
        secret: folder.join("secret"),
    });
    Ok(Settings { masters: mesos.master.as_deref().unwrap_or_default().parse()?, security, credential })
}

/// Follows the frameworks of one attempt, for as long as somebody listens. What cannot be asked is not told anew.
pub(crate) fn follow(settings: Settings, whose: Whose, need: Need) -> Receiver<OnMesos> {
    let (sender, receiver) = channel(OnMesos::default());
    tokio::spawn(async move {
        let mut operator = Operator::new(settings);
        while !sender.is_closed() {
            if let Ok(sight) = look(&mut operator, &whose, &need).await {
                sender.send_if_modified(|last| {
                    // That somebody has looked once more is no news.
                    last.looked = sight.looked;
                    let is_news = *last != sight;
                    *last = sight;
                    is_news
                });
            }
            tokio::time::sleep(PAUSE).await;
        }
    });
    receiver
}

async fn look(operator: &mut Operator, whose: &Whose, need: &Need) -> Result<OnMesos, Error> {
    let looked = Some(Timestamp::now());
    let frameworks = operator.frameworks().await?;
    let tasks = operator.tasks().await?;
    let mut sight = OnMesos { looked, ..sight::of(&frameworks, &tasks, whose) };
    let youngest = sight::youngest(&frameworks, whose);
    if youngest.is_some() && sight.wait.is_none() {
        let agents = if sight.executors.running == 0 { Some(operator.agents().await?) } else { None };
        sight.wait = need.why(&sight, youngest, agents.as_deref(), Timestamp::now());
    }
    Ok(sight)
}
