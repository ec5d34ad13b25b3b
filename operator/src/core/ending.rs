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
        ExitReason::JupyterMisconfigured => Reason::JupyterMisconfigured,
        ExitReason::NameUnknown => Reason::NameUnknown,
        ExitReason::ConnectionRefused => Reason::ConnectionRefused,
        ExitReason::ConnectionTimeout => Reason::ConnectionTimeout,
        ExitReason::TlsFailed => Reason::TlsFailed,
        ExitReason::AuthorityUnknown => Reason::AuthorityUnknown,
        ExitReason::ServerNameMismatch => Reason::ServerNameMismatch,
        ExitReason::PlainHttp => Reason::PlainHttp,
        ExitReason::NotMesos => Reason::NotMesos,
        ExitReason::NoLeader => Reason::NoLeader,
        ExitReason::MesosUnreachable => Reason::MesosUnreachable,
        ExitReason::CredentialsRefused => Reason::CredentialsRefused,
        ExitReason::RoleRefused => Reason::RoleRefused,
        ExitReason::FrameworkRefused => Reason::FrameworkRefused,
        ExitReason::FrameworkRemoved => Reason::FrameworkRemoved,
        ExitReason::RegistrationTimeout => Reason::RegistrationTimeout,
        ExitReason::AgentsExcluded => Reason::AgentsExcluded,
        ExitReason::NeverConnected => Reason::NeverConnected,
        ExitReason::JvmLingers => Reason::JvmLingers,
    }
}
