//! Exit codes of `lcmap-spark run`. Others are the job's own.

use lcmap_spark_crd::{Phase, Reason, SparkJobStatus};

use super::signals::Request;

/// A manifest, or a command line, was refused.
pub(crate) const REFUSED: u8 = 2;
/// `activeDeadline`, `startTimeout` or `allocationTimeout` ended the job, or it had waited in vain for agents, as `timeout(1)` says it.
pub(crate) const TIMEOUT: u8 = 124;
/// lcmap-spark itself could not go on.
pub(crate) const FAULT: u8 = 125;
/// Ended by ctrl-C, as shells say it.
pub(crate) const INTERRUPTED: u8 = 130;

/// The exit code that a job in its final phase gives `run`.
pub(super) fn of(status: &SparkJobStatus, request: Option<Request>) -> u8 {
    let own =
        status.driver.as_ref().and_then(|driver| driver.exit_code).and_then(|code| u8::try_from(code).ok());
    match (status.phase, status.reason) {
        (Some(Phase::Succeeded | Phase::Suspended), _) => 0,
        (_, Some(Reason::Interrupted)) => request.map_or(INTERRUPTED, Request::exit_code),
        (
            _,
            Some(
                Reason::DeadlineExceeded
                | Reason::StartTimeout
                | Reason::AllocationTimeout
                | Reason::AgentsExcluded,
            ),
        ) => TIMEOUT,
        _ => own.filter(|code| *code != 0).unwrap_or(FAULT),
    }
}
