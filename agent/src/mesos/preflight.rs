//! Whether Mesos would take the driver, asked before Spark starts: Spark itself would wait in silence.

use std::io;
use std::time::{Duration, Instant};

use lcmap_mesos::{Error, ErrorKind, Passing, Reached, Settings};
use tokio::time::sleep;

use super::runtime;
use crate::console;
use crate::supervise::signals::{Inbox, Signal};

/// Between two tries while the masters elect a leader.
const PAUSE: Duration = Duration::from_millis(500);

/// How long masters take to notice that their leader is gone: `ZooKeeper` forgets it after 10 s (Mesos' `--zk_session_timeout`).
const FAILOVER: Duration = Duration::from_secs(20);

/// How often is looked whether somebody wants us to stop.
const TICK: Duration = Duration::from_millis(50);

/// Why there is nothing to start.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PreflightError {
    /// Mesos, or the way to it.
    #[error("{0}{remedy}", remedy = remedy(.0.kind()))]
    Mesos(#[from] Box<Error>),
    /// The agent was asked to stop meanwhile.
    #[error("asked to stop before Mesos had answered")]
    Stopped,
    /// The kernel refused what it takes to wait.
    #[error("Mesos cannot be asked: {0}")]
    Runtime(#[from] io::Error),
}

/// What to change in a `SparkJob`, where the words about it are of the environment that the agent alone sets.
fn remedy(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::PlainHttp => {
            ". In a SparkJob: set mesos.certificates where the masters speak TLS, and leave it out where they do not"
        }
        ErrorKind::ServerNameMismatch => ". In a SparkJob: mesos.certificates.serverName or .verify",
        ErrorKind::CredentialsRefused => ". In a SparkJob: mesos.credentialsSecretName",
        _ => "",
    }
}

/// Asks the leading master. An election under way is waited for, up to `patience`, and the loss of a leader that may be noticed
/// soon, for a shorter time; any other obstacle ends the preflight at once.
pub(crate) fn preflight(
    settings: &Settings,
    patience: Duration,
    inbox: &Inbox,
) -> Result<Reached, PreflightError> {
    runtime()?.block_on(async {
        tokio::select! {
            reached = asked(settings, patience) => reached.map_err(|error| Box::new(error).into()),
            stopped = stopped(inbox) => Err(stopped),
        }
    })
}

async fn asked(settings: &Settings, patience: Duration) -> Result<Reached, Error> {
    let (began, mut is_told) = (Instant::now(), false);
    loop {
        let error = match lcmap_mesos::preflight(settings).await {
            Ok(reached) => return Ok(reached),
            Err(error) => error,
        };
        let longest = match Passing::of(&error, &settings.masters) {
            Some(Passing::Election) => patience,
            Some(Passing::Failover) => patience.min(FAILOVER),
            None => return Err(error),
        };
        if began.elapsed() >= longest {
            return Err(error);
        }
        if !is_told {
            is_told = true;
            console::say(&format!("waits up to {} s for a leading Mesos master: {error}", longest.as_secs()));
        }
        sleep(PAUSE).await;
    }
}

async fn stopped(inbox: &Inbox) -> PreflightError {
    loop {
        match inbox.next() {
            Ok(Some((Signal::TERM | Signal::INT, _))) => return PreflightError::Stopped,
            Ok(Some(_)) => {}
            Ok(None) => sleep(TICK).await,
            Err(error) => return error.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::{SocketAddr, TcpListener};
    use std::thread;

    use lcmap_mesos::CredentialSource;
    use lcmap_mesos::tls::Security;

    use super::*;

    /// Far longer than anything here takes.
    const LONG: Duration = Duration::from_secs(60);

    fn ask(master: SocketAddr, patience: Duration) -> Result<Reached, Error> {
        ask_of(&master.to_string(), patience)
    }

    fn ask_of(masters: &str, patience: Duration) -> Result<Reached, Error> {
        let settings = Settings {
            masters: masters.parse().unwrap(),
            security: Security::Plain,
            credential: CredentialSource::None,
        };
        runtime().unwrap().block_on(asked(&settings, patience))
    }

    /// A master that gives these answers, one a connection, and then is gone. A real one elects too fast to be looked at.
    fn master(answers: &'static [&'static str]) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        thread::spawn(move || {
            for answer in answers {
                let (mut stream, _) = listener.accept().unwrap();
                let _ = stream.read(&mut [0; 4096]).unwrap();
                write!(stream, "HTTP/1.1 {answer}\r\nContent-Length: 0\r\n\r\n").unwrap();
            }
        });
        address
    }

    #[test]
    fn an_election_is_waited_for() {
        let master = master(&["503 Service Unavailable", "503 Service Unavailable", "400 Bad Request"]);
        let reached = ask(master, LONG).unwrap();
        assert_eq!((reached.master.at.port, reached.from), (master.port(), master.ip()));
    }

    #[test]
    fn an_election_without_end_is_told_when_patience_ends() {
        let began = Instant::now();
        let error = ask(master(&["503 Service Unavailable"; 9]), Duration::from_millis(600)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NoLeader);
        assert!(began.elapsed() >= Duration::from_millis(600));
    }

    #[test]
    fn masters_whose_leader_is_gone_are_given_time_to_notice() {
        let gone = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let to_the_gone = format!("307 Temporary Redirect\r\nLocation: //{gone}/").leak();
        let standby = master(vec![to_the_gone, "400 Bad Request"].leak());
        let reached = ask_of(&format!("{gone},{standby}"), LONG).unwrap();
        assert_eq!(reached.master.at.port, standby.port());
    }

    #[test]
    fn a_master_that_is_cut_from_the_others_hides_no_leader() {
        let (cut, leader) = (master(&["503 Service Unavailable"]), master(&["400 Bad Request"]));
        let began = Instant::now();
        let reached = ask_of(&format!("{cut},{leader}"), LONG).unwrap();
        assert_eq!(reached.master.at.port, leader.port());
        assert!(began.elapsed() < LONG / 2);
    }

    #[test]
    fn anything_else_in_the_way_is_told_at_once() {
        let gone = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        for (address, kind) in [
            (gone, ErrorKind::ConnectionRefused),
            (master(&["401 Unauthorized"]), ErrorKind::CredentialsRefused),
            (master(&["403 Forbidden"]), ErrorKind::FrameworkRefused),
            (master(&["404 Not Found"]), ErrorKind::NotMesos),
        ] {
            let began = Instant::now();
            assert_eq!(ask(address, LONG).unwrap_err().kind(), kind);
            assert!(began.elapsed() < LONG / 2);
        }
    }
}
