//! The tasks that this scheduler has launched and that have not ended, by the updates so far.

use std::collections::BTreeMap;

use bytes::Bytes;
use prost::Message;

use crate::{
    message::{Id, REASON_MASTER_DISCONNECTED, SOURCE_MASTER, TASK_LOST, TaskStatus, is_terminal},
    wire,
};

use super::call::{Call, LAUNCH, TaskRef};

/// `Offer.Operation.Type.LAUNCH_GROUP`.
const LAUNCH_GROUP: u64 = 6;

/// Tasks and their agents.
#[derive(Debug, Default)]
pub(super) struct KnownTasks(BTreeMap<String, Option<Id>>);

impl KnownTasks {
    /// Notes what a call launches.
    pub(super) fn note_call(&mut self, call: &Call) {
        self.0.extend(launched(call).into_iter().map(|(task, agent)| (task.value, agent)));
    }

    /// Notes what a status says.
    pub(super) fn note_status(&mut self, status: &[u8]) {
        let Ok(status) = TaskStatus::decode(status) else { return };
        if is_terminal(status.state) {
            self.0.remove(&status.task_id.value);
        } else if let Some(agent) = status.agent_id {
            self.0.insert(status.task_id.value, Some(agent));
        }
    }

    /// The question what has become of them; none when there are none.
    pub(super) fn reconciliation(&self) -> Option<Call> {
        let asked = self.0.iter().map(|(task, agent)| task_ref(&Id::new(task.as_str()), agent.as_ref()));
        let asked: Vec<TaskRef> = asked.collect();
        (!asked.is_empty()).then_some(Call::Reconcile(asked))
    }
}

/// The question what has become of the tasks that a call launches, when it is not known whether the master got it.
pub(super) fn question(call: &Call) -> Option<Call> {
    let asked: Vec<TaskRef> =
        launched(call).iter().map(|(task, agent)| task_ref(task, agent.as_ref())).collect();
    (!asked.is_empty()).then_some(Call::Reconcile(asked))
}

/// A `TASK_LOST` for each task of a call that the master never got. With the agent's id: Spark fails on a status without.
pub(super) fn lost(call: &Call, why: &str) -> Vec<Bytes> {
    let status = |(task_id, agent_id)| TaskStatus {
        task_id,
        state: TASK_LOST,
        message: Some(why.to_owned()),
        agent_id,
        source: Some(SOURCE_MASTER),
        reason: Some(REASON_MASTER_DISCONNECTED),
        uuid: None,
    };
    launched(call).into_iter().map(|task| status(task).encode_to_vec().into()).collect()
}

fn task_ref(task: &Id, agent: Option<&Id>) -> TaskRef {
    TaskRef { task: task.encode_to_vec().into(), agent: agent.map(|agent| agent.encode_to_vec().into()) }
}

/// The tasks that a call launches, with their agents.
fn launched(call: &Call) -> Vec<(Id, Option<Id>)> {
    let Call::Accept { operations, .. } = call else { return vec![] };
    operations.iter().flat_map(|operation| task_infos(operation)).filter_map(identify).collect()
}

/// The `TaskInfo`s of an operation.
fn task_infos(operation: &[u8]) -> Vec<&[u8]> {
    let holder = match wire::varint(operation, 1) {
        Some(LAUNCH) => wire::bytes(operation, 2),
        Some(LAUNCH_GROUP) => wire::bytes(operation, 7).and_then(|group| wire::bytes(group, 2)),
        _ => None,
    };
    holder.map(|holder| wire::repeated(holder, 1).collect()).unwrap_or_default()
}

/// Task and agent of a `TaskInfo`.
fn identify(task: &[u8]) -> Option<(Id, Option<Id>)> {
    let id = |number| wire::bytes(task, number).and_then(|id| Id::decode(id).ok());
    Some((id(2)?, id(3)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scheduler::call::launch;

    fn accept(task: &str, agent: &str) -> Call {
        let mut info = vec![];
        wire::put_bytes(&mut info, 1, b"name");
        wire::put_bytes(&mut info, 2, &Id::new(task).encode_to_vec());
        wire::put_bytes(&mut info, 3, &Id::new(agent).encode_to_vec());
        Call::Accept { offers: vec![], operations: vec![launch(&[info.into()])], filters: None }
    }

    fn status(task: &str, state: i32) -> Vec<u8> {
        let agent_id = Some(Id::new("a2"));
        TaskStatus { task_id: Id::new(task), state, agent_id, ..TaskStatus::default() }.encode_to_vec()
    }

    #[test]
    fn a_task_is_known_from_its_launch_to_its_end() {
        let mut known = KnownTasks::default();
        assert_eq!(known.reconciliation(), None);
        known.note_call(&accept("0", "a1"));
        assert_eq!(
            known.reconciliation(),
            Some(Call::Reconcile(vec![task_ref(&Id::new("0"), Some(&Id::new("a1")))]))
        );
        known.note_status(&status("0", 1));
        assert_eq!(
            known.reconciliation(),
            Some(Call::Reconcile(vec![task_ref(&Id::new("0"), Some(&Id::new("a2")))]))
        );
        known.note_status(&status("0", TASK_LOST));
        assert_eq!(known.reconciliation(), None);
    }

    #[test]
    fn a_lost_task_carries_its_agent() {
        let lost = lost(&accept("7", "a1"), "master disconnected");
        let status = TaskStatus::decode(&lost[0][..]).unwrap();
        assert_eq!(
            (status.task_id, status.agent_id, status.state),
            (Id::new("7"), Some(Id::new("a1")), TASK_LOST)
        );
        assert_eq!(status.uuid, None);
    }
}
