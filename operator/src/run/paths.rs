//! What a path in a manifest means on this machine.

use std::path::{Path, PathBuf};

use super::binding::Maps;

/// What a path or URI of a manifest stands for here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Located {
    /// A file of this machine, with the fragment that followed it (`#alias`).
    Here {
        /// Its absolute path.
        path: PathBuf,
        /// What followed it, `#` included, or nothing.
        fragment: String,
    },
    /// Something that the driver finds by itself: another scheme, or a path of the image.
    Elsewhere(String),
}

/// Why a path stands for nothing here.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum PathError {
    /// A relative path is in neither folder.
    #[error("{text} is neither in {}; relative paths are looked for beside the manifest, then in the current folder",
        looked.iter().map(|p| p.display().to_string()).collect::<Vec<_>>().join(" nor in "))]
    NotFound {
        /// As written.
        text: String,
        /// Where it was looked for.
        looked: Vec<PathBuf>,
    },
    /// What is written may be a file, or another one with an alias.
    #[error(
        "{text} is there, and so is {}, which Spark would take with {} for its alias; rename one of them", whole.display(),
        alias
    )]
    Ambiguous {
        /// As written.
        text: String,
        /// The file before the `#`.
        whole: PathBuf,
        /// What follows it.
        alias: String,
    },
    /// An absolute path is not on this machine.
    #[error(
        "{text} is not on this machine; if it is in the image, run the job there with `--container podman` (or \
         docker), or say which folder stands for its folder here with `--map {}=DIR`", folder.display()
    )]
    OnlyInImage {
        /// As written.
        text: String,
        /// The folder it would be in.
        folder: PathBuf,
    },
}

/// Where the driver will look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Site {
    /// On this machine.
    Host,
    /// In the image.
    Image,
}

/// Resolves paths of one manifest.
#[derive(Debug)]
pub(crate) struct Paths<'a> {
    /// The folders that relative paths are looked for in: the manifest's own, then the current one.
    pub(crate) folders: Vec<PathBuf>,
    /// What stands for folders of the image.
    pub(crate) maps: &'a Maps,
    /// Where the driver will look.
    pub(crate) site: Site,
}

impl Paths<'_> {
    /// Finds out what `text` stands for.
    pub(crate) fn locate(&self, text: &str) -> Result<Located, PathError> {
        let Some(at) = text.find('#') else { return self.find(text, text, "") };
        let (whole, fragment) = text.split_at(at);
        // `run#2.csv` may be a file's whole name.
        match (self.find(text, text, ""), self.find(text, whole, fragment)) {
            (Ok(Located::Here { .. }), Ok(Located::Here { path, fragment })) => {
                Err(PathError::Ambiguous { text: text.to_owned(), whole: path, alias: fragment })
            }
            (literal @ Ok(Located::Here { .. }), _) => literal,
            (_, with_alias) => with_alias,
        }
    }

    /// Finds the file of a text, `whole`, that an alias may follow.
    fn find(&self, text: &str, whole: &str, fragment: &str) -> Result<Located, PathError> {
        let elsewhere = Ok(Located::Elsewhere(text.to_owned()));
        let path = match scheme(whole) {
            None => Path::new(whole),
            Some("local") => Path::new(local_path(whole)),
            Some(_) => return elsewhere,
        };
        let here = |path: PathBuf| Ok(Located::Here { path, fragment: fragment.to_owned() });
        if path.is_relative() {
            return match self.folders.iter().map(|folder| folder.join(path)).find(|p| exists(p)) {
                Some(found) => here(std::path::absolute(&found).unwrap_or(found)),
                // Relative to the image's own working directory, as the seed document types `jobs/job.py`.
                None if self.site == Site::Image => elsewhere,
                None => Err(PathError::NotFound { text: text.to_owned(), looked: self.folders.clone() }),
            };
        }
        if self.site == Site::Image {
            return elsewhere; // what is mapped is mounted there
        }
        match self.maps.here(path).unwrap_or_else(|| path.to_owned()) {
            path if exists(&path) => here(path),
            _ => {
                let folder = path.parent().unwrap_or(path).to_owned();
                Err(PathError::OnlyInImage { text: text.to_owned(), folder })
            }
        }
    }
}

