//! Why an attempt could not begin.

use std::io;
use std::path::PathBuf;

use lcmap_mesos::AddressError;

use crate::certificates::CertificateError;
use crate::compatibility::CompatibilityError;
use crate::configuration::ConfigurationError;
use crate::inputs::InputError;
use crate::mesos::PreflightError;
use crate::plan::PlanError;
use crate::private::PrivateFolderError;
use crate::python::PythonError;
use crate::report::ExitReason;
use crate::rscript::RscriptError;
use crate::supervise::spawn::LaunchError;

/// The exit code when the agent itself could not bring the command to its start, as `docker run` and `timeout` have it.
pub(crate) const AGENT_FAILED: u8 = 125;

/// The exit code when the command was found and could not be started, as shells have it.
pub(crate) const NOT_EXECUTABLE: u8 = 126;

/// The exit code when the command was not found, as shells have it.
pub(crate) const NOT_FOUND: u8 = 127;

/// The exit code when it was asked to stop before there was a command, as if TERM had ended that.
const TERMINATED: u8 = 128 + 15;

/// Why an attempt could not begin, or be looked after.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// The file of the plan cannot be read.
    #[error("the launch plan {} cannot be read: {source}", path.display())]
    PlanUnreadable {
        /// The file.
        path: PathBuf,
        /// What the kernel said.
        source: io::Error,
    },
    /// The plan is refused.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// The state folder cannot be used.
    #[error("the state folder {} cannot be used: {source}; give one that can be written by --state", path.display())]
    State {
        /// The folder.
        path: PathBuf,
        /// What the kernel said.
        source: io::Error,
    },
    /// There is no place for secrets.
    #[error(transparent)]
    Private(#[from] PrivateFolderError),
    /// The configuration could not be read or written.
    #[error("Spark's configuration: {0}")]
    Configuration(#[from] ConfigurationError),
    /// A file of the job cannot be given to Spark.
    #[error(transparent)]
    Input(#[from] InputError),
    /// A packed Python cannot be run.
    #[error(transparent)]
    Python(#[from] PythonError),
    /// Spark, Java and the mode do not go together.
    #[error(transparent)]
    Compatibility(#[from] CompatibilityError),
    /// A program in R cannot be run.
    #[error(transparent)]
    Rscript(#[from] RscriptError),
    /// The certificates are refused.
    #[error("Mesos certificates: {0}")]
    Certificates(#[from] CertificateError),
    /// The masters' address cannot be read.
    #[error("spec.mesos.master: {0}")]
    Masters(#[from] AddressError),
    /// Mesos would not take the driver.
    #[error("Mesos: {0}")]
    Mesos(#[from] PreflightError),
    /// The command could not be started.
    #[error(transparent)]
    Launch(#[from] LaunchError),
    /// The kernel refused what supervision needs.
    #[error("signals cannot be waited for: {0}")]
    Signals(#[source] io::Error),
}

impl Error {
    /// The reason, for conditions and metrics.
    pub(crate) fn reason(&self) -> ExitReason {
        match self {
            Self::PlanUnreadable { .. } | Self::Plan(_) | Self::Masters(_) => ExitReason::PlanRefused,
            Self::State { .. }
            | Self::Private(_)
            | Self::Configuration(_)
            | Self::Input(_)
            | Self::Compatibility(_)
            | Self::Python(_) => ExitReason::ConfigurationFailed,
            Self::Certificates(CertificateError::InImage { .. }) => ExitReason::CertificatesInImage,
            Self::Certificates(_) => ExitReason::CertificatesInvalid,
            Self::Mesos(PreflightError::Mesos(error)) => error.kind().into(),
            Self::Mesos(PreflightError::Stopped) => ExitReason::Stopped,
            Self::Mesos(PreflightError::Runtime(_)) => ExitReason::MesosUnreachable,
            Self::Launch(LaunchError::NotFound { .. }) | Self::Rscript(_) => ExitReason::CommandNotFound,
            Self::Launch(_) | Self::Signals(_) => ExitReason::CommandNotExecutable,
        }
    }

    /// The agent's exit code.
    pub(crate) fn exit_code(&self) -> u8 {
        match self.reason() {
            ExitReason::CommandNotFound => NOT_FOUND,
            ExitReason::CommandNotExecutable => NOT_EXECUTABLE,
            ExitReason::Stopped => TERMINATED,
            _ => AGENT_FAILED,
        }
    }
}
