//! PURE: reading and writing PEM (RFC 7468), as lenient as OpenSSL where nothing is lost by it.
//!
//! Line ends of any kind, blanks, a byte order mark and text around the blocks are passed over.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// The label of a certificate.
pub const CERTIFICATE: &str = "CERTIFICATE";

/// The longest file that is read, in bytes: room for every root that there is.
pub const MAX_BYTES: usize = 4 * 1024 * 1024;

/// One block of a PEM file.
#[derive(Clone, PartialEq, Eq)]
pub struct Block {
    /// What stands after BEGIN.
    pub label: String,
    /// What it holds, decoded; as it stands if [`Block::encrypted`].
    pub der: Vec<u8>,
    /// Whether its header says that it is encrypted (`Proc-Type: 4,ENCRYPTED`, RFC 1421).
    pub encrypted: bool,
}

impl std::fmt::Debug for Block {
    /// Leaves the content out, which may be a private key.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Block").field("label", &self.label).finish_non_exhaustive()
    }
}

/// Why a file is not PEM.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum PemError {
    /// The file is DER or PKCS#12.
    #[error(
        "is binary (DER or PKCS#12), not PEM; convert it with `openssl x509 -inform der`, `openssl pkey -inform der` or `openssl pkcs12 -nodes`"
    )]
    Binary,
    /// There is no block at all.
    #[error("holds no PEM block (a line `-----BEGIN ...-----` and what follows)")]
    Empty,
    /// A block does not end, or ends with another label.
    #[error("line {line}: the block `{label}` has no END line of its own; the file was cut or mixed up")]
    Unterminated {
        /// The line of BEGIN, from 1.
        line: usize,
        /// The block's label.
        label: String,
    },
    /// A block is not base64.
    #[error("line {line}: the block `{label}` is not base64; the file was damaged")]
    NotBase64 {
        /// The line of BEGIN, from 1.
        line: usize,
        /// The block's label.
        label: String,
    },
    /// The file is longer than [`MAX_BYTES`].
    #[error("is larger than {MAX_BYTES} bytes, which no certificate needs")]
    TooLarge,
}

/// A block whose END is still to come.
struct Open {
    line: usize,
    label: String,
    base64: Vec<u8>,
    encrypted: bool,
}

/// Reads every block of a file; there is at least one.
pub fn read(file: &[u8]) -> Result<Vec<Block>, PemError> {
    if file.len() > MAX_BYTES {
        return Err(PemError::TooLarge);
    }
    let file = file.strip_prefix(b"\xef\xbb\xbf").unwrap_or(file);
    let mut blocks = Vec::new();
    let mut open: Option<Open> = None;
    for (index, line) in lines(file) {
        match (delimiter(line), open.take()) {
            (Some(Delimiter::Begin(label)), None) => {
                let label = String::from_utf8_lossy(label).into_owned();
                open = Some(Open { line: index, label, base64: Vec::new(), encrypted: false });
            }
            (Some(Delimiter::End(label)), Some(block)) if label == block.label.as_bytes() => {
                blocks.push(block.close()?);
            }
            (Some(_), Some(block)) => return Err(block.unterminated()),
            (None, Some(mut block)) => {
                block.push(line);
                open = Some(block);
            }
            (Some(Delimiter::End(_)) | None, None) => {}
        }
    }
    match open {
        Some(block) => Err(block.unterminated()),
        None if blocks.is_empty() => Err(if is_binary(file) { PemError::Binary } else { PemError::Empty }),
        None => Ok(blocks),
    }
}

/// Writes blocks of one label.
pub fn write<'a>(label: &str, contents: impl IntoIterator<Item = &'a [u8]>) -> String {
    let mut text = String::new();
    for content in contents {
        let base64 = STANDARD.encode(content);
        text.extend(["-----BEGIN ", label, "-----\n"]);
        let mut rest = base64.as_str();
        while !rest.is_empty() {
            let (line, tail) = rest.split_at(rest.len().min(64));
            text.extend([line, "\n"]);
            rest = tail;
        }
        text.extend(["-----END ", label, "-----\n"]);
    }
    text
}

impl Open {
    fn push(&mut self, line: &[u8]) {
        if line.contains(&b':') {
            self.encrypted |= line.ends_with(b"ENCRYPTED");
        } else {
            self.base64.extend(line.iter().filter(|byte| !byte.is_ascii_whitespace()));
        }
    }

    fn close(self) -> Result<Block, PemError> {
        let Self { line, label, base64, encrypted } = self;
        match STANDARD.decode(&base64) {
            Ok(der) => Ok(Block { label, der, encrypted }),
            Err(_) => Err(PemError::NotBase64 { line, label }),
        }
    }

