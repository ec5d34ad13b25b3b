//! What a driver that is over may have left on Mesos: `run` tears it down for as long as its user may be kept waiting; after
//! that the next one does.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use lcmap_mesos::Settings;
use lcmap_spark_agent::owed;
use lcmap_spark_crd::Reason;
use tokio::task::{JoinError, JoinHandle};

use crate::core::Frameworks;

/// For how long is tried.
pub(crate) const PATIENCE: Duration = Duration::from_secs(120);

/// Between two tries, each of which takes up to 15 s itself.
const PAUSE: Duration = Duration::from_secs(2);

/// The id of a framework, and why it may be left.
pub(crate) type Left = (String, String);

/// The frameworks that a driver may have left.
#[derive(Debug)]
pub(crate) struct Debt {
    settings: Settings,
    /// The driver's state folder.
    state: PathBuf,
    left: Vec<Left>,
    deadline: Instant,
    trying: Option<JoinHandle<Result<Vec<Left>, JoinError>>>,
}

impl Debt {
    /// The debt of the driver with this state folder.
    pub(crate) fn new(settings: Settings, state: PathBuf, left: Vec<Left>) -> Self {
        Self { settings, state, left, deadline: Instant::now() + PATIENCE, trying: None }
    }

    /// What of it is not paid.
    pub(crate) fn left(&self) -> &[Left] {
        &self.left
    }

    /// The same for `core`.
    pub(crate) fn frameworks(&self) -> Frameworks {
        if self.left.is_empty() {
            return Frameworks::Gone;
        }
        Frameworks::Left {
            ids: self.left.iter().map(|(id, _)| id.clone()).collect(),
            reason: Reason::TearingDown,
            message: in_words(&self.left),
        }
    }

    /// Whether it was tried for long enough.
    pub(crate) fn is_overdue(&self) -> bool {
        Instant::now() >= self.deadline
    }

    /// Begins to pay, unless that is under way.
    pub(crate) fn pay(&mut self) {
        let (settings, state) = (self.settings.clone(), self.state.clone());
        self.trying.get_or_insert_with(|| {
            tokio::spawn(async move {
                tokio::time::sleep(PAUSE).await;
                tokio::task::spawn_blocking(move || owed::settle(&settings, &state)).await
            })
        });
    }

    /// Waits until a payment that is under way has come to something.
    pub(crate) async fn paid(&mut self) {
        let Some(trying) = &mut self.trying else { return std::future::pending().await };
        if let Ok(Ok(left)) = trying.await {
            self.left = left;
        }
        self.trying = None;
    }
}

/// Which frameworks may be left, and why.
pub(crate) fn in_words(left: &[Left]) -> String {
    let each: Vec<String> = left.iter().map(|(id, why)| format!("{id} ({why})")).collect();
    each.join(", ")
}

#[cfg(test)]
mod tests {
    use lcmap_mesos::CredentialSource;
    use lcmap_mesos::tls::Security;

    use super::*;

    fn debt(left: Vec<Left>) -> Debt {
        let settings = Settings {
            masters: "127.0.0.1:1".parse().unwrap(),
            security: Security::Plain,
            credential: CredentialSource::None,
        };
        Debt::new(settings, "/nonexistent".into(), left)
    }

    #[test]
    fn what_is_left_is_told_by_its_ids_with_the_reason() {
        let left = vec![("u-1".to_owned(), "no route".to_owned()), ("u-1-2".to_owned(), "403".to_owned())];
        let Frameworks::Left { ids, message, .. } = debt(left).frameworks() else { panic!("left") };
        assert_eq!(ids, ["u-1", "u-1-2"]);
        assert_eq!(message, "u-1 (no route), u-1-2 (403)");
        assert_eq!(debt(vec![]).frameworks(), Frameworks::Gone);
    }

    #[tokio::test(start_paused = true)]
    async fn what_turns_out_to_be_gone_is_paid() {
        let mut debt = debt(vec![("u-1".to_owned(), "no route".to_owned())]);
        debt.pay();
        // No framework of the folder is on Mesos any more: there is none in it.
        debt.paid().await;
        assert_eq!(debt.frameworks(), Frameworks::Gone);
    }
}
