//! What a program says of its tasks, as it is meant.

use std::sync::Once;

use bytes::Bytes;
use lcmap_mesos::wire;

use crate::say;

/// Numbers of fields: `mesos.proto` of Mesos 1.11.
mod field {
    /// `TaskInfo.task_id`.
    pub(super) const TASK: u32 = 2;
    /// `TaskStatus.task_id`.
    pub(super) const OF: u32 = 1;
    /// `TaskStatus.slave_id`.
    pub(super) const AGENT: u32 = 5;
    /// `TaskInfo.command`.
    pub(super) const COMMAND: u32 = 7;
    /// `CommandInfo.value`.
    pub(super) const VALUE: u32 = 3;
    /// `TaskStatus.state`.
    pub(super) const STATE: u32 = 2;
    /// `TaskStatus.message`.
    pub(super) const MESSAGE: u32 = 4;
    /// `TaskInfo.container`.
    pub(super) const CONTAINER: u32 = 9;
    /// `ContainerInfo.docker`.
    pub(super) const DOCKER: u32 = 3;
    /// `ContainerInfo.mesos`.
    pub(super) const MESOS: u32 = 5;
    /// `DockerInfo.image`, `MesosInfo.image` and `Image.Docker.name`.
    pub(super) const IMAGE: u32 = 1;
    /// `Image.docker`.
    pub(super) const IMAGE_DOCKER: u32 = 3;
}

/// `TaskState.TASK_RUNNING`.
const RUNNING: u64 = 1;
/// What of `TaskState` is a good end: `TASK_FINISHED` and `TASK_KILLED`.
const GOOD_ENDS: [u64; 2] = [2, 4];
/// What of `TaskState` is the end of a task that did not do what it was to. Spark gives up one that is unreachable, too
/// (`MesosSchedulerUtils.mesosToTaskState`).
const FAILURES: [(u64, &str); 8] = [
    (3, "TASK_FAILED"),
    (5, "TASK_LOST"),
    (REFUSED, "TASK_ERROR"),
    (9, "TASK_DROPPED"),
    (10, "TASK_UNREACHABLE"),
    (11, "TASK_GONE"),
    (12, "TASK_GONE_BY_OPERATOR"),
    (13, "TASK_UNKNOWN"),
];
/// `TaskState.TASK_ERROR`: the master does not take the task.
const REFUSED: u64 = 7;

/// What stands before host and port in the command of an executor (Spark's `RpcEndpointAddress`, since 1.6).
const ENDPOINT: &str = "spark://CoarseGrainedScheduler@";

/// How a task ended.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct End {
    /// Its `TaskID`.
    pub(crate) task: Bytes,
    /// The agent's `SlaveID`.
    pub(crate) agent: Bytes,
    /// How it failed, in Mesos' words, if it did.
    pub(crate) failure: Option<String>,
}

/// How its task ended, if a `TaskStatus` says that it did.
pub(crate) fn end(status: &[u8]) -> Option<End> {
    let failure = failure(status);
    let is_good = wire::varint(status, field::STATE).is_some_and(|state| GOOD_ENDS.contains(&state));
    let id = |number| Bytes::copy_from_slice(wire::bytes(status, number).unwrap_or_default());
    (is_good || failure.is_some()).then(|| End { task: id(field::OF), agent: id(field::AGENT), failure })
}

/// The `TaskID` of a `TaskInfo`.
pub(crate) fn id(task: &[u8]) -> Option<Bytes> {
    wire::bytes(task, field::TASK).map(Bytes::copy_from_slice)
}

/// The host name by which an executor of Spark's is to be found: that of its agent, unless it has a network of its own.
pub(crate) fn host(task: &[u8]) -> Option<String> {
    let command = wire::text(wire::bytes(task, field::COMMAND)?, field::VALUE);
    let (_, host) = command.split_once(" --hostname ")?;
    host.split_whitespace().next().map(str::to_owned)
}

/// The host and port at which an executor of Spark finds its driver.
pub(crate) fn driver_address(task: &[u8]) -> Option<String> {
    let command = wire::text(wire::bytes(task, field::COMMAND)?, field::VALUE);
    let address = command.split_once(ENDPOINT)?.1;
    let end = address.find(|c: char| c.is_whitespace() || c == '"' || c == '\'');
    Some(address[..end.unwrap_or(address.len())].to_owned())
}

/// Whether a `TaskStatus` says that its task runs.
pub(crate) fn runs(status: &[u8]) -> bool {
    wire::varint(status, field::STATE) == Some(RUNNING)
}

