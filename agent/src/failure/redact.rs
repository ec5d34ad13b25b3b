//! PURE: blackening secrets in what others may read.

use crate::output::Printed;

/// What stands in a secret's place.
const BLACK: &str = "[redacted]";

/// Shorter values would blacken half of any text, and guard nothing.
const SHORTEST: usize = 4;

/// Parts of names of variables and properties whose values are secret, as Spark has it (`spark.redaction.regex`), and more.
const SECRET_NAMES: [&str; 8] =
    ["secret", "password", "passwd", "token", "credential", "access.key", "access_key", "private_key"];

/// The values that no message may hold.
#[derive(Clone, Default)]
pub(crate) struct Secrets(Vec<String>);

impl std::fmt::Debug for Secrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} secrets", self.0.len())
    }
}

impl Secrets {
    /// These, the longest first: one may be a part of another.
    pub(crate) fn new(values: impl IntoIterator<Item = String>) -> Self {
        let lines = |value: String| -> Vec<String> {
            let lines = value.lines().map(str::trim).map(str::to_owned).collect::<Vec<_>>();
            lines.into_iter().chain([value.trim().to_owned()]).collect()
        };
        let is_secret = |value: &String| value.len() >= SHORTEST && value != "true" && value != "false";
        let mut values: Vec<String> = values.into_iter().flat_map(lines).filter(is_secret).collect();
        let encoded: Vec<String> = values.iter().filter_map(|value| percent_encoded(value)).collect();
        values.extend(encoded);
        values.sort_unstable_by(|one, other| other.len().cmp(&one.len()).then_with(|| one.cmp(other)));
        values.dedup();
        Self(values)
    }

    /// Whether the name of a variable or property says that its value is secret.
    pub(crate) fn is_secret_name(name: &str) -> bool {
        let name = name.to_ascii_lowercase();
        SECRET_NAMES.iter().any(|part| name.contains(part))
    }

    /// An output without them. What is cut afterwards holds no part of one.
    pub(crate) fn redact_all(&self, printed: &Printed) -> Printed {
        Printed { out: self.redact(&printed.out), err: self.redact(&printed.err) }
    }

    /// A text without them.
    pub(crate) fn redact(&self, text: &str) -> String {
        let mut text = self.0.iter().fold(text.to_owned(), |text, secret| text.replace(secret, BLACK));
        // Nobody needs to know the password in a URL to understand what failed.
        let mut from = 0;
        while let Some(found) = text[from..].find("://") {
            let begin = from + found + 3;
            let authority =
                text[begin..].find(['/', ' ', '"', '\'', '?', '\n']).map_or(text.len(), |end| begin + end);
            if let Some(at) = text[begin..authority].rfind('@')
                && text[begin..begin + at].contains(':')
            {
                text.replace_range(begin..begin + at, BLACK);
            }
            from = begin;
        }
        text
    }
}

/// A value as it stands in a URL, if that is another.
fn percent_encoded(value: &str) -> Option<String> {
    let encoded: String = value
        .bytes()
        .map(|byte| match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                char::from(byte).to_string()
            }
            _ => format!("%{byte:02X}"),
        })
        .collect();
    (encoded != value).then_some(encoded)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_secrets_and_passwords_in_urls_are_blackened() {
        let secrets = ["s3cret", "s3cret-and-more", "two\nlines of it\n", "p@ss/word", "abc", "true"];
        let secrets = Secrets::new(secrets.map(str::to_owned));
        for (text, redacted) in [
            ("login s3cret failed", "login [redacted] failed"),
            ("login 's3cret-and-more'", "login '[redacted]'"),
            ("key lines of it end", "key [redacted] end"),
            ("GET /?p=p%40ss%2Fword", "GET /?p=[redacted]"),
            ("jdbc:postgresql://me:pw@host/db x://y", "jdbc:postgresql://[redacted]@host/db x://y"),
            ("ssh://me@host true abc", "ssh://me@host true abc"),
            ("http://a b:c@d", "http://a b:c@d"),
        ] {
            assert_eq!(secrets.redact(text), redacted);
        }
        assert!(!format!("{secrets:?}").contains("s3cret"));
    }

    #[test]
    fn names_tell_what_is_secret() {
        for (name, is_secret) in [
            ("AWS_SECRET_ACCESS_KEY", true),
            ("spark.hadoop.fs.s3a.access.key", true),
            ("spark.cassandra.auth.password", true),
            ("GITHUB_TOKEN", true),
            ("PATH", false),
            ("spark.driver.memory", false),
        ] {
            assert_eq!(Secrets::is_secret_name(name), is_secret, "{name}");
        }
    }
}
