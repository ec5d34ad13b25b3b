//! What a framework says of itself, and which offers it does not want. A master takes both anew from each subscription, so that
//! what has changed since the first must be kept.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use prost::Message;

use crate::{FrameworkInfo, message::Id, wire};

use super::Call;

/// `Subscribe.offer_constraints` (`scheduler.proto` of API v1, Mesos 1.11).
const OFFER_CONSTRAINTS: u32 = 3;

/// The role of a framework that names none.
const ANY_ROLE: &str = "*";

/// How a framework stands before Mesos.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Presence {
    /// With its id as soon as there is one.
    pub(super) framework: FrameworkInfo,
    /// Labels that may change. A subscription leaves them out: a master that takes no changes of a framework would keep what it
    /// says of them for ever, and is better told nothing.
    labels: BTreeMap<String, String>,
    suppressed_roles: BTreeSet<String>,
    offer_constraints: Option<Bytes>,
}

impl Presence {
    pub(super) fn new(framework: FrameworkInfo) -> Self {
        Self {
            framework,
            labels: BTreeMap::new(),
            suppressed_roles: BTreeSet::new(),
            offer_constraints: None,
        }
    }

    /// Wants no offers for these roles from the beginning.
    pub(super) fn suppress(&mut self, roles: Vec<String>) {
        self.suppressed_roles = roles.into_iter().collect();
    }

    /// The framework has this id from now on.
    pub(super) fn is_called(&mut self, id: &str) {
        self.framework = std::mem::take(&mut self.framework).with_id(id);
    }

    /// Says something by a label from now on, or no more.
    pub(super) fn label(&mut self, key: &str, value: Option<&str>) {
        match value {
            Some(value) => self.labels.insert(key.to_owned(), value.to_owned()),
            None => self.labels.remove(key),
        };
    }

    /// What a master knows that has subscribed it as this.
    pub(super) fn as_subscribed(&self) -> Self {
        Self { labels: BTreeMap::new(), ..self.clone() }
    }

    /// The calls, which every master knows, that make the suppressed roles of `known` these.
    pub(super) fn about_offers(&self, known: &mut Self) -> Vec<Call> {
        let missing =
            |of: &BTreeSet<String>, from: &BTreeSet<String>| of.difference(from).cloned().collect::<Vec<_>>();
        let suppressed = missing(&self.suppressed_roles, &known.suppressed_roles);
        let revived = missing(&known.suppressed_roles, &self.suppressed_roles);
        known.suppressed_roles.clone_from(&self.suppressed_roles);
        let calls = [Call::Suppress(suppressed), Call::Revive(revived)];
        let has_roles =
            |call: &Call| matches!(call, Call::Suppress(roles) | Call::Revive(roles) if !roles.is_empty());
        calls.into_iter().filter(has_roles).collect()
    }

    /// Notes what a call changes.
    pub(super) fn note(&mut self, call: &Call) {
        match call {
            Call::Suppress(roles) if roles.is_empty() => self.suppressed_roles = self.roles(),
            Call::Suppress(roles) => self.suppressed_roles.extend(roles.iter().cloned()),
            Call::Revive(roles) if roles.is_empty() => self.suppressed_roles.clear(),
            Call::Revive(roles) => self.suppressed_roles.retain(|role| !roles.contains(role)),
            Call::Update { framework, suppressed_roles, offer_constraints } => {
                let id = self.framework.id();
                self.framework = FrameworkInfo::from_encoded(framework.to_vec());
                if let Some(id) = id {
                    self.is_called(&id);
                }
                self.suppressed_roles = suppressed_roles.iter().cloned().collect();
                self.offer_constraints.clone_from(offer_constraints);
            }
            _ => {}
        }
    }

    fn roles(&self) -> BTreeSet<String> {
        let roles: BTreeSet<String> = self.framework.roles().into_iter().collect();
        if roles.is_empty() { [ANY_ROLE.to_owned()].into() } else { roles }
    }

    /// The SUBSCRIBE call: type 1, field 3, and the id on both levels when there is one.
    pub(super) fn subscribe(&self) -> Vec<u8> {
        let mut payload = vec![];
        wire::put_bytes(&mut payload, 1, self.framework.encoded());
        for role in &self.suppressed_roles {
            wire::put_bytes(&mut payload, 2, role.as_bytes());
        }
        if let Some(constraints) = &self.offer_constraints {
            wire::put_bytes(&mut payload, OFFER_CONSTRAINTS, constraints);
        }
        let mut call = vec![];
        if let Some(id) = self.framework.id() {
            wire::put_bytes(&mut call, 1, &Id::new(id).encode_to_vec());
        }
        wire::put_number(&mut call, 2, 1);
        wire::put_bytes(&mut call, 3, &payload);
        call
    }

