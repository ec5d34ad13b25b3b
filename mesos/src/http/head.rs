//! The head of an answer.

use bytes::{Buf, BytesMut};

/// Mesos' own heads are some hundred bytes.
const LONGEST_HEAD: usize = 64 * 1024;
const MOST_HEADERS: usize = 64;

/// What is read of the head of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) status: u16,
    pub(crate) stream_id: Option<String>,
    pub(crate) location: Option<String>,
    pub(crate) framing: Framing,
}

/// How the body's end is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Framing {
    Length(u64),
    Chunked,
    UntilClose,
}

/// Something that is no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum HeadError {
    /// A TLS record: an alert, as a rule.
    Tls,
    NotHttp(String),
}

impl Head {
    /// Takes a head out of what has arrived; none while it is not all there.
    pub(crate) fn parse(buffer: &mut BytesMut) -> Result<Option<Self>, HeadError> {
        if matches!(buffer[..], [0x14..=0x17, 0x03, ..]) {
            return Err(HeadError::Tls);
        }
        let mut headers = [httparse::EMPTY_HEADER; MOST_HEADERS];
        let mut response = httparse::Response::new(&mut headers);
        let length = match response.parse(buffer) {
            Ok(httparse::Status::Complete(length)) => length,
            Ok(httparse::Status::Partial) if buffer.len() <= LONGEST_HEAD => return Ok(None),
            Ok(httparse::Status::Partial) => {
                return Err(HeadError::NotHttp("the head of its answer has no end".to_owned()));
            }
            Err(error) => return Err(HeadError::NotHttp(format!("its answer is not HTTP ({error})"))),
        };
        let status = response.code.unwrap_or_default();
        let mut head = Self { status, stream_id: None, location: None, framing: Framing::UntilClose };
        for header in response.headers.iter() {
            let value = String::from_utf8_lossy(header.value);
            let value = value.trim();
            match header.name.to_ascii_lowercase().as_str() {
                "mesos-stream-id" => head.stream_id = Some(value.to_owned()),
                "location" => head.location = Some(value.to_owned()),
                "transfer-encoding" if value.eq_ignore_ascii_case("chunked") => {
                    head.framing = Framing::Chunked;
                }
                // RFC 9112, section 6.3: chunked wins over a length.
                "content-length" if head.framing != Framing::Chunked => {
                    let length = value.parse().map_err(|_| {
                        HeadError::NotHttp(format!("its answer has the Content-Length {value:?}"))
                    })?;
                    head.framing = Framing::Length(length);
                }
                _ => {}
            }
        }
        if matches!(status, 100..=199 | 204 | 304) {
            head.framing = Framing::Length(0);
        }
        buffer.advance(length);
        Ok(Some(head))
    }
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};

    use super::*;

    fn parse(text: &[u8]) -> Result<Option<Head>, HeadError> {
        Head::parse(&mut BytesMut::from(text))
    }

    #[test]
    fn what_mesos_says_is_read() {
        let text =
            b"HTTP/1.1 200 OK\r\nDate: x\r\nTransfer-Encoding: chunked\r\nMesos-Stream-Id: ab-c\r\n\r\n5\r\n";
        let mut buffer = BytesMut::from(&text[..]);
        let head = Head::parse(&mut buffer).unwrap().unwrap();
        assert_eq!(
            (head.status, head.framing, head.stream_id.as_deref()),
            (200, Framing::Chunked, Some("ab-c"))
        );
        assert_eq!(&buffer[..], b"5\r\n");
    }

    #[test]
    fn the_end_of_a_body_is_found_as_the_rfc_says() {
        for (head, framing) in [
            ("HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n", Framing::Length(0)),
            ("HTTP/1.1 200 OK\r\nContent-Length: 7\r\nTransfer-Encoding: chunked\r\n\r\n", Framing::Chunked),
            ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 7\r\n\r\n", Framing::Chunked),
            ("HTTP/1.1 200 OK\r\n\r\n", Framing::UntilClose),
            ("HTTP/1.1 204 No Content\r\n\r\n", Framing::Length(0)),
        ] {
            assert_eq!(parse(head.as_bytes()).unwrap().unwrap().framing, framing, "{head}");
        }
    }

    #[test]
    fn what_is_not_http_is_told() {
        assert_eq!(parse(b"\x15\x03\x01\x00\x02\x02\x28"), Err(HeadError::Tls));
        assert!(matches!(parse(b"SSH-2.0-OpenSSH_9.2\r\n"), Err(HeadError::NotHttp(_))));
        assert!(matches!(
            parse(b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n"),
            Err(HeadError::NotHttp(_))
        ));
        let endless = [b"HTTP/1.1 200 OK\r\nA: ".to_vec(), vec![b'a'; LONGEST_HEAD]].concat();
        assert!(matches!(parse(&endless), Err(HeadError::NotHttp(_))));
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in vec(any::<u8>(), 0..200)) {
            let _ = parse(&bytes);
            let _ = parse(&[b"HTTP/1.1 200 OK\r\n".to_vec(), bytes].concat());
        }
    }
}
