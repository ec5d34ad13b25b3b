//! What a framework says of itself when it subscribes.

use crate::wire;

/// Numbers of `FrameworkInfo`'s fields.
mod field {
    pub(super) const USER: u32 = 1;
    pub(super) const NAME: u32 = 2;
    pub(super) const ID: u32 = 3;
    pub(super) const ROLE: u32 = 6;
    pub(super) const HOSTNAME: u32 = 7;
    pub(super) const PRINCIPAL: u32 = 8;
    pub(super) const WEBUI_URL: u32 = 9;
    pub(super) const LABELS: u32 = 11;
    pub(super) const ROLES: u32 = 12;
}

/// A `FrameworkInfo`, kept as it was encoded: fields that nobody here knows reach the master too.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FrameworkInfo(Vec<u8>);

impl FrameworkInfo {
    /// A framework of this name whose tasks run as this user.
    pub fn new(user: &str, name: &str) -> Self {
        let mut info = vec![];
        wire::put_bytes(&mut info, field::USER, user.as_bytes());
        wire::put_bytes(&mut info, field::NAME, name.as_bytes());
        Self(info)
    }

    /// One that was encoded elsewhere. An empty role is taken as none: Mesos refuses it, and programs that pass on an unset
    /// variable mean none.
    pub fn from_encoded(info: Vec<u8>) -> Self {
        let empty = |info: &[u8], number| wire::bytes(info, number) == Some(b"");
        let info = if empty(&info, field::ROLE) { wire::without(&info, field::ROLE) } else { info };
        Self(info)
    }

    /// The encoded message.
    pub fn encoded(&self) -> &[u8] {
        &self.0
    }

    /// The user that its tasks run as.
    pub fn user(&self) -> String {
        wire::text(&self.0, field::USER)
    }

    /// The id that it asks for or was given.
    pub fn id(&self) -> Option<String> {
        wire::bytes(&self.0, field::ID).map(|id| wire::text(id, 1)).filter(|id| !id.is_empty())
    }

    /// The role, if it has one (`role`, the field of before 1.4 that Spark still uses).
    pub fn role(&self) -> Option<String> {
        wire::bytes(&self.0, field::ROLE).map(|role| String::from_utf8_lossy(role).into_owned())
    }

    /// All its roles, in either form; none is Mesos' `*`.
    pub fn roles(&self) -> Vec<String> {
        let several =
            wire::repeated(&self.0, field::ROLES).map(|role| String::from_utf8_lossy(role).into_owned());
        self.role().into_iter().chain(several).collect()
    }

    /// The principal that it registers as.
    pub fn principal(&self) -> Option<String> {
        Some(wire::text(&self.0, field::PRINCIPAL)).filter(|principal| !principal.is_empty())
    }

    /// Where its web page is.
    pub fn webui_url(&self) -> Option<String> {
        Some(wire::text(&self.0, field::WEBUI_URL)).filter(|url| !url.is_empty())
    }

    /// The host that it runs on.
    pub fn hostname(&self) -> String {
        wire::text(&self.0, field::HOSTNAME)
    }

    /// With this id instead of any other.
    #[must_use]
    pub fn with_id(self, id: &str) -> Self {
        let mut message = vec![];
        wire::put_bytes(&mut message, 1, id.as_bytes());
        self.with(field::ID, &message)
    }

    /// With this user.
    #[must_use]
    pub fn with_user(self, user: &str) -> Self {
        self.with(field::USER, user.as_bytes())
    }

    /// With this role.
    #[must_use]
    pub fn with_role(self, role: &str) -> Self {
        self.with(field::ROLE, role.as_bytes())
    }

    /// With this host.
    #[must_use]
    pub fn with_hostname(self, hostname: &str) -> Self {
        self.with(field::HOSTNAME, hostname.as_bytes())
    }

    /// With this principal. It must be the one that the credentials name: the master refuses another.
    #[must_use]
    pub fn with_principal(self, principal: &str) -> Self {
        self.with(field::PRINCIPAL, principal.as_bytes())
    }

    /// With these labels beside those that it has.
    #[must_use]
    pub fn with_labels<'a>(mut self, labels: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let mut all = wire::bytes(&self.0, field::LABELS).unwrap_or_default().to_vec();
        for (key, value) in labels {
            let mut label = vec![];
            wire::put_bytes(&mut label, 1, key.as_bytes());
            wire::put_bytes(&mut label, 2, value.as_bytes());
            wire::put_bytes(&mut all, 1, &label);
        }
        if !all.is_empty() {
            self = self.with(field::LABELS, &all);
        }
        self
    }

    fn with(self, number: u32, value: &[u8]) -> Self {
        let mut info = wire::without(&self.0, number);
        wire::put_bytes(&mut info, number, value);
        Self(info)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_set_replaces_what_was_there() {
        let info =
            FrameworkInfo::new("lcmap", "pi").with_id("a").with_principal("p").with_id("b").with_user("u");
        assert_eq!((info.id().as_deref(), info.principal().as_deref()), (Some("b"), Some("p")));
        assert_eq!(info.user(), "u");
        assert_eq!(wire::repeated(info.encoded(), field::ID).count(), 1);
    }

    #[test]
    fn an_empty_role_is_none() {
        let mut encoded = FrameworkInfo::new("u", "n").0;
        wire::put_bytes(&mut encoded, field::ROLE, b"");
        assert_eq!(FrameworkInfo::from_encoded(encoded), FrameworkInfo::new("u", "n"));
    }

    #[test]
    fn labels_are_added_to_those_that_are_there() {
        let info = FrameworkInfo::new("u", "n").with_labels([("a", "1")]).with_labels([("b", "2")]);
        let labels = wire::bytes(info.encoded(), field::LABELS).unwrap();
        let keys: Vec<String> = wire::repeated(labels, 1).map(|label| wire::text(label, 1)).collect();
        assert_eq!(keys, ["a", "b"]);
    }

    #[test]
    fn roles_are_read_in_both_forms() {
        let mut encoded = FrameworkInfo::new("u", "n").with_role("a").0;
        assert_eq!(FrameworkInfo(encoded.clone()).roles(), ["a"]);
        encoded = wire::without(&encoded, field::ROLE);
        wire::put_bytes(&mut encoded, field::ROLES, b"b");
        wire::put_bytes(&mut encoded, field::ROLES, b"c");
        assert_eq!(FrameworkInfo(encoded).roles(), ["b", "c"]);
    }

    #[test]
    fn fields_that_nobody_knows_are_kept() {
        let mut encoded = FrameworkInfo::new("u", "n").0;
        wire::put_bytes(&mut encoded, 99, b"later");
        let info = FrameworkInfo::from_encoded(encoded).with_id("i");
        assert_eq!(wire::bytes(info.encoded(), 99), Some(&b"later"[..]));
    }
}
