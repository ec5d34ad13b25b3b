//! What the agent puts beside Jupyter's own configuration: an extension that has the last word on who gets in.

use std::fs;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::ask::QUESTION;
use super::token::Token;
use crate::configuration::{ConfigurationError, write_private};
use crate::plan;

const EXTENSION: &str = include_str!("lcmap_spark_guard.py");
const CONFIGURATION: &str = include_str!("jupyter_config.py");
/// The same of servers that know no such extension.
const OLDER: &str = include_str!("jupyter_notebook_config.py");
/// How an extension is enabled (<https://jupyter-server.readthedocs.io/en/latest/developers/extensions.html>).
const ENABLED: &str = r#"{"ServerApp": {"jpserver_extensions": {"lcmap_spark_guard": true}}}"#;

/// The content of `settings.json`, which the extension reads.
#[derive(Serialize)]
struct GuardSettings<'a> {
    token: &'a str,
    ip: &'a str,
    port: u16,
    question: &'a str,
}

/// The folders of one notebook server that nobody else can read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Folders {
    /// Comes first in `JUPYTER_CONFIG_PATH`.
    pub configuration: PathBuf,
    /// `JUPYTER_RUNTIME_DIR`: where Jupyter writes where it listens, and the keys of its kernels.
    pub runtime: PathBuf,
}

impl Folders {
    /// Writes the extension and its settings.
    pub(crate) fn make(
        notebook: &plan::Notebook,
        token: &Token,
        private: &Path,
    ) -> Result<Self, ConfigurationError> {
        let folders =
            Self { configuration: private.join("jupyter"), runtime: private.join("jupyter-runtime") };
        let enabled = folders.configuration.join("jupyter_server_config.d");
        for folder in [&enabled, &folders.runtime] {
            fs::create_dir_all(folder)
                .map_err(|source| ConfigurationError::Unwritable { path: folder.clone(), source })?;
        }
        let settings =
            GuardSettings { token: &token.text, ip: &notebook.ip, port: notebook.port, question: QUESTION };
        let file = |name: &str| folders.configuration.join(name);
        let settings = serde_json::to_vec(&settings).map_err(|error| ConfigurationError::Unwritable {
            path: file("settings.json"),
            source: error.into(),
        })?;
        write_private(&file("settings.json"), &settings)?;
        write_private(&file("lcmap_spark_guard.py"), EXTENSION.as_bytes())?;
        write_private(&file("jupyter_config.py"), CONFIGURATION.as_bytes())?;
        write_private(&file("jupyter_notebook_config.py"), OLDER.as_bytes())?;
        write_private(&enabled.join("lcmap_spark_guard.json"), ENABLED.as_bytes())?;
        Ok(folders)
    }

    /// Why the extension does not let the server be, if it does not.
    pub(crate) fn refusal(&self) -> Option<String> {
        fs::read_to_string(self.configuration.join("refused")).ok()
    }

    /// Whether the extension has seen to it that the token alone opens the server.
    pub(crate) fn is_guarded(&self) -> bool {
        self.configuration.join("guarded").exists()
    }
}
