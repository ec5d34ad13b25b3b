//! A session with one ZooKeeper server: connect, authenticate, look, watch.

use std::time::Duration;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::{Instant, timeout, timeout_at},
};

use crate::{
    address::{Ensemble, HostPort},
    transport::connect_tcp,
};

use super::{
    jute::{Flag, Reader, Writer},
    zookeeper::ZooKeeperError,
};

/// The session timeout that is asked for: Mesos' own.
const SESSION_TIMEOUT: Duration = Duration::from_secs(10);
/// The longest message that is taken: ZooKeeper's own limit for a node is 1 MiB.
const LONGEST_MESSAGE: usize = 4 << 20;

/// Operations (`OpCode`).
mod operation {
    pub(super) const EXISTS: i32 = 3;
    pub(super) const GET_DATA: i32 = 4;
    pub(super) const GET_CHILDREN: i32 = 8;
    pub(super) const PING: i32 = 11;
    pub(super) const AUTH: i32 = 100;
}

/// Transaction numbers that mean something else.
mod xid {
    pub(super) const NOTIFICATION: i32 = -1;
    pub(super) const PING: i32 = -2;
    pub(super) const AUTH: i32 = -4;
}

/// Error codes (`KeeperException.Code`).
mod code {
    pub(super) const NO_NODE: i32 = -101;
    pub(super) const NO_AUTH: i32 = -102;
    pub(super) const AUTH_FAILED: i32 = -115;
}

/// An answer about a node.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Answer<T> {
    Found(T),
    NoNode,
}

pub(super) struct Session {
    stream: TcpStream,
    server: HostPort,
    timeout: Duration,
    next_xid: i32,
    notified: bool,
}

impl Session {
    pub(super) async fn open(server: &HostPort, ensemble: &Ensemble) -> Result<Self, ZooKeeperError> {
        let unreachable =
            |error: crate::Error| ZooKeeperError::Unreachable { kind: error.kind(), why: error.to_string() };
        let stream = connect_tcp(server).await.map_err(unreachable)?;
        let mut session =
            Self { stream, server: server.clone(), timeout: SESSION_TIMEOUT, next_xid: 1, notified: false };
        let milliseconds = i32::try_from(SESSION_TIMEOUT.as_millis()).unwrap_or(i32::MAX);
        // ConnectRequest: protocol version, last zxid seen, timeout, session id, password, read-only.
        let request =
            Writer::default().int(0).long(0).int(milliseconds).long(0).buffer(&[0; 16]).flag(Flag::No);
        session.send(request).await?;
        let answer = session.receive(Instant::now() + SESSION_TIMEOUT).await?;
        let mut reader = Reader(&answer);
        let granted = reader.int().and_then(|_version| reader.int()).ok_or_else(|| session.garbled())?;
        session.timeout = Duration::from_millis(u64::try_from(granted).unwrap_or_default());
        if session.timeout.is_zero() {
            return Err(session.lost("it refused the session"));
        }
        if let Some(digest) = &ensemble.digest {
            session.authenticate(digest).await?;
        }
        Ok(session)
    }

    /// The children of a node, and a watch on them.
    pub(super) async fn children(&mut self, path: &str) -> Result<Answer<Vec<String>>, ZooKeeperError> {
        match self.ask(operation::GET_CHILDREN, path, Flag::Yes).await? {
            Answer::NoNode => Ok(Answer::NoNode),
            Answer::Found(answer) => {
                Reader(&answer).strings().map(Answer::Found).ok_or_else(|| self.garbled())
            }
        }
    }

    /// What a node holds.
    pub(super) async fn data(&mut self, path: &str) -> Result<Answer<Vec<u8>>, ZooKeeperError> {
        match self.ask(operation::GET_DATA, path, Flag::No).await? {
            Answer::NoNode => Ok(Answer::NoNode),
            Answer::Found(answer) => {
                let data = Reader(&answer).buffer().ok_or_else(|| self.garbled())?;
                Ok(Answer::Found(data.to_vec()))
            }
        }
    }

    /// Sets a watch on a node that does not exist yet.
    pub(super) async fn watch_creation(&mut self, path: &str) -> Result<(), ZooKeeperError> {
        self.ask(operation::EXISTS, path, Flag::Yes).await.map(drop)
    }

