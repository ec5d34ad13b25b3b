//! Java's properties format, as Spark reads `spark-defaults.conf`.
//!
//! Rules: `java.util.Properties.load(Reader)`. Spark reads the file as UTF-8 and trims blanks and control
//! characters, line ends excepted, from both ends of every value (`Utils.trimExceptCRLF`), so a value cannot
//! begin or end with a blank, however it is written here.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::iter::Peekable;
use std::str::Chars;

/// Spark properties by name.
pub(crate) type Properties = BTreeMap<String, String>;

/// A `\u` that is not followed by four hexadecimal digits; Java refuses such a file, too.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line} has \\u without four hexadecimal digits after it; write \\\\u for a backslash and a u")]
pub(crate) struct MalformedEscape {
    /// The number of the logical line, from 1.
    pub line: usize,
}

/// Reads properties; of a name given twice, the last counts.
pub(crate) fn parse(text: &str) -> Result<Properties, MalformedEscape> {
    let mut properties = Properties::new();
    for (line, logical) in logical_lines(text) {
        let (name, value) = split(&logical);
        let malformed = |()| MalformedEscape { line };
        properties.insert(unescape(name).map_err(malformed)?, unescape(value).map_err(malformed)?);
    }
    Ok(properties)
}

/// Writes properties so that Java, and [`parse`], read back the same names and values.
pub(crate) fn write(properties: &Properties) -> String {
    let mut text = String::new();
    for (name, value) in properties {
        text.extend([escape_name(name).as_str(), "=", &escape_value(value), "\n"]);
    }
    text
}

/// Lines without comments and blank lines, continued where one ends in an odd number of backslashes.
fn logical_lines(text: &str) -> Vec<(usize, String)> {
    let mut lines = Vec::new();
    let mut continued: Option<(usize, String)> = None;
    for (index, natural) in text.replace("\r\n", "\n").split(['\n', '\r']).enumerate() {
        let natural = natural.trim_start_matches(is_blank);
        if continued.is_none() && (natural.is_empty() || natural.starts_with(['#', '!'])) {
            continue;
        }
        let (start, mut logical) = continued.take().unwrap_or((index + 1, String::new()));
        let backslashes = natural.len() - natural.trim_end_matches('\\').len();
        if backslashes % 2 == 1 {
            logical.push_str(&natural[..natural.len() - 1]);
            continued = (!logical.is_empty()).then_some((start, logical));
        } else {
            logical.push_str(natural);
            lines.push((start, logical));
        }
    }
    lines.extend(continued);
    lines
}

fn is_blank(character: char) -> bool {
    matches!(character, ' ' | '\t' | '\u{c}')
}

/// Splits at the first unescaped `=`, `:` or blank; blanks around it belong to neither side.
fn split(line: &str) -> (&str, &str) {
    let mut escaped = false;
    let end = line.find(|character: char| {
        let ends = !escaped && (is_blank(character) || matches!(character, '=' | ':'));
        escaped = !escaped && character == '\\';
        ends
    });
    let (name, rest) = line.split_at(end.unwrap_or(line.len()));
    let rest = rest.trim_start_matches(is_blank);
    (name, rest.strip_prefix(['=', ':']).unwrap_or(rest).trim_start_matches(is_blank))
}

fn unescape(text: &str) -> Result<String, ()> {
    let mut units: Vec<u16> = Vec::with_capacity(text.len());
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        let unit = match (character, characters.peek()) {
            ('\\', None) => continue,
            ('\\', Some(_)) => escaped(&mut characters)?,
            _ => Err(character),
        };
        match unit {
            Ok(unit) => units.push(unit),
            Err(character) => units.extend_from_slice(character.encode_utf16(&mut [0; 2])),
        }
    }
    Ok(String::from_utf16_lossy(&units))
}

