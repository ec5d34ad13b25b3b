//! Reading and writing plans: the one place where their encoding is known.

use super::{LaunchPlan, VERSION};

/// Why a plan cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    /// The text is not a plan.
    #[error("the launch plan cannot be read: {0}; it is written by lcmap-spark and must not be edited")]
    Malformed(#[from] serde_json::Error),
    /// The plan is of a version that this agent does not know.
    #[error(
        "the launch plan has version {found}, this agent knows version {VERSION}; use an agent of the operator's own version"
    )]
    UnknownVersion {
        /// The version that the plan names.
        found: u64,
    },
}

impl LaunchPlan {
    /// Reads a plan, its version first.
    pub fn parse(text: &str) -> Result<Self, PlanError> {
        let value: serde_json::Value = serde_json::from_str(text)?;
        match value.get("version").and_then(serde_json::Value::as_u64) {
            Some(found) if found != u64::from(VERSION) => Err(PlanError::UnknownVersion { found }),
            _ => Ok(serde_json::from_value(value)?),
        }
    }

    /// Writes the plan as minified JSON.
    pub fn encode(&self) -> Result<String, PlanError> {
        Ok(serde_json::to_string(self)?)
    }
}
