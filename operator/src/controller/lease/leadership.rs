//! What the rest of the operator asks of the election.

use tokio::sync::watch;
use tokio::time::sleep;

use super::moment::Moment;

/// Whether this process leads.
///
/// Not a flag that a task sets, but a time that is compared with the clock at each use: a process that was stopped
/// or suspended for a while finds itself a follower before it acts, though none of its tasks has run yet.
#[derive(Debug, Clone)]
pub(crate) struct Leadership {
    until: watch::Receiver<Option<Moment>>,
    /// What [`Leadership::changed`] told last.
    told: bool,
}

impl Leadership {
    /// The leadership that lasts until what is sent here; a follower's to begin with.
    pub(super) fn new(until: watch::Receiver<Option<Moment>>) -> Self {
        Self { until, told: false }
    }

    /// A follower's, for good.
    #[cfg(test)]
    pub(crate) fn never() -> Self {
        Self::new(watch::channel(None).1)
    }

    /// A leader's, for a minute.
    #[cfg(test)]
    pub(crate) fn for_a_minute() -> Self {
        Self::new(watch::channel(Some(Moment::now() + std::time::Duration::from_mins(1))).1)
    }

    /// Whether this process leads now. Cheap; to be asked right before each act.
    pub(crate) fn leads(&self) -> bool {
        self.until.borrow().is_some_and(|until| Moment::now() < until)
    }

    /// Waits until this process leads, if it follows by what was told last (as at first), or follows, if it leads.
    /// Tells which. Nothing is lost if the future is dropped.
    pub(crate) async fn changed(&mut self) -> bool {
        loop {
            let until = *self.until.borrow_and_update();
            let left = until.map(|until| until.since(Moment::now())).filter(|left| !left.is_zero());
            if left.is_some() != self.told {
                self.told = left.is_some();
                return self.told;
            }
            let lapsed = async {
                match left {
                    Some(left) => sleep(left).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                Ok(()) = self.until.changed() => {}
                () = lapsed => {}
                // The elector is gone, and there is no lead that could still lapse.
                else => std::future::pending().await,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_lead_that_is_over_is_over_though_nobody_said_so() {
        let (_elector, until) = watch::channel(Some(Moment::now() + Duration::from_millis(20)));
        let leadership = Leadership::new(until);
        assert!(leadership.leads());
        std::thread::sleep(Duration::from_millis(21));
        assert!(!leadership.leads());
    }

    #[tokio::test]
    async fn the_change_to_leader_and_back_is_told_once_each() {
        let (elector, until) = watch::channel(None);
        let mut leadership = Leadership::new(until);
        elector.send_replace(Some(Moment::now() + Duration::from_mins(1)));
        assert!(leadership.changed().await);
        elector.send_replace(Some(Moment::now() + Duration::from_mins(2)));
        elector.send_replace(None);
        assert!(!leadership.changed().await);
    }

    #[tokio::test]
    async fn a_lead_lapses_when_nothing_renews_it_even_if_the_elector_is_gone() {
        let (elector, until) = watch::channel(Some(Moment::now() + Duration::from_millis(30)));
        let mut leadership = Leadership::new(until);
        drop(elector);
        assert!(leadership.changed().await);
        assert!(!leadership.changed().await);
    }
}
