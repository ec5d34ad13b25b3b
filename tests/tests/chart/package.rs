//! The chart as a package, and the manifest of a release.

use std::path::PathBuf;
use std::process::Command;

use lcmap_spark_tests::Folder;

use super::{chart, control_plane, repository};

fn package(folder: &Folder) -> PathBuf {
    let output = Command::new(repository("charts/package.py")).arg(folder.path()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    PathBuf::from(String::from_utf8(output.stdout).unwrap().trim())
}

#[test]
fn a_packaged_chart_renders_what_the_chart_does() {
    let folder = Folder::new();
    let package = package(&folder).display().to_string();
    let template = |chart: &str| {
        control_plane().helm(["template", "lcmap-spark", chart, "--namespace=lcmap-spark"]).unwrap()
    };
    assert_eq!(template(&package), template(&chart()));
    let show = |chart: &str| control_plane().helm(["show", "all", chart]).unwrap();
    assert_eq!(show(&package), show(&chart()));
}
