//! What listens while the command runs: Spark's web UI and the notebook server.

use std::fs;
use std::net::Ipv4Addr;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::support::{Bed, Running, eventually, run, stdout};
use lcmap_spark_agent::plan::{Notebook, Run};
use lcmap_spark_agent::report::ExitReason;
use lcmap_spark_agent::state::Scheme;
use nix::sys::signal::Signal;

/// A `spark-submit` with a UI where Spark would put it, and a second process that can have it closed.
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

/// A server that behaves like Jupyter in what the agent relies on; `LIKE` says in what it does not.
const JUPYTER: &str = r#"#!/usr/bin/env python3
import http.server, json, os, ssl, sys
from urllib.parse import parse_qs, urlsplit
options = dict(a.lstrip("-").partition("=")[::2] for a in sys.argv[2:])
home, runtime = os.environ["HOME"], os.environ["JUPYTER_RUNTIME_DIR"]
like = json.loads(os.environ.get("LIKE", "{}"))
token = open(os.environ["JUPYTER_TOKEN_FILE"]).read()
base = options["ServerApp.base_url"] + "/"
open(home + "/token", "w").write(token + "|\n")
open(home + "/python", "w").write(os.environ.get("PYTHONPATH", "") + "\n")
open(home + "/arguments", "w").write("\n".join(sys.argv[1:]) + "\n")
open(home + "/configuration", "w").write(os.environ["JUPYTER_CONFIG_PATH"] + "\n")
if "refused" in like:
    folder = os.environ["JUPYTER_CONFIG_PATH"].split(":")[0]
    open(folder + "/refused", "w").write(like["refused"])
    sys.exit(1)
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        open(home + "/asked", "a").write(self.path.replace(token, "TOKEN") + "\n")
        given = parse_qs(urlsplit(self.path).query).get("token", [None])[0]
        opened = like.get("open") or given == like.get("token", token)
        known = self.path.startswith(base + "api/status?")
        self.send_response(404 if not known else 200 if opened else 403)
        self.end_headers()
    def log_message(self, *arguments):
        pass
address = like.get("ip", options["ip"]), int(options["port"]) + like.get("further", 0)
server = http.server.HTTPServer(address, Handler)
if "certificate" in like:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(like["certificate"])
    server.socket = context.wrap_socket(server.socket, server_side=True)
told = {"base_url": base, "port": address[1], "secure": like.get("secure", False), "sock": like.get("sock", "")}
open(runtime + "/new", "w").write(json.dumps(told))
os.rename(runtime + "/new", runtime + "/jpserver-1.json")
server.serve_forever()
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
fn a_notebook_is_ready_once_it_answers_to_its_token_alone_which_is_private() {
    let bed = Bed::with_submit("");
    let notebook = notebook(&bed);
    let port = notebook.port;
    bed.plan(|plan| plan.run = Run::Notebook(notebook));
    let mut command = bed.as_child();
    command.env("JUPYTER_CONFIG_PATH", "/theirs");
    let running = Running::start(command);
    let ready = eventually("the notebook", || bed.state().notebook);
    assert_eq!((ready.scheme, ready.port, ready.base_url.as_str()), (Scheme::Http, port, "/x/"));
    let token = fs::read_to_string(&ready.token_file).unwrap();
    assert!(token.len() == 64 && token.bytes().all(|byte| byte.is_ascii_hexdigit()), "{token}");
    assert_eq!(fs::metadata(&ready.token_file).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(bed.wait_for("token"), format!("{token}|\n"));
    assert!(!bed.wait_for("arguments").contains(&token));
    let question = "/x/api/status?no_track_activity=1&asked_by=lcmap-agent";
    assert_eq!(bed.wait_for("asked"), format!("{question}\n{question}&token=TOKEN\n"));
    let configuration = bed.wait_for("configuration");
    let (ours, theirs) = configuration.trim().split_once(':').unwrap();
    assert_eq!((Path::new(ours).join("lcmap_spark_guard.py").exists(), theirs), (true, "/theirs"));
    running.send(Signal::SIGTERM);
    assert_eq!(running.wait().status.code(), Some(143));
    assert_eq!(bed.termination_message().reason, ExitReason::Stopped);
    assert!(!ready.token_file.exists());
    assert_eq!((bed.state().pid, bed.state().notebook), (None, None));
}

#[test]
fn a_notebook_that_others_could_open_or_nobody_could_is_ended_with_the_reason() {
    for (like, words) in [
        (r#"{"open": true}"#, "Jupyter lets in whoever comes: it answers 200 to a request without"),
        (r#"{"token": "of-its-own"}"#, "Jupyter does not take the notebook's token: it answers 403"),
        (r#"{"sock": "/run/nb"}"#, "Jupyter listens on /run/nb, and not at 127.0.0.1:"),
        (r#"{"further": 1}"#, "Jupyter listens on port "),
        (r#"{"ip": "0.0.0.0"}"#, "Jupyter listens on address 0.0.0.0, and not at 127.0.0.1:"),
        (r#"{"refused": "as /etc/jupyter/x.py says"}"#, "as /etc/jupyter/x.py says"),
    ] {
        let bed = Bed::with_submit("");
        let notebook = notebook(&bed);
        bed.plan(|plan| plan.run = Run::Notebook(notebook));
        let mut command = bed.as_child();
        command.env("LIKE", like);
        assert_eq!(run(command).status.code(), Some(125), "{like}");
        let ended = bed.termination_message();
        assert_eq!(ended.reason, ExitReason::JupyterMisconfigured, "{like}");
        assert!(ended.message.starts_with(words), "{like}: {}", ended.message);
        assert_eq!(bed.state().notebook, None, "{like}");
    }
}

#[test]
fn a_notebook_may_speak_tls_whether_its_file_says_so_or_not() {
    let certified = rcgen::generate_simple_self_signed(vec!["notebook".to_owned()]).unwrap();
    for secure in [true, false] {
        let bed = Bed::with_submit("");
        let notebook = notebook(&bed);
        bed.plan(|plan| plan.run = Run::Notebook(notebook));
        let certificate = bed.path("certificate");
        fs::write(&certificate, certified.signing_key.serialize_pem() + &certified.cert.pem()).unwrap();
        let mut command = bed.as_child();
        command.env("LIKE", format!(r#"{{"certificate": "{}", "secure": {secure}}}"#, certificate.display()));
        let running = Running::start(command);
        let ready = eventually("the notebook", || bed.state().notebook);
        assert_eq!(ready.scheme, Scheme::Https);
        running.send(Signal::SIGTERM);
        running.wait();
    }
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
            "notebook\n--ip=127.0.0.1\n--port={port}\n--ServerApp.port_retries=0\n--ServerApp.sock=\n--no-browser\n{allow_root}\
             --ServerApp.root_dir=/tmp\n--MappingKernelManager.cull_idle_timeout=7200\n\
             --MappingKernelManager.cull_interval=300\n--MappingKernelManager.cull_connected=True\n\
             --ServerApp.shutdown_no_activity_timeout=7200\n--ServerApp.base_url=/x\n"
        )
    );
    running.send(Signal::SIGTERM);
    assert_eq!(stdout(&running.wait()), "");
}
