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
use super::events::{self, Events};
use super::health::{Gate, Health, Readiness};
use super::incidents::Incidents;
use super::index::{Index, Moment};
use super::lease::{Elector, Leadership, LeaseName};
use super::mesos::{Cluster, Context, Identities, Observers, Supervisor};
use super::metrics::Metrics;
use super::namespaces::Scope;
use super::obstacles::Obstacles;
use super::progress::{Inquirer, Pace, Reports};
use super::queue::Queue;
use super::reconcile::Reconciler;
use super::telemetry::Telemetry;
use super::watch::Watches;
use super::writer::Writer;
use crate::progress::SparkUi;

/// How long the work may stand still before the kubelet may restart the operator.
const PATIENCE: Duration = Duration::from_secs(60);

/// How long the release of the Lease and the last events may take.
const LAST_WORDS: Duration = Duration::from_secs(5);

/// Runs the operator until SIGTERM or SIGINT.
pub(super) async fn run(args: &Args) -> Result<(), OperatorError> {
    let telemetry = Telemetry::init(&args.log_filter, args.log_filter_file.clone())?;
    let (client, namespace) = connect(args).await?;
    // A client of its own: renewals must not queue behind the work's requests.
    let (own, _) = connect(args).await?;
    let (health, readiness, metrics) = (Health::new(), Readiness::default(), Metrics::new());
    let scope = Scope::new(&args.namespaces, args.namespace_selector.as_deref());
    scope.check(&client).await?;
    let admin = Admin::bind(args.listen).await?;
    let identity = args.identity();
    let name = LeaseName { namespace, name: args.lease_name.clone() };
    let lease = name.to_string();
    let elector = Elector::new(own, name.clone(), &identity, args.lease_duration.into())?;
    let listen = admin.address();
    tracing::info!(version = env!("CARGO_PKG_VERSION"), %identity, lease, %listen, "starts");

    let (events, teller) = events::channel(client.clone(), identity);
    let cluster = Arc::new(Cluster::new(args.mesos.cluster.clone(), name.clone()));
    let identities = Identities::read(args.mesos.mesos_identities.as_deref())?;
    let dependencies = Dependencies {
        client,
        leadership: elector.leadership(),
        events,
        metrics: metrics.clone(),
        cluster,
        identities: identities.clone(),
    };
    let (dispatcher, supervisor) = assemble(args, scope.clone(), dependencies)?;
    let watches = dispatcher.watches.clone();
    let registry = metrics.registry(elector.leadership(), watches.index.clone(), identities);
    let gate = readiness.awaits("the first lists of jobs and pods");

    let (stop, after_work) = (CancellationToken::new(), CancellationToken::new());
    let mut parts = JoinSet::new();
    parts.spawn(serve(
        admin,
        Answers { health: health.clone(), readiness, metrics: Arc::new(registry) },
        after_work.clone(),
    ));
    parts.spawn(telemetry.follow(after_work.clone()));
    if let Pace::Every(every) = args.progress_interval {
        let inquirer = inquirer(&dispatcher, every)?;
        parts.spawn(inquirer.run(after_work.clone()));
    }
    parts.spawn(dispatcher.reconciler.incidents.clone().run(after_work.clone()));
    parts.spawn(supervisor.run(after_work.clone()));
    parts.spawn(elector.run(after_work.clone(), health.clone()));
    let watching = watch_all(&watches, &scope, gate);
    // It ends once nobody can tell anything any more, which is after the work.
    parts.spawn(teller.run());
    let work = dispatcher.run(watches.missing.subscribe(), health.pulse("work", PATIENCE), stop.clone());
    let mut working = JoinSet::new();
    working.spawn(work);

    let broken = until_asked(&mut parts, watching, &mut working).await?;
    // First the work, then the lead that it needs: nobody takes over while something is under way.
    stop.cancel();
    while working.join_next().await.is_some() {}
    after_work.cancel();
    let rest = async { while parts.join_next().await.is_some() {} };
    if tokio::time::timeout(LAST_WORDS, rest).await.is_err() {
        tracing::warn!("the last events are not sent");
    }
    broken.map_or(Ok(()), |part| Err(OperatorError::Broken(part)))
}

