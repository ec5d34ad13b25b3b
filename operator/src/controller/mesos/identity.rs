//! As whom the operator asks about a job's Mesos.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::Secret;
use kube::{Api, Client};
use lcmap_mesos::{AddressError, Settings};
use lcmap_spark_crd::spec::{Certificates, Mesos};
use lcmap_spark_crd::{Reason, SparkJob};
use tempfile::TempDir;

use super::identities::{Configured, Identities};
use crate::controller::writer::limited;
use crate::core::{Obstacle, Remedy};
use crate::mesos::{Files, settings};

/// A Mesos, and as whom it is asked. Who has the same is served by the same observer.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Whom {
    pub(super) master: String,
    pub(super) identity: Identity,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Identity {
    /// The operator's own for this master.
    Own,
    /// Nobody: neither the job nor the operator has anything to show.
    Anonymous,
    /// The job's: the Secrets that it names, in its namespace.
    Jobs { namespace: String, credentials: Option<String>, certificates: Option<String> },
}

/// Whether the operator may read the Secrets that jobs name, to ask masters for which it has no identity of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum JobSecrets {
    /// It may not, and has no right to.
    Untouched,
    /// It may: the chart gives it the right to get them.
    Read,
}

/// Whom to ask about a job, whose missing fields are filled in.
pub(super) fn whom(
    job: &SparkJob,
    master: &str,
    identities: &Identities,
    secrets: JobSecrets,
) -> Result<Whom, Obstacle> {
    let mesos = &job.spec.mesos;
    let certificates = mesos.certificates.as_ref().and_then(|certificates| certificates.secret_name.clone());
    let identity = if identities.of(master).is_some() {
        Identity::Own
    } else if certificates.is_none() && mesos.credentials_secret_name.is_none() {
        Identity::Anonymous
    } else if secrets == JobSecrets::Read {
        Identity::Jobs {
            namespace: job.metadata.namespace.clone().unwrap_or_default(),
            credentials: mesos.credentials_secret_name.clone(),
            certificates,
        }
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

/// What it takes to ask, and the folder that lives as long.
pub(super) struct Means {
    pub(super) settings: Settings,
    _files: Option<TempDir>,
}

/// Gets hold of what it takes to ask. A job's Secrets are read anew each time this is done.
pub(super) async fn means(
    whom: &Whom,
    identities: &Identities,
    verification: &Certificates,
    client: &Client,
) -> Result<Means, IdentityError> {
    let mesos = Mesos {
        master: Some(whom.master.clone()),
        certificates: Some(verification.clone()),
        ..Mesos::default()
    };
    match (&whom.identity, identities.of(&whom.master)) {
        (Identity::Jobs { namespace, credentials, certificates }, _) => {
            let folder = TempDir::new()?;
            let files = [("credentials", credentials), ("certificates", certificates)];
            let mut paths = BTreeMap::new();
            for (place, name) in files.into_iter().filter_map(|(place, name)| Some((place, name.as_ref()?))) {
                let path = folder.path().join(place);
                write(&path, secret(client, namespace, name).await?)?;
                paths.insert(place, path);
            }
            let path = |place| paths.get(place).map(std::path::PathBuf::as_path);
            let files = Files { certificates: path("certificates"), credentials: path("credentials") };
            Ok(Means { settings: settings(&mesos, files)?, _files: Some(folder) })
        }
        (Identity::Own, Some(own)) => Ok(Means { settings: own_settings(own)?, _files: None }),
        _ => Ok(Means { settings: settings(&mesos, Files::default())?, _files: None }),
    }
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

fn write(folder: &std::path::Path, secret: Secret) -> Result<(), std::io::Error> {
    std::fs::create_dir_all(folder)?;
    for (key, value) in secret.data.unwrap_or_default() {
        std::fs::write(folder.join(key), value.0)?;
    }
    Ok(())
}
