//! The one switch: where a job's executors run.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Where a job's executors run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum Mode {
    /// In the driver itself (`local[N]`): a laptop, or one pod.
    #[default]
    NonDistributed,
    /// On Apache Mesos, with the driver as a client-mode framework.
    Distributed,
}

impl Mode {
    /// The mode as it is written in a manifest.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NonDistributed => "NonDistributed",
            Self::Distributed => "Distributed",
        }
    }
}
