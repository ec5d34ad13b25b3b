//! What a job runs: exactly one of four.

use kube::core::Rule;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Notebook;
use crate::{Duration, schema};

/// What is run: exactly one member is set.
///
/// A struct and not an enum: its schema's own words for "none" and "two" would be a list of four complaints.
/// [`Run::kind`] parses it into an enum.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = [
    Rule::new(
    "[has(self.submit), has(self.shell), has(self.pyspark), has(self.notebook)].filter(set, set).size() == 1")
    .message("write exactly one of submit, shell, pyspark and notebook (an empty one is written as {})"),
]))]
pub struct Run {
    /// A program, run to its end by `spark-submit`. Edit class: restart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub submit: Option<Submit>,
    /// A Scala shell, `spark-shell`, at a terminal. Edit class: restart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shell: Option<Shell>,
    /// A Python shell, `pyspark`, at a terminal. Edit class: restart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pyspark: Option<Shell>,
    /// A Jupyter notebook server. Edit class: restart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notebook: Option<Notebook>,
}

/// A program for `spark-submit`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = [
    Rule::new("!has(self.mainClass) || !self.application.matches('[.](py|R|r)$')")
    .message("a main class is for a jar: leave it out for Python and R")
    .field_path(".mainClass"),
    schema::program_ending(),
]))]
pub struct Submit {
    /// The program: the path or URI of a `.py`, a `.jar` or an `.R`. Spark knows programs by these endings, and takes
    /// all others for jars, which then need `mainClass`. `local://` names a path in the image; a relative
    /// path is relative to the image's working directory and, by `lcmap-spark run`, to the manifest.
    /// Edit class: restart.
    #[schemars(schema_with = "schema::application")]
    pub application: String,
    /// The main class of a jar (`--class`). Default: the one that the jar's manifest names.
    /// Edit class: restart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::class_name")]
    pub main_class: Option<String>,
    /// The program's own arguments, as they are: no shell looks at them. Carriage returns are refused, since Spark takes
    /// them out.
    /// Edit class: restart.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "schema::program_args")]
    pub args: Vec<String>,
}

/// A shell at a terminal.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Shell {
    /// Further arguments of the command, such as `-i` with a file. Options that a field of this specification owns,
    /// such as `--master`, are refused, naming the field.
    /// Edit class: restart.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "schema::shell_args")]
    pub args: Vec<String>,
    /// How long the shell may be idle, with neither input nor output, before it is stopped. Default: no end.
    /// Edit class: next attempt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idle_timeout: Option<Duration>,
}

/// The one member of [`Run`] that is set.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum RunRef<'a> {
    /// `run.submit`.
    Submit(&'a Submit),
    /// `run.shell`.
    Shell(&'a Shell),
    /// `run.pyspark`.
    PySpark(&'a Shell),
    /// `run.notebook`.
    Notebook(&'a Notebook),
}

/// What is run, in one word: `status.run`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[schemars(transform = crate::schema::undescribed)]
pub enum RunKind {
    /// A program, by `spark-submit`.
    Submit,
    /// A Scala shell, by `spark-shell`.
    Shell,
    /// A Python shell, by `pyspark`.
    PySpark,
    /// A notebook server, by `jupyter notebook`.
    Notebook,
}

/// Not exactly one member of [`Run`] is set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("spec.run sets {0} of submit, shell, pyspark and notebook; write exactly one")]
pub struct RunError(usize);

impl Run {
    /// The one member that is set.
    pub fn kind(&self) -> Result<RunRef<'_>, RunError> {
        let set = [
            self.submit.as_ref().map(RunRef::Submit),
            self.shell.as_ref().map(RunRef::Shell),
            self.pyspark.as_ref().map(RunRef::PySpark),
            self.notebook.as_ref().map(RunRef::Notebook),
        ];
        let mut set = set.into_iter().flatten();
        match (set.next(), set.count()) {
            (Some(kind), 0) => Ok(kind),
            (Some(_), more) => Err(RunError(1 + more)),
            (None, _) => Err(RunError(0)),
        }
    }
}

impl RunRef<'_> {
    /// What is run, in one word.
    pub fn kind(self) -> RunKind {
        match self {
            Self::Submit(_) => RunKind::Submit,
            Self::Shell(_) => RunKind::Shell,
            Self::PySpark(_) => RunKind::PySpark,
            Self::Notebook(_) => RunKind::Notebook,
        }
    }
}

impl RunKind {
    /// The word as status and labels show it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Submit => "Submit",
            Self::Shell => "Shell",
            Self::PySpark => "PySpark",
            Self::Notebook => "Notebook",
        }
    }

    /// Whether a person sits at a terminal.
    pub fn is_shell(self) -> bool {
        matches!(self, Self::Shell | Self::PySpark)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exactly_one_member_is_a_kind() {
        let shell = Run { shell: Some(Shell::default()), ..Run::default() };
        let pyspark = Run { pyspark: Some(Shell::default()), ..Run::default() };
        assert_eq!(shell.kind().map(RunRef::kind), Ok(RunKind::Shell));
        assert_eq!(pyspark.kind().map(RunRef::kind), Ok(RunKind::PySpark));
    }

    #[test]
    fn none_and_two_are_not() {
        let two = Run { shell: Some(Shell::default()), pyspark: Some(Shell::default()), ..Run::default() };
        assert_eq!(Run::default().kind(), Err(RunError(0)));
        assert_eq!(two.kind(), Err(RunError(2)));
    }
}
