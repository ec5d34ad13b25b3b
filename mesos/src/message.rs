//! The messages of scheduler API v1, as far as they are read or made here. What only passes through stays raw bytes.
//!
//! Source: Mesos 1.11 `include/mesos/v1/scheduler/scheduler.proto` and `include/mesos/v1/mesos.proto`. Mesos' v0 messages,
//! which Java programs hold, have the same wire format wherever the two meet here.

use bytes::Bytes;

/// A framework's id, an agent's, a task's: all of them are a message with one string.
#[derive(Clone, PartialEq, Eq, Hash, prost::Message)]
pub struct Id {
    /// The id itself.
    #[prost(string, required, tag = "1")]
    pub value: String,
}

impl Id {
    /// An id of this text.
    pub fn new(value: impl Into<String>) -> Self {
        Self { value: value.into() }
    }
}

/// An event as it comes off the stream.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct RawEvent {
    #[prost(int32, optional, tag = "1")]
    pub(crate) kind: Option<i32>,
    #[prost(message, optional, tag = "2")]
    pub(crate) subscribed: Option<Subscribed>,
    #[prost(message, optional, tag = "3")]
    pub(crate) offers: Option<Offers>,
    #[prost(message, optional, tag = "4")]
    pub(crate) rescind: Option<Rescind>,
    #[prost(message, optional, tag = "5")]
    pub(crate) update: Option<Update>,
    #[prost(message, optional, tag = "6")]
    pub(crate) message: Option<ExecutorMessage>,
    #[prost(message, optional, tag = "7")]
    pub(crate) failure: Option<Failure>,
    #[prost(message, optional, tag = "8")]
    pub(crate) error: Option<ErrorEvent>,
}

/// The first event of a subscription.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Subscribed {
    /// The framework's id: the one that was asked for, or the one that the master gave.
    #[prost(message, required, tag = "1")]
    pub framework_id: Id,
    /// Seconds between two heartbeats; 15 unless the master says otherwise.
    #[prost(double, optional, tag = "2")]
    pub heartbeat_interval_seconds: Option<f64>,
    /// The master's `MasterInfo`.
    #[prost(bytes = "bytes", optional, tag = "3")]
    pub master_info: Option<Bytes>,
}

/// Offers, each a whole `Offer`.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct Offers {
    #[prost(bytes = "bytes", repeated, tag = "1")]
    pub(crate) offers: Vec<Bytes>,
}

/// An offer taken back: its `OfferID`.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct Rescind {
    #[prost(bytes = "bytes", required, tag = "1")]
    pub(crate) offer_id: Bytes,
}

/// A status update: the `TaskStatus`.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct Update {
    #[prost(bytes = "bytes", required, tag = "1")]
    pub(crate) status: Bytes,
}

/// A message of an executor to its framework.
#[derive(Clone, PartialEq, prost::Message)]
pub struct ExecutorMessage {
    /// The agent's id (`AgentID`, v0's `SlaveID`), raw.
    #[prost(bytes = "bytes", required, tag = "1")]
    pub agent_id: Bytes,
    /// The `ExecutorID`, raw.
    #[prost(bytes = "bytes", required, tag = "2")]
    pub executor_id: Bytes,
    /// What the executor sent.
    #[prost(bytes = "bytes", required, tag = "3")]
    pub data: Bytes,
}

/// An agent, or one executor, that is gone.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Failure {
    /// The agent's id, raw.
    #[prost(bytes = "bytes", optional, tag = "1")]
    pub agent_id: Option<Bytes>,
    /// The `ExecutorID`, raw, when only the executor is gone.
    #[prost(bytes = "bytes", optional, tag = "2")]
    pub executor_id: Option<Bytes>,
    /// How the executor ended, as waitpid tells it.
    #[prost(int32, optional, tag = "3")]
    pub status: Option<i32>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct ErrorEvent {
    #[prost(string, required, tag = "1")]
    pub(crate) message: String,
}

/// What is read of a `TaskStatus`.
#[derive(Clone, PartialEq, prost::Message)]
pub struct TaskStatus {
    /// The task.
    #[prost(message, required, tag = "1")]
    pub task_id: Id,
    /// Its state, by Mesos' number ([`is_terminal`] knows them).
    #[prost(int32, required, tag = "2")]
    pub state: i32,
    /// What Mesos has to say about it.
    #[prost(string, optional, tag = "4")]
    pub message: Option<String>,
    /// The agent that ran it.
    #[prost(message, optional, tag = "5")]
    pub agent_id: Option<Id>,
    /// The source: 0 the master, 1 the agent, 2 the executor.
    #[prost(int32, optional, tag = "9")]
    pub source: Option<i32>,
    /// Why, by Mesos' number.
    #[prost(int32, optional, tag = "10")]
    pub reason: Option<i32>,
    /// Names the update; an update without one needs no acknowledgement.
    #[prost(bytes = "bytes", optional, tag = "11")]
    pub uuid: Option<Bytes>,
}

/// `TASK_LOST` of Mesos' `TaskState`.
pub const TASK_LOST: i32 = 5;
/// `SOURCE_MASTER` of Mesos' `TaskStatus.Source`.
pub const SOURCE_MASTER: i32 = 0;
/// `REASON_MASTER_DISCONNECTED` of Mesos' `TaskStatus.Reason`.
pub const REASON_MASTER_DISCONNECTED: i32 = 7;

/// Whether a task in this state never runs again.
///
/// Source: `TaskState` in `mesos.proto` and `isTerminalState` in `src/common/protobuf_utils.cpp`.
pub fn is_terminal(state: i32) -> bool {
    // FINISHED 2, FAILED 3, KILLED 4, LOST 5, ERROR 7, DROPPED 9, GONE 11
    matches!(state, 2..=5 | 7 | 9 | 11)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_task_is_over_in_the_states_that_mesos_calls_terminal() {
        let over: Vec<i32> = (0..=14).filter(|state| is_terminal(*state)).collect();
        assert_eq!(over, [2, 3, 4, 5, 7, 9, 11]);
    }
}