/// How a task failed, in Mesos' words, if a `TaskStatus` says that it did.
pub(crate) fn failure(status: &[u8]) -> Option<String> {
    let state = wire::varint(status, field::STATE)?;
    let (_, name) = FAILURES.iter().find(|(number, _)| *number == state)?;
    let message = wire::text(status, field::MESSAGE);
    Some(if message.is_empty() { (*name).to_owned() } else { format!("{name}: {message}") })
}

/// Whether a `TaskStatus` says that the master does not take its task.
pub(crate) fn is_refused(status: &[u8]) -> bool {
    wire::varint(status, field::STATE) == Some(REFUSED)
}

/// Spark launches many tasks, and one word about it is enough.
static SAID: Once = Once::new();

/// A `TaskInfo` without a container whose image has no name: programs that pass on an unset variable mean none, and an agent
/// could only fail to fetch it.
pub(crate) fn meant(task: Bytes) -> Bytes {
    if !names_no_image(&task) {
        return task;
    }
    SAID.call_once(|| say("the program's Docker image is empty: its executors run without a container"));
    wire::without(&task, field::CONTAINER).into()
}

fn names_no_image(task: &[u8]) -> bool {
    let Some(container) = wire::bytes(task, field::CONTAINER) else { return false };
    let docker = wire::bytes(container, field::DOCKER).and_then(|docker| wire::bytes(docker, field::IMAGE));
    let mesos = wire::bytes(container, field::MESOS)
        .and_then(|mesos| wire::bytes(mesos, field::IMAGE))
        .and_then(|image| wire::bytes(image, field::IMAGE_DOCKER))
        .and_then(|docker| wire::bytes(docker, field::IMAGE));
    docker.or(mesos) == Some(b"")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(fields: &[(u32, &[u8])]) -> Vec<u8> {
        let mut message = vec![];
        for (number, value) in fields {
            wire::put_bytes(&mut message, *number, value);
        }
        message
    }

    #[test]
    fn the_address_of_the_driver_is_read_from_an_executors_command() {
        let of = |command: &str| {
            let command = message(&[(field::VALUE, command.as_bytes())]);
            driver_address(&message(&[(field::COMMAND, &command)]))
        };
        let backend = "bin/spark-class org.apache.spark.executor.CoarseGrainedExecutorBackend";
        let address = Some("10.0.0.5:41793".to_owned());
        let spark =
            format!("{backend} --driver-url spark://CoarseGrainedScheduler@10.0.0.5:41793 --executor-id 0");
        assert_eq!(of(&spark), address);
        assert_eq!(of("x --driver-url \"spark://CoarseGrainedScheduler@10.0.0.5:41793\""), address);
        assert_eq!(of("sleep 600"), None);
    }

    #[test]
    fn the_end_of_a_task_that_failed_is_told_in_mesos_words() {
        let status = |state, words: &str| {
            let mut status = message(&[(field::MESSAGE, words.as_bytes())]);
            wire::put_number(&mut status, field::STATE, state);
            failure(&status)
        };
        assert_eq!(status(7, "not authorized").as_deref(), Some("TASK_ERROR: not authorized"));
        assert_eq!(status(5, "").as_deref(), Some("TASK_LOST"));
        for no_failure in [RUNNING, 2, 4, 6] {
            assert_eq!(status(no_failure, "x"), None, "{no_failure}");
        }
    }

    fn task(container: Option<Vec<u8>>) -> Bytes {
        let container = container.map(|container| message(&[(field::CONTAINER, &container)]));
        [message(&[(1, b"name")]), container.unwrap_or_default()].concat().into()
    }

    fn docker(image: &[u8]) -> Vec<u8> {
        message(&[(field::DOCKER, &message(&[(field::IMAGE, image)]))])
    }

    fn mesos(image: &[u8]) -> Vec<u8> {
        let image = message(&[(field::IMAGE_DOCKER, &message(&[(field::IMAGE, image)]))]);
        message(&[(field::MESOS, &message(&[(field::IMAGE, &image)]))])
    }

    #[test]
    fn only_a_container_whose_image_has_no_name_is_left_out() {
        for container in [docker(b""), mesos(b"")] {
            assert_eq!(meant(task(Some(container))), task(None));
        }
        for container in [None, Some(docker(b"i:1")), Some(mesos(b"i:1")), Some(message(&[(2, b"volume")]))] {
            assert_eq!(meant(task(container.clone())), task(container));
        }
    }
}
