//! Conditions: what a job's status says to programs (`kubectl wait`, kstatus, Argo CD).

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Reason;

/// What a condition is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
pub enum ConditionType {
    /// The job can be run as it is written.
    Accepted,
    /// The driver runs; a notebook's answers.
    DriverReady,
    /// The Mesos certificates are usable, and not about to expire.
    CertificatesValid,
    /// The driver's framework is registered on Mesos.
    MesosRegistered,
    /// At least one executor runs.
    ResourcesAllocated,
    /// Nothing of the job is held anywhere any more: no driver, no framework.
    Released,
    /// The run ended with success.
    Completed,
    /// The run has failed for good.
    Failed,
    /// The run has ended, either way: what `kubectl wait` waits for.
    Finished,
    /// The job is on its way, or backs off before the next attempt (as kstatus reads it).
    Reconciling,
    /// The job has failed, or waits for a person to mend something (as kstatus reads it).
    Stalled,
}

/// Whether a condition holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum ConditionStatus {
    /// It holds.
    True,
    /// It does not hold.
    False,
    /// Nobody can tell at the moment.
    #[default]
    Unknown,
}

/// One condition of a job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Condition {
    /// What it is about.
    #[serde(rename = "type")]
    pub type_: ConditionType,
    /// Whether it holds.
    pub status: ConditionStatus,
    /// Why, as one word of a closed list.
    #[schemars(schema_with = "crate::reason::text")]
    pub reason: Reason,
    /// Its own words for people, if it has any. What `status.message` says stands in one condition: the one of Reconciling,
    /// Stalled, Completed and Failed that holds, or else `DriverReady`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[schemars(length(max = 1024))]
    pub message: String,
    /// When the status last changed.
    pub last_transition_time: Time,
    /// The `metadata.generation` that it was judged by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
}

/// Puts `new` among `conditions`, in place of the one of its type.
///
/// `lastTransitionTime` is `new`'s own where the status flips or the condition is new, and is kept otherwise: a
/// condition that only explains itself better has not changed. The list is sorted by type, so that equal
/// conditions are equal lists.
pub fn set_condition(conditions: &mut Vec<Condition>, mut new: Condition) {
    match conditions.iter_mut().find(|old| old.type_ == new.type_) {
        Some(old) => {
            if old.status == new.status {
                new.last_transition_time = old.last_transition_time.clone();
            }
            *old = new;
        }
        None => conditions.push(new),
    }
    conditions.sort_by_key(|condition| condition.type_);
}

/// Finds the condition of a type.
pub fn find_condition(conditions: &[Condition], type_: ConditionType) -> Option<&Condition> {
    conditions.iter().find(|condition| condition.type_ == type_)
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;

    fn at(second: i64) -> Time {
        Time(Timestamp::from_second(second).unwrap())
    }

    fn condition(type_: ConditionType, status: ConditionStatus, reason: Reason, second: i64) -> Condition {
        Condition {
            type_,
            status,
            reason,
            message: String::new(),
            last_transition_time: at(second),
            observed_generation: None,
        }
    }

    #[test]
    fn the_transition_time_moves_only_when_the_status_flips() {
        use ConditionStatus::{False, True};
        use ConditionType::DriverReady;

        let mut conditions = Vec::new();
        set_condition(&mut conditions, condition(DriverReady, False, Reason::PullingImage, 10));
        set_condition(&mut conditions, condition(DriverReady, False, Reason::ImagePullFailed, 20));
        assert_eq!(conditions[0].last_transition_time, at(10));
        assert_eq!(conditions[0].reason, Reason::ImagePullFailed);

        set_condition(&mut conditions, condition(DriverReady, True, Reason::DriverRunning, 30));
        assert_eq!(conditions, [condition(DriverReady, True, Reason::DriverRunning, 30)]);
    }

    #[test]
    fn conditions_stay_sorted_and_single_whatever_the_order() {
        use ConditionStatus::Unknown;
        use ConditionType::{Accepted, Finished, Stalled};

        let mut conditions = Vec::new();
        for type_ in [Stalled, Accepted, Finished, Accepted, Stalled] {
            set_condition(&mut conditions, condition(type_, Unknown, Reason::Starting, 1));
        }
        let types: Vec<_> = conditions.iter().map(|condition| condition.type_).collect();
        assert_eq!(types, [Accepted, Finished, Stalled]);
        assert!(find_condition(&conditions, Finished).is_some());
        assert!(find_condition(&conditions, ConditionType::Released).is_none());
    }
}
