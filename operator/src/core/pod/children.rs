//! What a notebook needs beside its pod: a Service, a token, and perhaps a claim.

use lcmap_spark_crd::SparkJob;
use lcmap_spark_crd::names::{LABEL_JOB, notebook_claim, notebook_service};
use lcmap_spark_crd::spec::{AccessMode, Notebook, WhenDeleted};
use serde_json::{Value, json};

use super::build::owner;
use super::volumes;
use crate::core::NotebookAccess;

/// The Service that a notebook is reached by.
pub fn service(job: &SparkJob, notebook: &Notebook) -> Value {
    let name = job.metadata.name.as_deref().unwrap_or_default();
    json!({
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": metadata(job, &notebook_service(name)),
        "spec": {
            "selector": {(LABEL_JOB): name},
            "ports": [{"name": "notebook", "port": notebook.port, "targetPort": notebook.port}],
        },
    })
}

/// The Secret with a notebook's token, unless the job names one of its own.
pub fn token_secret(job: &SparkJob, notebook: &Notebook, token: &str) -> Option<Value> {
    notebook.token_secret_name.is_none().then(|| {
        json!({
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": metadata(job, &volumes::token_secret(job, notebook)),
            "immutable": true,
            "stringData": {"token": token},
        })
    })
}

/// The claim with a notebook's files, if it is to be made.
pub fn claim(job: &SparkJob, notebook: &Notebook) -> Option<Value> {
    let storage = notebook.storage.as_ref()?;
    let size = storage.size.as_ref()?;
    let name = notebook_claim(job.metadata.name.as_deref().unwrap_or_default());
    let mut claim = json!({
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": metadata(job, &name),
        "spec": {
            "accessModes": storage.access_modes.clone().unwrap_or_else(|| vec![AccessMode::ReadWriteOnce]),
            "resources": {"requests": {"storage": size}},
        },
    });
    if let Some(class) = &storage.storage_class_name {
        claim["spec"]["storageClassName"] = json!(class);
    }
    // What is retained has no owner: it would go with it.
    if storage.when_deleted.unwrap_or_default() == WhenDeleted::Retain
        && let Some(metadata) = claim["metadata"].as_object_mut()
    {
        metadata.remove("ownerReferences");
    }
    Some(claim)
}

/// How a person gets into a notebook, from inside the cluster.
pub(super) fn access(job: &SparkJob, notebook: &Notebook) -> NotebookAccess {
    let meta = &job.metadata;
    let service = notebook_service(meta.name.as_deref().unwrap_or_default());
    let namespace = meta.namespace.as_deref().unwrap_or_default();
    let scheme = if option(notebook, &CERTIFICATE).is_some() { "https" } else { "http" };
    let prefix = option(notebook, &PREFIX).unwrap_or_default().trim_matches('/');
    let path = if prefix.is_empty() { "/".to_owned() } else { format!("/{prefix}/") };
    NotebookAccess {
        url: format!("{scheme}://{service}.{namespace}.svc:{}{path}", notebook.port),
        token_secret: volumes::token_secret(job, notebook),
    }
}

/// The options that give Jupyter a certificate.
const CERTIFICATE: [&str; 3] = ["--certfile", "--ServerApp.certfile", "--NotebookApp.certfile"];
/// The options that put a prefix before all paths. What Jupyter's own configuration says is unknown here: the agent has `/`
/// lead there.
const PREFIX: [&str; 2] = ["--ServerApp.base_url", "--NotebookApp.base_url"];

/// The value of an option of the notebook's arguments, the last one if there are more.
fn option<'a>(notebook: &'a Notebook, names: &[&str]) -> Option<&'a str> {
    let args = &notebook.args;
    let value = |(at, arg): (usize, &'a String)| match arg.split_once('=') {
        Some((name, value)) => names.contains(&name).then_some(value),
        None if names.contains(&arg.as_str()) => args.get(at + 1).map(String::as_str),
        None => None,
    };
    args.iter().enumerate().filter_map(value).next_back().filter(|value| !value.is_empty())
}

fn metadata(job: &SparkJob, name: &str) -> Value {
    json!({
        "name": name,
        "namespace": job.metadata.namespace,
        "labels": {(LABEL_JOB): job.metadata.name, "app.kubernetes.io/managed-by": "lcmap-spark"},
        "ownerReferences": [owner(job)],
    })
}
