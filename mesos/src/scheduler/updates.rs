//! Sends a master what has changed of a framework since it subscribed.

use tokio::sync::oneshot;

use crate::error::Error;

use super::{Call, calls::Calls, presence::Presence};

/// The updates of one framework for one master.
pub(super) struct Updates {
    /// What the master knows.
    known: Presence,
    /// The update that the master has not answered yet. It may act on that after calls that were sent later: those may not
    /// hold then.
    under_way: Option<(Presence, oneshot::Receiver<Result<(), Error>>)>,
}

impl Updates {
    /// For a master that has subscribed the framework as `known`.
    pub(super) fn new(known: Presence) -> Self {
        Self { known, under_way: None }
    }

    /// Notes a call that changes what the master knows.
    pub(super) fn note(&mut self, call: &Call) {
        if self.under_way.is_some() {
            return;
        }
        self.known.note(call);
        // An update of the program itself drops the labels that others have set.
        if matches!(call, Call::Update { .. }) {
            self.known = self.known.as_subscribed();
        }
    }

    /// Sends what the master does not know yet, one update at a time.
    pub(super) fn send(&mut self, presence: &Presence, calls: &Calls) {
        if self.under_way.is_some() {
            return;
        }
        for call in presence.about_offers(&mut self.known) {
            calls.send(call);
        }
        if *presence != self.known {
            self.under_way = Some((presence.clone(), calls.ask(presence.update())));
        }
    }

    /// Waits for the answer to the update; for ever while none is sent.
    ///
    /// # Errors
    /// The master refuses the update. It is not sent again.
    pub(super) async fn answered(&mut self) -> Result<(), Error> {
        let Some((_, answer)) = &mut self.under_way else { return std::future::pending().await };
        let Ok(answer) = answer.await else { return std::future::pending().await };
        if let Some((presence, _)) = self.under_way.take() {
            self.known = presence;
        }
        answer
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::FrameworkInfo;

    #[test]
    fn labels_that_a_program_overrules_are_sent_again() {
        let mut presence = Presence::new(FrameworkInfo::new("u", "n"));
        presence.label("a", Some("1"));
        let mut updates = Updates::new(presence.clone());
        for (call, sends_again) in [(Call::Suppress(vec![]), false), (presence.update(), true)] {
            presence.note(&call);
            updates.note(&call);
            assert_eq!(updates.known != presence, sends_again, "{call:?}");
        }
    }
}
