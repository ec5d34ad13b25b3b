//! Packed Python environments where the driver runs its tasks itself: the manifest that executors on Mesos take, with the
//! mode switched alone.

#![allow(clippy::unwrap_used)] // all of it is a test, and a panic its verdict

use lcmap_spark_tests::{Folder, LcmapSpark, packed, says};
use serde_json::{Value, json};

fn spec(more: &Value) -> Value {
    let mut spec = json!({
        "run": {"submit": {"application": "job.py"}},
        "driver": {"cores": 1, "memory": "512m"},
        "dependencies": {"archives": ["environment.tar.gz#environment"]},
    });
    for (field, value) in more.as_object().unwrap() {
        spec[field] = value.clone();
    }
    spec
}

const PYTHON: &str = "./environment/bin/python";

fn folder() -> Folder {
    let folder = Folder::new();
    folder.write("job.py", packed::SHOWS);
    packed::environment(&folder);
    folder
}

#[test]
fn a_packed_python_runs_driver_and_workers_and_leaves_nothing_behind() {
    let folder = folder();
    let variable = json!({"env": [{"name": "PYSPARK_PYTHON", "value": PYTHON}]});
    let field = json!({"mesos": {"container": {"python": PYTHON}}});
    let files = [("by-variable", spec(&variable)), ("by-field", spec(&field))];
    let manifest = folder.jobs("jobs.yaml", files);
    let scratch = Folder::new();
    let run = LcmapSpark::run(manifest).env("SPARK_LOCAL_DIRS", scratch.path()).finish().succeeded();
    assert_eq!(run.stdout.matches("driver yes\nworkers ['yes']\n").count(), 2, "{}", run.stdout);
    let left = |folder: &Folder| std::fs::read_dir(folder.path()).unwrap().count();
    assert_eq!((left(&scratch), left(&folder)), (0, 3), "an archive was left unpacked");
}

#[test]
fn a_driver_that_is_told_another_python_keeps_it() {
    let folder = folder();
    let env = json!([
        {"name": "PYSPARK_PYTHON", "value": PYTHON},
        {"name": "PYSPARK_DRIVER_PYTHON", "value": "/usr/bin/python3", "executors": false},
    ]);
    let python = lcmap_spark_tests::bed::python();
    let home = python.parent().unwrap().parent().unwrap().join("lib/python3.11/site-packages/pyspark");
    let run = LcmapSpark::run(folder.job("job", spec(&json!({"env": env})))).env("SPARK_HOME", home);
    says(&run.finish().succeeded().stdout, &["driver None\nworkers ['yes']\n"]);
}

#[test]
fn a_packed_python_that_cannot_be_had_is_refused_with_the_archive() {
    let folder = folder();
    folder.write("environment.zip", "");
    for (archive, python, words) in [
        ("environment.tar.gz#environment", "./environment/bin/none", "holds no bin/none"),
        ("environment.zip#environment", PYTHON, "must be a .tar.gz"),
        ("https://nowhere/environment.tar.gz#environment", PYTHON, "only Spark can fetch it"),
    ] {
        let more = json!({
            "dependencies": {"archives": [archive]},
            "env": [{"name": "PYSPARK_PYTHON", "value": python}],
        });
        let run = LcmapSpark::run(folder.job("job", spec(&more))).finish().failed_with(125);
        says(&run.stderr, &["spec.dependencies.archives", words]);
    }
}
