//! What the environment says: Mesos' own `LIBPROCESS_SSL_*`, and what this library adds to it.
//!
//! | variable | meaning |
//! |---|---|
//! | `LCMAP_MESOS_PRINCIPAL_FILE`, `LCMAP_MESOS_SECRET_FILE` | files with principal and secret, which beat what the program set |
//! | `LCMAP_MESOS_FRAMEWORK_ID` | the framework's id; further drivers of the state folder get `-2`, `-3` … behind it |
//! | `LCMAP_MESOS_LABELS` | labels of the framework, as JSON: `{"key": "value"}` |
//! | `LCMAP_MESOS_STATE_DIR` | the folder for state files |
//! | `LCMAP_MESOS_REGISTRATION_TIMEOUT` | seconds until a driver that is not registered gives up; none: it waits for ever |
//! | `LCMAP_MESOS_VERIFY`, `LCMAP_MESOS_SERVER_NAME` | see `lcmap_mesos::tls::from_environment` |

use std::{path::PathBuf, time::Duration};

use lcmap_mesos::{
    CredentialSource, Labels, decode_labels,
    tls::{self, EnvironmentError, Security},
};

/// The environment, read.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Environment {
    pub(crate) security: Security,
    /// Credentials that beat the program's.
    pub(crate) credential: Option<CredentialSource>,
    pub(crate) framework_id: Option<String>,
    pub(crate) labels: Labels,
    pub(crate) state_folder: Option<PathBuf>,
    pub(crate) registration_timeout: Option<Duration>,
}

/// A variable that cannot be understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Misunderstood {
    #[error(transparent)]
    Tls(#[from] EnvironmentError),
    #[error("{0} is not set: principal and secret files are set together or not at all")]
    HalfACredential(&'static str),
    #[error(r#"LCMAP_MESOS_LABELS is {0:?}: write JSON, {{"key": "value", "key": "value"}}"#)]
    Labels(String),
    #[error("LCMAP_MESOS_REGISTRATION_TIMEOUT is {0:?}: write a number of seconds above zero")]
    Timeout(String),
}

impl Environment {
    /// Reads it; `lookup` gives the value of a variable that is set.
    pub(crate) fn read(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, Misunderstood> {
        let set = |name: &str| lookup(name).filter(|value| !value.is_empty());
        let security = tls::from_environment(&lookup)?;
        let credential = match (set("LCMAP_MESOS_PRINCIPAL_FILE"), set("LCMAP_MESOS_SECRET_FILE")) {
            (None, None) => None,
            (Some(principal), Some(secret)) => {
                Some(CredentialSource::Files { principal: principal.into(), secret: secret.into() })
            }
            (Some(_), None) => return Err(Misunderstood::HalfACredential("LCMAP_MESOS_SECRET_FILE")),
            (None, Some(_)) => return Err(Misunderstood::HalfACredential("LCMAP_MESOS_PRINCIPAL_FILE")),
        };
        Ok(Self {
            security,
            credential,
            framework_id: set("LCMAP_MESOS_FRAMEWORK_ID"),
            labels: set("LCMAP_MESOS_LABELS")
                .map(|labels| read_labels(&labels))
                .transpose()?
                .unwrap_or_default(),
            state_folder: set("LCMAP_MESOS_STATE_DIR").map(PathBuf::from),
            registration_timeout: set("LCMAP_MESOS_REGISTRATION_TIMEOUT")
                .map(|text| read_timeout(&text))
                .transpose()?,
        })
    }
}

fn read_labels(text: &str) -> Result<Labels, Misunderstood> {
    decode_labels(text).ok_or_else(|| Misunderstood::Labels(text.to_owned()))
}

fn read_timeout(text: &str) -> Result<Duration, Misunderstood> {
    let seconds = text.trim().parse().ok().filter(|seconds| *seconds > 0);
    seconds.map(Duration::from_secs).ok_or_else(|| Misunderstood::Timeout(text.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(variables: &[(&str, &str)]) -> Result<Environment, Misunderstood> {
        let value =
            |name: &str| variables.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
        Environment::read(value)
    }

    #[test]
    fn an_empty_environment_asks_for_nothing() {
        let nothing = Environment {
            security: Security::Plain,
            credential: None,
            framework_id: None,
            labels: Labels::new(),
            state_folder: None,
            registration_timeout: None,
        };
        assert_eq!(read(&[]), Ok(nothing));
    }

    #[test]
    fn what_is_set_is_read() {
        let read = read(&[
            ("LCMAP_MESOS_PRINCIPAL_FILE", "/p"),
            ("LCMAP_MESOS_SECRET_FILE", "/s"),
            ("LCMAP_MESOS_LABELS", r#"{"lcmap.usgs.gov/job": "a,b", "b": "c=d"}"#),
            ("LCMAP_MESOS_REGISTRATION_TIMEOUT", "120"),
        ])
        .unwrap();
        assert_eq!(
            read.credential,
            Some(CredentialSource::Files { principal: "/p".into(), secret: "/s".into() })
        );
        let label = |key: &str, value: &str| (key.to_owned(), value.to_owned());
        assert_eq!(read.labels, [label("lcmap.usgs.gov/job", "a,b"), label("b", "c=d")].into());
        assert_eq!(read.registration_timeout, Some(Duration::from_secs(120)));
    }

    #[test]
    fn what_cannot_be_understood_is_named() {
        for (name, value) in [
            ("LCMAP_MESOS_SECRET_FILE", "/s"),
            ("LCMAP_MESOS_LABELS", "a=b"),
            ("LCMAP_MESOS_LABELS", r#"{"a": 1}"#),
            ("LCMAP_MESOS_REGISTRATION_TIMEOUT", "2m"),
            ("LCMAP_MESOS_REGISTRATION_TIMEOUT", "0"),
            ("LIBPROCESS_SSL_ENABLED", "maybe"),
        ] {
            let says = read(&[(name, value)]).unwrap_err().to_string();
            assert!(says.contains(name) || says.contains("LCMAP_MESOS_PRINCIPAL_FILE"), "{says}");
        }
    }
}
