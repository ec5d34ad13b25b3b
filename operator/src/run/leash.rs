//! A program that must not outlive the one that started it.

use std::ffi::OsString;
use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode};

use rustix::process::{Pid, Signal, getppid, set_parent_process_death_signal};

use crate::streams;

/// Becomes `command`, which the kernel sends TERM when its `parent` dies, even by KILL: podman and docker pass it
/// on to the container, so that no container outlives its `lcmap-spark run`.
pub(crate) fn main(parent: i32, command: &[OsString]) -> ExitCode {
    let Some((program, args)) = command.split_first() else { return ExitCode::from(2) };
    if let Err(error) = set_parent_process_death_signal(Some(Signal::TERM)) {
        streams::complain(format!("cannot be told of the parent's death: {error}"));
        return ExitCode::from(126);
    }
    // The parent may have died before the line above: the kernel sends nothing for what is past. Which process takes in its
    // children then nobody knows; and one with the number 1 may be the parent itself, as the entrypoint of a container.
    if Pid::as_raw(getppid()) != parent {
        return ExitCode::from(143);
    }
    let error = Command::new(program).args(args).exec();
    streams::complain(format!("{} cannot be started: {error}", program.display()));
    ExitCode::from(if error.kind() == std::io::ErrorKind::NotFound { 127 } else { 126 })
}
