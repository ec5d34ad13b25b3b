//! The agent's words for an end, in the job's.

use lcmap_spark_agent::report::ExitReason;
use lcmap_spark_crd::Reason;

/// The job's reason for an agent's.
pub fn reason(exit: ExitReason) -> Reason {
    match exit {
        ExitReason::Completed => Reason::Completed,
        ExitReason::ExitedNonZero => Reason::ExitedNonZero,
        ExitReason::KilledBySignal => Reason::KilledBySignal,
        ExitReason::OutOfMemory => Reason::OutOfMemory,
        ExitReason::Stopped => Reason::Stopped,
        ExitReason::KilledAfterGracePeriod => Reason::KilledAfterGracePeriod,
        ExitReason::IdleTimeout => Reason::IdleTimeout,
        ExitReason::CommandNotFound => Reason::CommandNotFound,
        ExitReason::CommandNotExecutable => Reason::CommandNotExecutable,
        ExitReason::PlanRefused => Reason::PlanRefused,
        ExitReason::CertificatesInvalid => Reason::CertificatesInvalid,
        ExitReason::CertificatesInImage => Reason::CertificatesInImage,
        ExitReason::ConfigurationFailed => Reason::ConfigurationFailed,
    }
}
