//! One text where a list belongs, taken apart as its author meant it.

use serde_json::json;

/// What stands between the entries of a list that was written as one text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Separator {
    /// Blanks, as a shell has it: arguments.
    Blanks,
    /// Commas, as Spark's own options have it: everything else.
    Commas,
}

/// The separator of a list, by its path.
pub(super) fn separator(path: &str) -> Separator {
    if path.rsplit('.').next() == Some("args") { Separator::Blanks } else { Separator::Commas }
}

/// What to write in the place of a text.
pub(super) fn as_list(text: &str, separator: Separator) -> String {
    let entries = match separator {
        Separator::Blanks => shell_words(text),
        Separator::Commas => Some(
            text.split(',').map(|entry| entry.trim().to_owned()).filter(|entry| !entry.is_empty()).collect(),
        ),
    };
    match entries {
        Some(entries) => {
            let entries: Vec<String> = entries.into_iter().map(|entry| json!(entry).to_string()).collect();
            format!("write it as a list: [{}]", entries.join(", "))
        }
        None => "write it as a list, one entry for each word: its quotes do not pair, so it is not clear which words \
                 belong together"
            .to_owned(),
    }
}

/// Splits a command line as a shell does, without anything that a shell would put in. None where quotes do not pair.
fn shell_words(text: &str) -> Option<Vec<String>> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        match character {
            blank if blank.is_whitespace() => words.extend(word.take()),
            '\\' => word.get_or_insert_default().push(characters.next()?),
            '\'' => {
                let word = word.get_or_insert_default();
                loop {
                    match characters.next()? {
                        '\'' => break,
                        inner => word.push(inner),
                    }
                }
            }
            '"' => {
                let word = word.get_or_insert_default();
                loop {
                    match characters.next()? {
                        '"' => break,
                        '\\' => match characters.next()? {
                            escaped @ ('"' | '\\' | '$' | '`') => word.push(escaped),
                            other => word.extend(['\\', other]),
                        },
                        inner => word.push(inner),
                    }
                }
            }
            other => word.get_or_insert_default().push(other),
        }
    }
    words.extend(word);
    Some(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_line_is_split_as_a_shell_splits_it() {
        for (text, list) in [
            ("--date 2024-03-01 --verbose", r#"["--date", "2024-03-01", "--verbose"]"#),
            ("  one\n two\t", r#"["one", "two"]"#),
            (r#"--name "h05 v03" 'it''s' a\ b"#, r#"["--name", "h05 v03", "its", "a b"]"#),
            (r#""" x"#, r#"["", "x"]"#),
            (r#""a\"b\n""#, r#"["a\"b\\n"]"#),
            ("", "[]"),
        ] {
            assert_eq!(as_list(text, Separator::Blanks), format!("write it as a list: {list}"), "{text}");
        }
    }

    #[test]
    fn what_no_shell_could_split_is_left_to_its_author() {
        for text in ["it's", "\"a", "a\\"] {
            assert!(as_list(text, Separator::Blanks).contains("quotes do not pair"), "{text}");
        }
    }

    #[test]
    fn lists_of_spark_are_split_at_their_commas() {
        assert_eq!(separator("spec.dependencies.jars"), Separator::Commas);
        assert_eq!(
            as_list("a b.jar, c.jar,", Separator::Commas),
            r#"write it as a list: ["a b.jar", "c.jar"]"#
        );
    }
}
