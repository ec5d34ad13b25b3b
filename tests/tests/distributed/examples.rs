//! The examples in the other mode, by the one switch; where Mesos is, the environment says, as a site says it once.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use lcmap_spark_tests::{
    Folder, LcmapSpark, Size,
    bed::{python, repository},
    mesos::{Bed, Library},
    says,
};
use serde_json::{Value, json};

use super::bed::{nothing_is_left, spec};

/// A copy of the examples, and of what they run that was built.
fn copied(folder: &Folder) -> PathBuf {
    let copied =
        Command::new("cp").arg("-r").arg(repository("examples")).arg(folder.path()).status().unwrap();
    assert!(copied.success());
    folder.path().join("examples")
}

/// Switches the mode of an example. The image, and where agents have Spark and Python, are the bed's; a master that it names
/// itself, which is nobody's, gives way to that of the environment.
fn switched(examples: &Path, bed: &Bed, name: &str) -> LcmapSpark {
    let file = examples.join(name).join("sparkjob.yaml");
    let mut job: Value = serde_saphyr::from_str(&fs::read_to_string(&file).unwrap()).unwrap();
    assert_eq!(job["spec"]["mode"], "NonDistributed");
    job["spec"]["mode"] = json!("Distributed");
    job["spec"]["image"] = Value::Null;
    job["spec"]["mesos"] = json!({"container": spec(bed)["mesos"]["container"]});
    if name == "clear-looks" {
        job["spec"]["run"]["submit"]["application"] = json!(repository("target/examples/clear-looks.jar"));
    }
    if name == "pyspark" {
        // The bed's Spark is a package of its Python, and no other opens a shell of it.
        job["spec"]["env"] =
            json!([{"name": "PYSPARK_DRIVER_PYTHON", "value": python(), "executors": false}]);
    }
    fs::write(&file, job.to_string()).unwrap();
    LcmapSpark::run(file)
        .arg("--libmesos")
        .arg(Library::Rust.path())
        .env("LCMAP_MESOS_MASTER", format!("mesos://{}", bed.masters()))
        .env("LCMAP_MESOS_USER", "root")
        // By the variable the bed's sweep finds what a test leaves.
        .env("LCMAP_BED", bed.folder())
}

#[test]
fn every_program_prints_on_mesos_what_it_prints_here() {
    let bed = Bed::plain().start().unwrap();
    let folder = Folder::new();
    let examples = copied(&folder);
    // As tests/examples.rs has it of the other mode.
    for (name, prints) in [
        ("pi", "Pi is roughly 3.1412\n"),
        ("sum", "The sum of 0, 1 and 2 is 3\n"),
        ("landcover", "38 of 120 pixels changed\n"),
        ("ndvi", "summer    0.49     71\n"),
        ("anatomy", "3      2016-03-25  2016-05-04   +0.15\n"),
        ("clear-looks", "pixel 0: 25 of 46 looks are clear\n"),
    ] {
        let mut command = switched(&examples, &bed, name);
        if name == "sum" {
            command = command.arg("--map").arg(format!("/home/lcmap={}", examples.join("sum").display()));
        }
        says(&command.finish().succeeded().stdout, &[prints]);
        nothing_is_left(&bed);
    }
}

#[test]
fn every_shell_counts_on_mesos() {
    let bed = Bed::plain().start().unwrap();
    let folder = Folder::new();
    let examples = copied(&folder);
    for (name, prompt, typed, answer, end) in [
        (
            "pyspark",
            ">>> ",
            "sc.parallelize(range(4), 4).map(lambda n: n ** 20).sum()",
            "3487832978",
            "exit()",
        ),
        ("spark-shell", "scala> ", "sc.parallelize(1 to 1000, 4).map(_ * 3L).sum", "1501500.0", ":quit"),
    ] {
        let mut shell = switched(&examples, &bed, name).at_terminal(Size::USUAL);
        shell.wait_for(prompt);
        shell.line(typed);
        shell.wait_for(answer);
        shell.wait_for(prompt);
        shell.line(end);
        shell.finish().succeeded();
        nothing_is_left(&bed);
    }
}

/// Its JVM is a child of the shell, and would not end it.
#[test]
fn a_python_shell_whose_framework_is_torn_down_ends_and_says_why() {
    let bed = Bed::plain().start().unwrap();
    let folder = Folder::new();
    let shell = switched(&copied(&folder), &bed, "pyspark").at_terminal(Size::USUAL);
    shell.wait_for(">>> ");
    let id = bed.state().unwrap()["frameworks"][0]["id"].as_str().unwrap().to_owned();
    bed.tear_down(&id).unwrap();
    shell.wait_for("FrameworkRemoved");
    assert_ne!(shell.finish().code, Some(0));
    nothing_is_left(&bed);
}
