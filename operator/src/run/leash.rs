//! A program that must not outlive the one that started it.

use std::ffi::OsString;
use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode};

use rustix::process::{Signal, getppid, set_parent_process_death_signal};

/// Becomes `command`, which the kernel sends TERM when the parent dies, even by KILL: podman and docker pass it
/// on to the container, so that no container outlives its `lcmap-spark run`.
pub(crate) fn main(command: &[OsString]) -> ExitCode {
    let Some((program, args)) = command.split_first() else { return ExitCode::from(2) };
    if let Err(error) = set_parent_process_death_signal(Some(Signal::TERM)) {
        eprintln!("lcmap-spark: cannot be told of the parent's death: {error}");
        return ExitCode::from(126);
    }
    // The parent may have died before the line above: the kernel sends nothing for what is past.
    if getppid().is_none_or(rustix::process::Pid::is_init) {
        return ExitCode::from(143);
    }
    let error = Command::new(program).args(args).exec();
    eprintln!("lcmap-spark: {} cannot be started: {error}", program.display());
    ExitCode::from(if error.kind() == std::io::ErrorKind::NotFound { 127 } else { 126 })
}
