//! A folder for one test.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

/// A folder for one test, gone at its end.
#[derive(Debug)]
pub struct Folder(tempfile::TempDir);

impl Default for Folder {
    fn default() -> Self {
        Self::new()
    }
}

impl Folder {
    /// An empty folder.
    pub fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// Its path.
    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// Writes a file.
    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, content).unwrap();
        path
    }

    /// Writes a program.
    pub fn program(&self, name: &str, content: &str) -> PathBuf {
        let path = self.write(name, content);
        self.permit(&path, 0o755);
        path
    }

    /// Writes the manifest of one job.
    pub fn job(&self, name: &str, spec: Value) -> PathBuf {
        self.write(&format!("{name}.yaml"), manifest(name, spec).to_string())
    }

    /// Writes one manifest with several jobs, as documents in this order.
    pub fn jobs(&self, file: &str, jobs: impl IntoIterator<Item = (&'static str, Value)>) -> PathBuf {
        let documents: Vec<_> =
            jobs.into_iter().map(|(name, spec)| manifest(name, spec).to_string()).collect();
        self.write(file, documents.join("\n---\n"))
    }

    /// Sets a file's or folder's permissions.
    pub fn permit(&self, path: &Path, mode: u32) {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    }
}

/// A job's manifest. What it leaves out of `spec` is what most tests want.
fn manifest(name: &str, mut spec: Value) -> Value {
    let defaults = [("mode", json!("NonDistributed")), ("image", json!("usgseros/lcmap-spark:2.0"))];
    for (field, value) in defaults {
        let fields = spec.as_object_mut().unwrap();
        fields.entry(field).or_insert(value);
    }
    json!({
        "apiVersion": "lcmap.usgs.gov/v1alpha1",
        "kind": "SparkJob",
        "metadata": {"name": name},
        "spec": spec,
    })
}
