//! Manifests as people keep them: files of YAML documents, read the way `kubectl apply -f` reads them.
//!
//! A fault in one document names its file, document and line, and never hides the others.

mod split;
mod yaml;

use std::fmt;
use std::io::Read;
use std::path::{Path, PathBuf};

use serde_json::Value;

pub use yaml::Lines;

/// The largest manifest file that is read, in bytes. The API server refuses requests over 3 MiB.
const MAX_BYTES: u64 = 3 * 1024 * 1024;

/// Where manifests come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// Standard input, typed as `-`.
    Stdin,
    /// A file.
    File(PathBuf),
}

impl Source {
    /// The folder that relative paths in the manifest are resolved against first; none for standard input.
    pub fn folder(&self) -> Option<&Path> {
        match self {
            Self::Stdin => None,
            Self::File(path) => {
                path.parent().map(|p| if p.as_os_str().is_empty() { Path::new(".") } else { p })
            }
        }
    }
}

impl From<&Path> for Source {
    fn from(path: &Path) -> Self {
        if path == Path::new("-") { Self::Stdin } else { Self::File(path.to_owned()) }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stdin => f.write_str("standard input"),
            Self::File(path) => path.display().fmt(f),
        }
    }
}

/// Which document of which file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// The file.
    pub source: Source,
    /// The document's ordinal in the file, from 1; empty documents are not counted.
    pub document: usize,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.document {
            1 => self.source.fmt(f),
            n => write!(f, "{}, document {n}", self.source),
        }
    }
}

/// One document, parsed.
#[derive(Debug, Clone)]
pub struct Manifest {
    /// Where it came from.
    pub origin: Origin,
    /// Its content.
    pub value: Value,
    /// The line of each of its fields.
    pub lines: Lines,
}

impl Manifest {
    /// Whether this is an object that is ours to judge; GitOps files hold others too.
    pub fn is_spark_job(&self) -> bool {
        let text = |key: &str| self.value.get(key).and_then(Value::as_str);
        text("kind") == Some("SparkJob")
            || text("apiVersion").is_some_and(|v| v.starts_with("lcmap.usgs.gov/"))
    }

    /// `kind/name` of an object that is not ours, for people; `None` when it has no kind, which is a fault.
    pub fn foreign(&self) -> Option<String> {
        let kind = self.value.get("kind").and_then(Value::as_str)?;
        let name = self.value.pointer("/metadata/name").and_then(Value::as_str).unwrap_or_default();
        (!self.is_spark_job()).then(|| format!("{kind}/{name}"))
    }
}

/// Why a file or one of its documents cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ManifestError {
    /// The file cannot be read.
    #[error("{origin}: cannot be read: {cause}")]
    Unreadable {
        /// The file.
        origin: Source,
        /// What the operating system said.
        cause: std::io::Error,
    },
    /// The file is a folder.
    #[error("{origin}: is a folder; name the files in it, as in {origin}/*.yaml")]
    Folder {
        /// The folder.
        origin: Source,
    },
    /// The file is larger than any manifest can be.
    #[error("{origin}: is larger than {} MiB, which no API server takes as a manifest", MAX_BYTES >> 20)]
    TooLarge {
        /// The file.
        origin: Source,
    },
    /// The file is not text.
    #[error("{origin}: is not UTF-8 text (byte {offset}); write the manifest as UTF-8 YAML or JSON")]
    NotText {
        /// The file.
        origin: Source,
        /// The first byte that is not UTF-8.
        offset: usize,
    },
    /// The file holds no document.
    #[error("{origin}: holds no document; write a SparkJob into it")]
    Empty {
        /// The file.
        origin: Source,
    },
    /// A document is not YAML, or a trap.
    #[error("{origin}: not valid YAML: {message}")]
    Syntax {
        /// The document.
        origin: Origin,
        /// What is wrong, with line and column in the file.
        message: String,
    },
}

