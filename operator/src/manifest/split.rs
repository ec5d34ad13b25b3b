//! Splitting a stream of YAML documents, so that a fault in one leaves the others readable.

/// One document of a stream.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Part<'a> {
    /// Its text, without markers.
    pub(super) text: &'a str,
    /// The line of the file that its text begins on, from 1.
    pub(super) first_line: u64,
}

/// Splits at document markers: `---` or `...` at the start of a line, which YAML 1.2 (section 9.1.2) allows
/// nowhere else, not even inside a block scalar.
pub(super) fn documents(text: &str) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    let (mut start, mut first_line) = (0, 1);
    let (mut offset, mut line) = (0, 1);
    for row in text.split_inclusive('\n') {
        if let Some(rest) = marker(row) {
            parts.push(Part { text: &text[start..offset], first_line });
            // What follows a marker on its own line belongs to the next document: `--- {kind: SparkJob}`.
            start = offset + row.len() - rest.len();
            first_line = line;
        }
        offset += row.len();
        line += 1;
    }
    parts.push(Part { text: &text[start..], first_line });
    parts
}

fn marker(row: &str) -> Option<&str> {
    let rest = row.strip_prefix("---").or_else(|| row.strip_prefix("..."))?;
    (rest.is_empty() || rest.starts_with([' ', '\t', '\r', '\n'])).then_some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_keep_their_line_numbers() {
        let parts = documents("a: 1\n---\nb: 2\n--- {c: 3}\n");
        let seen: Vec<_> = parts.iter().map(|p| (p.text.trim(), p.first_line)).collect();
        assert_eq!(seen, [("a: 1", 1), ("b: 2", 2), ("{c: 3}", 4)]);
    }

    #[test]
    fn dashes_inside_a_line_are_no_marker() {
        assert_eq!(documents("a: |\n  ---\nb: ----\n----\n").len(), 1);
    }
}
