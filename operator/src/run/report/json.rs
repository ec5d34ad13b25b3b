//! Events for programs: one JSON object a line.

use jiff::Timestamp;
use serde::Serialize;

use super::{Event, Subject};

#[derive(Serialize)]
struct Line<'a> {
    time: Timestamp,
    #[serde(flatten)]
    subject: &'a Subject,
    #[serde(flatten)]
    event: &'a Event,
}

/// One event as one line, without its newline.
pub(super) fn line(time: Timestamp, subject: &Subject, event: &Event) -> String {
    // Nothing in an event can fail to serialise: its keys are strings and its numbers integers.
    serde_json::to_string(&Line { time, subject, event }).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_one_flat_line_whatever_it_says() {
        let subject = Subject { file: "a b.yaml".into(), document: 2, item: None, job: Some("pi".into()) };
        let event =
            Event::Refused { field: Some("spec.run".into()), message: "two\nlines \"quoted\"".into() };
        assert_eq!(
            line(Timestamp::UNIX_EPOCH, &subject, &event),
            r#"{"time":"1970-01-01T00:00:00Z","file":"a b.yaml","document":2,"job":"pi","type":"refused","field":"spec.run","message":"two\nlines \"quoted\""}"#
        );
    }
}
