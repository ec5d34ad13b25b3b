//! The notebook server: its token, and whether it answers to that token and to nothing else.

mod ask;
mod guard;
mod server_file;
mod token;

use std::net::SocketAddr;

use nix::unistd::Pid;

use self::ask::{Answer, QUESTION, ask};
use self::guard::Folders;
use self::server_file::ServerFile;
use self::token::Token;
pub use self::token::{NoRandomness, in_url, random as random_token};
use crate::configuration::ConfigurationError;
use crate::plan;
use crate::private::PrivateFolder;
use crate::sockets;
use crate::state::{NotebookState, Scheme};

/// A notebook server that is being started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Expected {
    ip: String,
    port: u16,
    /// What is to open it.
    pub token: Token,
    /// Where its files are.
    pub folders: Folders,
}

/// The state of a notebook server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Look {
    /// It does not answer yet.
    NotYet,
    /// It answers to its token alone.
    Answers(NotebookState),
    /// It is not to be, for this reason.
    Refused(String),
}

impl Expected {
    /// Makes ready what the server needs before it is started.
    pub(crate) fn prepare(
        notebook: &plan::Notebook,
        private: &PrivateFolder,
    ) -> Result<Self, ConfigurationError> {
        let token = Token::choose(notebook.token_file.as_deref(), private.path())?;
        let folders = Folders::make(notebook, &token, private.path())?;
        Ok(Self { ip: notebook.ip.clone(), port: notebook.port, token, folders })
    }

    /// Why the server said that it is not to be, if it did.
    pub(crate) fn refusal(&self) -> Option<String> {
        self.folders.refusal()
    }

    /// Looks where the server says that it listens, that it is one of the processes that does, and asks it.
    pub(crate) fn look(&self, owners: impl FnOnce() -> Vec<Pid>) -> Look {
        if let Some(why) = self.refusal() {
            return Look::Refused(why);
        }
        let Some(server) = ServerFile::read(&self.folders.runtime) else { return Look::NotYet };
        if !server.sock.is_empty() || server.port != self.port {
            let place = if server.sock.is_empty() { format!("port {}", server.port) } else { server.sock };
            return Look::Refused(self.elsewhere(&place));
        }
        let Some(listener) = sockets::find(&(self.port..=self.port), owners) else { return Look::NotYet };
        if listener.address.to_canonical().to_string() != self.ip {
            return Look::Refused(self.elsewhere(&format!("address {}", listener.address)));
        }
        let address = (listener.reachable(), listener.port).into();
        let (said, other) =
            if server.secure { (Scheme::Https, Scheme::Http) } else { (Scheme::Http, Scheme::Https) };
        // TLS by `ssl_options` alone is not in the file.
        match self.ask(address, said, &server.base_url) {
            Verdict::NotHttp => match self.ask(address, other, &server.base_url) {
                Verdict::NotHttp => Look::NotYet,
                verdict => self.tell(verdict, other, server.base_url),
            },
            verdict => self.tell(verdict, said, server.base_url),
        }
    }

    /// Asks without the token, which has to be refused, and with it. Neither counts as activity.
    fn ask(&self, address: SocketAddr, scheme: Scheme, base_url: &str) -> Verdict {
        let path = format!("{base_url}api/status?no_track_activity=1&{QUESTION}");
        let stranger = ask(address, scheme, &path);
        match stranger {
            Ok(Answer::NotHttp) => return Verdict::NotHttp,
            Ok(Answer::WantsCertificate) if self.folders.is_guarded() => return Verdict::TokenAlone,
            Ok(Answer::WantsCertificate) => return Verdict::Unknown,
            // Busy, or about to end.
            Err(_) | Ok(Answer::Status(500..)) => return Verdict::NotYet,
            Ok(Answer::Status(401 | 403)) => {}
            Ok(Answer::Status(status)) => return Verdict::Open(status),
        }
        match ask(address, scheme, &format!("{path}&token={}", in_url(&self.token.text))) {
            Ok(Answer::Status(200)) => Verdict::TokenAlone,
            Ok(Answer::Status(status @ ..500)) => Verdict::Shut(status),
            _ => Verdict::NotYet,
        }
    }

    fn tell(&self, verdict: Verdict, scheme: Scheme, base_url: String) -> Look {
        const MEND: &str = "mend what its configuration says of token, password and login: it reads jupyter_config, \
             jupyter_server_config and jupyter_notebook_config (.py and .json) in the folders that `jupyter --paths` lists";
        match verdict {
            Verdict::NotYet | Verdict::NotHttp => Look::NotYet,
            Verdict::TokenAlone => Look::Answers(NotebookState {
                port: self.port,
                token_file: self.token.file.clone(),
                scheme,
                base_url,
            }),
            Verdict::Open(status) => Look::Refused(format!(
                "Jupyter lets in whoever comes: it answers {status} to a request without the notebook's token; {MEND}"
            )),
            Verdict::Shut(status) => Look::Refused(format!(
                "Jupyter does not take the notebook's token: it answers {status} to a request with it; {MEND}"
            )),
            Verdict::Unknown => Look::Refused(format!(
                "Jupyter asks visitors for a certificate, so that nobody can see whether it asks for the token, too; {MEND}"
            )),
        }
    }

    fn elsewhere(&self, place: &str) -> String {
        format!(
            "Jupyter listens on {place}, and not at {}:{}, where the notebook is to be; remove ip, port and sock from \
             its configuration",
            self.ip, self.port
        )
    }
}

/// What the server's answers say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    /// It does not answer yet.
    NotYet,
    /// It does not speak HTTP in this way.
    NotHttp,
    /// The token opens it, and nothing else.
    TokenAlone,
    /// It answers without the token.
    Open(u16),
    /// It does not answer to the token.
    Shut(u16),
    /// It cannot be asked.
    Unknown,
}
