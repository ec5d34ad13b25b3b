//! The examples in the other mode: one field switched, and the site's own Mesos named.

use std::fs;
use std::process::Command;

use lcmap_spark_tests::{
    Folder, LcmapSpark,
    bed::{example, repository},
    mesos::{Bed, Library},
};
use serde_json::{Value, json};

use super::bed::{nothing_is_left, spec};

/// An example in Distributed mode. What its manifest says of a site (image, master, user) is the bed's instead.
fn distributed(folder: &Folder, bed: &Bed, name: &str) -> LcmapSpark {
    let copied =
        Command::new("cp").arg("-r").arg(repository("examples")).arg(folder.path()).status().unwrap();
    assert!(copied.success());
    let file = folder.path().join("examples").join(name).join("sparkjob.yaml");
    let mut job: Value = serde_saphyr::from_str(&fs::read_to_string(&file).unwrap()).unwrap();
    let site = spec(bed);
    job["spec"]["mode"] = json!("Distributed");
    for field in ["image", "mesos"] {
        job["spec"][field] = site[field].clone();
    }
    fs::write(&file, job.to_string()).unwrap();
    // By the variable the bed's sweep finds what a test leaves.
    LcmapSpark::run(file).arg("--libmesos").arg(Library::Rust.path()).env("LCMAP_BED", bed.folder())
}

#[test]
fn an_example_prints_the_same_in_both_modes() {
    let bed = Bed::plain().start().unwrap();
    for name in ["pi", "ndvi", "anatomy"] {
        let here = LcmapSpark::run(example(name)).finish().succeeded();
        let there = distributed(&Folder::new(), &bed, name).finish().succeeded();
        assert_eq!(there.stdout, here.stdout, "{name}\n{}", there.stderr);
        nothing_is_left(&bed);
    }
}
