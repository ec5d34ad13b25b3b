//! Manifests as people keep them: files of YAML documents, read the way `kubectl apply -f` reads them.
//!
//! A fault in one document names its file, document and line, and never hides the others.

mod error;
mod files;
mod folder;
mod list;
mod source;
mod split;
pub(crate) mod template;
mod yaml;

use lcmap_spark_crd::admission::{Meant, meant};
use serde_json::Value;

pub use error::{Fault, ManifestError};
pub use files::Files;
pub use source::{Origin, Source};
pub use yaml::Fields;

/// One document, parsed.
#[derive(Debug, Clone)]
pub struct Manifest {
    /// Where it came from.
    pub origin: Origin,
    /// Its content.
    pub value: Value,
    /// What stands where in its file.
    pub fields: Fields,
}

impl Manifest {
    /// The name of the object.
    pub fn name(&self) -> Option<&str> {
        self.value.pointer("/metadata/name").and_then(Value::as_str)
    }
}

/// What a document turned out to be.
#[derive(Debug)]
pub enum Document {
    /// A SparkJob, or what is meant to be one.
    Job(Manifest),
    /// Somebody else's object, by its kind and name: GitOps files hold others too.
    Foreign {
        /// Where it is.
        origin: Origin,
        /// `kind/name`.
        name: String,
    },
    /// A file, or a document of it, that cannot be read.
    Faulty(ManifestError),
}

/// Reads every document of every file and folder, in order. An error where none of them is there to be judged.
pub fn read(files: &Files) -> Vec<Document> {
    let mut documents = Vec::new();
    for path in &files.given {
        match folder::sources(path) {
            Ok(sources) => documents.extend(sources.iter().flat_map(documents_of)),
            Err(error) => documents.push(Document::Faulty(error)),
        }
    }
    if files.allow_none {
        documents.retain(|document| {
            !matches!(document, Document::Faulty(ManifestError { fault: Fault::Empty, .. }))
        });
    } else if !documents.iter().any(|document| !matches!(document, Document::Foreign { .. })) {
        documents.push(Document::Faulty(nothing(files, documents.len())));
    }
    documents
}

fn nothing(files: &Files, others: usize) -> ManifestError {
    let given: Vec<String> =
        files.given.iter().map(|path| Source::from(path.as_path()).to_string()).collect();
    let source = Source::File(given.join(", ").into());
    ManifestError { origin: Origin::of(source), fault: Fault::Nothing { others } }
}

/// Reads every document of one source, each on its own.
fn documents_of(source: &Source) -> Vec<Document> {
    let text = match source.text() {
        Ok(text) => text,
        // No manifest is that large, and folders hold data, too.
        Err(ManifestError { origin, fault: Fault::TooLarge | Fault::NotText { .. } })
            if source.is_found() =>
        {
            return vec![Document::Foreign { origin, name: "data".to_owned() }];
        }
        Err(error) => return vec![Document::Faulty(error)],
    };
    let mut documents = Vec::new();
    let mut ordinal = 1;
    for part in split::documents(&text) {
        let origin = Origin { document: ordinal, ..Origin::of(source.clone()) };
        match yaml::parse(part.text, part.first_line) {
            Ok((Value::Null, _)) => continue, // nothing but comments
            Ok((value, fields)) => list::take_apart(Manifest { origin, value, fields }, &mut documents),
            Err(message) if source.is_found() && !speaks_of_jobs(part.text) => {
                documents.push(Document::Foreign { origin, name: message });
            }
            Err(message) => {
                documents.push(Document::Faulty(ManifestError { origin, fault: Fault::Syntax { message } }));
            }
        }
        ordinal += 1;
    }
    if documents.is_empty() && ordinal == 1 && !source.is_found() {
        documents.push(Document::Faulty(ManifestError {
            origin: Origin::of(source.clone()),
            fault: Fault::Empty,
        }));
    }
    documents
}

/// What an object, which is no list, is.
fn classify(manifest: Manifest) -> Document {
    match meant(&manifest.value) {
        Meant::SparkJob => Document::Job(manifest),
        // In a folder it is a file of another program; where it was named it was meant.
        Meant::NoObject if !manifest.origin.source.is_found() => Document::Job(manifest),
        Meant::NoObject | Meant::Other => {
            let kind = manifest.value.get("kind").and_then(Value::as_str).unwrap_or_default();
            let name = format!("{kind}/{}", manifest.name().unwrap_or_default());
            Document::Foreign { origin: manifest.origin, name }
        }
    }
}

/// Whether a text that cannot be parsed may have been meant to be a SparkJob.
fn speaks_of_jobs(text: &str) -> bool {
    text.to_lowercase().lines().any(|line| line.contains("apiversion") && line.contains("lcmap.usgs"))
}

#[cfg(test)]
mod tests;
