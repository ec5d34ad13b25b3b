//! The operator's own identities: one for each Mesos that it is configured for, and for no other.

use std::path::{Path, PathBuf};

use lcmap_spark_crd::spec::{Certificates, Mesos};
use serde::Deserialize;

use crate::controller::error::OperatorError;

/// The operator's own identity on one Mesos, as the chart writes it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Configured {
    /// The masters, as jobs name them.
    pub(crate) master: String,
    /// A folder with principal and secret.
    #[serde(default)]
    pub(crate) credentials: Option<PathBuf>,
    /// A folder with a certificate, its key and the roots.
    #[serde(default)]
    pub(crate) certificates: Option<PathBuf>,
    /// How the masters' certificates are verified.
    #[serde(default)]
    pub(crate) verification: Certificates,
}

/// Every identity that the operator has.
#[derive(Debug, Clone, Default)]
pub(crate) struct Identities(Vec<Configured>);

impl Identities {
    /// Those of a file: a JSON list. No file: none.
    pub(crate) fn read(file: Option<&Path>) -> Result<Self, OperatorError> {
        let Some(file) = file else { return Ok(Self::default()) };
        let fault = |message: String| OperatorError::Setting {
            flag: "--mesos-identities",
            message: format!("{}: {message}", file.display()),
        };
        let text = std::fs::read(file).map_err(|error| fault(error.to_string()))?;
        let identities = serde_json::from_slice(&text).map_err(|error| fault(error.to_string()))?;
        Ok(Self(identities))
    }

    /// The one for a Mesos, if there is one: the operator's secrets go to the masters that it is configured for, and to no
    /// other.
    pub(crate) fn of(&self, master: &str) -> Option<&Configured> {
        self.0.iter().find(|identity| identity.master == master)
    }

    /// The folder of the certificate for each Mesos that has one.
    pub(crate) fn certificates(&self) -> impl Iterator<Item = (&str, &Path)> {
        self.0
            .iter()
            .filter_map(|identity| Some((identity.master.as_str(), identity.certificates.as_deref()?)))
    }

    /// The Mesos that it has identities for.
    pub(crate) fn masters(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|identity| identity.master.as_str())
    }
}

impl Configured {
    /// The same as a job's own fields say it.
    pub(super) fn as_mesos(&self) -> Mesos {
        Mesos {
            master: Some(self.master.clone()),
            certificates: Some(self.verification.clone()),
            ..Mesos::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identity_is_lent_to_its_own_masters_alone() {
        let list = r#"[{"master": "mesos://zk://z1:2181/mesos", "credentials": "/c", "verification": {"verify": "Chain"}}]"#;
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), list).unwrap();
        let identities = Identities::read(Some(file.path())).unwrap();
        assert!(identities.of("mesos://zk://z1:2181/mesos").is_some());
        assert!(identities.of("mesos://evil:5050").is_none());
        assert!(Identities::read(None).unwrap().of("mesos://zk://z1:2181/mesos").is_none());
    }

    #[test]
    fn a_file_that_cannot_be_read_is_named() {
        let error = Identities::read(Some(Path::new("/none/identities"))).unwrap_err().to_string();
        assert!(error.contains("--mesos-identities") && error.contains("/none/identities"), "{error}");
    }
}
