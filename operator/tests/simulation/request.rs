//! What the operator asks of the API server, and what it hears.

use std::collections::VecDeque;
use std::rc::Rc;
use std::time::Duration;

use lcmap_spark::core::pod::{self, DriverPod};
use lcmap_spark::core::{Decision, DriverState, Effect, Life, Observed, Obstacle, Remnant, Requeue, Start};
use lcmap_spark_crd::{SparkJob, SparkJobStatus};

/// As in `controller/reconcile.rs`.
const ASK_AGAIN: Duration = Duration::from_secs(10);

/// What the operator asks of the API server.
pub(crate) enum Request {
    AddFinalizer,
    RemoveFinalizer,
    Create(i32),
    Write(Box<SparkJobStatus>),
    Stop {
        name: String,
        uid: String,
    },
    Remove {
        name: String,
        uid: String,
        attempt: i32,
    },
    DeleteJob,
    /// To read the job again, since what was decided on is out of date.
    Read,
    /// Not of the API server: whoever looks at Mesos sees to it.
    Settle(i32),
}

/// What it hears.
pub(crate) enum Answer {
    Pod(Rc<DriverPod>),
    Obstructed(Obstacle),
    /// The job is kept from vanishing, or let go. None: it has gone.
    Kept(Option<Rc<SparkJob>>),
    Written(Rc<SparkJob>),
    /// The job as it is. None: it has gone.
    Read(Option<Rc<SparkJob>>),
    Conflict,
    Done,
}

impl Request {
    /// What it is, for whoever reads a history.
    pub(crate) fn told(&self) -> String {
        match self {
            Self::Create(attempt) => format!("creates pod {attempt}"),
            Self::Write(_) => "writes the status".into(),
            Self::Stop { name, .. } => format!("stops {name}"),
            Self::Remove { name, .. } => format!("removes {name}"),
            Self::DeleteJob => "deletes the job".into(),
            Self::AddFinalizer => "adds the finalizer".into(),
            Self::RemoveFinalizer => "removes the finalizer".into(),
            Self::Read => "reads the job again".into(),
            Self::Settle(attempt) => format!("lets frameworks of attempt {attempt} go"),
        }
    }
}

impl Answer {
    /// What it is, for whoever reads a history.
    pub(crate) fn told(&self) -> &'static str {
        match self {
            Self::Pod(_) => "it is there",
            Self::Obstructed(_) => "refused",
            Self::Written(_) | Self::Kept(_) => "written",
            Self::Read(Some(_)) => "read",
            Self::Read(None) => "it has gone",
            Self::Conflict => "conflict",
            Self::Done => "done",
        }
    }
}

/// What a decision asks of the cluster, in its order.
pub(crate) fn requests(job: &SparkJob, decision: &Decision, pods: &[Rc<DriverPod>]) -> VecDeque<Request> {
    match decision.start {
        Some(Start::AddFinalizer) => return [Request::AddFinalizer].into(),
        Some(Start::Driver(attempt)) => return [Request::Create(attempt)].into(),
        None => {}
    }
    let mut requests = VecDeque::new();
    if job.status.as_ref() != Some(&decision.status) {
        requests.push_back(Request::Write(Box::new(decision.status.clone())));
    }
    for effect in &decision.effects {
        let of = |attempt: i32| pods.iter().filter(move |pod| pod.attempt() == Some(attempt));
        match *effect {
            Effect::StopDriver(attempt) => {
                requests.extend(of(attempt).map(|pod| Request::Stop {
                    name: pod.metadata.name.clone(),
                    uid: pod.metadata.uid.clone(),
                }));
            }
            Effect::RemoveDriver(attempt) => requests.extend(of(attempt).map(|pod| Request::Remove {
                name: pod.metadata.name.clone(),
                uid: pod.metadata.uid.clone(),
                attempt,
            })),
            Effect::Settle(attempt) => requests.push_back(Request::Settle(attempt)),
            Effect::RemoveFinalizer => requests.push_back(Request::RemoveFinalizer),
            Effect::DeleteJob => requests.push_back(Request::DeleteJob),
        }
    }
    requests
}

pub(crate) fn next(decision: &Decision, observed: &Observed) -> Requeue {
    let waits = observed
        .driver
        .as_ref()
        .is_some_and(|driver| driver.node.is_some() && matches!(driver.state, DriverState::Waiting { .. }));
    match decision.requeue {
        Requeue::OnChange if waits => Requeue::After(ASK_AGAIN),
        Requeue::After(wait) if waits => Requeue::After(wait.min(ASK_AGAIN)),
        other => other,
    }
}

/// The ordinal of the attempt that a job is at.
pub(crate) fn attempt(job: &SparkJob) -> i32 {
    job.status.as_ref().and_then(|status| status.attempt).unwrap_or(1)
}

pub(crate) fn remnant(pod: &DriverPod) -> Option<Remnant> {
    let life = if pod.is_over() { Life::Over } else { Life::Living };
    Some(Remnant { attempt: pod.attempt()?, life, stopping: pod::stopping(pod) })
}

pub(crate) fn told(decision: &Decision) -> String {
    let status = &decision.status;
    let place = (status.phase.unwrap_or_default(), status.reason, status.attempt.unwrap_or_default());
    format!("{place:?} start {:?}, {:?}, {:?}", decision.start, decision.effects, decision.requeue)
}
