//! What listens while the command runs: Spark's web UI and the notebook server.

use std::fs;
use std::net::Ipv4Addr;
use std::os::unix::fs::PermissionsExt;

use crate::support::{Bed, Running, eventually, run, stdout};
use lcmap_spark_agent::plan::{Notebook, Run};
use lcmap_spark_agent::report::ExitReason;
use nix::sys::signal::Signal;

/// A `spark-submit` with a UI where Spark would put it, from which a second process can be told to close it.
const WITH_UI: &str = r#"#!/usr/bin/env python3
import os, re, socket, time
conf = open(os.environ["SPARK_CONF_DIR"] + "/spark-defaults.conf").read()
port = int(re.search("spark.ui.port=(.*)", conf)[1]) + int(os.environ.get("TAKEN", "0"))
address = os.environ.get("ADDRESS", "::")
listener = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
listener.bind((address, port))
listener.listen()
home = os.environ["HOME"]
open(home + "/port", "w").write(f"{port}\n")
while not os.path.exists(home + "/close"):
    time.sleep(0.02)
listener.close()
while not os.path.exists(home + "/end"):
    time.sleep(0.02)
"#;

#[test]
fn the_ui_is_in_the_state_while_it_listens() {
    let bed = Bed::with_submit("");
    bed.command("spark-submit", WITH_UI);
    let mut command = bed.as_child();
    // Spark takes the next port when one is taken.
    command.env("TAKEN", "2");
    let running = Running::start(command);
    let port: u16 = bed.wait_for("port").trim().parse().unwrap();
    eventually("the UI", || bed.state().ui.filter(|found| *found == (Ipv4Addr::LOCALHOST, port).into()));
    fs::write(bed.path("close"), "").unwrap();
    eventually("no UI", || bed.state().ui.is_none().then_some(()));
    fs::write(bed.path("end"), "").unwrap();
    assert_eq!(running.wait().status.code(), Some(0));
}

#[test]
fn a_ui_is_told_with_the_address_that_it_listens_on() {
    let bed = Bed::with_submit("");
    bed.command("spark-submit", WITH_UI);
    let mut command = bed.as_child();
    command.env("ADDRESS", "127.0.0.2");
    let running = Running::start(command);
    let port: u16 = bed.wait_for("port").trim().parse().unwrap();
    let expected = (Ipv4Addr::new(127, 0, 0, 2), port).into();
    eventually("the UI", || bed.state().ui.filter(|found| *found == expected));
    for file in ["close", "end"] {
        fs::write(bed.path(file), "").unwrap();
    }
    assert_eq!(running.wait().status.code(), Some(0));
}

#[test]
fn a_ui_of_somebody_else_is_not_ours() {
    let other = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = other.local_addr().unwrap().port();
    let bed = Bed::with_submit("sleep 1.5");
    bed.plan(|plan| plan.conf = [("spark.ui.port".to_owned(), port.to_string())].into());
    assert_eq!(run(bed.as_child()).status.code(), Some(0));
    assert_eq!(bed.state().ui, None);
}

/// A server that behaves like Jupyter in what the agent relies on.
const JUPYTER: &str = r#"#!/usr/bin/env python3
import http.server, os, sys
options = dict(a.lstrip("-").partition("=")[::2] for a in sys.argv[2:])
home = os.environ["HOME"]
open(home + "/token", "w").write(open(os.environ["JUPYTER_TOKEN_FILE"]).read() + "|\n")
open(home + "/python", "w").write(os.environ.get("PYTHONPATH", "") + "\n")
open(home + "/arguments", "w").write("\n".join(sys.argv[1:]) + "\n")
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        open(home + "/asked", "a").write(self.path + "\n")
        self.send_response(200 if self.path.startswith("/api") else 404)
        self.end_headers()
    def log_message(self, *arguments):
        pass
http.server.HTTPServer((options["ip"], int(options["port"])), Handler).serve_forever()
"#;

fn notebook(bed: &Bed) -> Notebook {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    bed.command("jupyter", JUPYTER);
    Notebook {
        args: vec!["--ServerApp.base_url=/x".to_owned()],
        directory: Some("/tmp".into()),
        ip: "127.0.0.1".to_owned(),
        port,
        token_file: None,
        idle_timeout_ms: Some(7_200_000),
    }
}

