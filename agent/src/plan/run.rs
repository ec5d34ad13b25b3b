//! What a plan runs: one of the image's own commands.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// Which of the image's own commands is run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Run {
    /// `spark-submit`: a program, to its end.
    Submit(Submit),
    /// `spark-shell`: Scala at a terminal.
    Shell(Shell),
    /// `pyspark`: Python at a terminal.
    #[serde(rename = "pyspark")]
    PySpark(Shell),
    /// `jupyter notebook`: a web server.
    Notebook(Notebook),
}

/// A program for `spark-submit`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Submit {
    /// A path or URI of a `.py`, `.jar` or `.R`.
    pub application: String,
    /// The main class of a jar (`--class`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub main_class: Option<String>,
    /// The program's own arguments.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub args: Vec<String>,
}

/// An interactive shell at a terminal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Shell {
    /// Further arguments of the command.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub args: Vec<String>,
    /// Milliseconds without input or output at the terminal after which the shell is stopped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idle_timeout_ms: Option<u64>,
}

/// A Jupyter notebook server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Notebook {
    /// Further arguments of `jupyter notebook`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub args: Vec<String>,
    /// The notebook folder; the working directory when unset.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub directory: Option<PathBuf>,
    /// The address it listens on: `127.0.0.1` on a laptop, `0.0.0.0` in a pod.
    pub ip: String,
    /// The port it listens on.
    pub port: u16,
    /// A file with the access token. Without one the agent makes a token and a file for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_file: Option<PathBuf>,
    /// Milliseconds without activity after which kernels are culled and the server ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idle_timeout_ms: Option<u64>,
}
