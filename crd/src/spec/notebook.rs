//! A Jupyter notebook server and its files.

use k8s_openapi::apimachinery::pkg::api::resource::Quantity;
use kube::core::Rule;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Duration, schema};

/// A Jupyter notebook server.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Notebook {
    /// Further arguments of `jupyter notebook`. Options that a field of this specification owns, such as `--port`, are
    /// refused, naming the field.
    /// Edit class: restart.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "schema::notebook_args")]
    pub args: Vec<String>,
    /// The folder with the notebooks. Default: where `storage` is mounted, else the image's working directory; by
    /// `lcmap-spark run` without a container, the manifest's folder.
    /// Edit class: restart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 4096), regex(pattern = schema::NO_NUL))]
    pub directory: Option<String>,
    /// The port that it listens on. Default: 8888, Jupyter's own.
    /// Edit class: restart.
    #[serde(default = "default_port")]
    #[schemars(range(min = 1, max = 65535))]
    pub port: i32,
    /// How long the notebook may be idle before its kernels and then itself are stopped. Default: 2h.
    /// Edit class: next attempt.
    #[serde(default = "default_idle_timeout")]
    pub idle_timeout: Duration,
    /// A Secret whose key `token` is what a person types to get in. Default: a token of the operator's making, in
    /// the Secret that `status.notebook.tokenSecretName` names.
    /// Edit class: restart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::object_name")]
    pub token_secret_name: Option<String>,
    /// Where the notebooks are kept. Default: in the container, and gone with it.
    /// Edit class: restart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub storage: Option<NotebookStorage>,
}

/// Where notebooks are kept: a claim that exists, or one that is made.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = [
    Rule::new("has(self.claimName) != has(self.size)")
        .message("write either claimName, for a claim that exists, or size, for one that is made"),
    Rule::new("!has(self.claimName) || !has(self.storageClassName)")
        .message("belongs to size: a claim that exists has its storage class already")
        .field_path(".storageClassName"),
    Rule::new("!has(self.claimName) || !has(self.accessModes)")
        .message("belongs to size: a claim that exists has its access modes already")
        .field_path(".accessModes"),
    Rule::new("!has(self.claimName) || !has(self.whenDeleted)")
        .message("belongs to size: a claim that exists is never deleted with a job")
        .field_path(".whenDeleted"),
]))]
pub struct NotebookStorage {
    /// A PersistentVolumeClaim that exists in the job's namespace. Never deleted with the job.
    /// Edit class: restart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::object_name")]
    pub claim_name: Option<String>,
    /// How large a claim is made, as a Kubernetes quantity, such as `10Gi`.
    /// Edit class: restart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::storage_size")]
    pub size: Option<Quantity>,
    /// The storage class of the claim that is made. Default: the cluster's.
    /// Edit class: restart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::object_name")]
    pub storage_class_name: Option<String>,
    /// The access modes of the claim that is made. Default: `[ReadWriteOnce]`.
    /// Edit class: restart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 4))]
    #[schemars(extend("x-kubernetes-list-type" = "set"))]
    pub access_modes: Option<Vec<AccessMode>>,
    /// What becomes of the claim that was made when the job is deleted. Default: `Retain`.
    /// Edit class: restart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when_deleted: Option<WhenDeleted>,
}

/// An access mode of a PersistentVolumeClaim.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum AccessMode {
    /// One node reads and writes.
    ReadWriteOnce,
    /// Many nodes read.
    ReadOnlyMany,
    /// Many nodes read and write.
    ReadWriteMany,
    /// One pod reads and writes.
    ReadWriteOncePod,
}

/// What becomes of a claim when its job is deleted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(transform = crate::schema::undescribed)]
pub enum WhenDeleted {
    /// It stays; a job of the same name finds it again.
    #[default]
    Retain,
    /// It goes with the job.
    Delete,
}

impl Default for Notebook {
    fn default() -> Self {
        Self {
            args: Vec::new(),
            directory: None,
            port: default_port(),
            idle_timeout: default_idle_timeout(),
            token_secret_name: None,
            storage: None,
        }
    }
}

fn default_port() -> i32 {
    8888
}

fn default_idle_timeout() -> Duration {
    Duration::from_secs(2 * 60 * 60)
}