/// The scheme of a URI (RFC 3986, section 3.1), if `text` is one.
fn scheme(text: &str) -> Option<&str> {
    let (scheme, _) = text.split_once(':')?;
    let mut letters = scheme.chars();
    let first = letters.next()?.is_ascii_alphabetic();
    (first && letters.all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'))).then_some(scheme)
}

/// The path of a `local:` URI, which has no host: `local:///opt/x` and `local:/opt/x` are the same.
fn local_path(uri: &str) -> &str {
    let path = uri.strip_prefix("local:").unwrap_or(uri);
    path.strip_prefix("//").unwrap_or(path)
}

/// Whether a path, or what its wildcards may match (`lib/*.jar`, as Spark's own options allow), is there.
fn exists(path: &Path) -> bool {
    if path.exists() {
        return true;
    }
    let wild =
        |part: &std::path::Component<'_>| part.as_os_str().to_string_lossy().contains(['*', '?', '[', '{']);
    if !path.components().any(|part| wild(&part)) {
        return false;
    }
    // Folders may be called `h05[v03]`: what is there is not wild.
    let mut fixed = PathBuf::new();
    for part in path.components() {
        if !fixed.join(part).exists() {
            return wild(&part);
        }
        fixed.push(part);
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Machine {
        root: tempfile::TempDir,
        maps: Maps,
    }

    impl Machine {
        fn new() -> Self {
            let root = tempfile::tempdir().unwrap();
            for file in ["manifests/pi.py", "manifests/both.py", "here/both.py", "here/lib/a.jar"] {
                let file = root.path().join(file);
                std::fs::create_dir_all(file.parent().unwrap()).unwrap();
                std::fs::write(file, "").unwrap();
            }
            let map = format!("/home/lcmap={}", root.path().join("here").display());
            Self { root, maps: Maps::new(&[map.parse().unwrap()]) }
        }

        fn locate(&self, site: Site, text: &str) -> Result<Located, PathError> {
            let folders = ["manifests", "here"].map(|f| self.root.path().join(f)).to_vec();
            Paths { folders, maps: &self.maps, site }.locate(text)
        }

        fn file(&self, name: &str, fragment: &str) -> Located {
            Located::Here {
                path: self.root.path().canonicalize().unwrap().join(name),
                fragment: fragment.into(),
            }
        }
    }

    #[test]
    fn relative_paths_are_looked_for_beside_the_manifest_first() {
        let machine = Machine::new();
        assert_eq!(machine.locate(Site::Host, "pi.py"), Ok(machine.file("manifests/pi.py", "")));
        assert_eq!(machine.locate(Site::Host, "both.py"), Ok(machine.file("manifests/both.py", "")));
        assert_eq!(machine.locate(Site::Host, "lib/*.jar"), Ok(machine.file("here/lib/*.jar", "")));
        assert_eq!(machine.locate(Site::Host, "lib/a.jar#b"), Ok(machine.file("here/lib/a.jar", "#b")));
        assert!(
            machine.locate(Site::Host, "none.py").unwrap_err().to_string().contains("beside the manifest")
        );
    }

    #[test]
    fn a_hash_in_a_name_is_no_alias_where_the_file_is_there() {
        let machine = Machine::new();
        let write =
            |name: &str| std::fs::write(machine.root.path().join("manifests").join(name), "").unwrap();
        write("run#2.csv");
        assert_eq!(machine.locate(Site::Host, "run#2.csv"), Ok(machine.file("manifests/run#2.csv", "")));
        assert_eq!(machine.locate(Site::Image, "run#2.csv"), Ok(machine.file("manifests/run#2.csv", "")));
        write("run");
        let error = machine.locate(Site::Host, "run#2.csv").unwrap_err().to_string();
        assert!(
            error.contains("run#2.csv is there, and so is") && error.contains("#2.csv for its alias"),
            "{error}"
        );
    }

    #[test]
    fn a_folder_may_be_called_like_a_pattern() {
        let machine = Machine::new();
        let folder = machine.root.path().join("manifests/h05[v03]");
        std::fs::create_dir(&folder).unwrap();
        std::fs::write(folder.join("a.csv"), "").unwrap();
        let paths = Paths {
            folders: vec![machine.root.path().join("manifests")],
            maps: &machine.maps,
            site: Site::Host,
        };
        for (text, found) in [("h05[v03]/a.csv", true), ("h05[v03]/*.csv", true), ("h05[v03]/b.csv", false)] {
            assert_eq!(paths.locate(text).is_ok(), found, "{text}");
        }
    }

    #[test]
    fn paths_of_the_image_are_mapped_or_refused_with_both_remedies() {
        let machine = Machine::new();
        assert_eq!(
            machine.locate(Site::Host, "local:///home/lcmap/both.py"),
            Ok(machine.file("here/both.py", ""))
        );
        assert_eq!(
            machine.locate(Site::Host, "local:/home/lcmap/both.py"),
            Ok(machine.file("here/both.py", ""))
        );
        let refused = machine.locate(Site::Host, "local:///opt/none/x.py").unwrap_err().to_string();
        assert!(
            refused.contains("--container podman") && refused.contains("--map /opt/none=DIR"),
            "{refused}"
        );
    }

    #[test]
    fn other_schemes_are_sparks_to_resolve() {
        let machine = Machine::new();
        for uri in ["hdfs://nn/x.py", "s3a://bucket/x.jar", "https://h/x.jar", "file:///none"] {
            assert_eq!(machine.locate(Site::Host, uri), Ok(Located::Elsewhere(uri.into())));
        }
    }

    #[test]
    fn in_a_container_what_is_not_here_is_the_images() {
        let machine = Machine::new();
        for path in ["jobs/pi.py", "local:///opt/x.py", "/home/lcmap/both.py"] {
            assert_eq!(machine.locate(Site::Image, path), Ok(Located::Elsewhere(path.into())));
        }
        assert_eq!(machine.locate(Site::Image, "pi.py"), Ok(machine.file("manifests/pi.py", "")));
    }
}
