//! The paths of a job, as they are on this machine or in its container.

use std::path::{Path, PathBuf};

use lcmap_spark_crd::SparkJobSpec;

use super::container::Mount;
use super::fault::Fault;
use super::paths::{Located, Paths, Site};

/// Rewrites every path of a job to what it stands for, and says what a container must mount for it.
pub(crate) fn localise(spec: &mut SparkJobSpec, paths: &Paths<'_>) -> Result<Vec<Mount>, Vec<Fault>> {
    let mut walk = Walk { paths, mounts: Vec::new(), faults: Vec::new() };
    if let Some(submit) = &mut spec.run.submit {
        walk.path("spec.run.submit.application", &mut submit.application);
    }
    if let Some(directory) = spec.run.notebook.as_mut().and_then(|notebook| notebook.directory.as_mut()) {
        walk.folder("spec.run.notebook.directory", directory);
    }
    let dependencies = &mut spec.dependencies;
    for (field, items) in [
        ("jars", &mut dependencies.jars),
        ("files", &mut dependencies.files),
        ("pyFiles", &mut dependencies.py_files),
        ("archives", &mut dependencies.archives),
    ] {
        for (i, item) in items.iter_mut().enumerate() {
            walk.path(&format!("spec.dependencies.{field}[{i}]"), item);
        }
    }
    if walk.faults.is_empty() { Ok(walk.mounts) } else { Err(walk.faults) }
}

struct Walk<'a> {
    paths: &'a Paths<'a>,
    mounts: Vec<Mount>,
    faults: Vec<Fault>,
}

impl Walk<'_> {
    fn path(&mut self, field: &str, text: &mut String) {
        match self.paths.locate(text) {
            Ok(Located::Here { path, fragment }) => {
                let path = match self.paths.site {
                    Site::Host => path,
                    Site::Image => self.mounted(&path),
                };
                *text = format!("{}{fragment}", path.display());
            }
            // Without `local:` every command of Spark takes it; with it, shells and notebooks do not.
            Ok(Located::Elsewhere(uri)) => *text = uri,
            Err(error) => self.faults.push(Fault::at(field, error.to_string())),
        }
    }

    /// A folder that is worked in: it is mounted itself, and may be written.
    fn folder(&mut self, field: &str, text: &mut String) {
        match self.paths.locate(text) {
            Ok(Located::Here { path, .. }) => {
                if !path.is_dir() {
                    self.faults.push(Fault::at(field, format!("{} is not a folder", path.display())));
                }
                *text = match self.paths.site {
                    Site::Host => path.display().to_string(),
                    Site::Image => {
                        self.mounts.push(Mount::read_write(path, FOLDER));
                        FOLDER.to_owned()
                    }
                };
            }
            Ok(Located::Elsewhere(uri)) => *text = uri,
            Err(error) => self.faults.push(Fault::at(field, error.to_string())),
        }
    }

    /// Mounts the folder of a file, so that what lies beside the file is there too. At a path of our own: a
    /// folder of this machine must not hide one of the image.
    fn mounted(&mut self, file: &Path) -> PathBuf {
        let folder = file.parent().unwrap_or(file);
        let known = self.mounts.iter().find(|mount| mount.source == folder).map(|mount| mount.target.clone());
        let target = known.unwrap_or_else(|| {
            let target = Path::new(INPUT).join(self.mounts.len().to_string());
            self.mounts.push(Mount::read_only(folder, &target));
            target
        });
        file.file_name().map_or_else(|| target.clone(), |name| target.join(name))
    }
}

/// Where folders with the job's files are mounted in a container.
const INPUT: &str = "/lcmap/input";
/// Where the notebook folder is mounted in a container.
const FOLDER: &str = "/lcmap/notebook";

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::run::binding::Maps;

    fn localised(site: Site) -> (SparkJobSpec, Result<Vec<Mount>, Vec<Fault>>, tempfile::TempDir) {
        let root = tempfile::tempdir().unwrap();
        for name in ["job.py", "a.py", "b.zip"] {
            std::fs::write(root.path().join(name), "").unwrap();
        }
        let mut spec: SparkJobSpec = serde_json::from_value(json!({
            "run": {"submit": {"application": "job.py"}},
            "dependencies": {"pyFiles": ["a.py"], "archives": ["b.zip#lib", "https://h/c.zip"]},
        }))
        .unwrap();
        let paths = Paths { folders: vec![root.path().to_owned()], maps: &Maps::default(), site };
        let mounts = localise(&mut spec, &paths);
        (spec, mounts, root)
    }

    #[test]
    fn on_this_machine_paths_become_absolute() {
        let (spec, mounts, root) = localised(Site::Host);
        let at = |name: &str| root.path().join(name).display().to_string();
        assert_eq!(spec.run.submit.unwrap().application, at("job.py"));
        assert_eq!(spec.dependencies.archives, [format!("{}#lib", at("b.zip")), "https://h/c.zip".into()]);
        assert_eq!(mounts, Ok(vec![]));
    }

    #[test]
    fn in_a_container_each_folder_is_mounted_once() {
        let (spec, mounts, root) = localised(Site::Image);
        assert_eq!(spec.run.submit.unwrap().application, "/lcmap/input/0/job.py");
        assert_eq!(spec.dependencies.py_files, ["/lcmap/input/0/a.py"]);
        assert_eq!(mounts, Ok(vec![Mount::read_only(root.path(), "/lcmap/input/0")]));
    }
}
