//! Whether an attempt that ended is followed by another.

use std::time::Duration;

use jiff::Timestamp;
use lcmap_spark_crd::spec::{Restart, RestartPolicy, RunKind};
use lcmap_spark_crd::{Reason, SparkJobSpec};

use super::Ending;
use super::backoff::{self, Jitter};

/// What an ended attempt means for its run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    /// It did what it should.
    Success,
    /// The program failed.
    Failure,
    /// What was around the program failed: another try may well go through.
    InfrastructureFailure,
    /// A person, or a deadline, ended it: it is not to be tried again.
    Ended,
}

/// Judges an ending. `asked` is why the driver was asked to stop, if it was.
pub(super) fn outcome(kind: RunKind, ending: &Ending, asked: Option<Reason>) -> Outcome {
    // What had ended by itself when the request came has its own result.
    if matches!(ending.reason, Reason::Completed | Reason::NeverConnected | Reason::JvmLingers) {
        return Outcome::Success;
    }
    match asked {
        // A shell or notebook has no end of its own: being stopped is its good end.
        Some(Reason::Interrupted) if kind != RunKind::Submit && ending.exit_code == Some(0) => {
            Outcome::Success
        }
        Some(Reason::StartTimeout | Reason::AllocationTimeout) => Outcome::InfrastructureFailure,
        Some(_) => Outcome::Ended,
        None => match ending.reason {
            Reason::IdleTimeout => Outcome::Success,
            Reason::DriverLost
            | Reason::Evicted
            | Reason::Preempted
            | Reason::NodeLost
            | Reason::AgentsExcluded => Outcome::InfrastructureFailure,
            _ => Outcome::Failure,
        },
    }
}

/// When the next attempt starts, if there is to be one, and how many retries that makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Retry {
    /// When.
    pub(super) at: Timestamp,
    /// Retries since the run, or its last healthy stretch, began.
    pub(super) restarts: i32,
}

/// An attempt that has ended.
#[derive(Debug, Clone, Copy)]
pub(super) struct Past {
    /// What it means for its run.
    pub(super) outcome: Outcome,
    /// Since when it ran. None: it never got going.
    pub(super) started: Option<Timestamp>,
    /// When it ended.
    pub(super) ended: Timestamp,
    /// How many retries there were before it.
    pub(super) restarts: i32,
}

/// Applies the restart policy to an attempt.
pub(super) fn retry(spec: &SparkJobSpec, past: Past, jitter: Jitter) -> Option<Retry> {
    let Past { outcome, ended, restarts, .. } = past;
    let restart = spec.restart;
    let wanted = match (restart.policy, outcome) {
        (_, Outcome::Ended) | (RestartPolicy::Never, _) => false,
        (RestartPolicy::Always, _) => true,
        (RestartPolicy::OnFailure, outcome) => outcome != Outcome::Success,
        (RestartPolicy::OnInfrastructureFailure, outcome) => outcome == Outcome::InfrastructureFailure,
    };
    let before = if was_healthy(&restart, past) { 0 } else { restarts };
    let allowed = restart.max_restarts().is_none_or(|max| i64::from(before) < i64::from(max));
    (wanted && allowed).then(|| {
        let restarts = before.saturating_add(1);
        let (first, cap) = (restart.backoff.into(), restart.backoff_max.into());
        let wait = backoff::delay(first, cap, restarts, jitter);
        Retry { at: ended.saturating_add(wait).unwrap_or(ended), restarts }
    })
}

fn was_healthy(restart: &Restart, Past { started, ended, .. }: Past) -> bool {
    let long_enough = |started: Timestamp| {
        ended > started && ended.duration_since(started).unsigned_abs() >= Duration::from(restart.reset_after)
    };
    started.is_some_and(long_enough)
}

/// Whether an end says that an attempt waited in vain, however long its driver ran: it never got to its work.
pub(super) fn never_got_going(reason: Reason) -> bool {
    use Reason::{AllocationTimeout, RegistrationTimeout, StartTimeout};
    matches!(reason, StartTimeout | RegistrationTimeout | AllocationTimeout)
}

/// Whether an end says that an attempt had trouble with Mesos. Of one that was never registered there it says that it never got
/// to its work.
pub(super) fn is_trouble_with_mesos(reason: Reason) -> bool {
    use Reason::{
        AuthorityUnknown, ConnectionRefused, ConnectionTimeout, CredentialsRefused, FrameworkRefused,
        MesosUnreachable, NameUnknown, NoLeader, NotMesos, PlainHttp, RoleRefused, ServerNameMismatch,
        TlsFailed,
    };
    matches!(
        reason,
        AuthorityUnknown
            | ConnectionRefused
            | ConnectionTimeout
            | CredentialsRefused
            | FrameworkRefused
            | MesosUnreachable
            | NameUnknown
            | NoLeader
            | NotMesos
            | PlainHttp
            | RoleRefused
            | ServerNameMismatch
            | TlsFailed
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ending(reason: Reason, exit_code: i32) -> Ending {
        Ending { at: Timestamp::UNIX_EPOCH, exit_code: Some(exit_code), reason, message: String::new() }
    }

    #[test]
    fn each_ending_means_one_thing_for_its_run() {
        use RunKind::{Notebook, Submit};
        for (kind, reason, code, asked, expected) in [
            (Submit, Reason::Completed, 0, None, Outcome::Success),
            (Submit, Reason::NeverConnected, 0, None, Outcome::Success),
            (Submit, Reason::JvmLingers, 0, None, Outcome::Success),
            (Submit, Reason::Stopped, 143, Some(Reason::AllocationTimeout), Outcome::InfrastructureFailure),
            (Submit, Reason::Completed, 0, Some(Reason::Interrupted), Outcome::Success),
            (Submit, Reason::Stopped, 143, Some(Reason::Interrupted), Outcome::Ended),
            (Submit, Reason::Stopped, 0, Some(Reason::Interrupted), Outcome::Ended),
            (Notebook, Reason::Stopped, 0, Some(Reason::Interrupted), Outcome::Success),
            (Notebook, Reason::KilledAfterGracePeriod, 137, Some(Reason::Interrupted), Outcome::Ended),
            (Submit, Reason::Stopped, 143, Some(Reason::DeadlineExceeded), Outcome::Ended),
            (Notebook, Reason::Stopped, 0, Some(Reason::StartTimeout), Outcome::InfrastructureFailure),
            (Notebook, Reason::IdleTimeout, 0, None, Outcome::Success),
            (Submit, Reason::DriverLost, 137, None, Outcome::InfrastructureFailure),
            (Submit, Reason::AgentsExcluded, 143, None, Outcome::InfrastructureFailure),
            (Submit, Reason::ExitedNonZero, 3, None, Outcome::Failure),
            (Submit, Reason::OutOfMemory, 137, None, Outcome::Failure),
        ] {
            assert_eq!(outcome(kind, &ending(reason, code), asked), expected, "{reason:?} {code} {asked:?}");
        }
    }
}