    fn unterminated(self) -> PemError {
        PemError::Unterminated { line: self.line, label: self.label }
    }
}

enum Delimiter<'a> {
    Begin(&'a [u8]),
    End(&'a [u8]),
}

fn delimiter(line: &[u8]) -> Option<Delimiter<'_>> {
    let inner = line.strip_prefix(b"-----")?.strip_suffix(b"-----")?;
    let begin = inner.strip_prefix(b"BEGIN ").map(Delimiter::Begin);
    begin.or_else(|| inner.strip_prefix(b"END ").map(Delimiter::End))
}

/// Lines with their numbers, ended by `\n`, `\r\n` or `\r`, without blanks around them.
fn lines(file: &[u8]) -> impl Iterator<Item = (usize, &[u8])> {
    let unix = file.contains(&b'\n');
    let ends = move |byte: &u8| *byte == if unix { b'\n' } else { b'\r' };
    file.split(ends).enumerate().map(|(index, line)| (index + 1, line.trim_ascii()))
}

/// Whether a file begins as every certificate, key and PKCS#12 in DER does: a SEQUENCE of some length.
fn is_binary(file: &[u8]) -> bool {
    matches!(file, [0x30, length, ..] if *length >= 0x80 || usize::from(*length) + 2 == file.len())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn block(label: &str, der: &[u8]) -> Block {
        Block { label: label.to_owned(), der: der.to_vec(), encrypted: false }
    }

    #[test]
    fn blocks_are_found_in_whatever_surrounds_them() {
        let expected = vec![block(CERTIFICATE, b"hello")];
        for text in [
            "-----BEGIN CERTIFICATE-----\naGVsbG8=\n-----END CERTIFICATE-----\n",
            "-----BEGIN CERTIFICATE-----\r\naGVs\r\nbG8=\r\n-----END CERTIFICATE-----",
            "-----BEGIN CERTIFICATE-----\raGVsbG8=\r-----END CERTIFICATE-----\r",
            "\u{feff}-----BEGIN CERTIFICATE-----\naGVsbG8=\n-----END CERTIFICATE-----\n",
            "subject=CN = x\n\n  -----BEGIN CERTIFICATE-----  \n aGVs \n\n bG8= \n-----END CERTIFICATE-----\nBye.",
            "-----END CERTIFICATE-----\n-----BEGIN CERTIFICATE-----\naGVsbG8=\n-----END CERTIFICATE-----\n",
        ] {
            assert_eq!(read(text.as_bytes()), Ok(expected.clone()), "{text:?}");
        }
    }

    #[test]
    fn an_encrypted_block_is_known_by_its_header() {
        let text = "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\naGVsbG8=\n-----END RSA PRIVATE KEY-----\n";
        assert!(read(text.as_bytes()).unwrap()[0].encrypted);
    }

    #[test]
    fn what_is_wrong_is_said_with_its_line() {
        let unterminated = |line| PemError::Unterminated { line, label: "A".to_owned() };
        for (file, error) in [
            (b"".as_slice(), PemError::Empty),
            (b"hello", PemError::Empty),
            (b"\x30\x82\x01\x00", PemError::Binary),
            (b"\x30\x01\x00", PemError::Binary),
            (b"x\n-----BEGIN A-----\naGVs", unterminated(2)),
            (b"-----BEGIN A-----\n-----END B-----\n", unterminated(1)),
            (b"-----BEGIN A-----\n-----BEGIN A-----\n-----END A-----", unterminated(1)),
            (
                b"-----BEGIN A-----\n!\n-----END A-----",
                PemError::NotBase64 { line: 1, label: "A".to_owned() },
            ),
            (&vec![b'a'; MAX_BYTES + 1], PemError::TooLarge),
        ] {
            assert_eq!(read(file), Err(error));
        }
    }

    #[test]
    fn a_key_is_not_shown_by_debug() {
        assert!(!format!("{:?}", block("PRIVATE KEY", b"hello")).contains("104"));
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(contents in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..200), 1..4)) {
            let text = write(CERTIFICATE, contents.iter().map(Vec::as_slice));
            let blocks: Vec<Block> = contents.iter().map(|content| block(CERTIFICATE, content)).collect();
            prop_assert_eq!(read(text.as_bytes()), Ok(blocks));
        }

        #[test]
        fn no_file_makes_the_reader_panic(file in prop::collection::vec(any::<u8>(), 0..400)) {
            let _ = read(&file);
        }
    }
}
