//! Conditions, as phase and reason make them.

use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use lcmap_spark_crd::spec::RunKind;
use lcmap_spark_crd::{
    Condition, ConditionStatus, ConditionType, Phase, Reason, SparkJobStatus, find_condition, set_condition,
};

use super::{Connection, DriverState, Life, Observed, Remedy};

/// Sets every condition that follows from the phase. Transition times move only where a status does.
///
/// The sentence of the status stands in one of them: the one that says where the job is in its life. The others have its reason,
/// and no words but their own.
///
/// `unreleased` is what keeps frameworks from being seen gone, if anything does; `allocation` how it stands with executors, of a
/// driver that runs.
pub(super) fn derive(
    status: &mut SparkJobStatus,
    observed: &Observed,
    unreleased: Option<&(Reason, String)>,
    allocation: Option<&(Reason, String)>,
) {
    let phase = status.phase.unwrap_or_default();
    let finished = phase.is_final();
    let mend = needs_mending(status, observed);
    let driver = observed.driver.iter().map(|driver| driver.life);
    let held = driver.chain(observed.remnants.iter().map(|it| it.life)).any(|life| life == Life::Living);
    let is_on_its_way =
        matches!(phase, Phase::Pending | Phase::Connecting | Phase::Requesting | Phase::Releasing);
    let (owner, sentence) = sentence(status, observed, mend);
    let reason = status.reason.unwrap_or(Reason::Starting);
    let table = [
        (ConditionType::Accepted, !mend),
        (ConditionType::DriverReady, phase == Phase::Running && !is_a_silent_notebook(status)),
        (ConditionType::Released, !held && (finished || phase == Phase::Suspended)),
        (ConditionType::Completed, phase == Phase::Succeeded),
        (ConditionType::Failed, phase == Phase::Failed),
        (ConditionType::Finished, finished),
        (ConditionType::Reconciling, !mend && is_on_its_way),
        (ConditionType::Stalled, mend || phase == Phase::Failed),
    ];
    for (type_, holds) in table {
        let reason = match type_ {
            ConditionType::Accepted if holds => Reason::Accepted,
            ConditionType::Released if holds => Reason::Released,
            _ => reason,
        };
        let message = match type_ {
            _ if type_ == owner => sentence.clone(),
            ConditionType::Stalled if holds => format!("the run has failed: {}", reason.as_str()),
            _ => String::new(),
        };
        let holds = if holds { ConditionStatus::True } else { ConditionStatus::False };
        match (type_, unreleased) {
            (ConditionType::Released, Some((reason, message))) => {
                let own = own(status, message);
                set(status, observed, (type_, ConditionStatus::False), *reason, own);
            }
            // What was given up on is not seen gone by being forgotten.
            (ConditionType::Released, None) if finished && is_abandoned(status) => {}
            _ => set(status, observed, (type_, holds), reason, message),
        }
    }
    on_mesos(status, observed, allocation);
}

/// The condition that says where the job is in its life, and in what words: what kstatus and Argo CD read of one that is on its
/// way, stalled or at its end, and else that of its driver.
fn sentence(status: &SparkJobStatus, observed: &Observed, mend: bool) -> (ConditionType, String) {
    let message = status.message.clone();
    match status.phase.unwrap_or_default() {
        Phase::Succeeded => (ConditionType::Completed, message),
        Phase::Failed => (ConditionType::Failed, message),
        _ if mend => (ConditionType::Stalled, message),
        Phase::Pending | Phase::Connecting | Phase::Requesting | Phase::Releasing => {
            (ConditionType::Reconciling, message)
        }
        Phase::Running if status.mesos.is_some() && !is_a_silent_notebook(status) => {
            (ConditionType::DriverReady, beside_mesos(status, observed))
        }
        Phase::Running | Phase::Suspended => (ConditionType::DriverReady, message),
    }
}

