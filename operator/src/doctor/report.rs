//! What the doctor says: a line for each thing that was checked.

use std::process::ExitCode;

use console::Style;
use lcmap_spark_crd::Reason;
use serde::Serialize;

use crate::manifest::{Origin, Source};
use crate::run::Output;
use crate::streams;

/// How a check went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
enum Verdict {
    /// It is well.
    Ok,
    /// It should be known.
    Note,
    /// It is in the job's way.
    Failed,
}

/// One line, as `--output json` writes it.
#[derive(Serialize)]
struct Line<'a> {
    file: &'a str,
    document: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    item: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    job: Option<&'a str>,
    check: &'a str,
    verdict: Verdict,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    message: &'a str,
}

/// Writes findings to standard output as they come, and remembers whether anything is wrong.
#[derive(Debug)]
pub(super) struct Report {
    output: Output,
    origin: Origin,
    job: Option<String>,
    failed: bool,
}

impl Report {
    /// One that has nothing to say yet.
    pub(super) fn new(output: Output) -> Self {
        Self { output, origin: Origin::of(Source::Stdin), job: None, failed: false }
    }

    /// What follows is about this document.
    pub(super) fn begin(&mut self, origin: &Origin, job: Option<&str>) {
        self.origin = origin.clone();
        self.job = job.map(str::to_owned);
        if self.output == Output::Text {
            let name = self.job.as_deref().unwrap_or("?");
            streams::print(format!(
                "{} {}",
                Style::new().bold().apply_to(name),
                Style::new().dim().apply_to(origin)
            ));
        }
    }

    /// Something is well.
    pub(super) fn ok(&mut self, check: &str, message: impl Into<String>) {
        self.tell(check, Verdict::Ok, None, &message.into());
    }

    /// Something should be known.
    pub(super) fn note(&mut self, check: &str, message: impl Into<String>) {
        self.tell(check, Verdict::Note, None, &message.into());
    }

    /// Something is in the job's way.
    pub(super) fn failed(&mut self, check: &str, reason: Reason, message: impl Into<String>) {
        self.failed = true;
        self.tell(check, Verdict::Failed, Some(reason), &message.into());
    }

    /// 0 if all is well.
    pub(super) fn exit_code(&self) -> ExitCode {
        ExitCode::from(u8::from(self.failed))
    }

    fn tell(&self, check: &str, verdict: Verdict, reason: Option<Reason>, message: &str) {
        let reason = reason.map(Reason::as_str);
        let line = match self.output {
            Output::Text => text(check, verdict, reason, message),
            Output::Json => {
                let (file, document, item) =
                    (&*self.origin.source.to_string(), self.origin.document, self.origin.item);
                let job = self.job.as_deref();
                // Its keys are strings: nothing in it can fail to serialise.
                serde_json::to_string(&Line { file, document, item, job, check, verdict, reason, message })
                    .unwrap_or_default()
            }
        };
        streams::print(line);
    }
}

fn text(check: &str, verdict: Verdict, reason: Option<&str>, message: &str) -> String {
    let (style, word) = match verdict {
        Verdict::Ok => (Style::new().green(), "ok"),
        Verdict::Note => (Style::new().yellow(), "note"),
        Verdict::Failed => (Style::new().red(), "FAILED"),
    };
    let reason = reason.map(|reason| format!("{reason}: ")).unwrap_or_default();
    format!("  {} {check:<13} {reason}{message}", style.apply_to(format!("{word:<6}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_what_was_checked_and_how_it_went() {
        console::set_colors_enabled(false);
        let line = |verdict, reason| text("role", verdict, reason, "words");
        assert_eq!(line(Verdict::Ok, None), "  ok     role          words");
        assert_eq!(line(Verdict::Failed, Some("RoleRefused")), "  FAILED role          RoleRefused: words");
    }
}
