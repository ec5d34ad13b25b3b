//! Lines on standard output and standard error.
//!
//! The reader may have gone away, as `| head -1` does: that ends neither a job nor a verdict. The macros of the
//! standard library panic then, so nothing else here uses them.

use std::fmt::Display;
use std::io::Write;

/// One line on standard output.
pub(crate) fn print(line: impl Display) {
    let _ = std::io::stdout().write_all(format!("{line}\n").as_bytes());
}

/// One line on standard error, in one write: lines of a driver may come in between.
pub(crate) fn complain(line: impl Display) {
    let _ = std::io::stderr().write_all(format!("lcmap-spark: {line}\n").as_bytes());
}
