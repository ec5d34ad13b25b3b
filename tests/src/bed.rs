//! Where the beds are, and what runs on them.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// A file or folder of this repository.
pub fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize().unwrap().join(path)
}

/// An example's manifest.
pub fn example(name: &str) -> PathBuf {
    repository("examples").join(name).join("sparkjob.yaml")
}

/// The `lcmap-spark` command, built with the profile of the tests themselves.
pub(crate) fn lcmap_spark() -> PathBuf {
    made(folder_of_profile().join("lcmap-spark"), "cargo build -p lcmap-spark")
}

/// The static agent that is given to containers.
pub fn agent() -> PathBuf {
    made(target().join("programs/lcmap-agent"), "make programs")
}

/// The operator's image of the static programs, as an archive.
pub fn operator_image() -> PathBuf {
    made(target().join("programs.tar"), "make test-image")
}

/// The wheel of the static programs.
pub fn wheel() -> PathBuf {
    let folder = made(target().join("wheel"), "make test-wheel");
    let mut files = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    files.find(|file| file.extension().is_some_and(|it| it == "whl")).unwrap()
}

/// The wheels of PySpark and what it needs.
pub fn wheels() -> PathBuf {
    made(target().join("bed/wheels"), "make wheels")
}

/// The libmesos.so that ships, which older systems take too.
pub fn libmesos() -> PathBuf {
    made(target().join("x86_64-unknown-linux-gnu/libmesos/libmesos.so"), "make libmesos")
}

/// The environment that puts Java, Spark and Jupyter on the `PATH`, as `. target/env` does, with the Java of the tests.
pub fn spark() -> &'static [(OsString, OsString)] {
    static SPARK: OnceLock<Vec<(OsString, OsString)>> = OnceLock::new();
    SPARK.get_or_init(|| {
        let script = made(target().join("env"), "make setup");
        let mut path = java().join("bin").into_os_string();
        path.push(":");
        path.push(exported(&script, "PATH"));
        vec![("PATH".into(), path), ("JAVA_HOME".into(), java().into())]
    })
}

/// The `JAVA_HOME` of the tests: the machine's Java, with options by which a JVM starts soon.
pub fn java() -> PathBuf {
    made(target().join("bed/java"), "make java")
}

/// The Python of the Spark bed.
pub fn python() -> PathBuf {
    made(target().join("bed/spark/bin/python3"), "make setup")
}

/// The environment in which `podman` uses the podman bed.
pub fn podman() -> [(OsString, OsString); 3] {
    let bed = target().join("bed/podman");
    [
        ("CONTAINERS_CONF".into(), made(bed.join("containers.conf"), "make beds").into()),
        ("CONTAINERS_STORAGE_CONF".into(), made(bed.join("storage.conf"), "make beds").into()),
        ("PATH".into(), "/usr/sbin:/usr/bin:/sbin:/bin".into()),
    ]
}

/// The image of the podman bed.
pub const IMAGE: &str = "localhost/lcmap-spark:bed";

fn folder_of_profile() -> PathBuf {
    let test = std::env::current_exe().unwrap(); // target/PROFILE/deps/TEST
    test.parent().unwrap().parent().unwrap().to_owned()
}

pub(crate) fn target() -> PathBuf {
    folder_of_profile().parent().unwrap().to_owned()
}

fn made(path: PathBuf, how: &str) -> PathBuf {
    assert!(path.exists(), "{} is not there: `{how}` makes it", path.display());
    path
}

fn exported(script: &Path, name: &str) -> OsString {
    let question = format!(". '{}' && printf %s \"${name}\"", script.display());
    let answer = Command::new("bash").args(["-c", &question]).output().unwrap();
    String::from_utf8(answer.stdout).unwrap().into()
}
