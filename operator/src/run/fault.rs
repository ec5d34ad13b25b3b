//! What keeps a manifest from being run.

use std::fmt;

use crate::manifest::Manifest;

/// One thing that is wrong with one document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fault {
    /// The path of the field at fault, if it is one field's.
    pub(crate) field: Option<String>,
    /// What is wrong and what to do.
    pub(crate) message: String,
}

impl Fault {
    /// A fault of one field.
    pub(crate) fn at(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self { field: Some(field.into()), message: message.into() }
    }

    /// A fault of the whole document, or of this machine.
    pub(crate) fn of_job(message: impl Into<String>) -> Self {
        Self { field: None, message: message.into() }
    }

    /// The same, with the line of its field.
    #[must_use]
    pub(crate) fn on_line_of(mut self, manifest: &Manifest) -> Self {
        let line = self.field.as_ref().and_then(|field| manifest.fields.line(field));
        if let Some(line) = line {
            self.message = format!("{} (line {line})", self.message);
        }
        self
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.field {
            Some(field) => write!(f, "{field}: {}", self.message),
            None => f.write_str(&self.message),
        }
    }
}
