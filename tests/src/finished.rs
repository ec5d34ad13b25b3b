//! A run that has ended.

use std::time::Duration;

use serde_json::Value;

/// A run that has ended, and left nothing behind.
#[derive(Debug)]
pub struct Finished {
    /// Its exit code; none if a signal killed it.
    pub code: Option<i32>,
    /// What it wrote to its standard output.
    pub stdout: String,
    /// What it wrote to its standard error.
    pub stderr: String,
    /// How long it took.
    pub took: Duration,
}

impl Finished {
    /// The events of a run with `--output json`: every line of standard output is one.
    pub fn events(&self) -> Vec<Value> {
        let event =
            |line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{line:?} is no event: {error}"));
        self.stdout.lines().map(event).collect()
    }

    /// The events of this type.
    pub fn events_of(&self, kind: &str) -> Vec<Value> {
        self.events().into_iter().filter(|event| event["type"] == kind).collect()
    }

    /// Fails unless it succeeded; its standard error is the failure's message.
    #[track_caller]
    pub fn succeeded(self) -> Self {
        assert_eq!(self.code, Some(0), "{}\n{}", self.stdout, self.stderr);
        self
    }

    /// Fails unless it ended with this exit code.
    #[track_caller]
    pub fn failed_with(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{}\n{}", self.stdout, self.stderr);
        self
    }
}

/// Fails unless each of these texts is in `output`.
#[track_caller]
pub fn says(output: &str, texts: &[&str]) {
    for text in texts {
        assert!(output.contains(text), "{text:?} is not in:\n{output}");
    }
}