/// What a driver on Mesos says of itself: of its executors another condition tells. One that is over stays as it was told of.
fn beside_mesos(status: &SparkJobStatus, observed: &Observed) -> String {
    if let Some(DriverState::Running { message, .. }) = observed.driver.as_ref().map(|driver| &driver.state) {
        return message.clone();
    }
    let told = find_condition(&status.conditions, ConditionType::DriverReady);
    told.map(|told| told.message.clone()).unwrap_or_default()
}

/// Whether a notebook runs and does not answer.
fn is_a_silent_notebook(status: &SparkJobStatus) -> bool {
    status.run == Some(RunKind::Notebook) && status.reason == Some(Reason::DriverRunning)
}

/// What of a message the status does not say already.
fn own(status: &SparkJobStatus, message: &str) -> String {
    if has_its_sentence(status) && status.message.contains(message) {
        String::new()
    } else {
        message.to_owned()
    }
}

/// Whether one of the other conditions has the whole sentence of the status.
fn has_its_sentence(status: &SparkJobStatus) -> bool {
    status.phase != Some(Phase::Running)
}

/// Whether a reason says what keeps executors from a driver, or of what use they are.
pub(super) fn is_in_the_way(reason: Reason) -> bool {
    use Reason::{
        AgentsExcluded, ConstraintsUnmet, ExecutorsFailing, ExecutorsUnreachable, NoOffers, OffersDeclined,
        OffersTooSmall, PortsNotOffered, TotalCoresTooSmall,
    };
    matches!(
        reason,
        NoOffers
            | OffersTooSmall
            | PortsNotOffered
            | OffersDeclined
            | TotalCoresTooSmall
            | AgentsExcluded
            | ConstraintsUnmet
            | ExecutorsFailing
            | ExecutorsUnreachable
    )
}

/// How far away the end of a certificate is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CertificateEnd {
    /// Far.
    Far,
    /// Near enough to renew it.
    Near,
    /// It is over.
    Past,
    /// It is over, and the driver is on Mesos still.
    Outlived,
}

/// Which of a driver's certificates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Certificate {
    /// The one that it uses now.
    InUse,
    /// The one that it began with. Whether it was renewed since, its agent alone knows.
    AtFirst,
}

impl Certificate {
    fn words(self) -> &'static str {
        match self {
            Self::InUse => "the driver's certificate",
            Self::AtFirst => "the certificate that the driver began with",
        }
    }
}

/// Says of a driver's certificate how near its end is.
pub(super) fn certificate(
    status: &mut SparkJobStatus,
    observed: &Observed,
    (which, at): (Certificate, Timestamp),
    end: CertificateEnd,
) {
    let which = which.words();
    let renew = "renew the Secret in mesos.certificates; a running driver takes it over by itself";
    let (holds, reason, message) = match end {
        CertificateEnd::Far => (ConditionStatus::True, Reason::CertificatesValid, format!("until {at}")),
        CertificateEnd::Near => {
            let message = format!("{which} expires at {at}: {renew}");
            (ConditionStatus::False, Reason::CertificatesExpiring, message)
        }
        CertificateEnd::Past => {
            let message = format!("{which} expired at {at}: {renew}");
            (ConditionStatus::False, Reason::CertificatesInvalid, message)
        }
        CertificateEnd::Outlived => {
            let message = format!(
                "the driver began with a certificate that ended at {at}, and is on Mesos still; a renewed Secret is taken \
                 over by a running driver, and only that driver's log tells whether it was"
            );
            (ConditionStatus::Unknown, Reason::CertificatesOutlived, message)
        }
    };
    set(status, observed, (ConditionType::CertificatesValid, holds), reason, message);
}

/// Forgets what was said of the certificate of a driver that is over: the next one begins with another, or with none.
pub(super) fn forget_certificate(status: &mut SparkJobStatus) {
    status.conditions.retain(|condition| condition.type_ != ConditionType::CertificatesValid);
}

