//! The body of an answer, taken out of what arrives in pieces.

use bytes::{Buf, Bytes, BytesMut};

use super::head::Framing;

/// A chunk's length takes 16 hexadecimal digits at most; extensions after it are stepped over.
const LONGEST_LINE: usize = 4096;

/// Where in a body one is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Body {
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// So many bytes to come, and no more.
    Length(u64),
    /// A chunk's length line has to come.
    ChunkLength,
    /// So many bytes of a chunk have to come.
    Chunk(u64),
    /// The line end after a chunk has to come.
    ChunkEnd,
    /// Trailers have to come, up to an empty line.
    Trailers,
    UntilClose,
    Done,
}

impl Body {
    pub(crate) fn new(framing: Framing) -> Self {
        let state = match framing {
            Framing::Length(0) => State::Done,
            Framing::Length(length) => State::Length(length),
            Framing::Chunked => State::ChunkLength,
            Framing::UntilClose => State::UntilClose,
        };
        Self { state }
    }

    /// The next bytes of the body, or none: it is done, or more has to arrive.
    pub(crate) fn take(&mut self, buffer: &mut BytesMut) -> Result<Option<Bytes>, Malformed> {
        loop {
            let (left, after) = match self.state {
                State::Done => return Ok(None),
                State::UntilClose => (u64::MAX, State::UntilClose),
                State::Length(left) => (left, State::Done),
                State::Chunk(left) => (left, State::ChunkEnd),
                State::ChunkLength | State::ChunkEnd | State::Trailers => {
                    let Some(line) = take_line(buffer)? else { return Ok(None) };
                    self.state = self.state.after_line(&line)?;
                    continue;
                }
            };
            if buffer.is_empty() {
                return Ok(None);
            }
            let available = buffer.len().min(usize::try_from(left).unwrap_or(usize::MAX));
            let left = left - available as u64;
            self.state = match self.state {
                State::UntilClose => State::UntilClose,
                _ if left == 0 => after,
                State::Length(_) => State::Length(left),
                _ => State::Chunk(left),
            };
            return Ok(Some(buffer.split_to(available).freeze()));
        }
    }

    pub(crate) fn is_done(self) -> bool {
        self.state == State::Done
    }

    /// Whether the end of the connection is the end of this body, and not a loss.
    pub(crate) fn ends_with_connection(self) -> bool {
        self.state == State::UntilClose
    }
}

impl State {
    fn after_line(self, line: &[u8]) -> Result<Self, Malformed> {
        match self {
            Self::ChunkEnd if line.is_empty() => Ok(Self::ChunkLength),
            Self::ChunkEnd => Err(Malformed),
            Self::Trailers if line.is_empty() => Ok(Self::Done),
            Self::Trailers => Ok(Self::Trailers),
            _ => match chunk_length(line)? {
                0 => Ok(Self::Trailers),
                length => Ok(Self::Chunk(length)),
            },
        }
    }
}

/// An answer whose chunks make no sense.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("its answer is not chunked as HTTP/1.1 wants it")]
pub(crate) struct Malformed;

fn take_line(buffer: &mut BytesMut) -> Result<Option<Bytes>, Malformed> {
    let Some(end) = buffer.iter().take(LONGEST_LINE).position(|byte| *byte == b'\n') else {
        return if buffer.len() < LONGEST_LINE { Ok(None) } else { Err(Malformed) };
    };
    let mut line = buffer.split_to(end).freeze();
    buffer.advance(1);
    if line.last() == Some(&b'\r') {
        line.truncate(line.len() - 1);
    }
    Ok(Some(line))
}

fn chunk_length(line: &[u8]) -> Result<u64, Malformed> {
    let digits = line.split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii();
    let text = std::str::from_utf8(digits).map_err(|_| Malformed)?;
    if text.starts_with('+') {
        return Err(Malformed);
    }
    u64::from_str_radix(text, 16).map_err(|_| Malformed)
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};

    use super::*;

    fn take_all(body: &mut Body, buffer: &mut BytesMut) -> Result<Vec<u8>, Malformed> {
        let mut all = vec![];
        while let Some(piece) = body.take(buffer)? {
            all.extend(piece);
        }
        Ok(all)
    }

    proptest! {
        #[test]
        fn chunks_come_out_as_they_went_in_however_they_are_cut(
            chunks in vec(vec(any::<u8>(), 1..40), 0..10),
            cuts in vec(1usize..30, 1..20),
        ) {
            let mut stream: Vec<u8> = vec![];
            for chunk in &chunks {
                stream.extend(format!("{:x};ext=1\r\n", chunk.len()).bytes());
                stream.extend(chunk);
                stream.extend(b"\r\n");
            }
            stream.extend(b"0\r\nTrailer: x\r\n\r\nnext");
            let (mut body, mut buffer, mut seen, mut rest) = (Body::new(Framing::Chunked), BytesMut::new(), vec![], &stream[..]);
            for cut in cuts.iter().cycle() {
                if rest.is_empty() { break }
                let (piece, later) = rest.split_at(rest.len().min(*cut));
                rest = later;
                buffer.extend_from_slice(piece);
                seen.extend(take_all(&mut body, &mut buffer).unwrap());
            }
            prop_assert_eq!(seen, chunks.concat());
            prop_assert!(body.is_done());
            prop_assert_eq!(&buffer[..], b"next");
        }

        #[test]
        fn no_bytes_make_it_panic(bytes in vec(any::<u8>(), 0..200)) {
            for framing in [Framing::Chunked, Framing::Length(20), Framing::UntilClose] {
                let _ = take_all(&mut Body::new(framing), &mut BytesMut::from(&bytes[..]));
            }
        }
    }

    #[test]
    fn a_body_with_a_length_leaves_the_next_answer_alone() {
        let (mut body, mut buffer) = (Body::new(Framing::Length(3)), BytesMut::from(&b"abcHTTP"[..]));
        assert_eq!(take_all(&mut body, &mut buffer).unwrap(), b"abc");
        assert!(body.is_done());
        assert_eq!(&buffer[..], b"HTTP");
    }

    #[test]
    fn nonsense_between_chunks_is_refused() {
        for stream in [&b"xyz\r\n"[..], b"-1\r\n", b"+1\r\n", b"2\r\nabX\r\n", b"fffffffffffffffff\r\n"] {
            let taken = take_all(&mut Body::new(Framing::Chunked), &mut BytesMut::from(stream));
            assert_eq!(taken, Err(Malformed), "{stream:?}");
        }
    }
}
