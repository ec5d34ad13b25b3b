//! What whoever supervises the process learns from its state files, and what it can set.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    thread::sleep,
    time::Duration,
};

use lcmap_spark_tests::mesos::{Authority, Bed, Library, Programs, Run};
use serde_json::Value;

/// A program with state files, a framework id and a label from outside.
struct Supervised {
    java: Command,
    folder: PathBuf,
}

impl Supervised {
    fn new(bed: &Bed, programs: &Programs) -> Self {
        let folder = bed.folder().join("state");
        fs::create_dir(&folder).unwrap();
        let mut java = programs.java(bed, Library::Rust, &["-Xmx256m"]);
        java.env("LCMAP_MESOS_STATE_DIR", &folder)
            .env("LCMAP_MESOS_FRAMEWORK_ID", "uid-1")
            .env("LCMAP_MESOS_LABELS", r#"{"lcmap.usgs.gov/job": "uid"}"#);
        Self { java, folder }
    }
}

/// What a state file says.
fn state(folder: &Path, number: u32) -> Value {
    let text = fs::read_to_string(folder.join(format!("framework-{number}.json"))).unwrap();
    serde_json::from_str(&text).unwrap()
}

fn until(is_so: impl Fn() -> bool) {
    for _ in 0..200 {
        if is_so() {
            return;
        }
        sleep(Duration::from_millis(100));
    }
    panic!("not within 20 s");
}

#[test]
fn each_driver_of_a_process_has_an_id_a_label_and_a_file_of_its_own() {
    let bed = Bed::plain().agents(0).start().unwrap();
    let programs = Programs::compiled();
    let Supervised { java, folder } = Supervised::new(&bed, &programs);
    let mut seen = Value::Null;
    let said = Run::of(java, &bed, ["Supervised", "several"]).hear(|line| {
        if line == "look" {
            seen = serde_json::json!([
                state(&folder, 1)["phase"],
                state(&folder, 2)["phase"],
                bed.state().unwrap()
            ]);
            fs::write(bed.folder().join("go"), "").unwrap();
        }
    });
    assert!(said.finish().contains(&"uid-1 and uid-1-2".to_owned()));
    assert_eq!((&seen[0], &seen[1]), (&"Registered".into(), &"Stopped".into()));
    let [lives, gone] = ["frameworks", "completed_frameworks"].map(|which| &seen[2][which][0]);
    assert_eq!((&lives["id"], &gone["id"]), (&"uid-1".into(), &"uid-1-2".into()));
    for framework in [lives, gone] {
        assert_eq!(framework["labels"][0], serde_json::json!({"key": "lcmap.usgs.gov/job", "value": "uid"}));
    }
    assert_eq!(state(&folder, 1)["stopCalled"], true);
}

#[test]
fn drivers_one_after_the_other_have_ids_of_their_own() {
    let bed = Bed::plain().agents(0).start().unwrap();
    let programs = Programs::compiled();
    let Supervised { java, .. } = Supervised::new(&bed, &programs);
    let said = Run::of(java, &bed, ["Supervised", "successive"]).finish();
    let ids: Vec<_> = said.iter().filter(|line| line.starts_with("uid-")).collect();
    assert_eq!(ids, ["uid-1", "uid-1-2", "uid-1-3"], "an id that was torn down cannot be used again");
}

#[test]
fn a_stop_without_a_master_is_a_debt() {
    let mut bed = Bed::plain().agents(0).start().unwrap();
    let programs = Programs::compiled();
    let Supervised { java, folder } = Supervised::new(&bed, &programs);
    let run = Run::of(java, &bed, ["Supervised", "debt"]).hear(|line| {
        if line == "kill the master" {
            bed.master_mut(0).kill().unwrap();
        }
    });
    let said = run.finish();
    assert_eq!(said.last().unwrap(), "stop DRIVER_STOPPED");
    let state = state(&folder, 1);
    assert_eq!((&state["frameworkId"], &state["stopCalled"]), (&"uid-1".into(), &true.into()));
    // A master that is dying may still take a connection: what came of that is told after it.
    let owed = state["teardownOwed"].as_str().unwrap();
    assert!(owed.starts_with("it was stopped while no master was connected"), "{owed}");
}

#[test]
fn a_stop_that_the_master_does_not_answer_ends_and_is_a_debt() {
    let bed = Bed::plain().agents(0).start().unwrap();
    let programs = Programs::compiled();
    let Supervised { java, folder } = Supervised::new(&bed, &programs);
    let run = Run::of(java, &bed, ["Supervised", "silent"]).hear(|line| {
        if line == "freeze the master" {
            bed.master(0).freeze().unwrap();
            fs::write(bed.folder().join("go"), "").unwrap();
        }
    });
    assert_eq!(run.finish().last().unwrap(), "stop DRIVER_STOPPED");
    assert_eq!(state(&folder, 1)["teardownOwed"], "the master did not confirm it within 5 s");
    bed.master(0).thaw().unwrap();
}

#[test]
fn certificates_that_are_replaced_serve_the_next_connection() {
    let mut bed = Bed::plain().agents(0).tls().start().unwrap();
    let programs = Programs::compiled();
    let Supervised { mut java, folder } = Supervised::new(&bed, &programs);
    let shown = bed.pki().sign("shown", Authority::Trusted, |_| {}).unwrap();
    java.envs([("LIBPROCESS_SSL_ENABLED", "1"), ("LIBPROCESS_SSL_VERIFY_CERT", "1")]).envs([
        ("LIBPROCESS_SSL_CERT_FILE", shown.certificate),
        ("LIBPROCESS_SSL_KEY_FILE", shown.key),
        ("LIBPROCESS_SSL_CA_FILE", bed.pki().authority(Authority::Trusted)),
    ]);
    let run = Run::of(java, &bed, ["Supervised", "rotation"]).hear(|line| {
        if line == "rotate" {
            bed.pki().sign("shown", Authority::Stranger, |_| {}).unwrap();
            bed.master_mut(0).kill().unwrap();
            bed.master_mut(0).restart().unwrap();
            until(|| {
                state(&folder, 1)["reason"].to_string().contains("did not accept the client certificate")
            });
            bed.pki().sign("shown", Authority::Trusted, |_| {}).unwrap();
        }
    });
    assert_eq!(run.finish().last().unwrap(), "stop DRIVER_STOPPED");
    let state = state(&folder, 1);
    assert_eq!((&state["phase"], &state["teardownOwed"]), (&"Stopped".into(), &Value::Null));
}
