//! The folders of this machine that stand for Secrets, ConfigMaps and folders of the image.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use lcmap_spark_agent::plan::EnvValue;

use super::binding::Maps;

/// What the command line has bound.
#[derive(Debug, Clone, Default)]
pub(crate) struct Folders {
    /// By the name of the Secret.
    pub(crate) secrets: BTreeMap<String, PathBuf>,
    /// By the name of the ConfigMap.
    pub(crate) config_maps: BTreeMap<String, PathBuf>,
    /// By the folder of the image.
    pub(crate) maps: Maps,
}

impl Folders {
    /// The folder of a Secret.
    pub(crate) fn secret(&self, name: &str) -> Result<&Path, String> {
        bound(&self.secrets, name).ok_or_else(|| no_secret(name))
    }

    /// The folder of a ConfigMap.
    pub(crate) fn config_map(&self, name: &str) -> Result<&Path, String> {
        bound(&self.config_maps, name).ok_or_else(|| no_config_map(name))
    }

    /// A key of a Secret, as the file that stands for it.
    pub(crate) fn secret_key(&self, name: &str, key: &str) -> Result<EnvValue, String> {
        self.secret(name).and_then(|folder| file(folder, key))
    }

    /// A key of a ConfigMap, as the file that stands for it.
    pub(crate) fn config_map_key(&self, name: &str, key: &str) -> Result<EnvValue, String> {
        self.config_map(name).and_then(|folder| file(folder, key))
    }
}

/// What to do about a Secret that nothing stands for.
pub(crate) fn no_secret(name: &str) -> String {
    format!(
        "nothing stands for the Secret {name} here; name a folder with its keys as files: `--secret {name}=DIR`"
    )
}

/// What to do about a ConfigMap that nothing stands for.
pub(crate) fn no_config_map(name: &str) -> String {
    format!(
        "nothing stands for the ConfigMap {name} here; name a folder with its keys as files: `--config-map {name}=DIR`"
    )
}

fn bound<'a>(folders: &'a BTreeMap<String, PathBuf>, name: &str) -> Option<&'a Path> {
    folders.get(name).map(PathBuf::as_path)
}

fn file(folder: &Path, key: &str) -> Result<EnvValue, String> {
    let file = folder.join(key);
    if file.is_file() {
        Ok(EnvValue::File(file))
    } else {
        Err(format!("there is no file {}", file.display()))
    }
}
