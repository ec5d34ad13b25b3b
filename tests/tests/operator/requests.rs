//! The API server's audit log, read.

use serde_json::Value;

/// One request to the API server that was answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Request {
    pub(crate) user: String,
    pub(crate) verb: String,
    /// `pods`, `sparkjobs/status` …
    pub(crate) resource: String,
    pub(crate) group: String,
    pub(crate) namespace: String,
    pub(crate) name: String,
    pub(crate) code: u64,
    /// When it came in, as the log writes it: later ones sort after earlier ones.
    pub(crate) at: String,
    /// Who asked, by process: kube's own user agent and the port are no help, so the address is kept whole.
    pub(crate) uri: String,
}

impl Request {
    /// Every request of a log; a line that is being written is left out.
    pub(crate) fn read(log: &str) -> impl Iterator<Item = Self> {
        log.lines().filter_map(|line| Self::of(&serde_json::from_str(line).ok()?))
    }

    /// Whether it is this verb on this resource.
    pub(crate) fn is(&self, verb: &str, resource: &str) -> bool {
        self.verb == verb && self.resource == resource
    }

    fn of(event: &Value) -> Option<Self> {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let object = &event["objectRef"];
        let subresource = object["subresource"].as_str().map(|it| format!("/{it}")).unwrap_or_default();
        Some(Self {
            user: text(&event["user"]["username"]),
            verb: text(&event["verb"]),
            resource: text(&object["resource"]) + &subresource,
            group: text(&object["apiGroup"]),
            namespace: text(&object["namespace"]),
            name: text(&object["name"]),
            code: event["responseStatus"]["code"].as_u64()?,
            at: text(&event["requestReceivedTimestamp"]),
            uri: text(&event["requestURI"]),
        })
    }
}
