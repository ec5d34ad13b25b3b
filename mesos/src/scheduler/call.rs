//! Calls of scheduler API v1, encoded around the messages that the program made.

use bytes::Bytes;

use crate::wire::{put_bytes, put_number};

/// A call. What the program made (`OfferID`, `Filters`, …) is passed on as it was encoded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Call {
    /// Uses offers for operations; without operations it declines them.
    Accept {
        /// `OfferID`s.
        offers: Vec<Bytes>,
        /// `Offer.Operation`s; [`launch`] makes one.
        operations: Vec<Bytes>,
        /// `Filters`, or Mesos' default of 5 s.
        filters: Option<Bytes>,
    },
    /// Gives offers back.
    Decline {
        /// `OfferID`s.
        offers: Vec<Bytes>,
        /// `Filters`, or Mesos' default of 5 s.
        filters: Option<Bytes>,
    },
    /// Ends a task: its `TaskID`.
    Kill(Bytes),
    /// Acknowledges a status update.
    Acknowledge {
        /// The agent's id.
        agent: Bytes,
        /// The `TaskID`.
        task: Bytes,
        /// The update's uuid.
        uuid: Bytes,
    },
    /// Wants offers again, for these roles or, with none named, all.
    Revive(Vec<String>),
    /// Wants no offers, for these roles or, with none named, all.
    Suppress(Vec<String>),
    /// Asks for the state of these tasks or, with none named, all.
    Reconcile(Vec<TaskRef>),
    /// Sends something to an executor.
    Message {
        /// The agent's id.
        agent: Bytes,
        /// The `ExecutorID`.
        executor: Bytes,
        /// What to send.
        data: Bytes,
    },
    /// Asks the allocator for resources: `Request`s.
    Request(Vec<Bytes>),
    /// Changes what the framework says of itself (Mesos 1.9 and later).
    Update {
        /// The `FrameworkInfo`.
        framework: Bytes,
        /// The roles whose offers stay suppressed.
        suppressed_roles: Vec<String>,
        /// `OfferConstraints` (Mesos 1.11).
        offer_constraints: Option<Bytes>,
    },
    /// Ends the framework.
    Teardown,
}

/// A task and, if it is known, its agent: both ids as encoded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskRef {
    /// The `TaskID`.
    pub task: Bytes,
    /// The agent's id.
    pub agent: Option<Bytes>,
}

/// A LAUNCH operation of these `TaskInfo`s.
pub fn launch(tasks: &[Bytes]) -> Bytes {
    let mut launched = vec![];
    put_all(&mut launched, 1, tasks);
    let mut operation = vec![];
    put_number(&mut operation, 1, LAUNCH);
    put_bytes(&mut operation, 2, &launched);
    operation.into()
}

/// `Offer.Operation.Type.LAUNCH`.
pub(super) const LAUNCH: u64 = 1;