impl ManifestError {
    /// What is wrong, without the file and document, which the reader of a list of faults has before it.
    pub fn problem(&self) -> String {
        let text = self.to_string();
        let origin = match self {
            Self::Syntax { origin, .. } => origin.to_string(),
            Self::Unreadable { origin, .. }
            | Self::Folder { origin }
            | Self::TooLarge { origin }
            | Self::NotText { origin, .. }
            | Self::Empty { origin } => origin.to_string(),
        };
        text.strip_prefix(&format!("{origin}: ")).map(str::to_owned).unwrap_or(text)
    }
}

/// Reads every document of one source, each on its own.
pub fn read(source: &Source) -> Vec<Result<Manifest, ManifestError>> {
    let text = match text(source) {
        Ok(text) => text,
        Err(error) => return vec![Err(error)],
    };
    let mut manifests = Vec::new();
    for part in split::documents(&text) {
        let origin = Origin { source: source.clone(), document: manifests.len() + 1 };
        match yaml::parse(part.text, part.first_line) {
            Ok((Value::Null, _)) => {} // nothing but comments
            Ok((value, lines)) => manifests.push(Ok(Manifest { origin, value, lines })),
            Err(message) => manifests.push(Err(ManifestError::Syntax { origin, message })),
        }
    }
    if manifests.is_empty() {
        manifests.push(Err(ManifestError::Empty { origin: source.clone() }));
    }
    manifests
}

fn text(source: &Source) -> Result<String, ManifestError> {
    let unreadable = |cause| ManifestError::Unreadable { origin: source.clone(), cause };
    let mut bytes = Vec::new();
    match source {
        Source::Stdin => std::io::stdin().take(MAX_BYTES + 1).read_to_end(&mut bytes).map_err(unreadable)?,
        Source::File(path) => {
            let file = std::fs::File::open(path).map_err(unreadable)?;
            if file.metadata().map_err(unreadable)?.is_dir() {
                return Err(ManifestError::Folder { origin: source.clone() });
            }
            file.take(MAX_BYTES + 1).read_to_end(&mut bytes).map_err(unreadable)?
        }
    };
    if bytes.len() as u64 > MAX_BYTES {
        return Err(ManifestError::TooLarge { origin: source.clone() });
    }
    String::from_utf8(bytes).map_err(|error| ManifestError::NotText {
        origin: source.clone(),
        offset: error.utf8_error().valid_up_to(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifests(text: &str) -> Vec<Result<Manifest, ManifestError>> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        read(&Source::File(file.path().to_owned()))
    }

    #[test]
    fn a_broken_document_does_not_hide_its_neighbours() {
        let read = manifests("kind: SparkJob\n---\na: [\n---\nkind: Secret\nmetadata: {name: s}\n");
        assert!(read[0].as_ref().unwrap().is_spark_job());
        let error = read[1].as_ref().unwrap_err().to_string();
        assert!(error.contains("document 2") && error.contains("line 3"), "{error}");
        assert_eq!(read[2].as_ref().unwrap().foreign().as_deref(), Some("Secret/s"));
    }

    #[test]
    fn comments_and_empty_documents_are_not_counted() {
        let read = manifests("# a licence\n---\n---\nkind: SparkJob\n...\n# the end\n");
        assert_eq!(read.len(), 1);
        assert_eq!(read[0].as_ref().unwrap().origin.document, 1);
    }

    #[test]
    fn a_folder_a_missing_file_and_an_empty_one_are_named() {
        let folder = tempfile::tempdir().unwrap();
        let error = |path: PathBuf| read(&Source::File(path)).remove(0).unwrap_err().to_string();
        assert!(error(folder.path().to_owned()).contains("is a folder; name the files in it"));
        assert!(error(folder.path().join("none.yaml")).contains("none.yaml: cannot be read: No such file"));
        assert!(manifests("")[0].as_ref().unwrap_err().to_string().contains("holds no document"));
    }
}
