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

const JSON: &str = "application/json";

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
    /// What is at `path`, which is a `Status` where the server refuses. So are the answers of all that follow.
    pub fn get(&self, path: &str) -> Result<Value> {
        self.ask("GET", path, JSON, "")
    }

    /// Posts `body` to `path`.
    pub fn post(&self, path: &str, body: &Value) -> Result<Value> {
        self.ask("POST", path, JSON, &body.to_string())
    }

    /// Replaces what is at `path`.
    pub fn put(&self, path: &str, body: &Value) -> Result<Value> {
        self.ask("PUT", path, JSON, &body.to_string())
    }

    /// Merges `body` into what is at `path`: a JSON merge patch, which replaces lists whole.
    pub fn merge(&self, path: &str, body: &Value) -> Result<Value> {
        self.ask("PATCH", path, "application/merge-patch+json", &body.to_string())
    }

    /// Deletes what is at `path`, in the background.
    pub fn delete(&self, path: &str) -> Result<Value> {
        self.ask("DELETE", path, JSON, "")
    }

    fn ask(&self, method: &str, path: &str, kind: &str, body: &str) -> Result<Value> {
        let answer = self.exchange(method, path, kind, body).map_err(Error::Network)?;
        let content = answer.split_once("\r\n\r\n").map_or("", |(_, content)| content);
        serde_json::from_str(content).map_err(|source| Error::Answer { what: path.into(), source })
    }

    /// In HTTP/1.0, whose answers end with the connection and come in one piece.
    fn exchange(&self, method: &str, path: &str, kind: &str, body: &str) -> io::Result<String> {
        let mut stream = UnixStream::connect(&self.socket)?;
        let length = body.len();
        let head = format!("{method} {path} HTTP/1.0\r\nHost: localhost\r\nContent-Length: {length}");
        write!(stream, "{head}\r\nContent-Type: {kind}\r\n\r\n{body}")?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer)
    }
}
