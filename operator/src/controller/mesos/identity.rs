//! The identity that the operator shows to a job's Mesos.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::Secret;
use kube::{Api, Client};
use lcmap_mesos::{AddressError, Settings};
use lcmap_spark_crd::Reason;
use lcmap_spark_crd::spec::{Certificates, Mesos};
use lcmap_spark_crd::status::MesosIdentity;
use tempfile::TempDir;

use super::identities::{Configured, Identities};
use crate::controller::writer::limited;
use crate::core::{Obstacle, Remedy};
use crate::mesos::{Files, settings};

/// Whether a key of a Secret is wanted.
type IsWanted = fn(&str) -> bool;

/// The keys of a Secret with principal and secret.
const CREDENTIALS: IsWanted = |key| ["principal", "secret"].contains(&key);
/// The keys of a Secret with certificates.
const CERTIFICATES: IsWanted = lcmap_spark_agent::certificates::is_known;

/// A Mesos, and the identity that the operator shows to it. One observer serves all jobs with the same target.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Target {
    pub(super) master: String,
    pub(super) identity: Identity,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Identity {
    /// The operator's own for this master.
    Own,
    /// Nobody: neither the job nor the operator has anything to show.
    Anonymous,
    /// A job's: the Secrets that it names, in its namespace.
    Jobs { namespace: String, secrets: MesosIdentity },
}

/// Whether the operator may read the Secrets that jobs name, to ask masters for which it has no identity of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum JobSecrets {
    /// It may not, and has no right to.
    Untouched,
    /// It may: the chart gives it the right to get them.
    Read,
}

/// The target for jobs that have this identity of their own on a Mesos.
pub(super) fn target(
    master: &str,
    (namespace, secrets): (&str, &MesosIdentity),
    identities: &Identities,
    job_secrets: JobSecrets,
) -> Result<Target, Obstacle> {
    let identity = if identities.of(master).is_some() {
        Identity::Own
    } else if secrets.certificates_secret_name.is_none() && secrets.credentials_secret_name.is_none() {
        Identity::Anonymous
    } else if job_secrets == JobSecrets::Read {
        Identity::Jobs { namespace: namespace.to_owned(), secrets: secrets.clone() }
    } else {
        let message = format!(
            "the operator has no identity of its own for {master}, and may not read this job's Secrets: the chart's \
             mesos.identities gives it one, mesos.readJobSecrets lets it use the job's"
        );
        let reason = Reason::MasterUnconfigured;
        return Err(Obstacle { reason, message, remedy: Remedy::Mend, until: None });
    };
    Ok(Target { master: master.to_owned(), identity })
}

