//! Whether and how a driver that ended is started again.

use kube::core::Rule;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Duration;

/// Whether and how a driver that ended is started again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = [backoff_rule()]))]
pub struct Restart {
    /// After which ends the driver is started again. Shells must be `Never`. Default: `Never`.
    /// Edit class: live.
    #[serde(default)]
    pub policy: RestartPolicy,
    /// How many retries there are after the first try, so that 3 means four tries.
    /// Default: 3, and without end for the policy `Always`.
    /// Edit class: live.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 1_000_000))]
    pub max_restarts: Option<i32>,
    /// How long the first retry waits, counted from the failure; each further one waits twice as long, with jitter.
    /// Default: 10s.
    /// Edit class: live.
    #[serde(default = "default_backoff")]
    pub backoff: Duration,
    /// The longest wait before a retry. Default: 5m.
    /// Edit class: live.
    #[serde(default = "default_backoff_max")]
    pub backoff_max: Duration,
    /// How long a driver must have run for its retries to be counted anew. One that never ran, was never registered on Mesos or
    /// never got an executor in time has not, however long it waited. Default: 10m.
    /// Edit class: live.
    #[serde(default = "default_reset_after")]
    pub reset_after: Duration,
}

/// After which ends a driver is started again.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum RestartPolicy {
    /// After none.
    #[default]
    Never,
    /// After each failure.
    OnFailure,
    /// After a failure that was not the program's: evicted, preempted, its node lost, not started in time,
    /// no agent left for its executors.
    OnInfrastructureFailure,
    /// After every end, success too.
    Always,
}

impl Restart {
    /// How many retries there are after the first try; none for "without end".
    pub fn max_restarts(&self) -> Option<u32> {
        match (self.max_restarts, self.policy) {
            (Some(restarts), _) => u32::try_from(restarts).ok(),
            (None, RestartPolicy::Never) => Some(0),
            (None, RestartPolicy::OnFailure | RestartPolicy::OnInfrastructureFailure) => Some(3),
            (None, RestartPolicy::Always) => None,
        }
    }
}

impl Default for Restart {
    fn default() -> Self {
        Self {
            policy: RestartPolicy::default(),
            max_restarts: None,
            backoff: default_backoff(),
            backoff_max: default_backoff_max(),
            reset_after: default_reset_after(),
        }
    }
}

/// The first wait is at most the longest. What is no duration is refused by its own rule.
fn backoff_rule() -> Rule {
    let is_duration = |field: &str| format!("self.{field}.matches('{}')", crate::duration::PATTERN);
    Rule::new(format!(
        "!{} || !{} || duration(self.backoff) <= duration(self.backoffMax)",
        is_duration("backoff"),
        is_duration("backoffMax")
    ))
    .message("must not be longer than restart.backoffMax")
    .field_path(".backoff")
}

fn default_backoff() -> Duration {
    Duration::from_secs(10)
}

fn default_backoff_max() -> Duration {
    Duration::from_secs(300)
}

fn default_reset_after() -> Duration {
    Duration::from_secs(600)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_of_retries_depends_on_the_policy_until_it_is_written() {
        for (policy, written, retries) in [
            (RestartPolicy::Never, None, Some(0)),
            (RestartPolicy::OnFailure, None, Some(3)),
            (RestartPolicy::OnInfrastructureFailure, None, Some(3)),
            (RestartPolicy::Always, None, None),
            (RestartPolicy::Always, Some(5), Some(5)),
            (RestartPolicy::OnFailure, Some(0), Some(0)),
        ] {
            let restart = Restart { policy, max_restarts: written, ..Restart::default() };
            assert_eq!(restart.max_restarts(), retries, "{restart:?}");
        }
    }
}
