//! Executors that can never come, and what the driver cannot get from those that run.

use std::time::{Duration, Instant};

use lcmap_mesos::{StandstillCause, SupervisedFramework};

/// How long a job waits though Spark has given up on every agent that makes offers: another may come, or be let go by others.
const GRACE: Duration = Duration::from_secs(60);

/// Whether executors can still come.
#[derive(Debug, Default)]
pub(crate) struct Standstill {
    /// Since when they cannot, to the framework of this number.
    since: Option<(u32, Instant)>,
    is_for_ever: bool,
}

impl Standstill {
    /// Takes in what the driver's frameworks tell.
    pub(crate) fn look(&mut self, frameworks: &[SupervisedFramework], now: Instant) {
        let is_stuck = |framework: &&SupervisedFramework| {
            let cause = framework.state.offers.standstill.as_ref().map(|it| it.cause);
            !framework.state.is_over() && cause == Some(StandstillCause::AgentsExcluded)
        };
        let stuck = frameworks.last().filter(is_stuck).map(|framework| framework.number);
        self.since = match (stuck, self.since) {
            (Some(number), Some((before, since))) if before == number => Some((number, since)),
            (stuck, _) => stuck.map(|number| (number, now)),
        };
        self.is_for_ever = self.since.is_some_and(|(_, since)| now.duration_since(since) >= GRACE);
    }

    /// Whether nothing has come of all waiting.
    pub(crate) fn is_for_ever(&self) -> bool {
        self.is_for_ever
    }
}

/// The warning about an agent whose host name does not resolve.
pub(crate) fn unresolved(host: &str) -> String {
    format!(
        "the host name {host} of a Mesos agent, on which an executor runs, does not resolve where the driver is: results of \
         tasks above 1 MB (spark.task.maxDirectResultSize) cannot be fetched from there, and a job that has such results fails; \
         make the name known here, by DNS, /etc/hosts or hostAliases in spec.pod, or have the agent started with --hostname and \
         its address"
    )
}

#[cfg(test)]
mod tests {
    use lcmap_mesos::FrameworkState;
    use serde_json::json;

    use super::*;

    fn framework(number: u32, phase: &str, cause: Option<&str>) -> [SupervisedFramework; 1] {
        let standstill = cause.map(|cause| json!({"cause": cause, "words": "x"}));
        let state = json!({"phase": phase, "pid": 7, "master": "m:5050", "user": "u", "stopCalled": false,
            "offers": {"standstill": standstill}});
        let state: FrameworkState = serde_json::from_value(state).unwrap();
        [SupervisedFramework { number, state }]
    }

    #[test]
    fn a_job_without_any_agent_left_is_over_after_its_grace_unless_something_changes() {
        let start = Instant::now();
        let excluded = Some("AgentsExcluded");
        for (steps, is_over) in [
            (vec![(0, 1, "Registered", excluded), (60, 1, "Registered", excluded)], true),
            (vec![(0, 1, "Registered", excluded), (59, 1, "Registered", excluded)], false),
            (vec![(0, 1, "Registered", excluded), (60, 2, "Registered", excluded)], false),
            (vec![(0, 1, "Registered", excluded), (60, 1, "Stopped", excluded)], false),
            (vec![(0, 1, "Registered", Some("TooSmall")), (600, 1, "Registered", Some("TooSmall"))], false),
            (
                vec![
                    (0, 1, "Registered", excluded),
                    (59, 1, "Registered", None),
                    (60, 1, "Registered", excluded),
                    (119, 1, "Registered", excluded),
                ],
                false,
            ),
        ] {
            let mut standstill = Standstill::default();
            for (second, number, phase, cause) in &steps {
                let now = start + Duration::from_secs(*second);
                standstill.look(&framework(*number, phase, *cause), now);
            }
            assert_eq!(standstill.is_for_ever(), is_over, "{steps:?}");
        }
    }
}
