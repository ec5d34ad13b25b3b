//! The folder that event logs are written to. Spark makes none, and says so in a stack, twice.

use std::path::{Path, PathBuf};

use nix::unistd::{AccessFlags, access};

use super::InputError;
use super::local::{self, Local};
use crate::configuration::Properties;

/// Where Spark writes event logs when nobody says it (<https://spark.apache.org/docs/3.5.0/configuration.html#spark-ui>).
const DEFAULT: &str = "/tmp/spark-events";

const DIRECTORY: &str = "spark.eventLog.dir";

/// Looks whether event logs can be written, if any are to be, and names their folder as Spark can read it.
pub(crate) fn check(properties: &mut Properties) -> Result<(), InputError> {
    if properties
        .get("spark.eventLog.enabled")
        .is_none_or(|enabled| !enabled.trim().eq_ignore_ascii_case("true"))
    {
        return Ok(());
    }
    let text = properties.get(DIRECTORY).map_or(DEFAULT, String::as_str).to_owned();
    let Some(Local { path, fragment: None }) = local::find(&text) else {
        return match local::missing(&text) {
            Some(path) => Err(refusal(path, "is not there; make it, or mount a volume there")),
            None => Ok(()),
        };
    };
    if !path.is_dir() {
        return Err(refusal(path, "is not a folder"));
    }
    if access(&path, AccessFlags::W_OK | AccessFlags::X_OK).is_err() {
        return Err(refusal(path, "cannot be written by the driver's user; let it, or name another folder"));
    }
    if is_escaped(&path) || local::is_misread(&text, &path) {
        properties.insert(DIRECTORY.to_owned(), local::uri(&path));
    }
    Ok(())
}

/// Whether the path, taken for a URI, would be another one.
fn is_escaped(path: &Path) -> bool {
    path.to_string_lossy().contains(['#', '?', '%'])
}

fn refusal(path: PathBuf, problem: &str) -> InputError {
    InputError::EventLog { path, problem: problem.to_owned() }
}