    /// The call that tells a master of it that has an older word.
    pub(super) fn update(&self) -> Call {
        let labels = self.labels.iter().map(|(key, value)| (key.as_str(), value.as_str()));
        let framework = self.framework.clone().with_labels(labels);
        Call::Update {
            framework: framework.encoded().to_vec().into(),
            suppressed_roles: self.suppressed_roles.iter().cloned().collect(),
            offer_constraints: self.offer_constraints.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn suppressed(framework: FrameworkInfo, calls: &[Call]) -> Vec<String> {
        let mut presence = Presence::new(framework);
        for call in calls {
            presence.note(call);
        }
        presence.suppressed_roles.into_iter().collect()
    }

    #[test]
    fn roles_are_suppressed_until_they_are_revived() {
        let none = || FrameworkInfo::new("u", "n");
        let a = || vec!["a".to_owned()];
        for (framework, calls, expected) in [
            (none(), vec![Call::Suppress(vec![])], vec!["*"]),
            (none().with_role("a"), vec![Call::Suppress(vec![])], vec!["a"]),
            (none(), vec![Call::Suppress(vec!["a".into(), "b".into()]), Call::Revive(a())], vec!["b"]),
            (none(), vec![Call::Suppress(a()), Call::Revive(vec![])], vec![]),
            (none(), vec![Call::Suppress(a()), Call::Kill(Bytes::new())], vec!["a"]),
        ] {
            assert_eq!(suppressed(framework, &calls), expected, "{calls:?}");
        }
    }

    #[test]
    fn a_label_that_may_change_is_told_by_an_update_alone() {
        let mut presence = Presence::new(FrameworkInfo::new("u", "n").with_labels([("a", "1")]));
        presence.label("b", Some("2"));
        let labels = |info: &[u8]| -> Vec<String> {
            let labels = wire::bytes(info, 11).unwrap();
            wire::repeated(labels, 1).map(|label| wire::text(label, 1)).collect()
        };
        let call = presence.subscribe();
        assert_eq!(labels(wire::bytes(wire::bytes(&call, 3).unwrap(), 1).unwrap()), ["a"]);
        let Call::Update { framework, .. } = presence.update() else { panic!() };
        assert_eq!(labels(&framework), ["a", "b"]);
        assert_ne!(presence, presence.as_subscribed());
        presence.label("b", None);
        assert_eq!(presence, presence.as_subscribed());
    }

    #[test]
    fn offers_that_are_wanted_otherwise_are_told_by_calls_that_every_master_knows() {
        let mut presence = Presence::new(FrameworkInfo::new("u", "n"));
        let mut known = presence.clone();
        presence.suppress(vec!["a".into(), "b".into()]);
        assert_eq!(presence.about_offers(&mut known), [Call::Suppress(vec!["a".into(), "b".into()])]);
        presence.suppress(vec!["b".into(), "c".into()]);
        let told = presence.about_offers(&mut known);
        assert_eq!(told, [Call::Suppress(vec!["c".into()]), Call::Revive(vec!["a".into()])]);
        assert_eq!(presence.about_offers(&mut known), []);
        assert_eq!(presence, known);
    }

    #[test]
    fn a_subscription_says_what_has_changed_since_the_last() {
        let mut presence = Presence::new(FrameworkInfo::new("u", "old"));
        presence.is_called("f-1");
        let framework = FrameworkInfo::new("u", "new").encoded().to_vec().into();
        let constraints = Some(Bytes::from_static(b"\x0a\x00"));
        let update =
            Call::Update { framework, suppressed_roles: vec!["a".into()], offer_constraints: constraints };
        presence.note(&update);
        let call = presence.subscribe();
        let payload = wire::bytes(&call, 3).unwrap();
        let framework = FrameworkInfo::from_encoded(wire::bytes(payload, 1).unwrap().to_vec());
        assert_eq!((wire::text(framework.encoded(), 2), framework.id()), ("new".into(), Some("f-1".into())));
        assert_eq!(
            (wire::bytes(payload, 2), wire::bytes(payload, OFFER_CONSTRAINTS)),
            (Some(&b"a"[..]), Some(&b"\x0a\x00"[..]))
        );
    }
}
