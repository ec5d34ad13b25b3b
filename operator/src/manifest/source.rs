//! Where a manifest comes from, and its text.

use std::fmt;
use std::io::Read;
use std::path::{Path, PathBuf};

use super::error::{Fault, ManifestError};

/// The largest manifest file that is read, in bytes. The API server refuses requests over 3 MiB.
pub(super) const MAX_BYTES: u64 = 3 * 1024 * 1024;

/// Where manifests come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// Standard input, typed as `-`.
    Stdin,
    /// A file that was named.
    File(PathBuf),
    /// A file that was found in a folder, among whatever else is there.
    Found(PathBuf),
}

impl Source {
    /// The folder that relative paths in the manifest are resolved against first; none for standard input.
    pub fn folder(&self) -> Option<&Path> {
        match self {
            Self::Stdin => None,
            Self::File(path) | Self::Found(path) => {
                path.parent().map(|p| if p.as_os_str().is_empty() { Path::new(".") } else { p })
            }
        }
    }

    /// Whether nobody named it.
    pub(crate) fn is_found(&self) -> bool {
        matches!(self, Self::Found(_))
    }

    /// The whole text.
    pub(super) fn text(&self) -> Result<String, ManifestError> {
        let fault = |fault| ManifestError { origin: Origin::of(self.clone()), fault };
        let bytes = self.bytes().map_err(|cause| fault(Fault::Unreadable { cause }))?;
        if bytes.len() as u64 > MAX_BYTES {
            return Err(fault(Fault::TooLarge));
        }
        decode(bytes).map_err(|offset| fault(Fault::NotText { offset }))
    }

    fn bytes(&self) -> std::io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        match self {
            Self::Stdin => std::io::stdin().take(MAX_BYTES + 1).read_to_end(&mut bytes)?,
            Self::File(path) | Self::Found(path) => {
                std::fs::File::open(path)?.take(MAX_BYTES + 1).read_to_end(&mut bytes)?
            }
        };
        Ok(bytes)
    }
}

/// UTF-8 or, by its byte order mark, UTF-16, as kubectl takes both: Windows' editors write it. An error is the first
/// byte that is neither.
fn decode(bytes: Vec<u8>) -> Result<String, usize> {
    let unit: fn([u8; 2]) -> u16 = match bytes.get(..2) {
        Some([0xff, 0xfe]) => u16::from_le_bytes,
        Some([0xfe, 0xff]) => u16::from_be_bytes,
        _ => return String::from_utf8(bytes).map_err(|error| error.utf8_error().valid_up_to()),
    };
    let (pairs, odd) = bytes[2..].as_chunks::<2>();
    if !odd.is_empty() {
        return Err(bytes.len() - 1);
    }
    let mut text = String::with_capacity(pairs.len());
    let mut offset = 2;
    for read in char::decode_utf16(pairs.iter().map(|pair| unit(*pair))) {
        let character = read.map_err(|_| offset)?;
        offset += 2 * character.len_utf16();
        text.push(character);
    }
    Ok(text)
}

impl From<&Path> for Source {
    fn from(path: &Path) -> Self {
        if path == Path::new("-") { Self::Stdin } else { Self::File(path.to_owned()) }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stdin => f.write_str("standard input"),
            Self::File(path) | Self::Found(path) => path.display().fmt(f),
        }
    }
}

/// Which document of which file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// The file.
    pub source: Source,
    /// The document's ordinal in the file, from 1; empty documents are not counted.
    pub document: usize,
    /// The ordinal of the item, from 1, where the document is a List.
    pub item: Option<usize>,
}

impl Origin {
    /// The first document of a file.
    pub(crate) fn of(source: Source) -> Self {
        Self { source, document: 1, item: None }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.source.fmt(f)?;
        if self.document > 1 {
            write!(f, ", document {}", self.document)?;
        }
        match self.item {
            Some(item) => write!(f, ", item {item}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_of_windows_is_read_by_its_byte_order_mark() {
        let utf16 = |mark: char, bytes: fn(u16) -> [u8; 2]| -> Vec<u8> {
            format!("{mark}a: ü😀").encode_utf16().flat_map(bytes).collect()
        };
        assert_eq!(decode(utf16('\u{feff}', u16::to_le_bytes)), Ok("a: ü😀".to_owned()));
        assert_eq!(decode(utf16('\u{feff}', u16::to_be_bytes)), Ok("a: ü😀".to_owned()));
        assert_eq!(decode(b"a: \xc3\xbc".to_vec()), Ok("a: ü".to_owned()));
    }

    #[test]
    fn what_is_no_text_is_refused_with_its_first_byte() {
        for (bytes, offset) in [(&b"ab\xfc"[..], 2), (b"\xff\xfea\0\x00\xd8", 4), (b"\xff\xfea\0b", 4)] {
            assert_eq!(decode(bytes.to_vec()), Err(offset), "{bytes:?}");
        }
    }
}
