//! What the agent says on standard error: little, one plain line each.

use std::io::Write;

/// Says something that the user should know though the job runs.
pub(crate) fn warn(message: &str) {
    say(&format!("warning: {message}"));
}

/// Says what went wrong though the job still runs.
pub(crate) fn error(message: &str) {
    say(&format!("error: {message}"));
}

/// Says why the job did not run, or ended in a way that its own output does not explain.
///
/// Nobody may be listening: a closed or full standard error must not end the agent.
pub(crate) fn say(message: &str) {
    let line = message.replace(['\n', '\r'], " ");
    // In one write, or the lines of Spark, which has the same standard error, come in between.
    let _ = std::io::stderr().write_all(format!("lcmap-agent: {line}\n").as_bytes());
}
