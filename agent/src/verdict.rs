//! PURE: how an attempt is reported, by how it ended and what else is known.

use std::time::Duration;

use lcmap_mesos::SupervisedFramework;

use crate::error::{AGENT_FAILED, Error};
use crate::failure::{self, Failure};
use crate::lingering;
use crate::mesos;
use crate::report::{ExitReason, TerminationMessage};
use crate::supervise::signals::Signal;
use crate::supervise::step::{Ended, Outcome, StopCause};

/// The exit code of a command that could not be killed, as if it had been.
const UNKILLABLE: u8 = 137;

/// The exit code of a JVM after TERM: 128 + 15.
const ENDED_ON_TERM: u8 = 143;

/// What else is known when a command ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Circumstances<'a> {
    /// The command's name.
    pub command: &'a str,
    /// How many processes of our cgroup the kernel killed meanwhile for want of memory.
    pub oom_kills: u64,
    /// The grace period, in milliseconds.
    pub grace_period_ms: u64,
}

/// The message of a command that ran.
pub(crate) fn of_outcome(outcome: &Outcome, circumstances: &Circumstances<'_>) -> TerminationMessage {
    let exit_code = exit_code(outcome);
    let reason = reason(outcome, circumstances.oom_kills);
    let message = describe(reason, outcome, circumstances);
    TerminationMessage { exit_code, reason, message, warnings: Vec::new(), frameworks: None }
}

/// Adds what Mesos had to do with the end: why it took no framework, or that it was never asked.
pub(crate) fn with_frameworks(message: &mut TerminationMessage, frameworks: &[SupervisedFramework]) {
    let refused = mesos::refusal(frameworks).filter(|_| message.exit_code != 0);
    if let Some(state) = refused {
        if let (Some(trouble), ExitReason::ExitedNonZero | ExitReason::KilledBySignal) =
            (state.trouble, message.reason)
        {
            message.reason = trouble.into();
        }
        message.message = format!("{}: {}", message.message, state.reason.as_deref().unwrap_or_default());
    }
    if message.reason == ExitReason::AgentsExcluded
        && let Some(standstill) = frameworks.last().and_then(|last| last.state.offers.standstill.as_ref())
    {
        message.message = format!("{}: {}", message.message, standstill.words);
    }
    if frameworks.is_empty() && message.reason == ExitReason::Completed {
        message.reason = ExitReason::NeverConnected;
        message.message += " and never made a SparkContext on Mesos";
    }
}

/// Tells why a notebook server was not to be. Jupyter that is asked to end does so with exit code 0.
pub(crate) fn with_refusal(message: &mut TerminationMessage, why: String) {
    (message.exit_code, message.reason, message.message) =
        (AGENT_FAILED, ExitReason::JupyterMisconfigured, why);
}

/// Adds why the program failed, as far as its own output and its exit code tell.
pub(crate) fn with_failure(message: &mut TerminationMessage, failure: Option<&Failure>) {
    if !matches!(message.reason, ExitReason::ExitedNonZero | ExitReason::KilledBySignal) {
        return;
    }
    if failure::is_out_of_heap(message.exit_code, failure) {
        message.reason = ExitReason::OutOfMemory;
    }
    let exited = message.reason != ExitReason::KilledBySignal;
    let meaning = failure::in_words(message.exit_code, failure).filter(|_| exited);
    let words: Vec<String> = failure.map(Failure::to_string).into_iter().chain(meaning).collect();
    if !words.is_empty() {
        message.message = format!("{}: {}", message.message, words.join("; "));
    }
}

/// The message of an attempt that could not begin.
pub(crate) fn of_error(error: &Error) -> TerminationMessage {
    TerminationMessage {
        exit_code: error.exit_code(),
        reason: error.reason(),
        message: error.to_string(),
        warnings: Vec::new(),
        frameworks: None,
    }
}

fn exit_code(outcome: &Outcome) -> u8 {
    match outcome.ended {
        _ if has_lingered(outcome) => 0,
        Some(Ended::Exited(code)) => code,
        Some(Ended::Signaled(signal)) => u8::try_from(128 + signal.number()).unwrap_or(u8::MAX),
        None => UNKILLABLE,
    }
}

