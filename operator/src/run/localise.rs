//! The paths of a job, as they are on this machine or in its container.

use std::path::{Path, PathBuf};

use lcmap_spark_crd::SparkJobSpec;

use super::container::Mount;
use super::fault::Fault;
use super::paths::{Located, PathError, Paths, Site};

/// Rewrites every path of a job to what it stands for, and says what a container must mount for it.
pub(crate) fn localise(spec: &mut SparkJobSpec, paths: &Paths<'_>) -> Result<Vec<Mount>, Vec<Fault>> {
    let mut walk = Walk { paths, mounts: Vec::new(), faults: Vec::new() };
    if let Some(submit) = &mut spec.run.submit {
        walk.path("spec.run.submit.application", &mut submit.application);
    }
    if let Some(notebook) = spec.run.notebook.as_mut() {
        if paths.site == Site::Host {
            // Else Jupyter would take whatever folder `run` was started in.
            notebook.directory.get_or_insert_with(|| ".".to_owned());
        }
        if let Some(directory) = &mut notebook.directory {
            walk.folder("spec.run.notebook.directory", directory);
        }
    }
    if let Some(log) = &mut spec.event_log {
        walk.event_log("spec.eventLog.directory", &mut log.directory);
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
            // Spark puts commas between the entries; a folder of this machine may have one in its name.
            if item.contains(',') {
                *item = as_uri(item);
            }
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

    /// A folder of logs: Spark does not make it.
    fn event_log(&mut self, field: &str, directory: &mut String) {
        let text = directory.clone();
        match self.paths.locate(directory) {
            Err(PathError::NotFound { looked, .. }) => {
                let beside = looked.first().map(|folder| folder.join(&text)).unwrap_or_default();
                let message = format!("there is no folder {text}; make it: mkdir -p '{}'", beside.display());
                self.faults.push(Fault::at(field, message));
            }
            Err(PathError::OnlyInImage { .. }) => {
                let message = format!("there is no folder {text}; make it: mkdir -p '{text}'");
                self.faults.push(Fault::at(field, message));
            }
            _ => self.folder_at(field, directory, EVENT_LOG),
        }
    }

    /// A folder that is worked in: it is mounted itself, and may be written.
    fn folder(&mut self, field: &str, text: &mut String) {
        self.folder_at(field, text, FOLDER);
    }

    fn folder_at(&mut self, field: &str, text: &mut String, target: &str) {
        match self.paths.locate(text) {
            Ok(Located::Here { path, .. }) => {
                if !path.is_dir() {
                    self.faults.push(Fault::at(field, format!("{} is not a folder", path.display())));
                }
                *text = match self.paths.site {
                    Site::Host => path.display().to_string(),
                    Site::Image => {
                        self.mounts.push(Mount::read_write(path, target));
                        target.to_owned()
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
/// Where the folder of event logs is mounted in a container.
const EVENT_LOG: &str = "/lcmap/event-log";

/// A path, or a pattern of paths, as a URI without commas; what follows `#` stays.
fn as_uri(text: &str) -> String {
    let (path, fragment) = match text.rfind('#').filter(|_| !Path::new(text).exists()) {
        Some(at) => text.split_at(at),
        None => (text, ""),
    };
    let escaped = ["%", ",", "#", " "].into_iter().fold(path.to_owned(), |path, character| {
        path.replace(character, &format!("%{:02X}", character.as_bytes()[0]))
    });
    format!("file://{escaped}{fragment}")
}

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
    fn a_notebook_has_the_manifests_folder_but_in_an_image_the_images_own() {
        let root = tempfile::tempdir().unwrap();
        for (site, expected) in [(Site::Host, Some(root.path().to_owned())), (Site::Image, None)] {
            let mut spec: SparkJobSpec = serde_json::from_value(json!({"run": {"notebook": {}}})).unwrap();
            let paths = Paths { folders: vec![root.path().to_owned()], maps: &Maps::default(), site };
            assert_eq!(localise(&mut spec, &paths), Ok(vec![]));
            let directory = spec.run.notebook.unwrap().directory.map(PathBuf::from);
            assert_eq!(directory, expected, "{site:?}");
        }
    }

    #[test]
    fn a_comma_in_a_folder_does_not_end_an_entry() {
        for (path, uri) in [
            ("/a, b/data.csv", "file:///a%2C%20b/data.csv"),
            ("/a,#1/50%.zip#lib", "file:///a%2C%231/50%25.zip#lib"),
            ("/a,b/*.jar", "file:///a%2Cb/*.jar"),
        ] {
            assert_eq!(as_uri(path), uri);
        }
    }

    #[test]
    fn event_logs_are_written_beside_the_manifest_or_refused() {
        let root = tempfile::tempdir().unwrap();
        let localised = |directory: &str, site| {
            let mut spec: SparkJobSpec = serde_json::from_value(json!({
                "run": {"shell": {}}, "eventLog": {"directory": directory},
            }))
            .unwrap();
            let paths = Paths { folders: vec![root.path().to_owned()], maps: &Maps::default(), site };
            let mounts = localise(&mut spec, &paths);
            (spec.event_log.unwrap().directory, mounts)
        };
        let refusal = localised("events", Site::Host).1.unwrap_err().remove(0).to_string();
        let folder = root.path().join("events");
        let remedy = format!(
            "spec.eventLog.directory: there is no folder events; make it: mkdir -p '{}'",
            folder.display()
        );
        assert_eq!(refusal, remedy);
        assert!(localised("/none/events", Site::Host).1.is_err());
        std::fs::create_dir(&folder).unwrap();
        assert_eq!(localised("events", Site::Host), (folder.display().to_string(), Ok(vec![])));
        let mount = Mount::read_write(folder, "/lcmap/event-log");
        assert_eq!(localised("events", Site::Image), ("/lcmap/event-log".to_owned(), Ok(vec![mount])));
        for elsewhere in ["hdfs://nn/events", "s3a://bucket/events"] {
            assert_eq!(localised(elsewhere, Site::Host), (elsewhere.to_owned(), Ok(vec![])));
        }
    }

    #[test]
    fn in_a_container_each_folder_is_mounted_once() {
        let (spec, mounts, root) = localised(Site::Image);
        assert_eq!(spec.run.submit.unwrap().application, "/lcmap/input/0/job.py");
        assert_eq!(spec.dependencies.py_files, ["/lcmap/input/0/a.py"]);
        assert_eq!(mounts, Ok(vec![Mount::read_only(root.path(), "/lcmap/input/0")]));
    }
}
