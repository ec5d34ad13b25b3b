//! A principal and its secret, sent as HTTP Basic.

use std::{
    fmt, fs, io,
    path::{Path, PathBuf},
};

use base64::{Engine, prelude::BASE64_STANDARD};

/// A principal and its secret.
#[derive(Clone, PartialEq, Eq)]
pub struct Credential {
    /// The name that Mesos knows.
    pub principal: String,
    secret: String,
}

impl Credential {
    /// This principal, with this secret.
    pub fn new(principal: impl Into<String>, secret: impl Into<String>) -> Self {
        Self { principal: principal.into(), secret: secret.into() }
    }

    pub(crate) fn authorization(&self) -> String {
        format!("Basic {}", BASE64_STANDARD.encode(format!("{}:{}", self.principal, self.secret)))
    }
}

/// Without the secret.
impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Credential({})", self.principal)
    }
}

/// Where a credential comes from. It is read at each connection, so that rotation needs no restart.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum CredentialSource {
    /// No credential: the master takes everyone.
    #[default]
    None,
    /// This one.
    Given(Credential),
    /// Principal and secret in a file each, as a Kubernetes Secret is mounted; one trailing newline is dropped.
    Files {
        /// The file with the principal.
        principal: PathBuf,
        /// The file with the secret.
        secret: PathBuf,
    },
}

impl CredentialSource {
    /// The credential as it is now.
    pub fn read(&self) -> Result<Option<Credential>, CredentialError> {
        match self {
            Self::None => Ok(None),
            Self::Given(credential) => Ok(Some(credential.clone())),
            Self::Files { principal, secret } => {
                Ok(Some(Credential { principal: read_line(principal)?, secret: read_line(secret)? }))
            }
        }
    }
}

/// A credential that cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum CredentialError {
    /// A file that cannot be read.
    #[error(
        "the credential file {path} cannot be read: {source}. Check that the Secret holds it and that this user may read it"
    )]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file with nothing in it.
    #[error("the credential file {0} is empty: write the principal, or its secret, into it")]
    Empty(PathBuf),
}

fn read_line(path: &Path) -> Result<String, CredentialError> {
    let read = |source| CredentialError::Read { path: path.to_owned(), source };
    let text = fs::read_to_string(path).map_err(read)?;
    let line = text.strip_suffix('\n').map_or(text.as_str(), |line| line.strip_suffix('\r').unwrap_or(line));
    if line.is_empty() { Err(CredentialError::Empty(path.to_owned())) } else { Ok(line.to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn basic_authorization_is_what_the_rfc_says() {
        // The example of RFC 7617, section 2.
        let credential = Credential::new("Aladdin", "open sesame");
        assert_eq!(credential.authorization(), "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
    }

    #[test]
    fn a_secret_is_never_printed() {
        assert_eq!(format!("{:?}", Credential::new("spark", "hidden")), "Credential(spark)");
    }

    #[test]
    fn one_trailing_newline_is_dropped_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        for (held, read_as) in [("s", "s"), ("s\n", "s"), ("s\r\n", "s"), (" s \n\n", " s \n")] {
            fs::write(&path, held).unwrap();
            assert_eq!(read_line(&path).unwrap(), read_as);
        }
        fs::write(&path, "\n").unwrap();
        assert!(matches!(read_line(&path), Err(CredentialError::Empty(_))));
    }
}
