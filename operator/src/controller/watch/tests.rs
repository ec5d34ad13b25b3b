//! What is known of jobs when an API server's store was restored, or a job was made again.

use std::sync::{Mutex, PoisonError};

use axum::Router;
use axum::extract::RawQuery;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde_json::{Value, json};

use super::*;

/// The jobs that an API server has.
type Jobs = Arc<Mutex<Vec<Value>>>;

fn job(name: &str, uid: &str, version: &str) -> Value {
    json!({"metadata": {"name": name, "namespace": "ns", "uid": uid, "resourceVersion": version}, "spec": {}})
}

fn read(job: &Value) -> WatchedJob {
    serde_json::from_str(&job.to_string()).unwrap()
}

fn key(name: &str) -> JobKey {
    JobKey { namespace: "ns".into(), name: name.into() }
}

fn answer(code: StatusCode, body: &Value) -> Response {
    (code, [(axum::http::header::CONTENT_TYPE, "application/json")], body.to_string()).into_response()
}

fn watches(server: Router) -> Watches {
    Watches {
        client: Client::new(server, "ns"),
        index: Index::default(),
        queue: Arc::default(),
        missing: watch::Sender::new(1),
        count: 1,
        begun: watch::Sender::new(Moment::default()),
        metrics: Metrics::new(),
    }
}

/// Watches at an API server that has these jobs, and whose watches are silent.
fn at_server_with(jobs: &Jobs) -> Watches {
    let all = Arc::clone(jobs);
    let list = async move |RawQuery(question): RawQuery| {
        if question.is_some_and(|question| question.contains("watch=true")) {
            std::future::pending::<()>().await;
        }
        let items = all.lock().unwrap_or_else(PoisonError::into_inner).clone();
        answer(StatusCode::OK, &json!({"metadata": {"resourceVersion": "1"}, "items": items}))
    };
    let all = Arc::clone(jobs);
    let one = async move || answer(StatusCode::OK, &all.lock().unwrap_or_else(PoisonError::into_inner)[0]);
    let path = "/apis/lcmap.usgs.gov/v1alpha1";
    let server = Router::new()
        .route(&format!("{path}/sparkjobs"), get(list))
        .route(&format!("{path}/namespaces/ns/sparkjobs/pi"), get(one));
    watches(server)
}

fn version(watches: &Watches, name: &str) -> Option<String> {
    Some(watches.index.snapshot(&key(name))?.job.version().to_owned())
}

async fn listed(watches: &Watches) {
    let mut missing = watches.missing.subscribe();
    missing.wait_for(|missing| *missing == 0).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_new_list_takes_the_place_of_what_was_known_before_it_however_old_its_versions() {
    let jobs = Jobs::new(Mutex::new(vec![job("pi", "a", "1000"), job("deleted", "b", "900")]));
    let watches = at_server_with(&jobs);
    let watching = tokio::spawn(watches.clone().jobs(None));
    listed(&watches).await;
    watches.index.remove_job(&key("deleted"), "b");
    *jobs.lock().unwrap() = vec![job("pi", "a", "500"), job("deleted", "b", "400")];
    watches.begin_anew();
    listed(&watches).await;
    assert_eq!(version(&watches, "pi").as_deref(), Some("500"));
    assert_eq!(version(&watches, "deleted").as_deref(), Some("400"), "the backup still has it");
    watching.abort();
}

#[tokio::test(start_paused = true)]
async fn whoever_reads_an_older_version_than_was_known_believes_it_and_has_everything_listed_anew_once() {
    let jobs = Jobs::new(Mutex::new(vec![job("pi", "a", "500")]));
    let watches = at_server_with(&jobs);
    watches.index.put_job(read(&job("pi", "a", "1000")));
    let mut begun = watches.begun.subscribe();
    watches.refresh(&key("pi"), "a").await.unwrap();
    assert_eq!(version(&watches, "pi").as_deref(), Some("500"));
    assert!(begun.has_changed().unwrap());
    begun.mark_unchanged();
    watches.doubt(Moment::default());
    watches.refresh(&key("pi"), "a").await.unwrap();
    assert!(!begun.has_changed().unwrap(), "what others have found is known by now");
}

#[tokio::test]
async fn a_job_that_is_made_again_while_its_predecessor_is_read_is_looked_after() {
    let index = Index::default();
    let heard = index.clone();
    let gone = async move || {
        // The watch is faster than the answer.
        heard.put_job(read(&job("pi", "second", "20")));
        answer(
            StatusCode::NOT_FOUND,
            &json!({"kind": "Status", "status": "Failure", "reason": "NotFound", "code": 404}),
        )
    };
    let path = "/apis/lcmap.usgs.gov/v1alpha1/namespaces/ns/sparkjobs/pi";
    let watches = Watches { index: index.clone(), ..watches(Router::new().route(path, get(gone))) };
    index.put_job(read(&job("pi", "first", "10")));
    watches.refresh(&key("pi"), "first").await.unwrap();
    assert_eq!(index.snapshot(&key("pi")).unwrap().job.uid(), "second");
    assert!(index.put_job(read(&job("pi", "second", "21"))).is_some(), "and goes on");
    assert!(index.put_job(read(&job("pi", "first", "11"))).is_none(), "its predecessor does not come back");
}
