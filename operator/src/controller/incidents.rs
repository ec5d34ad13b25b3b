//! What the cluster told of driver pods that do not run yet: Events. That a Secret is missing from a volume, or that an
//! image is being pulled, shows nowhere else.
//!
//! The API server keeps no index of Events: whoever asks for those of one pod makes it read all of the namespace's. So
//! they are asked for a namespace at a time, and an answer is everybody's for some seconds.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use k8s_openapi::api::core::v1::Event;
use kube::api::ListParams;
use kube::{Api, Client};
use tokio::sync::Semaphore;
use tokio::time::Instant;

use super::writer::limited;
use crate::core::pod::Incident;

/// How long an answer is everybody's.
const FRESH: Duration = Duration::from_secs(5);

/// How many namespaces are asked for at a time.
const AT_A_TIME: usize = 2;

/// How many Events come in one answer.
const PAGE: u32 = 500;

/// How many answers are asked for at most. What is then left is left: it names no job's pod sooner than others.
const PAGES: usize = 10;

/// Which Events matter: whatever keeps a pod from running, and the image that is being pulled.
const SELECTORS: [&str; 2] =
    ["involvedObject.kind=Pod,type=Warning", "involvedObject.kind=Pod,reason=Pulling"];

/// What the cluster told of driver pods.
pub(crate) struct Incidents {
    client: Client,
    asking: Semaphore,
    namespaces: Mutex<HashMap<String, Arc<tokio::sync::Mutex<Answer>>>>,
}

/// The incidents of a namespace's driver pods, by the pods' UIDs, the latest last.
#[derive(Default)]
struct Answer {
    asked: Option<Instant>,
    incidents: HashMap<String, Vec<Incident>>,
}

impl Incidents {
    /// Nothing asked yet.
    pub(crate) fn new(client: Client) -> Self {
        Self { client, asking: Semaphore::new(AT_A_TIME), namespaces: Mutex::default() }
    }

    /// What was told of a pod, the latest last. Nothing where nobody can be asked: it only explains.
    pub(crate) async fn of(&self, namespace: &str, pod: &str) -> Vec<Incident> {
        let answer = self.answer(namespace);
        // Whoever comes while somebody asks waits for the same answer.
        let mut answer = answer.lock().await;
        if answer.asked.is_none_or(|asked| asked.elapsed() >= FRESH) {
            answer.incidents = self.ask(namespace).await.unwrap_or_else(|error| {
                tracing::warn!(namespace, %error, "cannot list Events: why pods wait there is told less exactly");
                HashMap::new()
            });
            answer.asked = Some(Instant::now());
        }
        answer.incidents.get(pod).cloned().unwrap_or_default()
    }

    fn answer(&self, namespace: &str) -> Arc<tokio::sync::Mutex<Answer>> {
        let mut namespaces = self.namespaces.lock().unwrap_or_else(PoisonError::into_inner);
        // What is old and in nobody's hands is of no use any more.
        namespaces.retain(|_, answer| {
            let is_old = |answer: &Answer| answer.asked.is_some_and(|asked| asked.elapsed() >= FRESH);
            !answer.try_lock().is_ok_and(|answer| is_old(&answer))
        });
        Arc::clone(namespaces.entry(namespace.to_owned()).or_default())
    }

    async fn ask(&self, namespace: &str) -> kube::Result<HashMap<String, Vec<Incident>>> {
        let _permit = self.asking.acquire().await;
        let api = Api::<Event>::namespaced(self.client.clone(), namespace);
        let mut events = Vec::new();
        for selector in SELECTORS {
            let mut page = ListParams::default().fields(selector).limit(PAGE);
            for _ in 0..PAGES {
                let list = limited(api.list(&page)).await?;
                events.extend(list.items.into_iter().filter(is_of_a_driver));
                let Some(next) = list.metadata.continue_.filter(|next| !next.is_empty()) else { break };
                page = page.continue_token(&next);
            }
        }
        Ok(by_pod(events))
    }
}

/// Whether an Event can be of a driver pod, by the pod's name (`lcmap_spark_crd::names::driver_pod`).
fn is_of_a_driver(event: &Event) -> bool {
    event.involved_object.name.as_deref().is_some_and(|name| name.contains("-driver-"))
}

fn by_pod(mut events: Vec<Event>) -> HashMap<String, Vec<Incident>> {
    events.sort_by_cached_key(last_seen);
    let mut incidents = HashMap::<_, Vec<_>>::new();
    for event in events {
        let (Some(pod), Some(reason)) = (event.involved_object.uid, event.reason) else { continue };
        let message = event.message.unwrap_or_default();
        incidents.entry(pod).or_default().push(Incident { reason, message });
    }
    incidents
}

fn last_seen(event: &Event) -> Option<Timestamp> {
    let series = event.series.as_ref().and_then(|series| Some(series.last_observed_time.as_ref()?.0));
    let last = event.last_timestamp.as_ref().map(|time| time.0);
    let first = event.event_time.as_ref().map(|time| time.0);
    series.or(last).or(first)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn event(pod: &str, reason: &str, at: &str) -> Event {
        let involved = json!({"kind": "Pod", "name": format!("{pod}-driver-1"), "uid": pod});
        let event = json!({"metadata": {"name": "e"}, "involvedObject": involved, "reason": reason, "lastTimestamp": at});
        serde_json::from_value(event).unwrap()
    }

    #[test]
    fn each_pod_has_its_own_the_latest_last() {
        let events = vec![
            event("a", "FailedMount", "2026-01-01T00:00:09Z"),
            event("b", "FailedMount", "2026-01-01T00:00:03Z"),
            event("a", "Pulling", "2026-01-01T00:00:01Z"),
        ];
        let incidents = by_pod(events);
        let reasons = |pod| incidents[pod].iter().map(|it| it.reason.as_str()).collect::<Vec<_>>();
        assert_eq!(reasons("a"), ["Pulling", "FailedMount"]);
        assert_eq!(reasons("b"), ["FailedMount"]);
    }

    #[test]
    fn other_peoples_pods_are_left_out() {
        assert!(is_of_a_driver(&event("a", "FailedMount", "2026-01-01T00:00:09Z")));
        let mut others = event("a", "FailedMount", "2026-01-01T00:00:09Z");
        others.involved_object.name = Some("web-7f9c".into());
        assert!(!is_of_a_driver(&others));
    }
}
