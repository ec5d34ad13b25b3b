//! PURE: what an attempt's executors come to that are on their way, or have ended.

use std::time::Duration;

use lcmap_mesos::operator::Task;
use lcmap_spark_crd::Reason;

/// How long an executor that fails has to have run to have been of use: a JVM that cannot begin fails within seconds.
const USEFUL: Duration = Duration::from_secs(60);

/// Executors that are on their way. The agent of one in an image may have to fetch that first.
pub(super) fn starting(ours: &[&Task]) -> Option<(Reason, String)> {
    let (start, agents) =
        if ours.len() == 1 { ("executor starts", "its agent") } else { ("executors start", "their agents") };
    let fetching = if ours.iter().any(|task| task.has_image) {
        format!("; {agents} may still be fetching the image")
    } else {
        String::new()
    };
    (!ours.is_empty()).then(|| (Reason::Registered, format!("{} {start}{fetching}", ours.len())))
}

/// Whether an executor that has ended ran before: one whose image is missing never did.
pub(super) fn has_run(task: &Task) -> bool {
    task.statuses.iter().any(|status| status.state == "TASK_RUNNING")
}

fn has_failed(task: &Task) -> bool {
    !matches!(task.state.as_str(), "TASK_FINISHED" | "TASK_KILLED")
}

/// Whether an executor was of use. Mesos calls it running as soon as its command is started: one that then fails at once was not.
fn was_of_use(task: &Task) -> bool {
    let running = task.statuses.iter().find(|status| status.state == "TASK_RUNNING");
    let Some(began) = running.and_then(|status| status.timestamp) else { return false };
    let ended = task.statuses.last().and_then(|status| status.timestamp);
    !has_failed(task) || ended.is_some_and(|ended| ended - began >= USEFUL.as_secs_f64())
}

/// Why executors fail: what Mesos said of the one that failed last, of those since the last one that was of use. What a driver
/// has got over is no reason for what it lacks now.
pub(super) fn failing(ended: &[&Task]) -> Option<(Reason, String)> {
    let last_good = ended.iter().rposition(|task| was_of_use(task)).unwrap_or_default();
    let failed: Vec<&&Task> = ended[last_good..].iter().filter(|task| has_failed(task)).collect();
    let status = failed.last()?.statuses.last()?;
    let told: Vec<&str> = [status.reason.as_str(), status.message.as_str()]
        .into_iter()
        .filter(|text| !text.is_empty())
        .collect();
    let words = if told.is_empty() { status.state.clone() } else { told.join(": ") };
    let have = if failed.len() == 1 { "executor has" } else { "executors have" };
    let message = format!("{} {have} failed, the last one by {words}", failed.len());
    Some((Reason::ExecutorsFailing, message))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn task(id: &str, state: &str) -> Value {
        let value = |value: &str| json!({"value": value});
        json!({"task_id": value(id), "framework_id": value("uid-1"), "agent_id": value("a"), "state": state})
    }

    #[test]
    fn executors_that_start_are_told_of_by_number_and_their_image_only_if_they_have_one() {
        let docker = json!({"type": "DOCKER", "docker": {"image": "i:1"}});
        for (ids, container, words) in [
            (&["0"][..], json!({"type": "MESOS"}), "1 executor starts"),
            (&["0", "1"], json!({"type": "MESOS"}), "2 executors start"),
            (&["0"], docker.clone(), "1 executor starts; its agent may still be fetching the image"),
            (&["0", "1"], docker, "2 executors start; their agents may still be fetching the image"),
        ] {
            let tasks: Vec<_> = ids
                .iter()
                .map(|id| {
                    let mut task = task(id, "TASK_STAGING");
                    task["container"] = container.clone();
                    task
                })
                .collect();
            let tasks: Vec<Task> = serde_json::from_value(json!(tasks)).unwrap();
            let wait = starting(&tasks.iter().collect::<Vec<_>>());
            assert_eq!(wait, Some((Reason::Registered, words.to_owned())));
        }
    }

    #[test]
    fn failures_count_since_the_last_executor_that_was_of_use() {
        let ended = |id: &str, state: &str, ran_for: f64| {
            let mut task = task(id, state);
            let running = json!({"state": "TASK_RUNNING", "timestamp": 1000.0});
            let end = json!({"state": state, "message": id, "timestamp": 1000.0 + ran_for});
            task["statuses"] = json!([running, end]);
            task
        };
        for (tasks, told) in [
            (
                vec![ended("a", "TASK_FAILED", 1.0), ended("b", "TASK_FAILED", 1.0)],
                Some("2 executors have failed, the last one by b"),
            ),
            (vec![ended("a", "TASK_FAILED", 1.0), ended("b", "TASK_KILLED", 1.0)], None),
            (
                vec![ended("a", "TASK_FAILED", 1.0), ended("b", "TASK_FAILED", 90.0)],
                Some("1 executor has failed, the last one by b"),
            ),
            (
                vec![ended("a", "TASK_KILLED", 1.0), ended("b", "TASK_LOST", 1.0)],
                Some("1 executor has failed, the last one by b"),
            ),
        ] {
            let tasks: Vec<Task> = serde_json::from_value(json!(tasks)).unwrap();
            let wait = failing(&tasks.iter().collect::<Vec<_>>());
            assert_eq!(wait.map(|(_, message)| message).as_deref(), told);
        }
    }
}