    /// Waits until something that is watched has changed, keeping the session alive.
    pub(super) async fn notification(&mut self) -> Result<(), ZooKeeperError> {
        let mut heard = Instant::now();
        while !std::mem::take(&mut self.notified) {
            match timeout(self.timeout / 3, self.readable()).await {
                Ok(readable) => {
                    readable?;
                    self.read_one(heard + self.timeout).await?;
                    heard = Instant::now();
                }
                Err(_) if heard.elapsed() > self.timeout => return Err(self.lost("it fell silent")),
                Err(_) => self.send(Writer::default().int(xid::PING).int(operation::PING)).await?,
            }
        }
        Ok(())
    }

    async fn readable(&self) -> Result<(), ZooKeeperError> {
        self.stream.readable().await.map_err(|error| self.lost(&error.to_string()))
    }

    async fn authenticate(&mut self, digest: &str) -> Result<(), ZooKeeperError> {
        let request = Writer::default().int(xid::AUTH).int(operation::AUTH).int(0);
        self.send(request.buffer(b"digest").buffer(digest.as_bytes())).await?;
        let deadline = Instant::now() + self.timeout;
        loop {
            let (xid, error, _) = self.read_one(deadline).await?;
            if xid == xid::AUTH {
                return if error == 0 { Ok(()) } else { Err(ZooKeeperError::Forbidden(self.server.clone())) };
            }
        }
    }

    async fn ask(
        &mut self,
        operation: i32,
        path: &str,
        watch: Flag,
    ) -> Result<Answer<Vec<u8>>, ZooKeeperError> {
        let asked = self.next_xid;
        self.next_xid = self.next_xid.wrapping_add(1).max(1);
        self.send(Writer::default().int(asked).int(operation).buffer(path.as_bytes()).flag(watch)).await?;
        let deadline = Instant::now() + self.timeout;
        loop {
            let (xid, error, answer) = self.read_one(deadline).await?;
            if xid != asked {
                continue;
            }
            return match error {
                0 => Ok(Answer::Found(answer)),
                code::NO_NODE => Ok(Answer::NoNode),
                code::NO_AUTH | code::AUTH_FAILED => Err(ZooKeeperError::Forbidden(self.server.clone())),
                other => Err(self.lost(&format!("it answered with the error {other}"))),
            };
        }
    }

    /// Reads one message: its transaction number, its error code, and the rest. Notifications are noted.
    async fn read_one(&mut self, deadline: Instant) -> Result<(i32, i32, Vec<u8>), ZooKeeperError> {
        let message = self.receive(deadline).await?;
        let mut reader = Reader(&message);
        let header = (reader.int(), reader.long(), reader.int());
        let (Some(xid), Some(_zxid), Some(error)) = header else { return Err(self.garbled()) };
        self.notified |= xid == xid::NOTIFICATION;
        Ok((xid, error, reader.0.to_vec()))
    }

    async fn send(&mut self, message: Writer) -> Result<(), ZooKeeperError> {
        let framed = Writer::default().buffer(&message.0).0;
        self.stream.write_all(&framed).await.map_err(|error| self.lost(&error.to_string()))
    }

    async fn receive(&mut self, deadline: Instant) -> Result<Vec<u8>, ZooKeeperError> {
        let reading = async {
            let length = usize::try_from(self.stream.read_i32().await?).unwrap_or(usize::MAX);
            if length > LONGEST_MESSAGE {
                return Err(std::io::Error::other("it does not speak ZooKeeper's protocol"));
            }
            let mut message = vec![0; length];
            self.stream.read_exact(&mut message).await?;
            Ok(message)
        };
        match timeout_at(deadline, reading).await {
            Ok(Ok(message)) => Ok(message),
            Ok(Err(error)) => Err(self.lost(&error.to_string())),
            Err(_) => Err(self.lost("it fell silent")),
        }
    }

    fn garbled(&self) -> ZooKeeperError {
        self.lost("it does not speak ZooKeeper's protocol")
    }

    fn lost(&self, why: &str) -> ZooKeeperError {
        ZooKeeperError::Lost { server: self.server.clone(), why: why.to_owned() }
    }
}
