//! Packed Python environments: archives whose Python is named by a path below the archive's folder.

use std::ffi::OsStr;
use std::path::{Component, Path, PathBuf};

/// A Python in an archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Packed<'a> {
    /// The archive, as it is written, without its alias.
    pub archive: &'a str,
    /// The folder that it is unpacked into: its alias, else its file's name.
    pub alias: &'a str,
    /// Where the Python is in that folder.
    pub inside: PathBuf,
}

/// The archive that a Python such as `./environment/bin/python` is in, if it is in one of them.
pub fn packed<'a>(python: &str, archives: impl IntoIterator<Item = &'a str>) -> Option<Packed<'a>> {
    let mut parts = Path::new(python).components().filter(|part| *part != Component::CurDir);
    let Some(Component::Normal(folder)) = parts.next() else { return None };
    let inside: PathBuf = parts.collect();
    if inside.as_os_str().is_empty() {
        return None; // a bare name, to be looked for on PATH
    }
    archives.into_iter().find_map(|written| {
        let (archive, alias) = written.rsplit_once('#').unwrap_or_else(|| {
            let name = written.rsplit('/').next().unwrap_or(written);
            (written, name)
        });
        (OsStr::new(alias) == folder).then(|| Packed { archive, alias, inside: inside.clone() })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_below_an_archives_folder_is_in_the_archive() {
        let archives = ["/data/environment.tar.gz#environment", "hdfs://n/other.tgz"];
        for (python, found) in [
            ("./environment/bin/python", Some(("/data/environment.tar.gz", "bin/python"))),
            ("environment/bin/python", Some(("/data/environment.tar.gz", "bin/python"))),
            ("./other.tgz/python", Some(("hdfs://n/other.tgz", "python"))),
            ("./else/bin/python", None),
            ("/environment/bin/python", None),
            ("environment", None),
            ("python3", None),
        ] {
            let packed = packed(python, archives).map(|it| (it.archive, it.inside));
            assert_eq!(packed, found.map(|(archive, inside)| (archive, inside.into())), "{python}");
        }
    }
}
