//! The host names of agents that run executors. The driver fetches from there by name what is too large for a message: where it
//! cannot, small jobs work and others die.

use std::{collections::HashSet, sync::Arc, time::Duration};

use tokio::{net::lookup_host, time::sleep};

use crate::driver::Driver;

/// After this a name is looked up once more before anything is reported: name servers have their moments.
const AGAIN: Duration = Duration::from_secs(5);

/// At most so many are reported: where one does not resolve, mostly none does.
const MOST: usize = 5;

/// Names that are looked up once each.
#[derive(Debug, Default)]
pub(crate) struct Hosts {
    known: HashSet<String>,
    due: Vec<String>,
}

impl Hosts {
    /// Takes in the agent of an executor.
    pub(crate) fn note(&mut self, host: String) {
        if self.known.insert(host.clone()) {
            self.due.push(host);
        }
    }

    /// Those to look up now.
    pub(crate) fn due(&mut self) -> Vec<String> {
        std::mem::take(&mut self.due)
    }
}

/// Looks a name up, as the JVM of this process will, and reports if there is no such name.
pub(crate) async fn look_up(driver: Arc<Driver>, host: String) {
    let is_known = async || lookup_host((host.as_str(), 0)).await.is_ok();
    if is_known().await {
        return;
    }
    sleep(AGAIN).await;
    if is_known().await {
        return;
    }
    driver.report(|state| {
        if state.unresolved_hosts.len() >= MOST {
            return;
        }
        state.unresolved_hosts.push(host.clone());
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_name_is_looked_up_once() {
        let mut hosts = Hosts::default();
        for host in ["a", "b", "a"] {
            hosts.note(host.to_owned());
        }
        assert_eq!(hosts.due(), ["a", "b"]);
        hosts.note("b".to_owned());
        assert!(hosts.due().is_empty());
    }
}
