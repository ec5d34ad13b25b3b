//! As much of HTTP/1.1 as Mesos speaks: a POST, its answer, and the next one on the same connection.
//!
//! Calls of a scheduler are sent one after the other without waiting for their answers, as Mesos' own library does: this is
//! what common HTTP clients cannot do, and why this one is here.

mod body;
mod head;
mod refusal;

pub(crate) use body::Body;
pub(crate) use head::Head;
pub(crate) use refusal::refusal;

use std::{fmt::Write as _, net::IpAddr, time::Duration};

use bytes::{Bytes, BytesMut};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWriteExt, ReadHalf, WriteHalf, split},
    time::timeout,
};

use crate::{
    address::HostPort,
    credential::Credential,
    error::{Doing, Error},
    tls::Security,
    transport::{Master, Transport, broken, connect},
};

use head::HeadError;

/// How long an answer may take to begin, and to go on.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// Bodies of answers that are no stream. The state of a large cluster is some tens of MiB; whoever asks is to live in little more.
const LONGEST_BODY: usize = 64 << 20;

/// What is asked of a master.
#[derive(Debug, Clone)]
pub(crate) struct Request<'a> {
    pub(crate) path: &'a str,
    /// The media type of what is sent and of what is wanted.
    pub(crate) media: Media,
    pub(crate) credential: Option<&'a Credential>,
    pub(crate) stream_id: Option<&'a str>,
    pub(crate) body: &'a [u8],
}

/// What bodies are made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Media {
    Protobuf,
    Json,
    Form,
}

impl Media {
    fn name(self) -> &'static str {
        match self {
            Self::Protobuf => "application/x-protobuf",
            Self::Json => "application/json",
            Self::Form => "application/x-www-form-urlencoded",
        }
    }
}

impl Request<'_> {
    /// The request as it goes over the wire.
    pub(crate) fn encode(&self, host: &HostPort, into: &mut BytesMut) {
        let media = self.media.name();
        let accepted = if self.media == Media::Form { Media::Json.name() } else { media };
        let length = self.body.len();
        let mut head = format!(
            "POST {} HTTP/1.1\r\nHost: {host}\r\nContent-Type: {media}\r\nAccept: {accepted}\r\nContent-Length: {length}\r\n",
            self.path
        );
        // Writing to a String cannot fail.
        if let Some(credential) = self.credential {
            let _ = write!(head, "Authorization: {}\r\n", credential.authorization());
        }
        if let Some(id) = self.stream_id {
            let _ = write!(head, "Mesos-Stream-Id: {id}\r\n");
        }
        into.reserve(head.len() + length + 2);
        into.extend_from_slice(head.as_bytes());
        into.extend_from_slice(b"\r\n");
        into.extend_from_slice(self.body);
    }
}

/// A connection to a master over which answers come.
pub(crate) struct Connection {
    pub(crate) reader: Reader,
    pub(crate) writer: Writer,
    /// The address of this machine that the master is reached from.
    pub(crate) from: IpAddr,
}

impl Connection {
    pub(crate) async fn open(master: &Master, security: &Security) -> Result<Self, Error> {
        let certificate_sent = matches!(security, Security::Tls(settings) if settings.identity.is_some());
        let (transport, from) = connect(master, security).await?;
        let (reader, writer) = split(transport);
        let at = master.at.clone();
        let reader = Reader { stream: reader, buffer: BytesMut::new(), at: at.clone(), certificate_sent };
        Ok(Self { reader, writer: Writer { stream: writer, at }, from })
    }

    /// Sends a request and waits for the head of its answer.
    pub(crate) async fn ask(&mut self, request: &Request<'_>) -> Result<Head, Error> {
        let mut bytes = BytesMut::new();
        request.encode(&self.writer.at, &mut bytes);
        // A server that refuses may close before it has read everything: what it said is still worth reading.
        let sent = self.writer.send(&bytes).await;
        match (self.reader.head().await, sent) {
            (Err(Error::Lost { .. }), Err(sent)) => Err(sent),
            (answer, _) => answer,
        }
    }
}

/// The half that requests go into.
pub(crate) struct Writer {
    stream: WriteHalf<Box<dyn Transport>>,
    at: HostPort,
}

impl Writer {
    pub(crate) async fn send(&mut self, bytes: &[u8]) -> Result<(), Error> {
        let writing = async {
            self.stream.write_all(bytes).await?;
            self.stream.flush().await
        };
        match timeout(PATIENCE, writing).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(broken(&self.at, Doing::Asking, &error, false)),
            Err(_) => Err(Error::TimedOut { at: self.at.clone(), doing: Doing::Asking, after: PATIENCE }),
        }
    }
}

/// The half that answers come out of.
pub(crate) struct Reader {
    stream: ReadHalf<Box<dyn Transport>>,
    buffer: BytesMut,
    at: HostPort,
    certificate_sent: bool,
}

impl Reader {
    /// The head of the next answer.
    pub(crate) async fn head(&mut self) -> Result<Head, Error> {
        loop {
            match Head::parse(&mut self.buffer) {
                Ok(Some(head)) => return Ok(head),
                Ok(None) => {
                    if self.fill(Doing::Asking, PATIENCE).await? == 0 {
                        return Err(self.lost(Doing::Asking));
                    }
                }
                Err(HeadError::Tls) => return Err(Error::WantsTls { at: self.at.clone() }),
                Err(HeadError::NotHttp(why)) => return Err(Error::NotMesos { at: self.at.clone(), why }),
            }
        }
    }

    /// The whole body of an answer.
    pub(crate) async fn body(&mut self, head: &Head) -> Result<Bytes, Error> {
        let (mut body, mut whole) = (Body::new(head.framing), BytesMut::new());
        while let Some(piece) = self.piece(&mut body, Doing::Asking, PATIENCE).await? {
            whole.extend_from_slice(&piece);
            if whole.len() > LONGEST_BODY {
                return Err(Error::TooLong { at: self.at.clone(), most: LONGEST_BODY });
            }
        }
        Ok(whole.freeze())
    }

    /// The next piece of a body, or none at its end. `patience` is for silence, not for the whole.
    pub(crate) async fn piece(
        &mut self,
        body: &mut Body,
        doing: Doing,
        patience: Duration,
    ) -> Result<Option<Bytes>, Error> {
        loop {
            let malformed =
                |why: body::Malformed| Error::NotMesos { at: self.at.clone(), why: why.to_string() };
            if let Some(piece) = body.take(&mut self.buffer).map_err(malformed)? {
                return Ok(Some(piece));
            }
            if body.is_done() {
                return Ok(None);
            }
            if self.fill(doing, patience).await? == 0 {
                return if body.ends_with_connection() { Ok(None) } else { Err(self.lost(doing)) };
            }
        }
    }

    fn lost(&self, doing: Doing) -> Error {
        Error::Lost { at: self.at.clone(), doing, why: "end of stream".to_owned() }
    }

    async fn fill(&mut self, doing: Doing, patience: Duration) -> Result<usize, Error> {
        match timeout(patience, read_more(&mut self.stream, &mut self.buffer)).await {
            Ok(Ok(count)) => Ok(count),
            Ok(Err(error)) => Err(broken(&self.at, doing, &error, self.certificate_sent)),
            Err(_) => Err(Error::TimedOut { at: self.at.clone(), doing, after: patience }),
        }
    }
}

async fn read_more(stream: &mut (impl AsyncRead + Unpin), buffer: &mut BytesMut) -> std::io::Result<usize> {
    buffer.reserve(16 * 1024);
    stream.read_buf(buffer).await
}
