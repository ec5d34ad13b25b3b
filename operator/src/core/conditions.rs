//! Conditions, as phase and reason make them.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use lcmap_spark_crd::{
    Condition, ConditionStatus, ConditionType, Phase, Reason, SparkJobStatus, set_condition,
};

use super::{Life, Observed, Remedy};

/// Sets every condition that follows from the phase. Transition times move only where a status does.
pub(super) fn derive(status: &mut SparkJobStatus, observed: &Observed) {
    let phase = status.phase.unwrap_or_default();
    let finished = phase.is_final();
    let mend = needs_mending(status, observed);
    let driver = observed.driver.iter().map(|driver| driver.life);
    let held = driver.chain(observed.remnants.iter().map(|it| it.life)).any(|life| life == Life::Living);
    let table = [
        (ConditionType::Accepted, !mend),
        (ConditionType::DriverReady, phase == Phase::Running),
        (ConditionType::Released, !held && (finished || phase == Phase::Suspended)),
        (ConditionType::Completed, phase == Phase::Succeeded),
        (ConditionType::Failed, phase == Phase::Failed),
        (ConditionType::Finished, finished),
        (
            ConditionType::Reconciling,
            !mend
                && matches!(phase, Phase::Pending | Phase::Connecting | Phase::Requesting | Phase::Releasing),
        ),
        (ConditionType::Stalled, mend || phase == Phase::Failed),
    ];
    for (type_, holds) in table {
        let reason = match type_ {
            ConditionType::Accepted if holds => Reason::Accepted,
            ConditionType::Released if holds => Reason::Released,
            _ => status.reason.unwrap_or(Reason::Starting),
        };
        let message = if matches!(reason, Reason::Accepted | Reason::Released) {
            String::new()
        } else {
            status.message.clone()
        };
        let condition = Condition {
            type_,
            status: if holds { ConditionStatus::True } else { ConditionStatus::False },
            reason,
            message,
            last_transition_time: Time(observed.now),
            observed_generation: status.observed_generation,
        };
        set_condition(&mut status.conditions, condition);
    }
}

/// Whether the job waits for somebody to mend what keeps it from being started.
fn needs_mending(status: &SparkJobStatus, observed: &Observed) -> bool {
    let obstacle = observed.obstacle.as_ref().filter(|obstacle| obstacle.remedy == Remedy::Mend);
    status.phase == Some(Phase::Pending)
        && status.driver.is_none()
        && obstacle.is_some_and(|obstacle| status.reason == Some(obstacle.reason))
}
