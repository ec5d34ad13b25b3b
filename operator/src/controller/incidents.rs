//! What the cluster told of driver pods that do not run yet: Events. That a Secret is missing from a volume, or that an
//! image is being pulled, shows nowhere else.
//!
//! The API server keeps no index of Events: whoever asks for those of one pod makes it read all of the namespace's. So
//! they are asked for a namespace at a time, and an answer is everybody's for some seconds.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures::StreamExt;
use futures::stream::FuturesUnordered;
use jiff::Timestamp;
use k8s_openapi::api::core::v1::Event;
use kube::api::ListParams;
use kube::{Api, Client};
use tokio::sync::Notify;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::metrics::Lane;
use super::queue::Queue;
use super::watched::JobKey;
use super::writer::limited;
use crate::core::pod::Incident;

/// How long an answer is everybody's.
const FRESH: Duration = Duration::from_secs(5);

/// How long an answer is better than none.
const KEPT: Duration = Duration::from_secs(60);

/// How many namespaces are asked for at a time.
const AT_A_TIME: usize = 2;

/// How many Events come in one answer.
const PAGE: u32 = 500;

/// How many answers are asked for at most. What is then left is left: it names no job's pod sooner than others.
const PAGES: usize = 10;

/// Which Events matter: whatever keeps a pod from running, and the image that is being pulled.
const SELECTORS: [&str; 2] =
    ["involvedObject.kind=Pod,type=Warning", "involvedObject.kind=Pod,reason=Pulling"];

/// What the cluster told of driver pods. Cheap to clone: all clones are one.
///
/// Nobody who looks after a job waits for it: what is known is answered, and the job is looked at again when more is. Else one
/// namespace, and an API server that is slow to list its Events, would hold every worker.
#[derive(Clone)]
pub(crate) struct Incidents {
    client: Client,
    queue: Arc<Queue>,
    namespaces: Arc<Mutex<HashMap<String, Answer>>>,
    wanted: Arc<Notify>,
}

/// The incidents of a namespace's driver pods, by the pods' UIDs, the latest last.
#[derive(Default)]
struct Answer {
    answered: Option<Instant>,
    incidents: HashMap<String, Vec<Incident>>,
    /// The jobs that want to know more, by the UIDs of their pods.
    waiting: HashMap<String, JobKey>,
    state: State,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum State {
    #[default]
    Idle,
    Wanted,
    Asked,
}

impl Incidents {
    /// Nothing asked yet.
    pub(crate) fn new(client: Client, queue: Arc<Queue>) -> Self {
        Self { client, queue, namespaces: Arc::default(), wanted: Arc::default() }
    }

    /// What is known of a pod, the latest last. If that is old, more is asked for, and the job is looked at again once there is
    /// something new.
    pub(crate) fn of(&self, job: &JobKey, pod: &str) -> Vec<Incident> {
        let mut namespaces = self.lock();
        let answer = namespaces.entry(job.namespace.clone()).or_default();
        if !answer.is_younger_than(FRESH) {
            answer.waiting.insert(pod.to_owned(), job.clone());
            if answer.state == State::Idle {
                answer.state = State::Wanted;
                self.wanted.notify_one();
            }
        }
        answer.incidents.get(pod).cloned().unwrap_or_default()
    }

    /// Asks for what is wanted, until it is cancelled.
    pub(crate) async fn run(self, cancel: CancellationToken) {
        cancel.run_until_cancelled(self.ask_always()).await;
    }

    async fn ask_always(&self) {
        let mut asking = FuturesUnordered::new();
        loop {
            while asking.len() < AT_A_TIME
                && let Some(namespace) = self.next()
            {
                asking.push(self.ask(namespace));
            }
            tokio::select! {
                Some(()) = asking.next(), if !asking.is_empty() => {}
                () = self.wanted.notified() => {}
            }
        }
    }

    /// The next namespace to ask for, if one is wanted.
    fn next(&self) -> Option<String> {
        let mut namespaces = self.lock();
        namespaces.retain(|_, answer| answer.state != State::Idle || answer.is_younger_than(KEPT));
        let (namespace, answer) = namespaces.iter_mut().find(|(_, answer)| answer.state == State::Wanted)?;
        answer.state = State::Asked;
        Some(namespace.clone())
    }

