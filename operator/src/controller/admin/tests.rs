use prometheus_client::metrics::counter::Counter;

use super::*;

/// A server on a port of its own, with the given answers.
async fn serve(
    answers: Answers,
) -> (String, CancellationToken, tokio::task::JoinHandle<Result<(), AdminError>>) {
    let admin = Admin::bind("127.0.0.1:0".parse().unwrap()).await.unwrap();
    let address = format!("http://{}", admin.address());
    let cancel = CancellationToken::new();
    (address, cancel.clone(), tokio::spawn(admin.serve(answers, cancel)))
}

fn answers() -> Answers {
    Answers { health: Health::new(), readiness: Readiness::default(), metrics: Arc::default() }
}

async fn ask(url: String) -> (u16, String) {
    let response = reqwest::get(url).await.unwrap();
    (response.status().as_u16(), response.text().await.unwrap())
}

#[tokio::test]
async fn a_process_whose_loops_come_round_is_alive() {
    let answers = answers();
    let _pulse = answers.health.pulse("queue", Duration::from_mins(1));
    let (address, ..) = serve(answers).await;
    assert_eq!(ask(format!("{address}/livez")).await, (200, "alive\n".to_owned()));
}

#[tokio::test]
async fn a_process_with_a_loop_that_stands_still_is_not_and_says_which() {
    let answers = answers();
    let _pulse = answers.health.pulse("queue", Duration::ZERO);
    tokio::time::sleep(Duration::from_millis(5)).await;
    let (address, ..) = serve(answers).await;
    let expected = "queue has stood still for 0 s; 0 s are allowed\n".to_owned();
    assert_eq!(ask(format!("{address}/livez")).await, (503, expected));
}

#[tokio::test]
async fn a_process_is_ready_when_nothing_is_missing_and_says_what_is() {
    let answers = answers();
    let jobs = answers.readiness.awaits("the list of SparkJobs");
    let pods = answers.readiness.awaits("the list of driver pods");
    let (address, ..) = serve(answers).await;
    let expected = "waits for the list of SparkJobs, the list of driver pods\n".to_owned();
    assert_eq!(ask(format!("{address}/readyz")).await, (503, expected));
    jobs.open();
    pods.open();
    assert_eq!(ask(format!("{address}/readyz")).await, (200, "ready\n".to_owned()));
}

#[tokio::test]
async fn metrics_are_those_of_the_moment_in_the_format_that_prometheus_expects() {
    let counter: Counter = Counter::default();
    let mut registry = Registry::default();
    registry.register("jobs", "Jobs", counter.clone());
    let (address, ..) = serve(Answers { metrics: Arc::new(registry), ..answers() }).await;
    counter.inc();
    let response = reqwest::get(format!("{address}/metrics")).await.unwrap();
    assert_eq!(response.headers()["content-type"], OPEN_METRICS);
    assert!(response.text().await.unwrap().contains("jobs_total 1\n"));
}

#[tokio::test]
async fn an_address_in_use_is_an_error_that_names_the_flag_and_the_address() {
    let first = Admin::bind("127.0.0.1:0".parse().unwrap()).await.unwrap();
    let error = Admin::bind(first.address()).await.unwrap_err().to_string();
    assert!(error.starts_with(&format!("--listen {}: ", first.address())), "{error}");
}

#[tokio::test]
async fn it_stops_when_it_is_told_to_though_somebody_holds_a_connection_open() {
    let (address, cancel, served) = serve(answers()).await;
    let mut silent = tokio::net::TcpStream::connect(address.trim_start_matches("http://")).await.unwrap();
    tokio::io::AsyncWriteExt::write_all(&mut silent, b"GET /livez HT").await.unwrap();
    cancel.cancel();
    let stopped = tokio::time::timeout(LAST_ANSWERS * 5, served).await;
    assert!(stopped.unwrap().unwrap().is_ok());
}
