//! The operator's image: `make image` writes what a container engine builds by the Dockerfile.

#![allow(clippy::unwrap_used)] // all of it is a test, and a panic its verdict

use std::process::{Command, Stdio};

use lcmap_spark_tests::{Folder, bed};
use serde_json::Value;

/// In the archive, and as podman calls it then.
const ARCHIVED: &str = "localhost/operator:archived";
const BUILT: &str = "localhost/operator:built";

fn podman(args: &[&str]) -> Vec<u8> {
    let output = Command::new("podman").envs(bed::podman()).args(args).stderr(Stdio::inherit()).output();
    let output = output.unwrap();
    assert!(output.status.success(), "podman {args:?}");
    output.stdout
}

/// What the image says of itself, but for who built it.
fn configuration(image: &str) -> Value {
    let inspected: Value = serde_json::from_slice(&podman(&["image", "inspect", image])).unwrap();
    let mut configuration = inspected[0]["Config"].clone();
    let fields = configuration.as_object_mut().unwrap();
    fields.remove("Labels");
    fields.remove("WorkingDir"); // `/` is what none means
    configuration
}

/// Its files with owner, mode and size.
fn files(image: &str) -> Vec<String> {
    let container = String::from_utf8(podman(&["create", image])).unwrap();
    let archive = podman(&["export", container.trim()]);
    podman(&["rm", container.trim()]);
    let folder = Folder::new();
    let archive = folder.write("files.tar", archive);
    let list = Command::new("tar").arg("-tvf").arg(archive).output().unwrap();
    let list = String::from_utf8(list.stdout).unwrap();
    let without_time = |line: &str| {
        let words: Vec<&str> = line.split_whitespace().collect();
        format!("{} {} {} {}", words[0], words[1], words[2], words[5..].join(" "))
    };
    let mut files: Vec<String> = list
        .lines()
        .map(without_time)
        .filter(|file| file.contains("lcmap-") || file.contains("libmesos"))
        .collect();
    files.sort();
    files
}

#[test]
fn the_archive_is_what_the_dockerfile_builds() {
    // The build stage is replaced by a folder, so that neither registry nor compiler is asked.
    let stage = Folder::new();
    let root = stage.path().join("source/target/image/root");
    std::fs::create_dir_all(&root).unwrap();
    for program in ["lcmap-spark", "lcmap-agent", "libmesos.so"] {
        stage.program(&format!("source/target/image/root/{program}"), program);
    }
    let archive = stage.path().join("image.tar");
    let written = Command::new(bed::repository("operator/image.py"))
        .args([ARCHIVED.as_ref(), root.as_os_str(), archive.as_os_str()])
        .status();
    assert!(written.unwrap().success());
    podman(&["load", "--quiet", "--input", archive.to_str().unwrap()]);

    let dockerfile = bed::repository("operator/Dockerfile").display().to_string();
    let context = format!("build={}", stage.path().display());
    let empty = Folder::new();
    let nothing = empty.path().to_str().unwrap();
    podman(&["build", "--quiet", "-f", &dockerfile, "--build-context", &context, "-t", BUILT, nothing]);

    assert_eq!(configuration(ARCHIVED), configuration(BUILT));
    let found = files(ARCHIVED);
    assert_eq!(found.len(), 3, "{found:?}");
    assert_eq!(found, files(BUILT));
    podman(&["rmi", ARCHIVED, BUILT]);
}
