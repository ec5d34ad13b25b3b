//! The folder that a release publishes.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use lcmap_spark_tests::{Folder, bed};

use crate::environment::run;

/// The folder, of the programs that the tests have: these do not list their dependencies.
fn dist() -> Folder {
    let folder = Folder::new();
    let programs = bed::agent().parent().unwrap().to_owned();
    let mut command = Command::new(bed::repository("release/dist.py"));
    command.args([&programs, &bed::operator_image(), folder.path()]).arg("--without-dependencies");
    run(&mut command);
    folder
}

fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries
        .map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), fs::read(&path).unwrap()))
        .collect()
}

#[test]
fn a_release_holds_what_people_install_and_is_the_same_each_time() {
    let (first, second) = (dist(), dist());
    let version = env!("CARGO_PKG_VERSION");
    let expected = [
        "CHANGES.md".to_owned(),
        "SHA256SUMS".to_owned(),
        format!("lcmap-spark-{version}-linux-x86_64.tar.gz"),
        format!("lcmap-spark-{version}.tgz"),
        format!("lcmap-spark-{version}.yaml"),
        format!("lcmap-spark-operator-{version}.oci.tar"),
        format!("lcmap_spark-{version}-py3-none-manylinux_2_17_x86_64.whl"),
    ];
    let files = (files(first.path()), files(second.path()));
    assert_eq!(files.0.keys().cloned().collect::<Vec<_>>(), expected);
    for (name, content) in &files.0 {
        assert!(*content == files.1[name], "{name} differs");
    }
    run(Command::new("sha256sum").args(["--check", "--strict", "SHA256SUMS"]).current_dir(first.path()));
    let changes = String::from_utf8_lossy(&files.0["CHANGES.md"]);
    assert!(changes.starts_with("### Added"), "{changes}");

    let name = format!("lcmap-spark-{version}-linux-x86_64");
    run(Command::new("tar").args(["-xzf", &format!("{name}.tar.gz")]).current_dir(first.path()));
    let said = run(Command::new(first.path().join(name).join("lcmap-spark")).arg("--version"));
    assert_eq!(said.trim(), format!("lcmap-spark {version}"));
}
