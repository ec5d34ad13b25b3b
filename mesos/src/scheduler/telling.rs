//! Tells a master what has changed of a framework since it subscribed.

use tokio::sync::oneshot;

use crate::error::Error;

use super::{Call, calls::Calls, presence::Presence};

/// What one master knows of a framework.
pub(super) struct Telling {
    known: Presence,
    /// What it is being told. It may act on that after calls that were sent later: those may not hold then.
    under_way: Option<(Presence, oneshot::Receiver<Result<(), Error>>)>,
}

impl Telling {
    /// A master that has subscribed a framework as this.
    pub(super) fn new(known: Presence) -> Self {
        Self { known, under_way: None }
    }

    /// Notes a call that changes what the master knows.
    pub(super) fn note(&mut self, call: &Call) {
        if self.under_way.is_some() {
            return;
        }
        self.known.note(call);
        // What a program says of the framework has none of the labels that are not its own.
        if matches!(call, Call::Update { .. }) {
            self.known = self.known.as_subscribed();
        }
    }

    /// Tells what it does not know yet, one thing after the other.
    pub(super) fn tell(&mut self, presence: &Presence, calls: &Calls) {
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

    /// Waits until the master has answered; for ever while it has not been asked.
    ///
    /// # Errors
    /// It does not take that. It is not told again.
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
    fn labels_that_a_program_overrules_are_told_again() {
        let mut presence = Presence::new(FrameworkInfo::new("u", "n"));
        presence.label("a", Some("1"));
        let mut telling = Telling::new(presence.clone());
        for (call, tells_again) in [(Call::Suppress(vec![]), false), (presence.update(), true)] {
            presence.note(&call);
            telling.note(&call);
            assert_eq!(telling.known != presence, tells_again, "{call:?}");
        }
    }
}
