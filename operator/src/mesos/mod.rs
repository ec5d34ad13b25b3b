//! Mesos from outside the driver: a job's frameworks and executors, by the operator API.

pub(crate) mod attempt;
mod defaults;
mod executors;
pub(crate) mod offers;
mod ports;
mod room;
mod wait;

use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;
use lcmap_mesos::operator::Operator;
use lcmap_mesos::tls::{Authorities, IdentityFiles, Security, TlsSettings, Verify};
use lcmap_mesos::{AddressError, CredentialSource, Error, Settings};
use lcmap_spark_agent::certificates;
use lcmap_spark_crd::spec::{CertificateVerification, Mesos};
use tokio::sync::watch::{Receiver, Sender, channel};

use crate::core::OnMesos;
use crate::supervise::supervised;
pub(crate) use attempt::AttemptId;
pub(crate) use defaults::DefaultsArgs;
pub(crate) use wait::Need;

/// How often Mesos is asked while something is waited for.
const EAGER: Duration = Duration::from_secs(2);

/// How often while executors run: each look asks a master for all that it has.
const CALM: Duration = Duration::from_secs(10);

/// How seldom at most while Mesos does not answer.
const LONGEST: Duration = Duration::from_secs(15);

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
    let wanted = mesos.certificates.clone().unwrap_or_default();
    let security = files.certificates.map_or(Security::Plain, |folder| {
        let files = certificates::files(folder);
        Security::Tls(TlsSettings {
            identity: Some(IdentityFiles { certificate: files.certificate, key: files.key }),
            authorities: Authorities { file: Some(files.roots), folder: None },
            verify: match wanted.verify {
                CertificateVerification::Full => Verify::Full,
                CertificateVerification::Chain => Verify::Chain,
                CertificateVerification::None => Verify::None,
            },
            server_name: wanted.server_name,
        })
    });
    let credential = files.credentials.map_or(CredentialSource::None, |folder| CredentialSource::Files {
        principal: folder.join("principal"),
        secret: folder.join("secret"),
    });
    Ok(Settings { masters: mesos.master.as_deref().unwrap_or_default().parse()?, security, credential })
}

/// Follows the frameworks of one attempt, for as long as somebody listens. What cannot be asked is not told anew.
pub(crate) fn follow(settings: Settings, attempt: AttemptId, need: Need) -> Receiver<OnMesos> {
    let (sender, receiver) = channel(OnMesos::default());
    tokio::spawn(async move { supervised(|| look_on(&settings, (&attempt, &need), &sender), || ()).await });
    receiver
}

async fn look_on(settings: &Settings, (attempt, need): (&AttemptId, &Need), sender: &Sender<OnMesos>) {
    let mut operator = Operator::new(settings.clone());
    let mut pause = EAGER;
    while !sender.is_closed() {
        let mesos = look(&mut operator, attempt, need).await.ok().flatten();
        pause = next_pause(pause, mesos.as_ref());
        if let Some(mesos) = mesos {
            sender.send_if_modified(|last| {
                // The time of a look is left out: it alone changes nothing.
                last.looked = mesos.looked;
                let is_news = *last != mesos;
                *last = mesos;
                is_news
            });
        }
        tokio::time::sleep(pause).await;
    }
}

/// How long until the next look, by what the last one came to.
fn next_pause(last: Duration, mesos: Option<&OnMesos>) -> Duration {
    match mesos {
        None => (last * 2).min(LONGEST),
        Some(mesos) if mesos.executors.running > 0 => CALM,
        Some(_) => EAGER,
    }
}

/// One look. None: another master has come to lead meanwhile, which may not have heard of what the one before told.
async fn look(operator: &mut Operator, attempt: &AttemptId, need: &Need) -> Result<Option<OnMesos>, Error> {
    let looked = Some(Timestamp::now());
    let frameworks = operator.frameworks().await?;
    let leader = operator.answered_by().cloned();
    let tasks = operator.tasks().await?;
    if operator.answered_by() != leader.as_ref() {
        return Ok(None);
    }
    let mut mesos = OnMesos { looked, ..attempt::on_mesos(&frameworks, &tasks, attempt) };
    let youngest = attempt::youngest(&frameworks, attempt);
    if youngest.is_some() && mesos.wait.is_none() {
        let agents = if mesos.executors.running == 0 { Some(operator.agents().await?) } else { None };
        mesos.wait = need.why(&mesos, youngest, agents.as_deref(), Timestamp::now());
    }
    Ok(Some(mesos))
}

#[cfg(test)]
mod tests {
    use lcmap_spark_crd::status::Executors;

    use super::*;

    #[test]
    fn mesos_is_asked_seldom_once_executors_run_and_ever_more_seldom_while_it_does_not_answer() {
        let runs = |running| {
            let executors = Executors { running, ..Executors::default() };
            Some(OnMesos { executors, ..OnMesos::default() })
        };
        let mut pause = EAGER;
        for (mesos, seconds) in
            [(runs(0), 2), (None, 4), (None, 8), (None, 15), (None, 15), (runs(1), 10), (runs(0), 2)]
        {
            pause = next_pause(pause, mesos.as_ref());
            assert_eq!(pause.as_secs(), seconds);
        }
    }

    #[test]
    fn certificates_are_those_of_one_set_of_names() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["mesos.crt", "tls.crt", "tls.key", "ca.crt"] {
            std::fs::write(folder.path().join(name), "").unwrap();
        }
        let mesos = Mesos { master: Some("mesos://m:5050".to_owned()), ..Mesos::default() };
        let files = Files { certificates: Some(folder.path()), credentials: None };
        let Security::Tls(tls) = settings(&mesos, files).unwrap().security else { panic!("TLS") };
        let identity = tls.identity.unwrap();
        assert_eq!(identity.certificate, folder.path().join("tls.crt"), "mesos.crt has no key beside it");
        assert_eq!(identity.key, folder.path().join("tls.key"));
    }
}