/// Why a Mesos cannot be asked.
#[derive(Debug, thiserror::Error)]
pub(super) enum IdentityError {
    /// The master's address cannot be read.
    #[error("mesos.master: {0}")]
    Address(#[from] AddressError),
    /// A Secret cannot be read.
    #[error("the Secret {namespace}/{name} cannot be read: {source}")]
    Secret { namespace: String, name: String, source: Box<kube::Error> },
    /// A Secret cannot be kept for the time of the connection.
    #[error("a Secret's files cannot be written: {0}; give the operator a folder in memory as TMPDIR")]
    Files(#[from] std::io::Error),
}

impl IdentityError {
    /// Whether a Secret is not there any more.
    pub(super) fn is_gone(&self) -> bool {
        let Self::Secret { source, .. } = self else { return false };
        matches!(&**source, kube::Error::Api(status) if status.code == 404)
    }

    /// Whether the API server could not be asked: what was read before is as good as it was.
    pub(super) fn passes(&self) -> bool {
        let Self::Secret { source, .. } = self else { return false };
        match &**source {
            kube::Error::Api(status) => status.code == 429 || status.code >= 500,
            _ => true,
        }
    }
}

/// Settings for requests to a Mesos. The files that they name live as long.
pub(super) struct Access {
    pub(super) settings: Settings,
    _files: Option<TempDir>,
}

/// Prepares the access to a target. A job's Secrets are read anew each time.
pub(super) async fn access(
    target: &Target,
    identities: &Identities,
    client: &Client,
) -> Result<Access, IdentityError> {
    match (&target.identity, identities.of(&target.master)) {
        (Identity::Jobs { namespace, secrets }, _) => {
            let folder = TempDir::new()?;
            let files = [
                ("credentials", &secrets.credentials_secret_name, CREDENTIALS),
                ("certificates", &secrets.certificates_secret_name, CERTIFICATES),
            ];
            let mut paths = BTreeMap::new();
            for (place, name, is_wanted) in files {
                let Some(name) = name else { continue };
                let path = folder.path().join(place);
                write(&path, secret(client, namespace, name).await?, is_wanted)?;
                paths.insert(place, path);
            }
            let path = |place| paths.get(place).map(std::path::PathBuf::as_path);
            let files = Files { certificates: path("certificates"), credentials: path("credentials") };
            Ok(Access {
                settings: settings(&jobs_mesos(&target.master, secrets), files)?,
                _files: Some(folder),
            })
        }
        (Identity::Own, Some(own)) => Ok(Access { settings: own_settings(own)?, _files: None }),
        _ => {
            let mesos = Mesos { master: Some(target.master.clone()), ..Mesos::default() };
            Ok(Access { settings: settings(&mesos, Files::default())?, _files: None })
        }
    }
}

/// A Mesos as a job's fields name it.
fn jobs_mesos(master: &str, secrets: &MesosIdentity) -> Mesos {
    let certificates = Certificates {
        secret_name: secrets.certificates_secret_name.clone(),
        verify: secrets.verify,
        server_name: secrets.server_name.clone(),
    };
    Mesos { master: Some(master.to_owned()), certificates: Some(certificates), ..Mesos::default() }
}

fn own_settings(own: &Configured) -> Result<Settings, AddressError> {
    let files = Files { certificates: own.certificates.as_deref(), credentials: own.credentials.as_deref() };
    settings(&own.as_mesos(), files)
}

async fn secret(client: &Client, namespace: &str, name: &str) -> Result<Secret, IdentityError> {
    let secrets = Api::<Secret>::namespaced(client.clone(), namespace);
    limited(secrets.get(name)).await.map_err(|source| IdentityError::Secret {
        namespace: namespace.to_owned(),
        name: name.to_owned(),
        source: Box::new(source),
    })
}

/// Keeps of a Secret what is used: what else is in it is nobody's to copy.
fn write(folder: &std::path::Path, secret: Secret, is_wanted: IsWanted) -> Result<(), std::io::Error> {
    std::fs::create_dir_all(folder)?;
    let data = secret.data.unwrap_or_default();
    for (key, value) in data.iter().filter(|(key, _)| is_wanted(key)) {
        std::fs::write(folder.join(key), &value.0)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use k8s_openapi::ByteString;
    use lcmap_spark_crd::spec::CertificateVerification;

    use super::*;

    fn secrets() -> MesosIdentity {
        MesosIdentity { credentials_secret_name: Some("mesos".into()), ..MesosIdentity::default() }
    }

    #[test]
    fn whoever_differs_in_what_is_verified_is_asked_by_another_observer() {
        let other = MesosIdentity { server_name: Some("m".into()), ..secrets() };
        let lax = MesosIdentity { verify: CertificateVerification::Chain, ..secrets() };
        let target = |secrets| {
            target("mesos://m:5050", ("ns", secrets), &Identities::default(), JobSecrets::Read).unwrap()
        };
        let (first, other, lax) = (target(&secrets()), target(&other), target(&lax));
        assert!(first != other && first != lax && other != lax);
        assert_eq!(jobs_mesos("m", &secrets()).credentials_secret_name, None);
        let Identity::Jobs { secrets, .. } = other.identity else { panic!("not the job's") };
        assert_eq!(jobs_mesos("m", &secrets).certificates.unwrap().server_name.as_deref(), Some("m"));
    }

    #[test]
    fn who_may_not_be_asked_about_is_told_what_gives_the_operator_an_identity() {
        let refused = |secrets: &MesosIdentity| {
            target("mesos://m:5050", ("ns", secrets), &Identities::default(), JobSecrets::Untouched).err()
        };
        assert_eq!(refused(&secrets()).unwrap().reason, Reason::MasterUnconfigured);
        assert_eq!(refused(&MesosIdentity::default()), None, "nobody is anybody's to ask as");
    }

    #[test]
    fn of_a_secret_only_what_is_used_is_kept() {
        let folder = TempDir::new().unwrap();
        let value = |text: &str| ByteString(text.as_bytes().to_vec());
        let data = [("principal", "p"), ("secret", "s"), ("database-password", "x"), ("tls.key", "k")];
        let data = data.map(|(key, text)| (key.to_owned(), value(text))).into();
        write(folder.path(), Secret { data: Some(data), ..Secret::default() }, CREDENTIALS).unwrap();
        let mut kept: Vec<_> =
            std::fs::read_dir(folder.path()).unwrap().map(|it| it.unwrap().file_name()).collect();
        kept.sort();
        assert_eq!(kept, ["principal", "secret"]);
    }

    #[test]
    fn a_secret_that_is_not_there_is_told_from_one_that_may_not_be_read() {
        for (code, is_gone) in [(404, true), (403, false)] {
            let status = kube::core::Status { code, ..kube::core::Status::default() };
            let source = Box::new(kube::Error::Api(Box::new(status)));
            let error = IdentityError::Secret { namespace: "ns".into(), name: "mesos".into(), source };
            assert_eq!(error.is_gone(), is_gone, "{code}");
        }
    }

    #[test]
    fn an_api_server_that_cannot_be_asked_takes_nothing_back() {
        let unread = |source| IdentityError::Secret {
            namespace: "ns".into(),
            name: "mesos".into(),
            source: Box::new(source),
        };
        for (code, passes) in [(403, false), (404, false), (429, true), (503, true)] {
            let status = kube::core::Status { code, ..kube::core::Status::default() };
            assert_eq!(unread(kube::Error::Api(Box::new(status))).passes(), passes, "{code}");
        }
        assert!(unread(kube::Error::Service("timed out".into())).passes());
    }
}
