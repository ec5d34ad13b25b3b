//! How often a Mesos is looked at depends on that Mesos alone.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use kube::Client;
use lcmap_spark_crd::SparkJob;
use lcmap_spark_crd::names::{LABEL_CLUSTER, LABEL_JOB, LABEL_UID};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::identity::JobSecrets;
use super::{Cluster, Context, Identities, Observers};
use crate::controller::index::Index;
use crate::controller::lease::{Leadership, LeaseName};
use crate::controller::metrics::Metrics;
use crate::controller::queue::Queue;
use crate::controller::watched::{JobKey, WatchedJob};
use crate::core::{MesosDefaults, Settings};

async fn silence() {
    std::future::pending::<()>().await;
}

/// A master that lists one framework of a job that is gone, and one whose driver is over, and answers nothing else.
async fn master(State(looks): State<Arc<AtomicUsize>>, body: String) -> Response {
    let call: Value = serde_json::from_str(&body).unwrap_or_default();
    let framework = |id: &str, job: &str, uid: &str| {
        let labels = [(LABEL_CLUSTER, "c"), (LABEL_JOB, job), (LABEL_UID, uid)];
        let labels: Vec<_> = labels.iter().map(|(key, value)| json!({"key": key, "value": value})).collect();
        json!({"framework_info": {"id": {"value": id}, "name": "pi", "user": "lcmap", "labels": {"labels": labels}}})
    };
    let answer = match call["type"].as_str() {
        Some("GET_FRAMEWORKS") => {
            looks.fetch_add(1, Ordering::Relaxed);
            let frameworks = [framework("gone-1", "ns/gone", "gone"), framework("u-1", "ns/pi", "u")];
            json!({"get_frameworks": {"frameworks": frameworks}})
        }
        Some("GET_TASKS") => json!({"get_tasks": {}}),
        Some("GET_AGENTS") => json!({"get_agents": {}}),
        _ => std::future::pending().await,
    };
    ([(axum::http::header::CONTENT_TYPE, "application/json")], answer.to_string()).into_response()
}

fn context(master: &str, index: Index) -> Context {
    let settings = Settings {
        agent_image: String::new(),
        agent_image_pull_policy: String::new(),
        default_image: None,
        driver_cores: 1,
        driver_memory: "1g".parse().unwrap(),
        conf: std::collections::BTreeMap::new(),
        mesos: MesosDefaults { master: Some(master.to_owned()), ..MesosDefaults::default() },
        max_total_cores: None,
        cluster: "c".into(),
    };
    let lease = LeaseName { namespace: "ns".into(), name: "lease".into() };
    Context {
        client: Client::new(Router::new().fallback(silence), "ns"),
        index,
        queue: Arc::new(Queue::default()),
        leadership: Leadership::for_a_minute(),
        identities: Identities::default(),
        secrets: JobSecrets::Untouched,
        cluster: Arc::new(Cluster::new(Some("c".into()), lease)),
        settings,
        metrics: Metrics::new(),
    }
}

#[tokio::test]
async fn looks_go_on_while_the_api_server_and_a_teardown_are_waited_for() {
    let looks = Arc::new(AtomicUsize::new(0));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("mesos://{}", listener.local_addr().unwrap());
    let server = Router::new().fallback(master).with_state(Arc::clone(&looks));
    let serving = tokio::spawn(async move { axum::serve(listener, server).await });

    let metadata = json!({"name": "pi", "namespace": "ns", "uid": "u", "resourceVersion": "1"});
    let job = json!({"apiVersion": "lcmap.usgs.gov/v1alpha1", "kind": "SparkJob", "metadata": metadata,
        "spec": {"mode": "Distributed", "run": {"submit": {"application": "a.py"}}},
        "status": {"phase": "Releasing", "attempt": 1, "mesos": {"master": address, "role": "*"}}});
    let index = Index::default();
    index.put_job(serde_json::from_str::<WatchedJob>(&job.to_string()).unwrap());
    let job: SparkJob = serde_json::from_value(job).unwrap();
    let key = JobKey { namespace: "ns".into(), name: "pi".into() };

    let (observers, supervisor) = Observers::new(context(&address, index));
    let looking = tokio::spawn(supervisor.run(CancellationToken::new()));
    let four = async {
        while looks.load(Ordering::Relaxed) < 4 {
            // A framework to settle wakes the observer.
            observers.settle(&key, &job, 1);
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    timeout(Duration::from_secs(20), four).await.expect("four looks");
    looking.abort();
    serving.abort();
}
