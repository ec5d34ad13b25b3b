//! The volumes of a driver pod, and where its driver has them.

use std::collections::BTreeMap;
use std::path::PathBuf;

use lcmap_spark_crd::names;
use lcmap_spark_crd::spec::{Notebook, RunRef};
use lcmap_spark_crd::{Mode, SparkJob, SparkJobSpec};
use serde_json::{Value, json};

use super::places;
use super::sources::{self, Kind, Source};

/// Volumes and their mounts in the driver.
#[derive(Default)]
pub(super) struct Volumes {
    pub(super) sources: Vec<Value>,
    pub(super) mounts: Vec<Value>,
    /// The folder of each Secret, by name.
    pub(super) secrets: BTreeMap<String, PathBuf>,
    /// The folder of each ConfigMap, by name.
    pub(super) config_maps: BTreeMap<String, PathBuf>,
}

/// Everything that a job's driver mounts, beside what its template adds.
pub(super) fn of(job: &SparkJob) -> Volumes {
    let mut all = Volumes::default();
    all.add(json!({"name": places::BIN_VOLUME, "emptyDir": {}}), places::BIN, true);
    let field = format!("metadata.annotations['{}']", names::ANNOTATION_PLAN);
    let items = json!([{"path": "plan", "fieldRef": {"fieldPath": field}}]);
    all.add(json!({"name": places::PLAN_VOLUME, "downwardAPI": {"items": items}}), places::PLAN, true);
    all.add(json!({"name": places::STATE_VOLUME, "emptyDir": {}}), places::STATE, false);
    for ((kind, name), source) in sources::of(&job.spec) {
        all.add_source(kind, &name, &source, mode(&job.spec));
    }
    if wants_certificates(&job.spec) {
        let memory = json!({"name": places::CERTIFICATES_VOLUME, "emptyDir": {"medium": "Memory", "sizeLimit": "1Mi"}});
        all.add(memory, places::CERTIFICATES, false);
    }
    if job.spec.user.is_some() {
        all.sources.push(json!({"name": places::IDENTITY_VOLUME, "emptyDir": {}}));
        for file in ["passwd", "group"] {
            all.mounts.push(json!({"name": places::IDENTITY_VOLUME, "subPath": file,
                "mountPath": format!("/etc/{file}"), "readOnly": true}));
        }
    }
    if let Ok(RunRef::Notebook(notebook)) = job.spec.run.kind() {
        all.add_notebook(job, notebook);
    }
    all
}

/// Whether a driver is to have Mesos certificates.
pub(super) fn wants_certificates(spec: &SparkJobSpec) -> bool {
    let certificates = spec.mesos.certificates.as_ref();
    spec.mode == Mode::Distributed
        && certificates.is_some_and(|certificates| certificates.secret_name.is_some())
}

/// The name of the volume with the object that comes at this place among a job's sources.
fn source_volume(place: usize) -> String {
    format!("lcmap-source-{place}")
}

/// The object that a volume of this name has, and the fields that name it.
pub(super) fn source(spec: &SparkJobSpec, volume: &str) -> Option<(String, Vec<String>)> {
    let mut sources = sources::of(spec).into_iter().enumerate();
    let ((_, name), source) = sources.find(|(place, _)| source_volume(*place) == volume)?.1;
    Some((name, source.fields))
}

/// The name of the Secret with a notebook's token.
pub(super) fn token_secret(job: &SparkJob, notebook: &Notebook) -> String {
    notebook.token_secret_name.clone().unwrap_or_else(|| {
        let meta = &job.metadata;
        names::notebook_token_secret(
            meta.name.as_deref().unwrap_or_default(),
            meta.uid.as_deref().unwrap_or_default(),
        )
    })
}

/// Where a notebook's files are kept, if they are.
pub(super) fn notebook_folder(notebook: &Notebook) -> Option<&str> {
    notebook.storage.as_ref().map(|_| notebook.directory.as_deref().unwrap_or(places::NOTEBOOKS))
}

/// A file's mode. Where the user is known, its group reads the file (`fsGroup`) and nobody else; an image's own user
/// is not known here, and is alone in its container.
fn mode(spec: &SparkJobSpec) -> i32 {
    if spec.user.is_some() { 0o440 } else { 0o444 }
}

impl Volumes {
    /// Whether there is a place for Mesos certificates.
    pub(super) fn has_certificates(&self) -> bool {
        self.sources.iter().any(|volume| volume["name"] == places::CERTIFICATES_VOLUME)
    }

    /// Where the Secret with Mesos certificates is mounted, if a driver is to have any.
    pub(super) fn certificates_of(&self, spec: &SparkJobSpec) -> Option<&Value> {
        let name =
            spec.mesos.certificates.as_ref()?.secret_name.as_ref().filter(|_| wants_certificates(spec))?;
        let folder = self.secrets.get(name)?.to_str()?;
        self.mounts.iter().find(|mount| mount["mountPath"] == folder)
    }

    /// Leaves `/certs` to a template that has something there.
    pub(super) fn drop_certificates(&mut self) {
        self.sources.retain(|volume| volume["name"] != places::CERTIFICATES_VOLUME);
        self.mounts.retain(|mount| mount["name"] != places::CERTIFICATES_VOLUME);
    }

    fn add(&mut self, volume: Value, path: &str, read_only: bool) {
        let mut mount = json!({"name": volume["name"], "mountPath": path});
        if read_only {
            mount["readOnly"] = json!(true);
        }
        self.mounts.push(mount);
        self.sources.push(volume);
    }

    /// Only the keys that are read, where they are known: the kubelet then waits for a key that is missing, and says
    /// which.
    fn add_source(&mut self, kind: Kind, name: &str, source: &Source, mode: i32) {
        let place = self.secrets.len() + self.config_maps.len();
        let items: Option<Vec<_>> = source
            .keys
            .as_ref()
            .map(|keys| keys.iter().map(|key| json!({"key": key, "path": key})).collect());
        let (folder, folders, reference) = match kind {
            Kind::Secret => (places::SECRETS, &mut self.secrets, ("secret", "secretName")),
            Kind::ConfigMap => (places::CONFIG_MAPS, &mut self.config_maps, ("configMap", "name")),
        };
        let path = format!("{folder}/{name}");
        folders.insert(name.to_owned(), PathBuf::from(&path));
        let mut content = json!({(reference.1): name, "defaultMode": mode});
        if let Some(items) = items {
            content["items"] = json!(items);
        }
        self.add(json!({"name": source_volume(place), (reference.0): content}), &path, true);
    }

    fn add_notebook(&mut self, job: &SparkJob, notebook: &Notebook) {
        let content = json!({"secretName": token_secret(job, notebook), "defaultMode": mode(&job.spec),
            "items": [{"key": "token", "path": "token"}]});
        self.add(json!({"name": places::TOKEN_VOLUME, "secret": content}), places::TOKEN, true);
        let Some((storage, folder)) = notebook.storage.as_ref().zip(notebook_folder(notebook)) else {
            return;
        };
        let made = || names::notebook_claim(job.metadata.name.as_deref().unwrap_or_default());
        let claim = storage.claim_name.clone().unwrap_or_else(made);
        let volume = json!({"name": places::NOTEBOOK_VOLUME, "persistentVolumeClaim": {"claimName": claim}});
        self.add(volume, folder, false);
    }
}
