//! What is wrong with a manifest, and what to write instead.

use std::fmt;

use serde_json::Value;

/// One thing that is wrong with a manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// The field, as the API server names it, such as `spec.run.submit.args[3]`. Empty for the whole manifest.
    pub field: String,
    /// What kind of wrong it is.
    pub kind: ViolationKind,
    /// What is wrong.
    pub problem: String,
    /// What to write instead, where the problem does not say it already.
    pub remedy: Option<String>,
}

/// The kinds of wrong that the API server tells apart (`field.ErrorType`), and unknown fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ViolationKind {
    /// There is no such field.
    Unknown,
    /// The field is missing.
    Required,
    /// The value has another JSON type.
    Type,
    /// The value is none of those that are possible.
    Unsupported,
    /// The text is too long.
    TooLong,
    /// There are too many entries.
    TooMany,
    /// Two entries have the same key.
    Duplicate,
    /// The field may not be set here.
    Forbidden,
    /// The value is wrong in another way.
    Invalid,
}

impl Violation {
    pub(super) fn new(field: impl Into<String>, kind: ViolationKind, problem: impl Into<String>) -> Self {
        Self { field: field.into(), kind, problem: problem.into(), remedy: None }
    }

    pub(super) fn with_remedy(mut self, remedy: Option<String>) -> Self {
        self.remedy = remedy;
        self
    }

    /// Whether CEL rules are not evaluated because of this, as `hasBlockingErr` has it.
    pub(super) fn blocks_rules(&self) -> bool {
        matches!(
            self.kind,
            ViolationKind::Required
                | ViolationKind::Type
                | ViolationKind::Unsupported
                | ViolationKind::TooLong
                | ViolationKind::TooMany
        )
    }

    pub(super) fn rules_unchecked() -> Self {
        Self::new(
            "",
            ViolationKind::Invalid,
            "some rules were not checked because of what is wrong above; mend that and validate again",
        )
    }

    pub(super) fn too_deep() -> Self {
        let problem = format!("has more than {} levels of objects and lists", super::MAX_DEPTH);
        Self::new("", ViolationKind::Invalid, problem)
    }

    pub(super) fn unreadable(error: &serde_json::Error) -> Self {
        let problem = format!("fits the schema and cannot be read all the same: {error}");
        Self::new("", ViolationKind::Invalid, problem)
            .with_remedy(Some("this is a fault of lcmap-spark; please report it with the manifest".into()))
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.field.is_empty() {
            write!(f, "{}: ", self.field)?;
        }
        f.write_str(&self.problem)?;
        match &self.remedy {
            Some(remedy) => write!(f, "; {remedy}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Violation {}

/// A value as a message shows it: as JSON, control characters escaped, and not for ever.
pub(super) fn excerpt(value: &Value) -> String {
    const LONGEST: usize = 64;
    let text = value.to_string();
    if text.chars().count() <= LONGEST {
        return text;
    }
    text.chars().take(LONGEST).chain("…".chars()).collect()
}
