//! What `run` tells of its jobs: the one list that text and JSON are both made of.

use serde::Serialize;

use crate::manifest::Origin;
use crate::progress::Progress;

/// One thing that happened. Serialised, it is one line of `--output json`; docs/run.md describes each.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub(crate) enum Event {
    /// A manifest, or one field of it, cannot be run.
    Refused {
        /// The field's path, when one field is at fault.
        #[serde(skip_serializing_if = "Option::is_none")]
        field: Option<String>,
        /// What is wrong and what to write instead.
        message: String,
    },
    /// A document is not a SparkJob, or was not reached.
    Skipped {
        /// Why.
        message: String,
    },
    /// The job goes on, but its user should know this.
    Warning {
        /// What.
        message: String,
    },
    /// The job is in another phase, or in the same one for another reason.
    Phase {
        /// The phase.
        phase: &'static str,
        /// The reason, as in the SparkJob's status.
        #[serde(skip_serializing_if = "Option::is_none")]
        reason: Option<&'static str>,
        /// The same for people.
        #[serde(skip_serializing_if = "String::is_empty")]
        message: String,
        /// The ordinal of the attempt.
        attempt: i32,
    },
    /// How far the driver is.
    Progress(Progress),
    /// The executors on Mesos are others than before.
    Executors(Executors),
    /// Spark's own web UI is there.
    Ui {
        /// Where.
        url: String,
    },
    /// The notebook answers.
    Notebook {
        /// Where, with the token that opens it.
        url: String,
    },
    /// The job has ended.
    Result {
        /// `Succeeded` or `Failed`.
        phase: &'static str,
        /// The exit code that this job gives `run`.
        exit_code: u8,
        /// From start to end, in seconds.
        seconds: u64,
    },
}

/// The executors of an attempt on Mesos.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Executors {
    /// How many run.
    pub(crate) running: i32,
    /// How many have failed.
    pub(crate) failed: i32,
    /// How many were lost.
    pub(crate) lost: i32,
    /// The cores of those that run.
    pub(crate) cores: i64,
    /// Their memory, with its unit.
    pub(crate) memory: String,
}

/// The job that events belong to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Subject {
    /// The file, `standard input` for `-`.
    pub(crate) file: String,
    /// The document's ordinal in the file, from 1.
    pub(crate) document: usize,
    /// The item's ordinal in the document, from 1, where that is a List.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) item: Option<usize>,
    /// The SparkJob's name, once known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) job: Option<String>,
}

impl Subject {
    /// A document, before anything is known of it.
    pub(crate) fn of(origin: &Origin) -> Self {
        let Origin { source, document, item } = origin;
        Self { file: source.to_string(), document: *document, item: *item, job: None }
    }

    /// Where it is, for people.
    pub(super) fn place(&self) -> String {
        let document = (self.document > 1).then(|| format!(", document {}", self.document));
        let item = self.item.map(|item| format!(", item {item}"));
        [Some(self.file.clone()), document, item].into_iter().flatten().collect()
    }
}
