use std::{
    path::{Path, PathBuf},
    process::Command,
};

use super::{Error, Result};

/// The folder with the bed's scripts: `tests/beds/kubernetes`.
pub(crate) fn scripts() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("beds/kubernetes")
}

/// cargo's target folder, as the scripts have it too.
pub fn target() -> PathBuf {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    std::env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| workspace.join("target"), |target| workspace.join(target))
}

/// Where the bed keeps its programs, images and runs.
pub(crate) fn folder() -> PathBuf {
    target().join("bed/kubernetes")
}

/// The folder of the programs that [`build`] made.
pub(crate) fn bin() -> PathBuf {
    folder().join("bin")
}

/// The path of a program that [`build`] made.
pub(crate) fn path(program: &str) -> PathBuf {
    bin().join(program)
}

/// The distribution's packages that `packages.sh` unpacked.
pub(crate) fn packages() -> PathBuf {
    folder().join("packages")
}

/// Builds the programs that are missing or out of date; a build tells about itself on standard output and error.
pub(crate) fn build(programs: &[&str]) -> Result<()> {
    run_script("build.sh", programs)
}

/// Makes what comes from elsewhere: `packages.sh` or `images.sh`.
pub(crate) fn prepare(script: &str) -> Result<()> {
    run_script(script, &[])
}

fn run_script(name: &str, args: &[&str]) -> Result<()> {
    let status = Command::new(scripts().join(name))
        .args(args)
        .env("CARGO_TARGET_DIR", target())
        .status()
        .map_err(|source| Error::Start { program: name.into(), source })?;
    if status.success() {
        return Ok(());
    }
    Err(Error::Failed {
        command: format!("{name} {}", args.join(" ")),
        code: status.code(),
        stderr: "its output above names what it could not get or build".into(),
    })
}

/// Runs a command that says nothing unless it fails.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let words = [command.get_program()].into_iter().chain(command.get_args());
    let line = words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ");
    let output = command.output().map_err(|source| Error::Start { program: line.clone(), source })?;
    if output.status.success() {
        return Ok(());
    }
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    Err(Error::Failed { command: line, code: output.status.code(), stderr })
}