fn reason(outcome: &Outcome, oom_kills: u64) -> ExitReason {
    // What was stopped for want of its framework, for what it does or after its program, was not asked to stop by anybody.
    let unasked = [StopCause::FrameworkTaken, StopCause::NotebookRefused, StopCause::Lingering];
    let asked = outcome.stop.filter(|cause| !unasked.contains(cause));
    match (asked, outcome.ended) {
        _ if has_lingered(outcome) => ExitReason::JvmLingers,
        (Some(StopCause::Idle), _) => ExitReason::IdleTimeout,
        (Some(StopCause::AgentsExcluded), _) => ExitReason::AgentsExcluded,
        (Some(_), _) if outcome.forced => ExitReason::KilledAfterGracePeriod,
        (Some(_), _) => ExitReason::Stopped,
        (None, Some(Ended::Exited(0))) => ExitReason::Completed,
        // Whichever process it was, a Python worker say: the command failed by it.
        (None, _) if oom_kills > 0 => ExitReason::OutOfMemory,
        (None, Some(Ended::Exited(_))) => ExitReason::ExitedNonZero,
        (None, Some(Ended::Signaled(_)) | None) => ExitReason::KilledBySignal,
    }
}

/// Whether a program ended well before its JVM was told to end. Spark's own code for a program that failed is no JVM's for TERM:
/// it would have ended with it, or, if it hung on its way out, have ignored that.
fn has_lingered(outcome: &Outcome) -> bool {
    let ended_on_term =
        matches!(outcome.ended, Some(Ended::Exited(ENDED_ON_TERM) | Ended::Signaled(Signal::TERM)));
    outcome.stop == Some(StopCause::Lingering) && ended_on_term
}

fn describe(reason: ExitReason, outcome: &Outcome, circumstances: &Circumstances<'_>) -> String {
    let Circumstances { command, oom_kills, grace_period_ms } = circumstances;
    let how = match outcome.ended {
        Some(Ended::Exited(code)) => format!("{command} ended with exit code {code}"),
        Some(Ended::Signaled(signal)) => format!("{command} was killed by {}", signal.name()),
        None => format!("{command} could not be killed; it hangs in the kernel"),
    };
    let more = match reason {
        ExitReason::OutOfMemory => format!(
            ": the kernel killed {oom_kills} of its processes for want of memory; raise driver.memory, or \
             driver.memoryOverhead for Python"
        ),
        ExitReason::AgentsExcluded => " after it could get no executor any more".to_owned(),
        ExitReason::JvmLingers => {
            return lingering::in_words(&format!(
                "was told to end after terminationGracePeriod ({:?})",
                Duration::from_millis(*grace_period_ms)
            ));
        }
        ExitReason::IdleTimeout => " after nobody had used it for its idle timeout".to_owned(),
        ExitReason::Stopped => " after it was asked to stop".to_owned(),
        ExitReason::KilledAfterGracePeriod => {
            format!(" after it was asked to stop (grace period {grace_period_ms} ms)")
        }
        _ if outcome.stop == Some(StopCause::Lingering) => {
            let grace = Duration::from_millis(*grace_period_ms);
            format!(" after it was told to end, {grace:?} after its program")
        }
        _ => String::new(),
    };
    how + &more
}

#[cfg(test)]
mod tests {
    use lcmap_mesos::ErrorKind;

    use super::*;

    fn judge(outcome: Outcome, oom_kills: u64) -> TerminationMessage {
        of_outcome(&outcome, &Circumstances { command: "spark-submit", oom_kills, grace_period_ms: 30_000 })
    }

