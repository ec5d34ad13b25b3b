//! Conditions, as phase and reason make them.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use lcmap_spark_crd::{
    Condition, ConditionStatus, ConditionType, Phase, Reason, SparkJobStatus, set_condition,
};

use super::Observed;

/// Sets every condition that follows from the phase. Transition times move only where a status does.
pub(super) fn derive(status: &mut SparkJobStatus, observed: &Observed) {
    let phase = status.phase.unwrap_or_default();
    let finished = phase.is_final();
    let held = observed.driver.as_ref().is_some_and(|d| !matches!(d.state, super::DriverState::Ended(_)));
    let table = [
        (ConditionType::Accepted, true),
        (ConditionType::DriverReady, phase == Phase::Running),
        (ConditionType::Released, !held && (finished || phase == Phase::Suspended)),
        (ConditionType::Completed, phase == Phase::Succeeded),
        (ConditionType::Failed, phase == Phase::Failed),
        (ConditionType::Finished, finished),
        (
            ConditionType::Reconciling,
            matches!(phase, Phase::Pending | Phase::Connecting | Phase::Requesting | Phase::Releasing),
        ),
        (ConditionType::Stalled, phase == Phase::Failed),
    ];
    for (type_, holds) in table {
        let reason = match type_ {
            ConditionType::Accepted => Reason::Accepted,
            ConditionType::Released if holds => Reason::Released,
            _ => status.reason.unwrap_or(Reason::Starting),
        };
        let message = if type_ == ConditionType::Accepted { String::new() } else { status.message.clone() };
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
