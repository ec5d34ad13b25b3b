//! Events, told in the background: a job never waits for its story to be written down.

use kube::Client;
use kube::runtime::events::{Event, EventType, Recorder, Reporter};
use lcmap_spark_crd::names::FIELD_MANAGER;
use lcmap_spark_crd::names::{API_VERSION, KIND};
use tokio::sync::mpsc;

use super::watched::{JobKey, WatchedJob};
use crate::core::{Announcement, Severity};

/// How many events may wait to be sent. What comes on top is dropped: events are a courtesy.
const WAITING: usize = 4096;

/// The longest note of an Event, in bytes (`events.k8s.io/v1`).
const LONGEST: usize = 1024;

type Message = (k8s_openapi::api::core::v1::ObjectReference, Announcement);

/// Takes events to be sent.
#[derive(Debug, Clone)]
pub(crate) struct Events(mpsc::Sender<Message>);

/// Sends them.
pub(crate) struct Teller {
    recorder: Recorder,
    messages: mpsc::Receiver<Message>,
}

/// Both ends. `instance` is what this replica calls itself.
pub(crate) fn channel(client: Client, instance: String) -> (Events, Teller) {
    let (sender, messages) = mpsc::channel(WAITING);
    let reporter = Reporter { controller: FIELD_MANAGER.into(), instance: Some(instance) };
    (Events(sender), Teller { recorder: Recorder::new(client, reporter), messages })
}

impl Events {
    /// Records an event of a job.
    pub(crate) fn tell(&self, key: &JobKey, job: &WatchedJob, announcement: Announcement) {
        let reference = k8s_openapi::api::core::v1::ObjectReference {
            api_version: Some(API_VERSION.into()),
            kind: Some(KIND.into()),
            name: Some(key.name.clone()),
            namespace: Some(key.namespace.clone()),
            uid: Some(job.uid().to_owned()),
            ..Default::default()
        };
        if self.0.try_send((reference, announcement)).is_err() {
            tracing::warn!(job = %key, "an event was dropped: too many wait to be sent");
        }
    }
}

impl Teller {
    /// Sends until nobody can tell anything any more.
    pub(crate) async fn run(mut self) {
        while let Some((reference, announcement)) = self.messages.recv().await {
            let event = event(announcement);
            if let Err(error) = self.recorder.publish(&event, &reference).await {
                let job = reference.name.as_deref().unwrap_or_default();
                tracing::warn!(job, %error, "an event could not be sent");
            }
        }
    }
}

fn event(announcement: Announcement) -> Event {
    let Announcement { severity, reason, message } = announcement;
    let mut note = message;
    if note.len() > LONGEST {
        let end = (0..=LONGEST).rev().find(|end| note.is_char_boundary(*end)).unwrap_or(0);
        note.truncate(end);
    }
    Event {
        type_: match severity {
            Severity::Normal => EventType::Normal,
            Severity::Warning => EventType::Warning,
        },
        reason: reason.as_str().to_owned(),
        note: Some(note).filter(|note| !note.is_empty()),
        action: "Reconcile".to_owned(),
        secondary: None,
    }
}