impl Call {
    /// What it is called.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Accept { .. } => "ACCEPT",
            Self::Decline { .. } => "DECLINE",
            Self::Kill(_) => "KILL",
            Self::Acknowledge { .. } => "ACKNOWLEDGE",
            Self::Revive(_) => "REVIVE",
            Self::Suppress(_) => "SUPPRESS",
            Self::Reconcile(_) => "RECONCILE",
            Self::Message { .. } => "MESSAGE",
            Self::Request(_) => "REQUEST",
            Self::Update { .. } => "UPDATE_FRAMEWORK",
            Self::Teardown => "TEARDOWN",
        }
    }

    /// The `Call` message. Numbers: `scheduler.proto` of Mesos 1.11.
    pub(super) fn encode(&self, framework_id: &[u8]) -> Vec<u8> {
        let (kind, field) = match self {
            Self::Teardown => (2, None),
            Self::Accept { .. } => (3, Some(4)),
            Self::Decline { .. } => (4, Some(5)),
            Self::Revive(_) => (5, Some(15)),
            Self::Kill(_) => (6, Some(6)),
            Self::Acknowledge { .. } => (8, Some(8)),
            Self::Reconcile(_) => (9, Some(9)),
            Self::Message { .. } => (10, Some(10)),
            Self::Request(_) => (11, Some(11)),
            Self::Suppress(_) => (12, Some(16)),
            Self::Update { .. } => (17, Some(19)),
        };
        let mut call = vec![];
        put_bytes(&mut call, 1, framework_id);
        put_number(&mut call, 2, kind);
        if let Some(field) = field {
            put_bytes(&mut call, field, &self.payload());
        }
        call
    }

    fn payload(&self) -> Vec<u8> {
        let mut m = vec![];
        match self {
            Self::Accept { offers, operations, filters } => {
                put_all(&mut m, 1, offers);
                put_all(&mut m, 2, operations);
                put_all(&mut m, 3, filters);
            }
            Self::Decline { offers, filters } => {
                put_all(&mut m, 1, offers);
                put_all(&mut m, 2, filters);
            }
            Self::Kill(task) => put_bytes(&mut m, 1, task),
            Self::Acknowledge { agent, task, uuid } => put_numbered(&mut m, [agent, task, uuid]),
            Self::Message { agent, executor, data } => put_numbered(&mut m, [agent, executor, data]),
            Self::Revive(roles) | Self::Suppress(roles) => put_all(&mut m, 1, roles),
            Self::Reconcile(tasks) => {
                for TaskRef { task, agent } in tasks {
                    let mut asked = vec![];
                    put_bytes(&mut asked, 1, task);
                    put_all(&mut asked, 2, agent);
                    put_bytes(&mut m, 1, &asked);
                }
            }
            Self::Request(requests) => put_all(&mut m, 1, requests),
            Self::Update { framework, suppressed_roles, offer_constraints } => {
                put_bytes(&mut m, 1, framework);
                put_all(&mut m, 2, suppressed_roles);
                put_all(&mut m, 3, offer_constraints);
            }
            Self::Teardown => {}
        }
        m
    }
}

fn put_all<T: AsRef<[u8]>>(message: &mut Vec<u8>, number: u32, values: impl IntoIterator<Item = T>) {
    for value in values {
        put_bytes(message, number, value.as_ref());
    }
}

/// The fields 1, 2 and 3.
fn put_numbered(message: &mut Vec<u8>, values: [&Bytes; 3]) {
    for (number, value) in (1..).zip(values) {
        put_bytes(message, number, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::{bytes, repeated, varint};

    #[test]
    fn every_call_has_its_type_and_its_field() {
        let some = || Bytes::from_static(b"\x0a\x01x");
        let accept = Call::Accept { offers: vec![some()], operations: vec![], filters: None };
        let update = Call::Update { framework: some(), suppressed_roles: vec![], offer_constraints: None };
        let acknowledge = Call::Acknowledge { agent: some(), task: some(), uuid: some() };
        let message = Call::Message { agent: some(), executor: some(), data: some() };
        let reconcile = Call::Reconcile(vec![TaskRef { task: some(), agent: None }]);
        for (call, kind, field) in [
            (accept, 3, 4),
            (Call::Decline { offers: vec![some()], filters: None }, 4, 5),
            (Call::Kill(some()), 6, 6),
            (acknowledge, 8, 8),
            (Call::Revive(vec!["r".into()]), 5, 15),
            (Call::Suppress(vec!["r".into()]), 12, 16),
            (reconcile, 9, 9),
            (message, 10, 10),
            (Call::Request(vec![some()]), 11, 11),
            (update, 17, 19),
        ] {
            let encoded = call.encode(b"\x0a\x02id");
            assert_eq!(bytes(&encoded, 1), Some(&b"\x0a\x02id"[..]));
            assert_eq!(varint(&encoded, 2), Some(kind), "{}", call.name());
            assert!(bytes(&encoded, field).is_some_and(|payload| !payload.is_empty()), "{}", call.name());
        }
        assert_eq!(varint(&Call::Teardown.encode(b""), 2), Some(2));
    }

    #[test]
    fn a_launch_holds_its_tasks() {
        let operation = launch(&[Bytes::from_static(b"one"), Bytes::from_static(b"two")]);
        assert_eq!(varint(&operation, 1), Some(LAUNCH));
        let tasks: Vec<&[u8]> = repeated(bytes(&operation, 2).unwrap(), 1).collect();
        assert_eq!(tasks, [b"one", b"two"]);
    }
}