    async fn ask(&self, namespace: String) {
        let told = self.list(&namespace).await;
        let mut namespaces = self.lock();
        let Some(answer) = namespaces.get_mut(&namespace) else { return };
        match told {
            Ok(incidents) => {
                let before = std::mem::replace(&mut answer.incidents, incidents);
                let is_news = |pod: &String| before.get(pod) != answer.incidents.get(pod);
                let news: HashSet<_> =
                    answer.waiting.drain().filter(|(pod, _)| is_news(pod)).map(|(_, job)| job).collect();
                for job in news {
                    self.queue.push(job, Lane::Finishing);
                }
            }
            // It only explains.
            Err(error) => {
                tracing::warn!(namespace, %error, "cannot list Events: why pods wait there is told less exactly");
                answer.waiting.clear();
            }
        }
        (answer.answered, answer.state) = (Some(Instant::now()), State::Idle);
    }

    async fn list(&self, namespace: &str) -> kube::Result<HashMap<String, Vec<Incident>>> {
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

    /// Answers are only ever changed in whole steps, so that a panic in one leaves them usable.
    fn lock(&self) -> MutexGuard<'_, HashMap<String, Answer>> {
        self.namespaces.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Answer {
    fn is_younger_than(&self, age: Duration) -> bool {
        self.answered.is_some_and(|answered| answered.elapsed() < age)
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

    fn job(name: &str) -> JobKey {
        JobKey { namespace: "ns".into(), name: name.into() }
    }

    /// Incidents of an API server that has so many answers ready, and then is silent.
    fn incidents(answers: usize) -> (Incidents, Arc<Queue>) {
        let ready = Arc::new(tokio::sync::Semaphore::new(answers));
        let events = move || {
            let ready = Arc::clone(&ready);
            async move {
                ready.acquire().await.unwrap().forget();
                let event = event("a", "FailedMount", "2026-01-01T00:00:09Z");
                let list = json!({"metadata": {}, "items": [event]});
                ([(axum::http::header::CONTENT_TYPE, "application/json")], list.to_string())
            }
        };
        let server = axum::Router::new().route("/api/v1/namespaces/ns/events", axum::routing::get(events));
        let queue = Arc::new(Queue::default());
        (Incidents::new(Client::new(server, "ns"), Arc::clone(&queue)), queue)
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_asks_is_answered_at_once_and_looked_at_again_when_there_is_something_new() {
        let (incidents, queue) = incidents(2);
        assert_eq!(incidents.of(&job("a"), "a"), []);
        assert_eq!(incidents.of(&job("b"), "b"), [], "of which nothing will be told");
        let cancel = CancellationToken::new();
        let asking = tokio::spawn(incidents.clone().run(cancel.clone()));
        assert_eq!(queue.pop().await, job("a"));
        assert_eq!(queue.load(), 1, "nobody else");
        assert_eq!(incidents.of(&job("a"), "a").len(), 2);
        cancel.cancel();
        asking.await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_waits_for_an_api_server_that_is_silent_and_what_was_known_is_answered() {
        let (incidents, queue) = incidents(2);
        incidents.of(&job("a"), "a");
        let asking = tokio::spawn(incidents.clone().run(CancellationToken::new()));
        queue.done(&queue.pop().await);
        tokio::time::advance(FRESH).await;
        for _ in 0..100 {
            assert_eq!(incidents.of(&job("a"), "a").len(), 2);
            tokio::time::advance(Duration::from_millis(100)).await;
        }
        asking.abort();
    }

    #[test]
    fn other_peoples_pods_are_left_out() {
        assert!(is_of_a_driver(&event("a", "FailedMount", "2026-01-01T00:00:09Z")));
        let mut others = event("a", "FailedMount", "2026-01-01T00:00:09Z");
        others.involved_object.name = Some("web-7f9c".into());
        assert!(!is_of_a_driver(&others));
    }
}
