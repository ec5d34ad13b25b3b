//! Follows the leader that Mesos' masters elect in ZooKeeper.
//!
//! Each master keeps an ephemeral node `json.info_<sequence>` with its `MasterInfo` as JSON (since Mesos 0.23); the lowest
//! sequence leads. Source: Mesos 1.11 `src/master/constants.hpp`, `src/zookeeper/detector.cpp`.

use std::time::Duration;

use serde::Deserialize;
use tokio::{
    sync::watch,
    task::JoinHandle,
    time::{sleep, timeout},
};

use crate::{
    address::{Ensemble, HostPort},
    kind::ErrorKind,
    transport::Master,
};

use super::session::{Answer, Session};

/// How long to wait for a first answer of any of the servers.
const PATIENCE: Duration = Duration::from_secs(15);
/// Between two tries of the servers.
const PAUSE: Duration = Duration::from_millis(500);
/// What a master's node is called.
const NODE_PREFIX: &str = "json.info_";

/// Why ZooKeeper names no leader.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ZooKeeperError {
    /// No server could be reached.
    #[error("ZooKeeper: {why}")]
    Unreachable {
        /// What kind of trouble it is.
        kind: ErrorKind,
        /// The last server's.
        why: String,
    },
    /// A session that ended.
    #[error("the ZooKeeper server {server} was lost: {why}. Check that it runs and is part of a quorum")]
    Lost {
        /// Where.
        server: HostPort,
        /// Why.
        why: String,
    },
    /// Not allowed to look.
    #[error(
        "the ZooKeeper server {0} does not let us read the masters' path: let everybody read it, or, outside of a SparkJob, write zk://user:password@… with the user that the masters use"
    )]
    Forbidden(HostPort),
    /// The path does not exist.
    #[error("the path of {0} does not exist: check it against the masters' --zk")]
    NoPath(String),
    /// The path exists and is empty.
    #[error("no Mesos master is registered at {0}: check that the masters run and use this path")]
    NoMaster(String),
    /// A node that cannot be read.
    #[error("the leader's node {node} cannot be read: {why}")]
    Node {
        /// Its path.
        node: String,
        /// Why.
        why: String,
    },
    /// Nothing at all in time.
    #[error("{0} gave no answer within {seconds} s: check that the servers run and form a quorum", seconds = PATIENCE.as_secs())]
    Silent(String),
}

/// The leader as ZooKeeper last named it. None before its first answer.
pub(super) type Leader = Option<Result<Master, ZooKeeperError>>;

/// A session that follows the leader, until it is dropped.
#[derive(Debug)]
pub(super) struct Follower {
    ensemble: Ensemble,
    name: String,
    leader: watch::Receiver<Leader>,
    task: JoinHandle<()>,
}

impl Follower {
    pub(super) fn start(ensemble: Ensemble) -> Self {
        let (sender, leader) = watch::channel(None);
        let followed = ensemble.clone();
        let task = tokio::spawn(async move { follow(&followed, &sender).await });
        let name = ensemble.to_string();
        Self { ensemble, name, leader, task }
    }

    /// Begins anew if the task broke down: it never ends by itself.
    fn revive(&mut self) {
        if self.task.is_finished() {
            *self = Self::start(self.ensemble.clone());
        }
    }

    /// The leader as ZooKeeper last said.
    pub(super) async fn leader(&mut self) -> Result<Master, ZooKeeperError> {
        self.revive();
        let silent = ZooKeeperError::Silent(self.name.clone());
        match timeout(PATIENCE, self.leader.wait_for(Option::is_some)).await {
            Ok(Ok(leader)) => leader.clone().unwrap_or(Err(silent)),
            Ok(Err(_)) | Err(_) => Err(silent),
        }
    }

    /// Where is looked.
    pub(super) fn ensemble(&self) -> &str {
        &self.name
    }

    /// One that says what a test has it say.
    #[cfg(test)]
    pub(super) fn scripted() -> (Self, watch::Sender<Leader>) {
        let (sender, leader) = watch::channel(None);
        (
            Self {
                ensemble: Ensemble { servers: Vec::new(), path: "/mesos".to_owned(), digest: None },
                name: "zk://z/mesos".to_owned(),
                leader,
                task: tokio::spawn(std::future::pending()),
            },
            sender,
        )
    }

