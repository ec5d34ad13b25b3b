//! PURE but for whether files are there: which file of this machine an entry names.

use std::fmt::Write;
use std::path::{Component, Path, PathBuf};

/// A file of this machine, and the alias behind it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Local {
    /// Its absolute path.
    pub(super) path: PathBuf,
    /// What follows `#`.
    pub(super) fragment: Option<String>,
}

/// The file that an entry names, if it is here. Where the letters of the entry name one, they are not taken for more.
pub(super) fn find(text: &str) -> Option<Local> {
    let readings: Vec<String> = match text.split_once(':') {
        Some(("file" | "local", rest)) => {
            let rest = rest.strip_prefix("//").unwrap_or(rest);
            decoded(rest).into_iter().chain([rest.to_owned()]).collect()
        }
        Some((scheme, _)) if is_scheme(scheme) => return None,
        _ => vec![text.to_owned()],
    };
    readings.iter().find_map(|text| {
        let whole = absolute(text).map(|path| Local { path, fragment: None });
        // `/c#1/lib.zip#lib`: the last # that leaves a file before it.
        whole.or_else(|| {
            text.rmatch_indices('#').find_map(|(at, _)| {
                let path = absolute(&text[..at])?;
                Some(Local { path, fragment: Some(text[at + 1..].to_owned()) })
            })
        })
    })
}

/// The path that a text names on this machine, where nothing is.
pub(super) fn missing(text: &str) -> Option<PathBuf> {
    let plain = match text.split_once(':') {
        Some(("file" | "local", rest)) => rest.strip_prefix("//").unwrap_or(rest),
        Some((scheme, _)) if is_scheme(scheme) => return None,
        _ => text,
    };
    std::path::absolute(plain).ok()
}

fn absolute(text: &str) -> Option<PathBuf> {
    std::path::absolute(text).ok().filter(|path| !text.is_empty() && path.exists())
}

/// Whether a word is a URI's scheme (RFC 3986, section 3.1).
fn is_scheme(word: &str) -> bool {
    word.starts_with(|first: char| first.is_ascii_alphabetic())
        && word.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'))
}

/// Whether Spark, or Hadoop below it, takes a character of a path for something else: a separator, an alias, a query, a
/// pattern or an escape in it, a scheme.
pub(super) fn is_trouble(character: char) -> bool {
    matches!(character, ',' | '#' | '?' | '*' | '[' | ']' | '{' | '}' | '\\' | ':') || character.is_control()
}

/// The first such character of a path.
pub(super) fn trouble(path: &Path) -> Option<char> {
    // What no text can say is no path that Spark can open either.
    path.to_str().map_or(Some('\u{fffd}'), |path| path.chars().find(|character| is_trouble(*character)))
}

/// Whether Spark reads another path than this one from a text that names it.
///
/// A plain path is taken as it is, unless an alias makes a URI of it; a URI is decoded.
pub(super) fn is_misread(text: &str, path: &Path) -> bool {
    let (before, alias) = text.split_once('#').map_or((text, None), |(before, alias)| (before, Some(alias)));
    let is_uri = before.starts_with("file:") || before.starts_with("local:");
    if !is_uri && alias.is_none() {
        return false;
    }
    let read = before.strip_prefix("file:").or_else(|| before.strip_prefix("local:")).unwrap_or(before);
    let read = read.strip_prefix("//").unwrap_or(read);
    let is_valid = read.chars().all(|c| !c.is_ascii() || c == '%' || is_safe(c as u8));
    !is_valid || decoded(read).and_then(|read| std::path::absolute(read).ok()).as_deref() != Some(path)
}

/// Without the escapes of a URI; none where they are broken.
fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'%' => {
                let digits = [rest.next()?, rest.next()?];
                let digits = std::str::from_utf8(&digits).ok().filter(|digits| !digits.starts_with('+'))?;
                u8::from_str_radix(digits, 16).ok()?
            }
            other => other,
        });
    }
    String::from_utf8(bytes).ok()
}

/// What stands for itself in the path of a URI, for Java and for Hadoop.
fn is_safe(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"/._-~+=@$&!'();*".contains(&byte)
}

/// A path as a URI, with everything escaped that is not plain.
pub(super) fn uri(path: &Path) -> String {
    let mut uri = String::from("file://");
    for byte in path.as_os_str().as_encoded_bytes() {
        if byte.is_ascii_alphanumeric() || b"/._-~".contains(byte) {
            uri.push(char::from(*byte));
        } else {
            // Writing into a String cannot fail.
            let _ = write!(uri, "%{byte:02X}");
        }
    }
    uri
}

/// The folder that a pattern begins in, as far as it is there, and the rest of the pattern.
pub(super) fn begin_of_pattern(text: &str) -> Option<(PathBuf, PathBuf)> {
    let plain = match text.split_once(':') {
        Some(("file" | "local", rest)) => decoded(rest.strip_prefix("//").unwrap_or(rest))?,
        Some((scheme, _)) if is_scheme(scheme) => return None,
        _ => text.to_owned(),
    };
    let whole = std::path::absolute(plain).ok()?;
    let mut folder = PathBuf::new();
    let mut parts = whole.components();
    while let Some(part) = parts.clone().next() {
        if !folder.join(part).exists() {
            break;
        }
        folder.push(part);
        parts.next();
    }
    let rest = parts.as_path().to_owned();
    let is_pattern = |part: Component<'_>| part.as_os_str().to_string_lossy().contains(['*', '?', '[', '{']);
    rest.components().any(is_pattern).then_some((folder, rest))
}