    #[test]
    fn every_end_has_its_exit_code_and_reason() {
        use StopCause::{AgentsExcluded, FrameworkTaken, Idle, Lingering, ParentGone, Requested};
        let exited = |code| Some(Ended::Exited(code));
        let signaled = |number| Some(Ended::Signaled(Signal::new(number)));
        for (ended, stop, forced, oom_kills, exit_code, reason) in [
            (exited(0), None, false, 0, 0, ExitReason::Completed),
            (exited(0), None, false, 3, 0, ExitReason::Completed),
            (exited(3), None, false, 0, 3, ExitReason::ExitedNonZero),
            (exited(1), None, false, 1, 1, ExitReason::OutOfMemory),
            (exited(137), None, false, 0, 137, ExitReason::ExitedNonZero),
            (exited(137), None, false, 1, 137, ExitReason::OutOfMemory),
            (signaled(9), None, false, 0, 137, ExitReason::KilledBySignal),
            (signaled(9), None, false, 1, 137, ExitReason::OutOfMemory),
            (signaled(11), None, false, 0, 139, ExitReason::KilledBySignal),
            (signaled(64), None, false, 0, 192, ExitReason::KilledBySignal),
            (exited(143), Some(Requested), false, 0, 143, ExitReason::Stopped),
            (signaled(15), Some(ParentGone), false, 0, 143, ExitReason::Stopped),
            (exited(0), Some(Requested), false, 0, 0, ExitReason::Stopped),
            (signaled(9), Some(Requested), true, 0, 137, ExitReason::KilledAfterGracePeriod),
            (signaled(9), Some(Requested), true, 1, 137, ExitReason::KilledAfterGracePeriod),
            (exited(143), Some(AgentsExcluded), false, 0, 143, ExitReason::AgentsExcluded),
            (signaled(15), Some(Idle), false, 0, 143, ExitReason::IdleTimeout),
            (None, Some(Requested), true, 0, 137, ExitReason::KilledAfterGracePeriod),
            (signaled(15), Some(FrameworkTaken), false, 0, 143, ExitReason::KilledBySignal),
            (exited(1), Some(FrameworkTaken), false, 0, 1, ExitReason::ExitedNonZero),
            (exited(143), Some(Lingering), false, 0, 0, ExitReason::JvmLingers),
            (exited(1), Some(Lingering), false, 0, 1, ExitReason::ExitedNonZero),
            (signaled(9), Some(Lingering), true, 0, 137, ExitReason::KilledBySignal),
        ] {
            let message = judge(Outcome { ended, stop, forced }, oom_kills);
            assert_eq!((message.exit_code, message.reason), (exit_code, reason), "{message:?}");
        }
    }

    #[test]
    fn a_driver_failed_by_what_mesos_had_against_its_last_framework() {
        let refused = |trouble: Option<ErrorKind>| {
            let state = serde_json::json!({"phase": "Aborted", "pid": 7, "master": "m:5050", "user": "u", "stopCalled": false,
                "reason": "no such role", "trouble": trouble});
            [SupervisedFramework { number: 1, state: serde_json::from_value(state).unwrap() }]
        };
        let told = |code, frameworks: &[SupervisedFramework]| {
            let mut message =
                judge(Outcome { ended: Some(Ended::Exited(code)), stop: None, forced: false }, 0);
            with_frameworks(&mut message, frameworks);
            (message.reason, message.message)
        };
        let ended = "spark-submit ended with exit code";
        for (code, frameworks, reason, words) in [
            (
                1,
                &refused(Some(ErrorKind::RoleRefused))[..],
                ExitReason::RoleRefused,
                format!("{ended} 1: no such role"),
            ),
            (1, &refused(None), ExitReason::ExitedNonZero, format!("{ended} 1: no such role")),
            (0, &refused(Some(ErrorKind::RoleRefused)), ExitReason::Completed, format!("{ended} 0")),
            (1, &[], ExitReason::ExitedNonZero, format!("{ended} 1")),
            (0, &[], ExitReason::NeverConnected, format!("{ended} 0 and never made a SparkContext on Mesos")),
        ] {
            assert_eq!(told(code, frameworks), (reason, words));
        }
    }

    #[test]
    fn a_message_says_what_happened_and_what_to_do() {
        let killed = Outcome { ended: Some(Ended::Signaled(Signal::KILL)), stop: None, forced: false };
        assert_eq!(
            judge(killed, 1).message,
            "spark-submit was killed by SIGKILL: the kernel killed 1 of its processes for want of memory; raise \
             driver.memory, or driver.memoryOverhead for Python"
        );
        let stopped = Outcome { stop: Some(StopCause::Requested), forced: true, ..killed };
        assert_eq!(
            judge(stopped, 0).message,
            "spark-submit was killed by SIGKILL after it was asked to stop (grace period 30000 ms)"
        );
    }
}