fn set(
    status: &mut SparkJobStatus,
    observed: &Observed,
    (type_, holds): (ConditionType, ConditionStatus),
    reason: Reason,
    message: String,
) {
    let condition = Condition {
        type_,
        status: holds,
        reason,
        message: super::text::bounded(message),
        last_transition_time: Time(observed.now),
        observed_generation: status.observed_generation,
    };
    set_condition(&mut status.conditions, condition);
}

fn is_abandoned(status: &SparkJobStatus) -> bool {
    let given_up =
        |it: &Condition| it.type_ == ConditionType::Released && it.reason == Reason::FrameworkAbandoned;
    status.conditions.iter().any(given_up)
}

/// What a Distributed job has on Mesos, once it has a driver; afterwards, that it has nothing.
fn on_mesos(status: &mut SparkJobStatus, observed: &Observed, allocation: Option<&(Reason, String)>) {
    use ConditionType::{MesosRegistered, ResourcesAllocated};
    let was_there = status.conditions.iter().any(|it| it.type_ == MesosRegistered);
    if status.mesos.is_none() && !was_there {
        return;
    }
    let driver = observed.driver.as_ref().filter(|driver| !matches!(driver.state, DriverState::Ended(_)));
    let mesos = driver.and_then(|driver| driver.mesos.as_ref());
    let was_registered = status.mesos.as_ref().is_some_and(|told| told.registered_time.is_some());
    if was_registered && mesos.is_some_and(|mesos| mesos.registered.is_none() && mesos.trouble.is_none()) {
        return; // nobody has looked since the operator was started
    }
    let of_the_phase = (status.reason.unwrap_or(Reason::Connecting), status.message.clone());
    let (why, message) = allocation.unwrap_or(&of_the_phase);
    let registered = mesos.is_some_and(|mesos| !mesos.frameworks.is_empty());
    let allocated = mesos.is_some_and(|mesos| mesos.executors.running > 0);
    let trouble = mesos.and_then(|mesos| mesos.trouble.clone());
    let message = if mesos.is_some() { own(status, message) } else { String::new() };
    let (holds, reason, words) = match (mesos.and_then(|mesos| cut(mesos.connection)), &trouble) {
        (_, Some((reason, why))) => (ConditionStatus::Unknown, *reason, own(status, why)),
        (Some(why), None) if registered => (ConditionStatus::False, Reason::MesosUnreachable, why.to_owned()),
        (_, None) if registered => (ConditionStatus::True, Reason::Registered, String::new()),
        // Why there is no framework, the other one says of executors.
        (_, None) => (ConditionStatus::False, *why, String::new()),
    };
    set(status, observed, (MesosRegistered, holds), reason, words);
    let (holds, reason, words) = match trouble {
        Some((reason, _)) => (ConditionStatus::Unknown, reason, String::new()),
        None if allocated && is_in_the_way(*why) => (ConditionStatus::True, *why, message),
        None if allocated => (ConditionStatus::True, Reason::ExecutorsRunning, message),
        None => (ConditionStatus::False, *why, message),
    };
    set(status, observed, (ResourcesAllocated, holds), reason, words);
}

/// What it means that Mesos and the driver are not in touch, if they are not.
fn cut(connection: Connection) -> Option<&'static str> {
    match connection {
        Connection::Up => None,
        Connection::Lost => {
            Some("Mesos has lost the driver; it removes the framework after mesos.failoverTimeout")
        }
        Connection::Awaited => {
            Some("the leading Mesos master knows the framework from its agents, and waits for the driver")
        }
    }
}

/// Whether the job waits for somebody to mend what keeps it from being started.
fn needs_mending(status: &SparkJobStatus, observed: &Observed) -> bool {
    let obstacle = observed.obstacle.as_ref().filter(|obstacle| obstacle.remedy == Remedy::Mend);
    status.phase == Some(Phase::Pending)
        && status.driver.is_none()
        && obstacle.is_some_and(|obstacle| status.reason == Some(obstacle.reason))
}
