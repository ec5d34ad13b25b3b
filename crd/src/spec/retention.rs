//! What is kept of attempts that have ended.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What is kept of attempts that have ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Retention {
    /// Which driver pods are kept, with their logs, when they have ended. Default: `Always`.
    /// Edit class: live.
    pub pods: RetainPods,
    /// How many ended attempts are kept, in `status.attempts` and as pods. Default: 3.
    /// Edit class: live.
    #[schemars(range(min = 1, max = 10))]
    pub attempts: i32,
}

/// Which driver pods are kept when they have ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum RetainPods {
    /// All, up to the number of attempts that is kept.
    #[default]
    Always,
    /// Those that failed.
    OnFailure,
    /// None.
    Never,
}

impl Default for Retention {
    fn default() -> Self {
        Self { pods: RetainPods::default(), attempts: 3 }
    }
}