#[test]
fn a_notebook_is_ready_once_it_answers_and_its_token_is_private() {
    let bed = Bed::with_submit("");
    let notebook = notebook(&bed);
    let port = notebook.port;
    bed.plan(|plan| plan.run = Run::Notebook(notebook));
    let running = Running::start(bed.as_child());
    let ready = eventually("the notebook", || bed.state().notebook);
    assert_eq!(ready.port, port);
    let token = fs::read_to_string(&ready.token_file).unwrap();
    assert!(token.len() == 48 && token.bytes().all(|byte| byte.is_ascii_hexdigit()), "{token}");
    assert_eq!(fs::metadata(&ready.token_file).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(bed.wait_for("token"), format!("{token}|\n"));
    assert!(!bed.wait_for("arguments").contains(&token));
    assert!(bed.wait_for("asked").lines().all(|path| path == "/api?no_track_activity=1"));
    running.send(Signal::SIGTERM);
    assert_eq!(running.wait().status.code(), Some(143));
    assert_eq!(bed.termination_message().reason, ExitReason::Stopped);
    assert!(!ready.token_file.exists());
    assert_eq!((bed.state().pid, bed.state().notebook), (None, None));
}

#[test]
fn a_line_end_in_a_given_token_file_does_not_reach_jupyter() {
    let bed = Bed::with_submit("");
    let given = bed.path("given");
    fs::write(&given, "s3cret\n").unwrap();
    let notebook = Notebook { token_file: Some(given), ..notebook(&bed) };
    bed.plan(|plan| plan.run = Run::Notebook(notebook));
    let running = Running::start(bed.as_child());
    assert_eq!(bed.wait_for("token"), "s3cret|\n");
    running.send(Signal::SIGTERM);
    running.wait();
}

#[test]
fn an_empty_token_is_refused() {
    let bed = Bed::with_submit("");
    let given = bed.path("given");
    fs::write(&given, "\n").unwrap();
    let notebook = Notebook { token_file: Some(given), ..notebook(&bed) };
    bed.plan(|plan| plan.run = Run::Notebook(notebook));
    assert_eq!(run(bed.as_child()).status.code(), Some(125));
    assert!(bed.termination_message().message.contains("given is empty; a notebook needs a token"));
}

#[test]
fn a_notebook_finds_pyspark_and_gets_its_options_after_the_subcommand() {
    let bed = Bed::with_submit("");
    let lib = bed.path("spark/python/lib");
    fs::create_dir_all(bed.path("spark/python/pyspark")).unwrap();
    fs::create_dir_all(&lib).unwrap();
    fs::write(bed.path("spark/python/pyspark/__init__.py"), "").unwrap();
    fs::write(lib.join("py4j-0.10.9.7-src.zip"), "").unwrap();
    let notebook = notebook(&bed);
    let port = notebook.port;
    bed.plan(|plan| plan.run = Run::Notebook(notebook));
    let mut command = bed.as_child();
    command.env("PYTHONPATH", "/mine");
    let running = Running::start(command);
    let python = bed.path("spark/python").display().to_string();
    assert_eq!(bed.wait_for("python"), format!("{python}:{python}/lib/py4j-0.10.9.7-src.zip:/mine\n"));
    let allow_root = if nix::unistd::geteuid().is_root() { "--allow-root\n" } else { "" };
    assert_eq!(
        bed.wait_for("arguments"),
        format!(
            "notebook\n--ip=127.0.0.1\n--port={port}\n--ServerApp.port_retries=0\n--no-browser\n{allow_root}\
             --ServerApp.root_dir=/tmp\n--MappingKernelManager.cull_idle_timeout=7200\n\
             --MappingKernelManager.cull_interval=300\n--MappingKernelManager.cull_connected=True\n\
             --ServerApp.shutdown_no_activity_timeout=7200\n--ServerApp.base_url=/x\n"
        )
    );
    running.send(Signal::SIGTERM);
    assert_eq!(stdout(&running.wait()), "");
}
