//! `NAME=DIR`: folders of this machine that stand for what a cluster would have.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// One `NAME=DIR` from the command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Binding {
    name: String,
    folder: PathBuf,
}

/// Why a `NAME=DIR` cannot be used.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BindingError {
    /// It is not of that form.
    #[error("is not of the form NAME=DIR")]
    Form,
    /// The folder is not there.
    #[error("{} is not a folder on this machine", .0.display())]
    NoFolder(PathBuf),
}

impl FromStr for Binding {
    type Err = BindingError;

    fn from_str(text: &str) -> Result<Self, BindingError> {
        let (name, folder) = text.split_once('=').ok_or(BindingError::Form)?;
        if name.is_empty() || folder.is_empty() {
            return Err(BindingError::Form);
        }
        let folder = Path::new(folder).canonicalize().map_err(|_| BindingError::NoFolder(folder.into()))?;
        if !folder.is_dir() {
            return Err(BindingError::NoFolder(folder));
        }
        Ok(Self { name: name.to_owned(), folder })
    }
}

/// The folders that stand for Secrets, or for ConfigMaps, by name. The last of a name wins.
pub(crate) fn by_name(bindings: &[Binding]) -> BTreeMap<String, PathBuf> {
    bindings.iter().map(|b| (b.name.clone(), b.folder.clone())).collect()
}

/// Folders of this machine that stand for folders of the image (`--map /home/lcmap=DIR`).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Maps(Vec<(PathBuf, PathBuf)>);

impl Maps {
    /// Takes the bindings whose names are paths of the image.
    pub(crate) fn new(bindings: &[Binding]) -> Self {
        Self(bindings.iter().map(|b| (PathBuf::from(&b.name), b.folder.clone())).collect())
    }

    /// The path here that stands for a path of the image, by the longest prefix.
    pub(crate) fn here(&self, path: &Path) -> Option<PathBuf> {
        let (prefix, folder) = self
            .0
            .iter()
            .filter(|(prefix, _)| path.starts_with(prefix))
            .max_by_key(|(p, _)| p.components().count())?;
        let rest = path.strip_prefix(prefix).ok()?;
        Some(if rest.as_os_str().is_empty() { folder.clone() } else { folder.join(rest) })
    }

    /// Each folder of the image, and the folder here that stands for it.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&Path, &Path)> {
        self.0.iter().map(|(prefix, folder)| (prefix.as_path(), folder.as_path()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_binding_is_a_name_and_a_folder_that_is_there() {
        let folder = tempfile::tempdir().unwrap();
        let text = format!("db={}", folder.path().display());
        assert_eq!(text.parse::<Binding>().unwrap().name, "db");
        assert_eq!("db".parse::<Binding>(), Err(BindingError::Form));
        assert_eq!("=x".parse::<Binding>(), Err(BindingError::Form));
        assert_eq!("db=/none/such".parse::<Binding>(), Err(BindingError::NoFolder("/none/such".into())));
    }

    #[test]
    fn the_longest_prefix_of_whole_names_maps() {
        let maps = Maps(vec![("/home".into(), "/a".into()), ("/home/lcmap".into(), "/b".into())]);
        assert_eq!(maps.here(Path::new("/home/lcmap/jobs/pi.py")), Some("/b/jobs/pi.py".into()));
        assert_eq!(maps.here(Path::new("/home/lcmapper")), Some("/a/lcmapper".into()));
        assert_eq!(maps.here(Path::new("/home/lcmap")), Some("/b".into()));
        assert_eq!(maps.here(Path::new("/opt")), None);
    }
}
