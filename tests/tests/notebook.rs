//! The notebook: the example's own code, executed through the server as a browser does it, and who gets in.

#![allow(clippy::unwrap_used)] // all of it is a test, and a panic its verdict

use std::net::TcpListener;

use lcmap_spark_tests::notebook::{executing, free_port, url};
use lcmap_spark_tests::{Folder, LcmapSpark, bed, says};
use rustix::process::Signal;
use serde_json::json;

/// The example, on a port of its own.
fn manifest(folder: &Folder, port: u16) -> std::path::PathBuf {
    let example = bed::repository("examples/notebook");
    std::fs::copy(example.join("min-max.ipynb"), folder.path().join("min-max.ipynb")).unwrap();
    let text = std::fs::read_to_string(example.join("sparkjob.yaml")).unwrap();
    folder.write("sparkjob.yaml", text.replace("notebook:\n", &format!("notebook:\n      port: {port}\n")))
}

#[test]
fn the_example_runs_through_its_server_and_only_its_token_opens_it() {
    let (folder, port) = (Folder::new(), free_port());
    let run = LcmapSpark::run(manifest(&folder, port)).args(["--output", "json"]).start();
    let url = url(&run);
    says(&url, &[&format!("http://127.0.0.1:{port}/"), "token="]);

    let executed = executing(&url, "min-max.ipynb").output().unwrap();
    assert_eq!(String::from_utf8_lossy(&executed.stdout), "min 0 max 999999\n", "{executed:?}");

    let (_, token) = url.split_once("token=").unwrap();
    assert!(token.len() >= 32, "{token}");
    assert!(!run.command_lines().concat().contains(token), "{:?}", run.command_lines());
    let stranger = executing(&url.replace(token, "a-guess"), "min-max.ipynb").output().unwrap();
    says(&String::from_utf8_lossy(&stranger.stderr), &["403"]);

    run.signal(Signal::INT);
    let token = token.to_owned();
    let run = run.finish();
    assert!(!run.stderr.contains(&token), "the server's own log shows the token:\n{}", run.stderr);
}

#[test]
fn a_token_of_ones_own_opens_the_notebook_whatever_its_last_newline() {
    let (folder, port) = (Folder::new(), free_port());
    folder.write("opener/token", "a-token-of-my-own\n");
    let spec = json!({"run": {"notebook": {"directory": ".", "port": port, "tokenSecretName": "opener"}}});
    let secret = format!("opener={}", folder.path().join("opener").display());
    std::fs::copy(bed::repository("examples/notebook/min-max.ipynb"), folder.path().join("a b.ipynb"))
        .unwrap();
    let run =
        LcmapSpark::run(folder.job("notebook", spec)).args(["--output", "json", "--secret", &secret]).start();
    let url = url(&run);
    assert!(url.ends_with("token=a-token-of-my-own"), "{url}");
    let executed = executing(&url, "a b.ipynb").output().unwrap();
    assert_eq!(String::from_utf8_lossy(&executed.stdout), "min 0 max 999999\n", "{executed:?}");
    run.signal(Signal::INT);
    run.finish();
}

#[test]
fn a_port_that_is_taken_fails_the_job_and_is_named() {
    let folder = Folder::new();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let run = LcmapSpark::run(manifest(&folder, port)).finish();
    assert!(run.code.is_some_and(|code| code != 0), "{run:?}");
    says(&run.stderr, &["Failed", &port.to_string()]);
}
