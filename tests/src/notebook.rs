//! A notebook server, and the browser of somebody who uses it.

use std::net::TcpListener;
use std::process::Command;

use serde_json::Value;

use crate::{Running, bed};

/// A port that nobody listens on.
pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// The URL that a run with `--output json` tells, once its server answers.
pub fn url(run: &Running) -> String {
    run.wait_for_output("\"notebook\"");
    run.wait_for_output("NotebookReady");
    let output = run.stdout_so_far();
    let events = output.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let url = events
        .filter(|event| event["type"] == "notebook")
        .find_map(|event| event["url"].as_str().map(str::to_owned));
    url.unwrap()
}

/// The HTTP status that a server answers to a GET, whatever its certificate.
pub fn status(url: &str) -> String {
    let script = "import ssl, sys, urllib.error as e, urllib.request as r
try: print(r.urlopen(sys.argv[1], timeout=60, context=ssl._create_unverified_context()).status)
except e.HTTPError as refusal: print(refusal.code)";
    let output = Command::new(bed::python()).args(["-c", script, url]).output().unwrap();
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// Executes a notebook through its server, as a browser does, and prints what its cells print.
pub fn executing(url: &str, notebook: &str) -> Command {
    let mut command = Command::new(bed::python());
    command.arg(bed::repository("tests/notebook/execute.py")).args([url, notebook]);
    command
}
