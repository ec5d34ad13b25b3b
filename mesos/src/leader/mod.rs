//! Which master leads now.

mod jute;
mod redirect;
mod session;
mod zookeeper;

pub(crate) use redirect::redirect_target;
pub use zookeeper::ZooKeeperError;

use crate::{
    address::{HostPort, Masters},
    error::Error,
    transport::Master,
};

use zookeeper::Follower;

/// Follows the leading master.
#[derive(Debug)]
pub struct Detector {
    source: Source,
    /// Whom to try before all others: the one that answered, or where a master that does not lead sent us.
    next: Option<Master>,
}

#[derive(Debug)]
enum Source {
    Listed { masters: Vec<HostPort>, turn: usize },
    Elected(Follower),
}

impl Detector {
    /// Starts to follow. With a ZooKeeper it keeps a session there, on the current tokio runtime, until it is dropped.
    pub fn new(masters: &Masters) -> Self {
        let source = match masters {
            Masters::Listed(masters) => Source::Listed { masters: masters.clone(), turn: 0 },
            Masters::Elected(ensemble) => Source::Elected(Follower::start(ensemble.clone())),
        };
        Self { source, next: None }
    }

    /// The master to try now: ZooKeeper's leader, the one that we were sent to, or that answered the last time, or the next
    /// of the list.
    pub async fn leader(&mut self) -> Result<Master, Error> {
        if let Some(master) = self.next.take() {
            return Ok(master);
        }
        match &mut self.source {
            Source::Elected(follower) => Ok(follower.leader().await?),
            Source::Listed { masters, turn } => {
                let of_all = turn.checked_rem(masters.len()).and_then(|turn| masters.get(turn));
                let master = of_all.ok_or(Error::NoMaster)?.clone();
                *turn = turn.wrapping_add(1);
                Ok(master.into())
            }
        }
    }

    /// Remembers who leads, so that of a list the others, which may be down, are not asked again in turn. ZooKeeper knows by
    /// itself.
    pub(crate) fn answered(&mut self, leader: &Master) {
        if matches!(self.source, Source::Listed { .. }) {
            self.next = Some(leader.clone());
        }
    }

    /// How many masters there are to try before all have been.
    pub(crate) fn choices(&self) -> usize {
        match &self.source {
            Source::Listed { masters, .. } => masters.len() + usize::from(self.next.is_some()),
            Source::Elected(_) => 1,
        }
    }

    /// Waits until ZooKeeper names another leader than this one; for ever where there is no ZooKeeper.
    pub(crate) async fn other_than(&mut self, master: &Master) {
        match &mut self.source {
            Source::Elected(follower) => follower.other_than(master).await,
            Source::Listed { .. } => std::future::pending().await,
        }
    }
}

/// What an election in `ZooKeeper` is read from, for fuzz targets.
#[cfg(fuzzing)]
pub(crate) fn read(bytes: &[u8]) {
    let children = jute::Reader(bytes).strings().unwrap_or_default();
    let _ = zookeeper::leading(&children);
    let _ = zookeeper::read_master("json.info_0000000001", bytes);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_list_without_masters_has_no_leader() {
        let mut detector = Detector::new(&Masters::Listed(vec![]));
        assert!(matches!(detector.leader().await, Err(Error::NoMaster)));
    }

    #[tokio::test]
    async fn who_answered_is_asked_again_until_it_fails() {
        let mut detector = Detector::new(&"a,b".parse().unwrap());
        assert_eq!(detector.leader().await.unwrap().at.host, "a");
        let leader = detector.leader().await.unwrap();
        detector.answered(&leader);
        assert_eq!(detector.choices(), 3);
        let mut seen = vec![];
        for _ in 0..3 {
            seen.push(detector.leader().await.unwrap().at.host);
        }
        assert_eq!(seen, ["b", "a", "b"]);
    }

    #[tokio::test]
    async fn a_list_is_tried_in_turn_and_a_redirect_first() {
        let mut detector = Detector::new(&"a,b".parse().unwrap());
        let mut seen = vec![];
        for _ in 0..3 {
            seen.push(detector.leader().await.unwrap().at.host);
        }
        detector.next = Some(HostPort::parse("c", 1).unwrap().into());
        seen.push(detector.leader().await.unwrap().at.host);
        assert_eq!(seen, ["a", "b", "a", "c"]);
    }
}
