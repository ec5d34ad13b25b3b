use std::{
    io::{self, Read, Write},
    os::unix::net::UnixStream,
    path::PathBuf,
    time::Duration,
};

use serde_json::Value;

use super::{
    ControlPlane, Error, Result,
    process::{Daemon, wait_until},
};

/// `kubectl proxy`: requests to the API server as they are, and its answers as JSON, for tests that want to read a
/// `Status` rather than what kubectl makes of it.
#[derive(Debug)]
pub struct Proxy {
    socket: PathBuf,
    _daemon: Daemon,
}

impl ControlPlane {
    /// Opens a proxy with the administrator's rights.
    pub fn proxy(&self) -> Result<Proxy> {
        let socket = self.folder().join("proxy.sock");
        let mut command = self.command("kubectl");
        command.arg("proxy").arg(format!("--unix-socket={}", socket.display()));
        let mut daemon = Daemon::start(self.run(), "kubectl-proxy", &mut command)?;
        wait_until("kubectl proxy did not listen", Duration::from_secs(30), || {
            daemon.check()?;
            Ok(UnixStream::connect(&socket).is_ok().then_some(()))
        })?;
        Ok(Proxy { socket, _daemon: daemon })
    }
}

impl Proxy {
    /// Posts `body` to `path`; the answer's body, which is a `Status` where the server refuses.
    pub fn post(&self, path: &str, body: &Value) -> Result<Value> {
        let answer = self.exchange(path, &body.to_string()).map_err(Error::Network)?;
        let content = answer.split_once("\r\n\r\n").map_or("", |(_, content)| content);
        serde_json::from_str(content).map_err(|source| Error::Answer { what: path.into(), source })
    }

    /// In HTTP/1.0, whose answers end with the connection and come in one piece.
    fn exchange(&self, path: &str, body: &str) -> io::Result<String> {
        let mut stream = UnixStream::connect(&self.socket)?;
        let length = body.len();
        let head = format!("POST {path} HTTP/1.0\r\nHost: localhost\r\nContent-Length: {length}");
        write!(stream, "{head}\r\nContent-Type: application/json\r\n\r\n{body}")?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer)
    }
}
