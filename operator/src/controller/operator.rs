//! The operator as a whole: its parts, started and stopped in their order.

use std::sync::Arc;
use std::time::Duration;

use kube::{Client, Config};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::admin::{Admin, Answers};
use super::args::Args;
use super::dispatch::Dispatcher;
use super::error::OperatorError;
use super::events;
use super::health::{Gate, Health, Readiness};
use super::index::Index;
use super::lease::{Elector, LeaseName};
use super::metrics::Metrics;
use super::namespaces::Scope;
use super::queue::Queue;
use super::reconcile::{Obstacles, Reconciler};
use super::telemetry::Telemetry;
use super::watch::Watches;
use super::writer::Writer;

/// How long the work may stand still before the kubelet may restart the operator.
const PATIENCE: Duration = Duration::from_secs(60);

/// How long the release of the Lease and the last events may take.
const LAST_WORDS: Duration = Duration::from_secs(5);

/// Runs the operator until SIGTERM or SIGINT.
pub(super) async fn run(args: &Args) -> Result<(), OperatorError> {
    let telemetry = Telemetry::init(&args.log_filter, args.log_filter_file.clone())?;
    let settings = args.settings()?;
    let (client, namespace) = connect(args).await?;
    let (health, readiness, metrics) = (Health::new(), Readiness::default(), Metrics::new());
    let admin = Admin::bind(args.listen).await?;
    let identity = args.identity();
    let name = LeaseName { namespace, name: args.lease_name.clone() };
    tracing::info!(version = env!("CARGO_PKG_VERSION"), %identity, lease = %name, listen = %admin.address(), "starts");
    // A client of its own: renewals must not queue behind the work's requests.
    let (own, _) = connect(args).await?;
    let elector = Elector::new(own, name, &identity, args.lease_duration.into())?;
    let leadership = elector.leadership();

    let scope = Scope::new(&args.namespaces, args.namespace_selector.as_deref());
    let index = Index::default();
    let watches = Watches {
        client: client.clone(),
        index: index.clone(),
        queue: Arc::new(Queue::default()),
        missing: watch::Sender::new(scope.watches()),
        count: scope.watches(),
        begun: watch::Sender::new(0),
        metrics: metrics.clone(),
    };
    let (teller, telling) = events::channel(client.clone(), identity);
    let leads = {
        let leadership = leadership.clone();
        move || leadership.leads()
    };
    let reconciler = Reconciler {
        client: client.clone(),
        index: index.clone(),
        writer: Writer::new(client, leads),
        events: teller,
        settings,
        obstacles: Obstacles::default(),
        metrics: metrics.clone(),
    };
    let registry = Arc::new(metrics.registry(leadership.clone(), index));
    let dispatcher = Dispatcher {
        reconciler: Arc::new(reconciler),
        watches: watches.clone(),
        scope: scope.clone(),
        leadership,
        concurrency: usize::from(args.concurrency.get()),
        metrics,
    };

    let (stop, after_work) = (CancellationToken::new(), CancellationToken::new());
    let answers = Answers { health: health.clone(), readiness: readiness.clone(), metrics: registry };
    let mut parts = JoinSet::new();
    let serving = admin.serve(answers, after_work.clone());
    parts.spawn(async move {
        if let Err(error) = serving.await {
            tracing::error!(%error, "probes and metrics are not answered any more");
        }
    });
    parts.spawn(telemetry.follow(after_work.clone()));
    parts.spawn(elector.run(after_work.clone(), health.clone()));
    let gate = readiness.awaits("the first lists of jobs and pods");
    let mut watching = watch_all(&watches, &scope, gate);
    let telling = tokio::spawn(telling.run());
    let work = dispatcher.run(watches.missing.subscribe(), health.pulse("work", PATIENCE), stop.clone());
    let work = tokio::spawn(work);

    let asked = asked_to_stop()?;
    let stopped_by = tokio::select! {
        () = asked => None,
        Some(_) = parts.join_next() => Some("a part of the operator"),
        Some(_) = watching.join_next() => Some("a watch"),
    };
    match stopped_by {
        None => tracing::info!("stops, as asked"),
        Some(part) => tracing::error!(part, "ended by itself; the rest stops too"),
    }
    // First the work, then the lead that it needs: nobody takes over while something is under way.
    stop.cancel();
    let _ = work.await;
    after_work.cancel();
    let rest = async {
        while parts.join_next().await.is_some() {}
        telling.await
    };
    if tokio::time::timeout(LAST_WORDS, rest).await.is_err() {
        tracing::warn!("the last events are not sent");
    }
    stopped_by.map_or(Ok(()), |part| Err(OperatorError::Broken(part)))
}

/// A client, and the namespace that the operator is in.
async fn connect(args: &Args) -> Result<(Client, String), OperatorError> {
    let config = Config::infer().await.map_err(|error| OperatorError::Configuration(error.into()))?;
    let namespace = args.lease_namespace.clone().unwrap_or_else(|| config.default_namespace.clone());
    let client = Client::try_from(config).map_err(|error| OperatorError::Configuration(error.into()))?;
    Ok((client, namespace))
}

/// Starts every watch. `gate` opens when each has had its first list.
fn watch_all(watches: &Watches, scope: &Scope, gate: Gate) -> JoinSet<()> {
    let mut watching = JoinSet::new();
    for range in scope.ranges() {
        watching.spawn(watches.clone().jobs(range.clone()));
        watching.spawn(watches.clone().pods(range));
    }
    watching.spawn(scope.clone().follow(watches.clone()));
    let mut missing = watches.missing.subscribe();
    watching.spawn(async move {
        if missing.wait_for(|missing| *missing == 0).await.is_ok() {
            gate.open();
            tracing::info!("knows all jobs and pods");
        }
        std::future::pending().await
    });
    watching
}

/// Resolves when somebody asks the operator to stop.
fn asked_to_stop() -> Result<impl Future<Output = ()>, OperatorError> {
    let mut terminate = signal(SignalKind::terminate()).map_err(OperatorError::Runtime)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(OperatorError::Runtime)?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}