    /// Waits until there is another leader.
    pub(super) async fn other_than(&mut self, master: &Master) {
        let other = |leader: &Leader| matches!(leader, Some(Ok(leader)) if leader != master);
        while self.leader.wait_for(other).await.is_err() {
            sleep(PAUSE).await;
            self.revive();
        }
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn follow(ensemble: &Ensemble, leader: &watch::Sender<Leader>) {
    let mut servers = ensemble.servers.clone();
    fastrand::shuffle(&mut servers);
    let mut silent = 0;
    for server in servers.iter().cycle() {
        let Err(error) = follow_at(server, ensemble, leader, &mut silent).await;
        silent += 1;
        // One server that is down is nothing to tell of while another may know the leader. A leader that was seen stays: only
        // ZooKeeper is lost, and it may lead on.
        leader.send_if_modified(|leader| {
            let news = silent >= servers.len() && !matches!(leader, Some(Ok(_)));
            if news {
                *leader = Some(Err(error));
            }
            news
        });
        sleep(PAUSE).await;
    }
}

/// Follows by one server, until it is lost. Once it has told of the masters, no server was `silent` of late.
async fn follow_at(
    server: &HostPort,
    ensemble: &Ensemble,
    leader: &watch::Sender<Leader>,
    silent: &mut usize,
) -> Result<std::convert::Infallible, ZooKeeperError> {
    let mut session = Session::open(server, ensemble).await?;
    loop {
        let found = match session.children(&ensemble.path).await? {
            Answer::NoNode => {
                session.watch_creation(&ensemble.path).await?;
                Err(ZooKeeperError::NoPath(ensemble.to_string()))
            }
            Answer::Found(children) => match leading(&children) {
                None => Err(ZooKeeperError::NoMaster(ensemble.to_string())),
                Some(node) => {
                    let node = format!("{}/{node}", ensemble.path);
                    match session.data(&node).await? {
                        // Gone since: the watch on the children tells what comes next.
                        Answer::NoNode => Err(ZooKeeperError::NoMaster(ensemble.to_string())),
                        Answer::Found(data) => read_master(&node, &data),
                    }
                }
            },
        };
        leader.send_replace(Some(found));
        *silent = 0;
        session.notification().await?;
    }
}

/// The node with the lowest sequence.
pub(super) fn leading(children: &[String]) -> Option<&String> {
    let sequence = |child: &&String| child.strip_prefix(NODE_PREFIX)?.parse::<u64>().ok();
    children.iter().filter(|child| sequence(child).is_some()).min_by_key(sequence)
}

/// What is read of `MasterInfo`.
#[derive(Debug, Deserialize)]
struct MasterInfo {
    hostname: Option<String>,
    address: Option<Address>,
    pid: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Address {
    hostname: Option<String>,
    ip: Option<String>,
    port: u16,
}

pub(super) fn read_master(node: &str, data: &[u8]) -> Result<Master, ZooKeeperError> {
    let wrong = |why: String| ZooKeeperError::Node { node: node.to_owned(), why };
    let info: MasterInfo = serde_json::from_slice(data).map_err(|error| wrong(error.to_string()))?;
    let hostname = info.address.as_ref().and_then(|address| address.hostname.clone()).or(info.hostname);
    let at = match (info.address, info.pid) {
        (Some(Address { ip: Some(ip), port, .. }), _) => Some(HostPort { host: ip, port }),
        // Before 1.0 there was only the pid, master@ip:port.
        (_, Some(pid)) => pid.split_once('@').and_then(|(_, at)| HostPort::parse(at, 5050).ok()),
        _ => None,
    };
    let at = at.ok_or_else(|| wrong("it names no address".to_owned()))?;
    Ok(Master { at, hostname })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lowest_sequence_leads() {
        let children = ["log_replicas", "json.info_0000000010", "json.info_0000000009", "info_0000000001"];
        let children: Vec<String> = children.iter().map(ToString::to_string).collect();
        assert_eq!(leading(&children).map(String::as_str), Some("json.info_0000000009"));
        assert_eq!(leading(&["log_replicas".to_owned()]), None);
    }

    #[test]
    fn what_masters_of_every_age_write_is_read() {
        for (data, address) in [
            (
                r#"{"address":{"hostname":"m1","ip":"10.0.0.1","port":5050},"hostname":"m1","pid":"master@10.0.0.1:5050"}"#,
                "10.0.0.1:5050",
            ),
            (r#"{"hostname":"m1","ip":16777226,"port":5050,"pid":"master@10.0.0.1:5051"}"#, "10.0.0.1:5051"),
        ] {
            let master = read_master("n", data.as_bytes()).unwrap();
            assert_eq!((master.at.to_string().as_str(), master.hostname.as_deref()), (address, Some("m1")));
        }
        for data in ["", "{}", r#"{"pid":"master"}"#] {
            assert!(matches!(read_master("n", data.as_bytes()), Err(ZooKeeperError::Node { .. })), "{data}");
        }
    }
}
