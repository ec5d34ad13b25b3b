//! What Spark brings to driver and executors.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::schema;

/// What Spark brings to driver and executors. Spark writes each list with commas, so that no entry may hold one.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Dependencies {
    /// Jars for the class paths: paths or URIs (`spark.jars`).
    /// Edit class: restart.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "schema::paths")]
    pub jars: Vec<String>,
    /// Files for the working folder of each executor (`spark.files`).
    /// Edit class: restart.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "schema::paths")]
    pub files: Vec<String>,
    /// `.py`, `.zip`, `.egg` and `.jar` files for PYTHONPATH (`spark.submit.pyFiles`), and wheels of pure Python, which
    /// Spark gets as zips.
    /// Edit class: restart.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "schema::python_paths")]
    pub py_files: Vec<String>,
    /// Archives that are unpacked into the working folder of each executor (`spark.archives`); `#name` at the
    /// end names the folder.
    /// Edit class: restart.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "schema::paths")]
    pub archives: Vec<String>,
    /// Maven coordinates, `group:artifact:version`, fetched with all they need (`spark.jars.packages`).
    /// Edit class: restart.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "schema::packages")]
    pub packages: Vec<String>,
    /// What is not fetched with the packages: `group:artifact` (`spark.jars.excludes`).
    /// Edit class: restart.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "schema::excluded_packages")]
    pub exclude_packages: Vec<String>,
    /// Further Maven repositories, by URL (`spark.jars.repositories`). A password belongs in `confFrom`.
    /// Edit class: restart.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "schema::uris")]
    pub repositories: Vec<String>,
}
