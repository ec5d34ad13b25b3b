//! Values whose ends Spark cuts off when it reads them from `spark-defaults.conf`.
//!
//! `Utils.trimExceptCRLF` takes blanks and control characters, line ends excepted, from both ends of every value of a
//! file; what comes by `--conf` it keeps. So those few values go by `--conf`, and what must not stand on a command
//! line, where everybody can read it, is refused.

use std::path::PathBuf;

use super::ConfigurationError;
use super::spark_defaults::Sources;

/// Words in the name of a property by which Spark takes it for a secret.
const SECRETS: [&str; 5] = ["secret", "password", "token", "access.key", "accesskey"];

/// Why a value cannot be kept as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unkept {
    /// It is a secret, or looks like one.
    #[error("and a secret is not put on a command line, where it would be kept")]
    Secret,
    /// Spark's script would take something else out.
    #[error("and on a command line, where they would be kept, Spark's own script takes out carriage returns")]
    Return,
    /// Its name cannot stand on a command line.
    #[error("and a name with = cannot stand on a command line, where they would be kept")]
    Name,
}

/// Whether Spark would cut something off.
pub(super) fn loses_ends(value: &str) -> bool {
    let is_cut = |character: char| character <= ' ' && !matches!(character, '\r' | '\n');
    value.starts_with(is_cut) || value.ends_with(is_cut)
}

/// What Spark would leave of a value.
pub(super) fn without_ends(value: &str) -> &str {
    value.trim_matches(|character: char| character <= ' ' && !matches!(character, '\r' | '\n'))
}

/// The names of the properties that must go by `--conf`. `folders` are those that the sources' folders were read from.
pub(super) fn names(sources: &Sources, folders: &[PathBuf]) -> Result<Vec<String>, ConfigurationError> {
    let mut names: Vec<String> = Vec::new();
    for (name, value) in sources.proposed.iter().chain(&sources.plan).chain(&sources.owned) {
        names.retain(|known| known != name);
        if !loses_ends(value) {
            continue;
        }
        let lower = name.to_ascii_lowercase();
        let why = if sources.secret.contains(name) || SECRETS.iter().any(|word| lower.contains(word)) {
            Some(Unkept::Secret)
        } else if value.contains('\r') {
            Some(Unkept::Return)
        } else {
            name.contains('=').then_some(Unkept::Name)
        };
        if let Some(why) = why {
            return Err(ConfigurationError::Ends { of: name.clone(), why });
        }
        names.push(name.clone());
    }
    for (folder, properties) in folders.iter().zip(&sources.folders) {
        for (name, value) in properties {
            if loses_ends(value) {
                let of = folder.join(name).display().to_string();
                return Err(ConfigurationError::Ends { of, why: Unkept::Secret });
            }
            names.retain(|known| known != name);
        }
    }
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::configuration::Properties;

    fn properties(name: &str, value: &str) -> Properties {
        [(name.to_owned(), value.to_owned())].into()
    }

    #[test]
    fn spark_cuts_blanks_and_control_characters_but_no_line_ends() {
        for (value, left) in [
            ("a", "a"),
            (" a ", "a"),
            ("\t", ""),
            ("\u{1}", ""),
            ("\na\n", "\na\n"),
            ("\n\t", "\n"),
            ("a b", "a b"),
            ("\u{a0}", "\u{a0}"),
        ] {
            assert_eq!(without_ends(value), left, "{value:?}");
            assert_eq!(loses_ends(value), left != value, "{value:?}");
        }
    }

    #[test]
    fn the_last_word_on_a_property_decides_how_it_goes() {
        let proposed = properties("spark.executorEnv.A", " ");
        let sources = |plan| Sources { proposed: proposed.clone(), plan, ..Sources::default() };
        assert_eq!(names(&sources(Properties::new()), &[]).unwrap(), ["spark.executorEnv.A"]);
        let plain = sources(properties("spark.executorEnv.A", "x"));
        assert_eq!(names(&plain, &[]).unwrap(), [""; 0]);
    }

    #[test]
    fn what_cannot_be_kept_is_refused_by_name() {
        for (name, value, word) in [
            ("spark.x.password", " a", "secret"),
            ("spark.a=b", " a", "="),
            ("spark.x", " a\r", "carriage returns"),
        ] {
            let sources = Sources { plan: properties(name, value), ..Sources::default() };
            let message = names(&sources, &[]).unwrap_err().to_string();
            assert!(message.contains(name) && message.contains(word), "{message}");
        }
        let folders = vec![properties("spark.x", "s3cret ")];
        let sources = Sources { folders, ..Sources::default() };
        let message = names(&sources, &["/secrets".into()]).unwrap_err().to_string();
        assert!(message.contains("/secrets/spark.x") && !message.contains("s3cret"), "{message}");
    }
}
