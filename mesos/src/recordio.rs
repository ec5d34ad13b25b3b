//! RecordIO, the framing of Mesos' event streams: a length in decimal, a newline, as many bytes; and again.
//!
//! Source: Mesos' `docs/recordio.md` and `3rdparty/stout/include/stout/recordio.hpp`.

use bytes::{Buf, Bytes, BytesMut};

/// The longest record that is taken: the state of a large cluster is some tens of MiB.
pub const LONGEST_RECORD: usize = 1 << 29;

/// The digits of [`LONGEST_RECORD`], and leading zeros beyond all need.
const LONGEST_LENGTH: usize = 20;

/// Takes pieces of any size, gives whole records.
#[derive(Debug, Default)]
pub struct Decoder {
    buffer: BytesMut,
    /// The length of the record whose bytes are still to come.
    length: Option<usize>,
}

impl Decoder {
    /// Adds what has arrived.
    pub fn push(&mut self, piece: &[u8]) {
        self.buffer.extend_from_slice(piece);
    }

    /// The next whole record, or none until more arrives.
    pub fn next_record(&mut self) -> Result<Option<Bytes>, RecordError> {
        let length = match self.length {
            Some(length) => length,
            None => match self.next_length()? {
                Some(length) => *self.length.insert(length),
                None => return Ok(None),
            },
        };
        if self.buffer.len() < length {
            return Ok(None);
        }
        self.length = None;
        Ok(Some(self.buffer.split_to(length).freeze()))
    }

    /// Whether a record has begun whose end has not come: a stream that ends here is torn.
    pub fn is_within_record(&self) -> bool {
        self.length.is_some() || !self.buffer.is_empty()
    }

    fn next_length(&mut self) -> Result<Option<usize>, RecordError> {
        // Mesos sends no empty lines, but a proxy once did, and nothing is lost by stepping over them.
        while self.buffer.first() == Some(&b'\n') {
            self.buffer.advance(1);
        }
        let Some(end) = self.buffer.iter().take(LONGEST_LENGTH + 1).position(|byte| *byte == b'\n') else {
            return match self.buffer.len() {
                0..=LONGEST_LENGTH => Ok(None),
                _ => Err(RecordError::length(&self.buffer[..LONGEST_LENGTH])),
            };
        };
        let digits = self.buffer.split_to(end);
        self.buffer.advance(1);
        let length = std::str::from_utf8(&digits)
            .ok()
            .filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()))
            .and_then(|text| text.parse().ok())
            .ok_or_else(|| RecordError::length(&digits))?;
        if length > LONGEST_RECORD {
            return Err(RecordError::TooLong(length));
        }
        Ok(Some(length))
    }
}

/// A stream that is not RecordIO.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RecordError {
    /// Something else where a length has to be.
    #[error("the event stream is not RecordIO: {0:?} stands where a length has to be")]
    Length(String),
    /// More than [`LONGEST_RECORD`].
    #[error(
        "the event stream announces a record of {0} bytes, more than the {LONGEST_RECORD} that are taken"
    )]
    TooLong(usize),
}

impl RecordError {
    fn length(bytes: &[u8]) -> Self {
        Self::Length(String::from_utf8_lossy(bytes).into_owned())
    }
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};

    use super::*;

    fn decode_all(decoder: &mut Decoder) -> Result<Vec<Vec<u8>>, RecordError> {
        std::iter::from_fn(|| decoder.next_record().transpose())
            .map(|r| r.map(|bytes| bytes.to_vec()))
            .collect()
    }

    proptest! {
        #[test]
        fn records_come_out_as_they_went_in_however_they_are_cut(
            records in vec(vec(any::<u8>(), 0..40), 0..20),
            cuts in vec(1usize..50, 1..20),
        ) {
            let mut stream: Vec<u8> = vec![];
            for record in &records {
                stream.extend(format!("{}\n", record.len()).bytes());
                stream.extend(record);
            }
            let (mut decoder, mut seen, mut rest) = (Decoder::default(), vec![], &stream[..]);
            for cut in cuts.iter().cycle() {
                if rest.is_empty() { break }
                let (piece, later) = rest.split_at(rest.len().min(*cut));
                rest = later;
                decoder.push(piece);
                seen.extend(decode_all(&mut decoder).unwrap());
            }
            prop_assert_eq!(seen, records);
            prop_assert!(!decoder.is_within_record());
        }

        #[test]
        fn no_bytes_make_it_panic(pieces in vec(vec(any::<u8>(), 0..40), 0..10)) {
            let mut decoder = Decoder::default();
            for piece in pieces {
                decoder.push(&piece);
                if decode_all(&mut decoder).is_err() { break }
            }
        }
    }

    #[test]
    fn a_stream_of_something_else_is_refused() {
        for (stream, error) in [
            ("HTTP/1.1 200 OK\r\n\n", r#"Length("HTTP/1.1 200 OK\r")"#),
            ("-1\n", r#"Length("-1")"#),
            ("+1\n", r#"Length("+1")"#),
            ("000000000000000000000", r#"Length("00000000000000000000")"#),
            ("99999999999\n", "TooLong(99999999999)"),
        ] {
            let mut decoder = Decoder::default();
            decoder.push(stream.as_bytes());
            assert_eq!(format!("{:?}", decoder.next_record().unwrap_err()), error);
        }
    }

    #[test]
    fn a_torn_record_is_told_apart_from_a_clean_end() {
        let mut decoder = Decoder::default();
        decoder.push(b"3\nab");
        assert_eq!(decoder.next_record(), Ok(None));
        assert!(decoder.is_within_record());
    }
}
