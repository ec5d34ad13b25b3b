//! Reading and writing plans: the one place where their encoding is known.
//!
//! A plan is minified JSON; above [`PLAIN_LIMIT`] it is gzip in base64, so that it fits a pod annotation.

use std::io::{Read, Write};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;

use super::check::{self, FieldError};
use super::{LaunchPlan, VERSION};

/// The longest plan that is written as plain JSON, in bytes.
pub const PLAIN_LIMIT: usize = 32 * 1024;

/// The longest plan that is read, in bytes of JSON. A compressed plan is not unpacked beyond it.
pub const MAX_BYTES: usize = 16 * 1024 * 1024;

/// Why a plan cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    /// The text is not a plan.
    #[error("the launch plan cannot be read: {0}; it is written by lcmap-spark and must not be edited")]
    Malformed(#[from] serde_json::Error),
    /// The text is neither JSON nor base64.
    #[error(
        "the launch plan is neither JSON nor base64: {0}; it is written by lcmap-spark and must not be edited"
    )]
    NotBase64(#[from] base64::DecodeError),
    /// The text is base64 of something that gzip cannot unpack.
    #[error("the launch plan cannot be unpacked: {0}; it is written by lcmap-spark and must not be edited")]
    Compressed(#[from] std::io::Error),
    /// The plan is longer than [`MAX_BYTES`].
    #[error("the launch plan is larger than {MAX_BYTES} bytes; move large values into files")]
    TooLarge,
    /// The plan is of a version that this agent does not know.
    #[error(
        "the launch plan has version {found}, this agent knows version {VERSION}; use an agent of the operator's own version"
    )]
    UnknownVersion {
        /// The version that the plan names.
        found: u64,
    },
    /// A field holds what no process can be given.
    #[error(transparent)]
    Field(#[from] FieldError),
}

impl LaunchPlan {
    /// Reads a plan in either encoding, its version first, and checks every field.
    pub fn parse(text: &str) -> Result<Self, PlanError> {
        let text = text.trim();
        if text.len() > MAX_BYTES {
            return Err(PlanError::TooLarge);
        }
        if text.starts_with('{') { parse_json(text.as_bytes()) } else { parse_json(&unpack(text)?) }
    }

    /// Writes the plan: minified JSON, packed when that is longer than [`PLAIN_LIMIT`].
    ///
    /// The same plan always gives the same text, so that it can be compared and hashed.
    pub fn encode(&self) -> Result<String, PlanError> {
        check::check(self)?;
        let json = serde_json::to_string(self)?;
        if json.len() > MAX_BYTES {
            Err(PlanError::TooLarge)
        } else if json.len() > PLAIN_LIMIT {
            Ok(pack(json.as_bytes())?)
        } else {
            Ok(json)
        }
    }
}

fn parse_json(json: &[u8]) -> Result<LaunchPlan, PlanError> {
    let value: serde_json::Value = serde_json::from_slice(json)?;
    match value.get("version").and_then(serde_json::Value::as_u64) {
        Some(found) if found != u64::from(VERSION) => Err(PlanError::UnknownVersion { found }),
        _ => {
            let plan = serde_json::from_value(value)?;
            check::check(&plan)?;
            Ok(plan)
        }
    }
}

fn pack(json: &[u8]) -> Result<String, std::io::Error> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(json)?;
    Ok(STANDARD.encode(encoder.finish()?))
}

fn unpack(text: &str) -> Result<Vec<u8>, PlanError> {
    let packed = STANDARD.decode(text)?;
    let mut json = Vec::new();
    let limit = u64::try_from(MAX_BYTES).unwrap_or(u64::MAX);
    GzDecoder::new(packed.as_slice()).take(limit + 1).read_to_end(&mut json)?;
    if json.len() > MAX_BYTES { Err(PlanError::TooLarge) } else { Ok(json) }
}
