//! Where a master that does not lead sends us: whoever is named there is not yet one of the masters.

use std::{net::IpAddr, time::Duration};

use tokio::time::timeout;

use crate::{
    address::{HostPort, MASTER_PORT},
    credential::Credential,
    error::Error,
    resolve::resolve,
    transport::Master,
};

use super::{Detector, Source};

/// How long names may take to resolve, and `ZooKeeper` to name the new leader.
const PATIENCE: Duration = Duration::from_secs(10);

/// Reads the address out of a redirect: Mesos sends `//host:port/path`, proxies a whole URL.
pub(crate) fn redirect_target(location: &str) -> Option<Master> {
    let (_, rest) = location.split_once("//")?;
    let authority = rest.split(['/', '?']).next()?;
    HostPort::parse(authority, MASTER_PORT).ok().map(Master::from)
}

impl Detector {
    /// Goes for the next question where `from` has sent us. A credential goes only to a master that we were told of, by its name
    /// or its address: whoever can answer for one master could have it sent anywhere else. A framework that registers with
    /// somebody else, or as nobody, is no help either, so that the question is not asked there at all.
    pub(crate) async fn redirected(
        &mut self,
        from: &Master,
        to: Master,
        credential: Option<&Credential>,
    ) -> Result<(), Error> {
        if credential.is_none() {
            self.next = Some(to);
            return Ok(());
        }
        let masters = match &mut self.source {
            Source::Elected(follower) => {
                // The leader has changed, and ZooKeeper is about to say so. It alone says who leads.
                if timeout(PATIENCE, follower.other_than(from)).await.is_ok() {
                    return Ok(());
                }
                follower.ensemble().to_owned()
            }
            Source::Listed { masters, .. } => {
                if let Some(master) = among(masters, &to.at).await {
                    self.next = Some(master);
                    return Ok(());
                }
                let masters: Vec<String> = masters.iter().map(ToString::to_string).collect();
                masters.join(",")
            }
        };
        Err(Error::Stranger { at: from.at.clone(), to: to.at, masters })
    }
}

/// The master of a list that another name, or address, stands for. It is then spoken to as it is listed: what a name resolves to
/// its owner can change.
async fn among(masters: &[HostPort], to: &HostPort) -> Option<Master> {
    if let Some(listed) = masters.iter().find(|master| is_same(master, to)) {
        return Some(listed.clone().into());
    }
    let addresses = addresses(to).await;
    for listed in masters.iter().filter(|master| master.port == to.port) {
        if let Some(address) = self::addresses(listed).await.into_iter().find(|it| addresses.contains(it)) {
            let at = HostPort { host: address.to_string(), port: listed.port };
            // One name may stand for several masters. One address stands for one.
            return Some(Master { at, hostname: Some(listed.host.clone()) });
        }
    }
    None
}

fn is_same(one: &HostPort, other: &HostPort) -> bool {
    let name = |at: &HostPort| at.host.trim_end_matches('.').to_ascii_lowercase();
    one.port == other.port && name(one) == name(other)
}

/// The addresses of a host; none if it is unknown.
async fn addresses(at: &HostPort) -> Vec<IpAddr> {
    let resolved = timeout(PATIENCE, resolve(at)).await;
    resolved.ok().and_then(Result::ok).into_iter().flatten().map(|address| address.to_canonical()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::leader::zookeeper::Follower;

    fn at(text: &str) -> Master {
        HostPort::parse(text, MASTER_PORT).unwrap().into()
    }

    fn somebody() -> Credential {
        Credential::new("spark", "hidden")
    }

    #[test]
    fn redirects_are_read_with_and_without_a_scheme() {
        for (location, target) in [
            ("//10.0.0.2:5050/master/api/v1/scheduler", Some("10.0.0.2:5050")),
            ("https://m2.example:5051/", Some("m2.example:5051")),
            ("//m3", Some("m3:5050")),
            ("/master/redirect", None),
            ("", None),
        ] {
            let read = redirect_target(location).map(|master| master.at.to_string());
            assert_eq!(read.as_deref(), target, "{location}");
        }
    }

    #[tokio::test]
    async fn a_credential_goes_to_a_listed_master_by_whatever_name_and_to_nobody_else() {
        for (masters, to, expected) in [
            ("a,M2.example", "m2.example.:5050", Some(("M2.example:5050", None))),
            ("10.0.0.1,10.0.0.2", "10.0.0.2:5050", Some(("10.0.0.2:5050", None))),
            ("a,127.0.0.1", "localhost:5050", Some(("127.0.0.1:5050", Some("127.0.0.1")))),
            ("localhost", "127.0.0.1:5050", Some(("127.0.0.1:5050", Some("localhost")))),
            ("127.0.0.1", "[::ffff:127.0.0.1]:5050", Some(("127.0.0.1:5050", Some("127.0.0.1")))),
            ("127.0.0.1", "127.0.0.1:5051", None),
            ("127.0.0.1", "127.0.0.2:5050", None),
            ("localhost", "no-such-host.invalid:5050", None),
        ] {
            let mut detector = Detector::new(&masters.parse().unwrap());
            let went = detector.redirected(&at("a"), at(to), Some(&somebody())).await;
            let next = detector.next.take();
            let next = next.as_ref().map(|next| (next.at.to_string(), next.hostname.as_deref()));
            assert_eq!(next, expected.map(|(at, name)| (at.to_owned(), name)), "{masters} {to}");
            assert_eq!(went.is_ok(), expected.is_some(), "{masters} {to}");
            assert!(detector.redirected(&at("a"), at(to), None).await.is_ok(), "nobody has nothing to lose");
            assert_eq!(detector.next, Some(at(to)));
        }
    }

    #[tokio::test]
    async fn who_is_none_of_the_masters_is_named_with_what_to_do() {
        let mut detector = Detector::new(&"m1,m2".parse().unwrap());
        let refused = detector.redirected(&at("m1"), at("10.9.9.9"), Some(&somebody())).await.unwrap_err();
        let words = refused.to_string();
        assert!(
            words.starts_with("m1:5050 sends to 10.9.9.9:5050, which is none of the masters m1:5050,m2:5050"),
            "{words}"
        );
        assert!(words.contains("add it to the masters") && !words.contains("hidden"), "{words}");
    }

    #[tokio::test(start_paused = true)]
    async fn with_a_zookeeper_a_credential_goes_to_whom_it_names() {
        let (follower, named) = Follower::scripted();
        named.send(Some(Ok(at("m1")))).unwrap();
        let mut detector = Detector { source: Source::Elected(follower), next: None };
        let refused = detector.redirected(&at("m1"), at("m3"), Some(&somebody())).await;
        assert!(matches!(refused, Err(Error::Stranger { .. })));
        named.send(Some(Ok(at("m2")))).unwrap();
        detector.redirected(&at("m1"), at("m3"), Some(&somebody())).await.unwrap();
        assert_eq!(detector.leader().await.unwrap(), at("m2"));
    }
}
