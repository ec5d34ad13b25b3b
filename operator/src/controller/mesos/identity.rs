//! As whom the operator asks about a job's Mesos.

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

/// The keys of a Secret with principal and secret.
const CREDENTIALS: &[&str] = &["principal", "secret"];
/// The keys of a Secret with certificates, by either naming.
const CERTIFICATES: &[&str] = &["mesos.crt", "mesos.key", "trustedroot.crt", "tls.crt", "tls.key", "ca.crt"];

/// A Mesos, and as whom it is asked. Who has the same is served by the same observer.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Whom {
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

/// Whom to ask about jobs that have this identity of their own on a Mesos.
pub(super) fn whom(
    master: &str,
    (namespace, secrets): (&str, &MesosIdentity),
    identities: &Identities,
    job_secrets: JobSecrets,
) -> Result<Whom, Obstacle> {
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
    Ok(Whom { master: master.to_owned(), identity })
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
}

/// What it takes to ask, and the folder that lives as long.
pub(super) struct Means {
    pub(super) settings: Settings,
    _files: Option<TempDir>,
}

/// Gets hold of what it takes to ask. A job's Secrets are read anew each time this is done.
pub(super) async fn means(
    whom: &Whom,
    identities: &Identities,
    client: &Client,
) -> Result<Means, IdentityError> {
    match (&whom.identity, identities.of(&whom.master)) {
        (Identity::Jobs { namespace, secrets }, _) => {
            let folder = TempDir::new()?;
            let files = [
                ("credentials", &secrets.credentials_secret_name, CREDENTIALS),
                ("certificates", &secrets.certificates_secret_name, CERTIFICATES),
            ];
            let mut paths = BTreeMap::new();
            for (place, name, keys) in files {
                let Some(name) = name else { continue };
                let path = folder.path().join(place);
                write(&path, secret(client, namespace, name).await?, keys)?;
                paths.insert(place, path);
            }
            let path = |place| paths.get(place).map(std::path::PathBuf::as_path);
            let files = Files { certificates: path("certificates"), credentials: path("credentials") };
            Ok(Means { settings: settings(&jobs_mesos(&whom.master, secrets), files)?, _files: Some(folder) })
        }
        (Identity::Own, Some(own)) => Ok(Means { settings: own_settings(own)?, _files: None }),
        _ => {
            let mesos = Mesos { master: Some(whom.master.clone()), ..Mesos::default() };
            Ok(Means { settings: settings(&mesos, Files::default())?, _files: None })
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
fn write(folder: &std::path::Path, secret: Secret, keys: &[&str]) -> Result<(), std::io::Error> {
    std::fs::create_dir_all(folder)?;
    let data = secret.data.unwrap_or_default();
    for (key, value) in data.iter().filter(|(key, _)| keys.contains(&key.as_str())) {
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
        let whom = |secrets| {
            whom("mesos://m:5050", ("ns", secrets), &Identities::default(), JobSecrets::Read).unwrap()
        };
        let (first, other, lax) = (whom(&secrets()), whom(&other), whom(&lax));
        assert!(first != other && first != lax && other != lax);
        assert_eq!(jobs_mesos("m", &secrets()).credentials_secret_name, None);
        let Identity::Jobs { secrets, .. } = other.identity else { panic!("not the job's") };
        assert_eq!(jobs_mesos("m", &secrets).certificates.unwrap().server_name.as_deref(), Some("m"));
    }

    #[test]
    fn who_may_not_be_asked_about_is_told_what_gives_the_operator_an_identity() {
        let refused = |secrets: &MesosIdentity| {
            whom("mesos://m:5050", ("ns", secrets), &Identities::default(), JobSecrets::Untouched).err()
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
}