/// What stands after a backslash: a UTF-16 unit of its own, or a character.
fn escaped(characters: &mut Peekable<Chars<'_>>) -> Result<Result<u16, char>, ()> {
    Ok(match characters.next() {
        Some('t') => Err('\t'),
        Some('n') => Err('\n'),
        Some('r') => Err('\r'),
        Some('f') => Err('\u{c}'),
        Some('u') => {
            let digits: String = characters.take(4).collect();
            let hexadecimal = digits.len() == 4 && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
            if !hexadecimal {
                return Err(());
            }
            Ok(u16::from_str_radix(&digits, 16).map_err(|_| ())?)
        }
        Some(character) => Err(character),
        None => return Err(()),
    })
}

fn escape_name(name: &str) -> String {
    let mut escaped = String::with_capacity(name.len());
    for character in name.chars() {
        match character {
            ' ' | ':' | '=' | '#' | '!' => escaped.extend(['\\', character]),
            _ => push_escaped(&mut escaped, character),
        }
    }
    escaped
}

fn escape_value(value: &str) -> String {
    let mut escaped = String::with_capacity(value.len());
    for (index, character) in value.char_indices() {
        match character {
            ' ' if index == 0 => escaped.push_str("\\ "),
            _ => push_escaped(&mut escaped, character),
        }
    }
    escaped
}

fn push_escaped(escaped: &mut String, character: char) {
    match character {
        '\\' => escaped.push_str("\\\\"),
        '\t' => escaped.push_str("\\t"),
        '\n' => escaped.push_str("\\n"),
        '\r' => escaped.push_str("\\r"),
        '\u{c}' => escaped.push_str("\\f"),
        ' '..='~' => escaped.push(character),
        _ => {
            for unit in character.encode_utf16(&mut [0; 2]) {
                // Writing into a String cannot fail.
                let _ = write!(escaped, "\\u{unit:04x}");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn one(name: &str, value: &str) -> Properties {
        Properties::from([(name.to_owned(), value.to_owned())])
    }

    #[test]
    fn every_notation_of_java_is_read() {
        for (text, name, value) in [
            ("a=b", "a", "b"),
            ("a:b", "a", "b"),
            ("a b", "a", "b"),
            ("  a \t = \t b c ", "a", "b c "),
            ("a = = b", "a", "= b"),
            ("a", "a", ""),
            ("a\\ b\\=c=d", "a b=c", "d"),
            ("a=b\\\n   c", "a", "bc"),
            ("a=b\\\\", "a", "b\\"),
            ("a=b\\", "a", "b"),
            ("a=\\u00e9\\ud83d\\ude00", "a", "é😀"),
            ("a=\\t\\n\\r\\f\\q", "a", "\t\n\r\u{c}q"),
            ("# a=1\n! b=2\n\n\r\na=3", "a", "3"),
            ("a=1\na=2", "a", "2"),
            ("a=b # c", "a", "b # c"),
            ("a=b\\\n# c", "a", "b# c"),
            ("a=b\\\r\nc", "a", "bc"),
            ("\\\n# c\na=b", "a", "b"),
        ] {
            assert_eq!(parse(text), Ok(one(name, value)), "{text:?}");
        }
    }

    #[test]
    fn a_broken_unicode_escape_is_refused_with_its_line() {
        for text in ["a=1\nb=\\u12", "a=1\nb=\\u12g4", "a=1\nb=\\u+123"] {
            assert_eq!(parse(text), Err(MalformedEscape { line: 2 }), "{text:?}");
        }
    }

    #[test]
    fn what_would_change_a_line_is_escaped() {
        for (name, value, written) in [
            ("a", " b ", "a=\\ b \n"),
            ("a b", "c=d", "a\\ b=c=d\n"),
            ("#a", "#", "\\#a=#\n"),
            ("a", "b\nc\\", "a=b\\nc\\\\\n"),
            ("a", "é", "a=\\u00e9\n"),
        ] {
            assert_eq!(write(&one(name, value)), written);
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(properties in prop::collection::btree_map(".{1,20}", "(?s).{0,80}", 0..8)) {
            prop_assert_eq!(parse(&write(&properties)), Ok(properties));
        }

        #[test]
        fn no_text_makes_the_reader_panic(text in "(?s).{0,200}") {
            let _ = parse(&text);
        }
    }
}
