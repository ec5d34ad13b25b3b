//! Templates of Helm, Jinja and the like that nobody has rendered.

/// The first thing in a text that a template's engine would have replaced.
pub(crate) fn placeholder(text: &str) -> Option<&str> {
    [("{{", "}}"), ("{%", "%}")].into_iter().find_map(|(open, close)| {
        let start = text.find(open)?;
        let length = text[start..].find(close)? + close.len();
        // YAML allows a mapping in a mapping over several lines. A template stands in one line.
        Some(&text[start..start + length]).filter(|found| !found.contains('\n'))
    })
}

/// What to do about it.
pub(crate) fn advice(placeholder: &str) -> String {
    format!("{placeholder} is of a template that was not rendered; render it first, as `helm template` does")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_template_leaves_is_found() {
        for (text, found) in [
            ("name: {{ .Release.Name }}-x", Some("{{ .Release.Name }}")),
            ("{%- if x -%}", Some("{%- if x -%}")),
            ("a: {b: {c: 1}}", None),
            ("a: {{b: 1", None),
            ("${HOME} {x} %}", None),
        ] {
            assert_eq!(placeholder(text), found, "{text}");
        }
    }
}
