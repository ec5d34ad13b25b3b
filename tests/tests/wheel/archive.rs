//! The wheel as an archive.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use lcmap_spark_tests::{Folder, bed, says};

use crate::environment::run;

const PROGRAMS: [&str; 3] = ["lcmap-agent", "lcmap-spark", "libmesos.so"];

fn packer(programs: &Path, folder: &Path) -> Command {
    let mut packer = Command::new(bed::repository("python/wheel.py"));
    packer.args([programs, folder]);
    packer
}

/// A folder in which this file is each of the programs.
fn programs_from(file: &Path) -> Folder {
    let folder = Folder::new();
    for program in PROGRAMS {
        std::fs::copy(file, folder.path().join(program)).unwrap();
    }
    folder
}

/// Runs a Python program with the path of the wheel as its argument, and returns what it prints.
fn python(program: &str) -> String {
    run(Command::new(bed::python()).args(["-c", program]).arg(bed::wheel()))
}

#[test]
fn two_wheels_of_the_same_programs_are_equal() {
    let programs = programs_from(&bed::libmesos());
    let wheel = |epoch: &str| {
        let folder = Folder::new();
        let wheel =
            PathBuf::from(run(packer(programs.path(), folder.path()).env("SOURCE_DATE_EPOCH", epoch)).trim());
        std::fs::read(wheel).unwrap()
    };
    let first = wheel("1700000000");
    for program in PROGRAMS {
        std::fs::File::open(programs.path().join(program))
            .unwrap()
            .set_modified(std::time::UNIX_EPOCH)
            .unwrap();
    }
    assert!(first == wheel("1700000000"), "they differ");
    assert!(first != wheel("1800000000"), "SOURCE_DATE_EPOCH dates the files");
}

fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
}

#[test]
fn the_record_has_every_file_with_its_digest_and_size() {
    let folder = Folder::new();
    run(Command::new(bed::python()).args(["-m", "zipfile", "-e"]).arg(bed::wheel()).arg(folder.path()));
    let names = python("import sys, zipfile; print('\\n'.join(zipfile.ZipFile(sys.argv[1]).namelist()))");
    let digests = run(Command::new("sha256sum").args(names.lines()).current_dir(folder.path()));
    let digests: BTreeMap<_, _> =
        digests.lines().filter_map(|line| line.split_once("  ")).map(|(hex, name)| (name, hex)).collect();

    let record = names.lines().find(|name| name.ends_with(".dist-info/RECORD")).unwrap();
    let lines = std::fs::read_to_string(folder.path().join(record)).unwrap();
    assert_eq!(lines.lines().count(), names.lines().count());
    for line in lines.lines() {
        let [name, digest, size] = line.split(',').collect::<Vec<_>>().try_into().unwrap();
        if name == record {
            assert_eq!((digest, size), ("", ""));
            continue;
        }
        let digest = BASE64_URL_SAFE_NO_PAD.decode(digest.strip_prefix("sha256=").unwrap()).unwrap();
        assert_eq!(digest, bytes(digests[name]), "{name}");
        assert_eq!(size, std::fs::metadata(folder.path().join(name)).unwrap().len().to_string(), "{name}");
    }
}

#[test]
fn its_programs_may_be_executed() {
    let modes = python(
        "import sys, zipfile\n\
         for it in zipfile.ZipFile(sys.argv[1]).infolist(): print(oct(it.external_attr >> 16), it.filename)",
    );
    let mut programs = modes.lines().filter(|line| line.contains("/scripts/"));
    assert!(programs.clone().count() == 3 && programs.all(|line| line.starts_with("0o100755")), "{modes}");
}

#[test]
fn its_metadata_says_what_pip_and_people_need() {
    let metadata = python(
        "import email, sys, zipfile\n\
         wheel = zipfile.ZipFile(sys.argv[1])\n\
         name = next(it for it in wheel.namelist() if it.endswith('/METADATA'))\n\
         print(wheel.read(name).decode())",
    );
    let (head, description) = metadata.split_once("\n\n").unwrap();
    says(head, &["Name: lcmap-spark\n", "License-Expression: Apache-2.0\n", "Requires-Python: >=3.8\n"]);
    says(
        head,
        &[
            "Requires-Dist: pyspark<3.6,>=3.5; extra == \"spark\"\n",
            "Description-Content-Type: text/markdown",
        ],
    );
    says(head, &[&format!("Version: {}\n", env!("CARGO_PKG_VERSION"))]);
    assert!(description.starts_with("# lcmap-spark\n"), "{description}");
    for link in description.split("](").skip(1) {
        assert!(
            link.starts_with("https://") || link.starts_with('#'),
            "a link that PyPI cannot follow: {link:.80}"
        );
    }
    let wheel = bed::wheel();
    assert!(wheel.to_str().unwrap().ends_with("-py3-none-manylinux_2_17_x86_64.whl"), "{}", wheel.display());
}

#[test]
fn programs_that_not_every_linux_runs_are_refused() {
    let folder = Folder::new();
    let refused = |programs: &Path| {
        let output = packer(programs, folder.path()).output().unwrap();
        assert!(!output.status.success() && std::fs::read_dir(folder.path()).unwrap().next().is_none());
        String::from_utf8(output.stderr).unwrap()
    };
    let own = programs_from(&std::env::current_exe().unwrap()); // linked against this machine's glibc
    says(&refused(own.path()), &["lcmap-agent: needs glibc 2.", "newer than 2.17"]);
    let text = programs_from(&bed::repository("LICENSE"));
    says(&refused(text.path()), &["lcmap-agent: is no program for x86_64 or aarch64"]);
    std::fs::remove_file(text.path().join("libmesos.so")).unwrap();
    says(&refused(text.path()), &["there is no libmesos.so", "make build"]);
}
