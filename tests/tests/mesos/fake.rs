//! A scripted master, for what a real one cannot be made to do. The test writes each word of it.

use std::time::Duration;

use bytes::Bytes;
use lcmap_mesos::{Settings, wire};
use prost::Message;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    time::timeout,
};

use lcmap_spark_tests::mesos::driver::PATIENCE;

/// Seconds between heartbeats: long enough never to be missed in a test.
pub(crate) const SLOW: f64 = 3600.0;

/// Numbers of Mesos' call types.
pub(crate) mod kind {
    pub(crate) const SUBSCRIBE: u64 = 1;
    pub(crate) const ACCEPT: u64 = 3;
    pub(crate) const DECLINE: u64 = 4;
    pub(crate) const KILL: u64 = 6;
    pub(crate) const RECONCILE: u64 = 9;
    pub(crate) const SUPPRESS: u64 = 12;
    pub(crate) const UPDATE_FRAMEWORK: u64 = 17;
}

/// It listens, and waits for its lines.
pub(crate) struct FakeMaster {
    listener: TcpListener,
}

/// A connection to it.
pub(crate) struct Peer {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl FakeMaster {
    pub(crate) async fn start() -> Self {
        Self { listener: TcpListener::bind("127.0.0.1:0").await.unwrap() }
    }

    pub(crate) fn settings(&self) -> Settings {
        Settings {
            masters: self.listener.local_addr().unwrap().to_string().parse().unwrap(),
            security: lcmap_mesos::tls::Security::Plain,
            credential: lcmap_mesos::CredentialSource::None,
        }
    }

    pub(crate) fn address(&self) -> String {
        self.listener.local_addr().unwrap().to_string()
    }

    /// The next connection.
    pub(crate) async fn accept(&self) -> Peer {
        let accepted = timeout(PATIENCE, self.listener.accept()).await.expect("a connection in time");
        Peer { stream: accepted.unwrap().0, buffer: vec![] }
    }

    /// Whether nobody has connected, as far as half a second tells.
    pub(crate) async fn is_alone(&self) -> bool {
        timeout(Duration::from_millis(500), self.listener.accept()).await.is_err()
    }

    /// The next connection, with a SUBSCRIBE call that is answered. A heartbeat is promised every so many seconds.
    pub(crate) async fn subscribe(&self, id: &str, heartbeat: f64) -> Peer {
        let mut peer = self.accept().await;
        assert_eq!(peer.call().await.0, kind::SUBSCRIBE);
        peer.answer_subscribe(id, heartbeat).await;
        peer
    }
}

impl Peer {
    /// The next call: its type, and the message.
    pub(crate) async fn call(&mut self) -> (u64, Vec<u8>) {
        let call = timeout(PATIENCE, self.request()).await.expect("a call in time");
        (wire::varint(&call, 2).unwrap(), call)
    }

    pub(crate) async fn answer_subscribe(&mut self, id: &str, heartbeat: f64) {
        let head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nMesos-Stream-Id: stream\r\n\r\n";
        self.write(head.as_bytes()).await;
        let subscribed = lcmap_mesos::message::Subscribed {
            framework_id: lcmap_mesos::message::Id::new(id),
            heartbeat_interval_seconds: Some(heartbeat),
            master_info: Some(Bytes::new()),
        };
        self.event(1, 2, &subscribed.encode_to_vec()).await;
    }

    /// Sends an event of this type, whose field of this number holds the payload.
    pub(crate) async fn event(&mut self, kind: u64, field: u32, payload: &[u8]) {
        let record = event(kind, field, payload);
        let framed = [format!("{}\n", record.len()).as_bytes(), &record].concat();
        self.chunk(&framed).await;
    }

    /// Says what a master says to the scheduler before the one that has just subscribed.
    pub(crate) async fn failed_over(&mut self) {
        let mut error = vec![];
        wire::put_bytes(&mut error, 1, b"Framework failed over");
        self.event(7, 8, &error).await;
    }

    pub(crate) async fn chunk(&mut self, bytes: &[u8]) {
        let chunk = [format!("{:x}\r\n", bytes.len()).as_bytes(), bytes, b"\r\n"].concat();
        self.write(&chunk).await;
    }

    pub(crate) async fn answer(&mut self, status: &str, body: &str) {
        let text = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n\r\n{body}", body.len());
        self.write(text.as_bytes()).await;
    }

    /// Sends to another master.
    pub(crate) async fn redirect(&mut self, to: &FakeMaster) {
        let location = format!("//{}/master/api/v1/scheduler", to.address());
        let status = "HTTP/1.1 307 Temporary Redirect";
        self.write(format!("{status}\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n").as_bytes()).await;
    }

    pub(crate) async fn write(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).await.unwrap();
    }

    /// Whether the other side has closed it, as far as half a second tells.
    pub(crate) async fn is_closed(&mut self) -> bool {
        let reading = timeout(Duration::from_millis(500), self.stream.read_buf(&mut self.buffer)).await;
        matches!(reading, Ok(Ok(0) | Err(_)))
    }

    async fn request(&mut self) -> Vec<u8> {
        loop {
            let text = String::from_utf8_lossy(&self.buffer).into_owned();
            if let Some((head, _)) = text.split_once("\r\n\r\n") {
                let length = head.lines().find_map(|line| line.strip_prefix("Content-Length: ")).unwrap();
                let end = head.len() + 4 + length.parse::<usize>().unwrap();
                if self.buffer.len() >= end {
                    let call = self.buffer[head.len() + 4..end].to_vec();
                    self.buffer.drain(..end);
                    return call;
                }
            }
            assert_ne!(self.stream.read_buf(&mut self.buffer).await.unwrap(), 0, "the connection ended");
        }
    }
}

pub(crate) fn event(kind: u64, field: u32, payload: &[u8]) -> Vec<u8> {
    let mut record = vec![];
    wire::put_number(&mut record, 1, kind);
    wire::put_bytes(&mut record, field, payload);
    record
}
