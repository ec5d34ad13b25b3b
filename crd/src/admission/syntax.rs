//! How Kubernetes writes names, labels and annotations.
//!
//! Source: `k8s.io/apimachinery/pkg/util/validation`.

/// Whether this is an RFC 1123 label: at most 63 of `a-z 0-9 -`, alphanumeric at both ends.
pub(super) fn is_label(text: &str) -> bool {
    (1..=63).contains(&text.len()) && is_bounded(text, |c| c.is_ascii_lowercase() || c.is_ascii_digit(), "-")
}

/// Whether this is an RFC 1123 subdomain: labels with dots between, at most 253 characters. Its labels may be longer
/// than 63, as Kubernetes has it.
pub(super) fn is_subdomain(text: &str) -> bool {
    let is_part = |part: &str| {
        is_bounded(part, |c| c.is_ascii_lowercase() || c.is_ascii_digit(), "-") && !part.is_empty()
    };
    (1..=253).contains(&text.len()) && text.split('.').all(is_part)
}

/// Whether this is a qualified name: `[subdomain/]name`, the name at most 63 of `A-Z a-z 0-9 - _ .`.
pub(super) fn is_qualified_name(text: &str) -> bool {
    let (prefix, name) = match text.split_once('/') {
        Some((prefix, name)) => (Some(prefix), name),
        None => (None, text),
    };
    prefix.is_none_or(is_subdomain)
        && (1..=63).contains(&name.len())
        && is_bounded(name, |c| c.is_ascii_alphanumeric(), "-_.")
}

/// Whether this may be a label's value: empty, or like the name in a qualified name.
pub(super) fn is_label_value(text: &str) -> bool {
    text.is_empty() || text.len() <= 63 && is_bounded(text, |c| c.is_ascii_alphanumeric(), "-_.")
}

/// Whether a text has `end` at both ends, and `end` or one of `between` elsewhere.
fn is_bounded(text: &str, end: impl Fn(char) -> bool, between: &str) -> bool {
    text.starts_with(&end) && text.ends_with(&end) && text.chars().all(|c| end(c) || between.contains(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_short_and_lowercase() {
        for (text, expected) in [
            ("a", true),
            ("a-b1", true),
            ("1", true),
            ("", false),
            ("-a", false),
            ("a-", false),
            ("A", false),
            ("a.b", false),
            ("ä", false),
        ] {
            assert_eq!(is_label(text), expected, "{text:?}");
        }
        assert!(is_label(&"a".repeat(63)));
        assert!(!is_label(&"a".repeat(64)));
    }

    #[test]
    fn subdomains_have_dots_between_labels() {
        for (text, expected) in [
            ("a.b-c.d", true),
            ("a..b", false),
            (".a", false),
            ("a.", false),
            ("a_b", false),
            ("a.-b", false),
        ] {
            assert_eq!(is_subdomain(text), expected, "{text:?}");
        }
        assert!(is_subdomain(&"a".repeat(253)));
        assert!(!is_subdomain(&"a".repeat(254)));
    }

    #[test]
    fn qualified_names_may_have_a_domain() {
        for (text, expected) in [
            ("app", true),
            ("lcmap.usgs.gov/rerun", true),
            ("A_b.C-1", true),
            ("a/b/c", false),
            ("/a", false),
            ("a/", false),
            ("A.b/c", false),
            ("_a", false),
            ("", false),
        ] {
            assert_eq!(is_qualified_name(text), expected, "{text:?}");
        }
    }

    #[test]
    fn label_values_may_be_empty() {
        for (text, expected) in [("", true), ("a_B.c-1", true), ("-a", false), ("a b", false), ("a/b", false)]
        {
            assert_eq!(is_label_value(text), expected, "{text:?}");
        }
        assert!(!is_label_value(&"a".repeat(64)));
    }
}
