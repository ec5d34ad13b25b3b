//! The notebook server: its token, and whether it answers yet.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::time::Duration;

use nix::unistd::Pid;

use crate::configuration::{ConfigurationError, write_private};
use crate::sockets;

/// How long a connection to this machine may take. The agent does nothing else meanwhile.
const CONNECT: Duration = Duration::from_millis(200);

/// How many random bytes a token is made of: as many as Jupyter's own.
const TOKEN_BYTES: usize = 24;

/// A notebook server that is being started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Expected {
    /// The port it was told to listen on.
    pub port: u16,
    /// The file that holds its token.
    pub token_file: PathBuf,
}

impl Expected {
    /// Asks the server, if one of the processes listens on its port. Any HTTP answer counts.
    pub(crate) fn answers(&self, owners: impl FnOnce() -> Vec<Pid>) -> bool {
        sockets::find(&(self.port..=self.port), owners)
            .is_some_and(|listener| ask((listener.reachable(), listener.port).into()).is_ok())
    }
}

/// A question that does not count as activity (`no_track_activity`, `jupyter_server`).
fn ask(address: SocketAddr) -> io::Result<()> {
    let mut stream = TcpStream::connect_timeout(&address, CONNECT)?;
    stream.set_read_timeout(Some(CONNECT))?;
    stream.set_write_timeout(Some(CONNECT))?;
    let request = format!(
        "GET /api?no_track_activity=1 HTTP/1.1\r\nHost: localhost:{}\r\nConnection: close\r\n\r\n",
        address.port()
    );
    stream.write_all(request.as_bytes())?;
    let mut answer = [0; 7];
    stream.read_exact(&mut answer)?;
    if &answer == b"HTTP/1." { Ok(()) } else { Err(io::ErrorKind::InvalidData.into()) }
}

/// The file that Jupyter reads its token from: the given one, or one in the private folder.
///
/// Jupyter takes a line end at the end of the file for a part of the token, and then refuses every request with
/// 403: such a file is copied without it.
pub(crate) fn token_file(given: Option<&Path>, private: &Path) -> Result<PathBuf, ConfigurationError> {
    let own = private.join("token");
    let Some(given) = given else {
        let token = random_token()
            .map_err(|source| ConfigurationError::Unreadable { path: "/dev/urandom".into(), source })?;
        write_private(&own, token.as_bytes())?;
        return Ok(own);
    };
    let content = fs::read(given)
        .map_err(|source| ConfigurationError::Unreadable { path: given.to_owned(), source })?;
    let token = content.trim_ascii();
    if token.is_empty() {
        return Err(ConfigurationError::EmptyToken { path: given.to_owned() });
    }
    if token.len() == content.len() {
        return Ok(given.to_owned());
    }
    write_private(&own, token)?;
    Ok(own)
}

fn random_token() -> io::Result<String> {
    let mut bytes = [0; TOKEN_BYTES];
    File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    Ok(bytes.iter().fold(String::new(), |token, byte| format!("{token}{byte:02x}")))
}
