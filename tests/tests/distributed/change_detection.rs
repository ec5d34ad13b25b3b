//! The change detection of the seed's users: pyccd on time series, its segments in a real Cassandra.

use std::path::PathBuf;

use lcmap_spark_tests::{
    Folder, LcmapSpark, bed,
    cassandra::{self, Cassandra},
    mesos::{Bed, Library},
    says,
};
use serde_json::{Value, json};

use super::bed::{nothing_is_left, spec};

/// A node with the example's table and role.
fn cassandra() -> Cassandra {
    let cassandra = Cassandra::start().unwrap();
    let schema = std::fs::read_to_string(bed::repository("examples/change-detection/schema.cql")).unwrap();
    cassandra.execute(&schema).unwrap();
    cassandra
}

/// The example's manifest for this node, beside its program, edited. The connector's jars are at hand: they stand for the
/// package.
fn manifest(folder: &Folder, cassandra: &Cassandra, edit: impl FnOnce(&mut Value)) -> PathBuf {
    let example = bed::repository("examples/change-detection");
    for file in ["detect.py", "series.py", "answer.json"] {
        folder.write(file, std::fs::read(example.join(file)).unwrap());
    }
    let text = std::fs::read_to_string(example.join("sparkjob.yaml")).unwrap();
    let mut job: Value = serde_saphyr::from_str(&text).unwrap();
    assert_eq!(job["spec"]["mode"], "NonDistributed");
    job["spec"]["conf"]["spark.cassandra.connection.host"] = json!(cassandra.host());
    job["spec"]["dependencies"]["packages"] = json!([]);
    job["spec"]["dependencies"]["jars"] = json!(cassandra::connector().unwrap());
    job["spec"]["image"] = Value::Null;
    edit(&mut job["spec"]);
    folder.write("sparkjob.yaml", job.to_string())
}

/// Runs it with the Python that has pyccd, as this user of the database.
fn run(folder: &Folder, manifest: PathBuf, password: &str) -> LcmapSpark {
    folder.write("cassandra/spark.cassandra.auth.username", "detector");
    folder.write("cassandra/spark.cassandra.auth.password", password);
    let secret = format!("cassandra={}", folder.path().join("cassandra").display());
    LcmapSpark::run(manifest).args(["--secret", &secret]).env("PYSPARK_PYTHON", cassandra::python())
}

const PASSWORD: &str = "only-for-this-example";
const FOUND: &str = "24 segments of 16 pixels are saved\n8 pixels changed on 2003-05-09\n";

#[test]
fn breaks_are_found_and_saved_in_both_modes() {
    let (cassandra, folder) = (cassandra(), Folder::new());
    let here = manifest(&folder, &cassandra, |_| ());
    assert_eq!(run(&folder, here, PASSWORD).finish().succeeded().stdout, FOUND);
    let count = "SELECT count(*) FROM landcover.segments WHERE x = -1821585 AND y = 2891595";
    assert_eq!(cassandra.execute(count).unwrap(), "2\n");

    cassandra.execute("TRUNCATE landcover.segments").unwrap();
    let bed = Bed::plain().start().unwrap();
    let there = manifest(&folder, &cassandra, |job| {
        job["mode"] = json!("Distributed");
        job["mesos"] = json!({"container": spec(&bed)["mesos"]["container"]});
        job["mesos"]["container"]["python"] = json!(cassandra::python());
    });
    let run = run(&folder, there, PASSWORD)
        .arg("--libmesos")
        .arg(Library::Rust.path())
        .env("LCMAP_MESOS_MASTER", format!("mesos://{}", bed.masters()))
        .env("LCMAP_MESOS_USER", "root")
        .env("LCMAP_BED", bed.folder());
    assert_eq!(run.finish().succeeded().stdout, FOUND);
    assert_eq!(cassandra.execute(count).unwrap(), "2\n");
    nothing_is_left(&bed);
}

#[test]
fn a_stored_answer_is_read_and_a_wrong_password_is_one_sentence() {
    let (cassandra, folder) = (cassandra(), Folder::new());
    let stored = manifest(&folder, &cassandra, |job| {
        job["dependencies"]["files"] = json!(["answer.json"]);
        job["run"]["submit"]["args"] =
            json!(["-x", "-1815585", "-y", "2885595", "--pixels", "2", "--answer", "answer.json"]);
    });
    let found = run(&folder, stored.clone(), PASSWORD).finish().succeeded();
    assert_eq!(found.stdout, "3 segments of 2 pixels are saved\n1 pixels changed on 2003-05-09\n");

    let refused = run(&folder, stored, "wrong").finish().failed_with(1);
    let reason = format!(
        "AuthenticationException: Authentication error on node /{}:9042: server replied with 'Provided username",
        cassandra.host()
    );
    says(&refused.stderr, &["ExitedNonZero", &reason, "password are incorrect", "(detect.py:"]);
}
