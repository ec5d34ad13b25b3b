//! Folders of manifests, walked as `kubectl apply --recursive -f` walks them.

use std::path::{Path, PathBuf};

use super::error::{Fault, ManifestError};
use super::source::{Origin, Source};

/// The endings of manifests, as kubectl has them.
const ENDINGS: [&str; 3] = ["json", "yaml", "yml"];

/// The file that was named, or every manifest in the folder that was, in the order of their names.
pub(super) fn sources(named: &Path) -> Result<Vec<Source>, ManifestError> {
    let source = Source::from(named);
    if source == Source::Stdin || !named.is_dir() {
        return Ok(vec![source]);
    }
    let mut found = Vec::new();
    walk(named, &mut found)?;
    Ok(found.into_iter().map(Source::Found).collect())
}

/// What is hidden is not looked at: copies of editors and notebooks, `.git`, and the folders behind a mounted
/// ConfigMap, in which each file would be there twice. Links to folders are not followed, as kubectl does not.
fn walk(folder: &Path, found: &mut Vec<PathBuf>) -> Result<(), ManifestError> {
    let unreadable = |cause| ManifestError {
        origin: Origin::of(Source::Found(folder.to_owned())),
        fault: Fault::Unreadable { cause },
    };
    let entries = std::fs::read_dir(folder).map_err(unreadable)?;
    let mut entries = entries.collect::<Result<Vec<_>, _>>().map_err(unreadable)?;
    entries.sort_by_key(std::fs::DirEntry::file_name);
    for entry in entries {
        let path = entry.path();
        if entry.file_name().as_encoded_bytes().starts_with(b".") {
            continue;
        }
        let is_manifest = path.extension().is_some_and(|ending| ENDINGS.iter().any(|known| ending == *known));
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            walk(&path, found)?;
        } else if is_manifest && path.is_file() {
            found.push(path);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_its_manifests_in_the_order_of_their_names() {
        let root = tempfile::tempdir().unwrap();
        let files = [
            "b.yaml",
            "a/z.yml",
            "a/c/d.json",
            "c.yaml.txt",
            "job.py",
            ".git/x.yaml",
            "e.yaml",
            ".ipynb_checkpoints/b-checkpoint.yaml",
        ];
        for file in files {
            let path = root.path().join(file);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "").unwrap();
        }
        std::os::unix::fs::symlink(root.path(), root.path().join("d")).unwrap();
        std::os::unix::fs::symlink(root.path().join("b.yaml"), root.path().join("f.yaml")).unwrap();
        let found: Vec<String> = sources(root.path())
            .unwrap()
            .iter()
            .map(|source| source.to_string().replace(&format!("{}/", root.path().display()), ""))
            .collect();
        assert_eq!(found, ["a/c/d.json", "a/z.yml", "b.yaml", "e.yaml", "f.yaml"]);
    }

    #[test]
    fn a_file_is_itself_whatever_its_name_is() {
        assert_eq!(sources(Path::new("job")).unwrap(), [Source::File("job".into())]);
        assert_eq!(sources(Path::new("-")).unwrap(), [Source::Stdin]);
    }
}