/// What [`assemble`] puts together.
struct Dependencies {
    client: Client,
    leadership: Leadership,
    events: Events,
    metrics: Metrics,
    cluster: Arc<Cluster>,
    identities: Identities,
}

/// Puts the dispatcher and the observers of Mesos together.
fn assemble(
    args: &Args,
    scope: Scope,
    Dependencies { client, leadership, events, metrics, cluster, identities }: Dependencies,
) -> Result<(Dispatcher<impl Fn() -> bool + Send + Sync + 'static>, Supervisor), OperatorError> {
    let index = Index::default();
    let watches = Watches {
        client: client.clone(),
        index: index.clone(),
        queue: Arc::new(Queue::default()),
        missing: watch::Sender::new(scope.watches()),
        count: scope.watches(),
        begun: watch::Sender::new(Moment::default()),
        metrics: metrics.clone(),
    };
    let settings = args.settings()?;
    let (mesos, supervisor) = Observers::new(Context {
        client: client.clone(),
        index: index.clone(),
        queue: Arc::clone(&watches.queue),
        leadership: leadership.clone(),
        identities,
        secrets: args.mesos.job_secrets(),
        cluster: Arc::clone(&cluster),
        settings: settings.clone(),
        metrics: metrics.clone(),
    });
    let acting = leadership.clone();
    let reconciler = Reconciler {
        client: client.clone(),
        index,
        watches: watches.clone(),
        incidents: Incidents::new(client.clone(), Arc::clone(&watches.queue)),
        reports: Reports::default(),
        writer: Writer::new(client, move || acting.leads()),
        events,
        settings,
        mesos,
        cluster,
        abandon_after: args.mesos.abandon_after.into(),
        queue: Arc::clone(&watches.queue),
        obstacles: Obstacles::default(),
        metrics: metrics.clone(),
    };
    let concurrency = usize::from(args.concurrency.get());
    let reconciler = Arc::new(reconciler);
    Ok((Dispatcher { reconciler, watches, scope, leadership, concurrency, metrics }, supervisor))
}

/// What asks the drivers of a dispatcher's jobs for their progress.
fn inquirer<L>(dispatcher: &Dispatcher<L>, every: Duration) -> Result<Inquirer, OperatorError> {
    let spark_ui = SparkUi::new().map_err(|error| OperatorError::Configuration(error.into()))?;
    Ok(Inquirer {
        spark_ui,
        index: dispatcher.watches.index.clone(),
        queue: Arc::clone(&dispatcher.watches.queue),
        reports: dispatcher.reconciler.reports.clone(),
        leadership: dispatcher.leadership.clone(),
        every,
    })
}

async fn serve(admin: Admin, answers: Answers, cancel: CancellationToken) {
    if let Err(error) = admin.serve(answers, cancel).await {
        tracing::error!(%error, "probes and metrics are not answered any more");
    }
}

/// Waits until somebody asks the operator to stop, or until a part of it ends that should not; answers which.
async fn until_asked(
    parts: &mut JoinSet<()>,
    mut watching: JoinSet<()>,
    working: &mut JoinSet<()>,
) -> Result<Option<&'static str>, OperatorError> {
    let asked = asked_to_stop()?;
    let broken = tokio::select! {
        () = asked => None,
        Some(_) = parts.join_next() => Some("a part of the operator"),
        Some(_) = watching.join_next() => Some("a watch"),
        Some(_) = working.join_next() => Some("the work"),
    };
    match broken {
        None => tracing::info!("stops, as asked"),
        Some(part) => tracing::error!(part, "ended by itself; the rest stops too"),
    }
    Ok(broken)
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
        std::future::pending::<()>().await;
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
