//! Shells that people attach to, and notebooks that they open.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::Stdio;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use lcmap_spark_tests::Terminal;
use lcmap_spark_tests::kubernetes::Namespace;

use crate::installation::{in_namespace, installed};
use crate::jobs::{LIMIT, get, job, wait_for, wait_for_output};

#[test]
fn a_pyspark_shell_is_attached_to_and_ends_with_its_exit() {
    in_namespace("shell", |namespace| {
        namespace.apply(&job("shell", r#""run": {"pyspark": {}}"#)).unwrap();
        wait_for(namespace, "shell", "Running/DriverRunning");
        // The prompt itself has no end of line, which the log waits for.
        wait_for_output(namespace, "shell", "SparkSession available");
        let mut attach = installed().cluster.control_plane.command("kubectl");
        attach.args(["attach", "-it", "shell-driver-1", "--namespace", namespace.name()]);
        let mut terminal = Terminal::of(attach);
        terminal.line("");
        terminal.wait_for(">>>");
        terminal.line("print('six times seven', sc.parallelize([6]).map(lambda n: n * 7).sum())");
        terminal.wait_for("six times seven 42");
        terminal.line("exit()");
        wait_for(namespace, "shell", "Succeeded/Completed");
    });
}

/// Jupyter's configuration in an image, which lets everybody in.
const OPEN: &str = r#"{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "open"}, "data": {
    "jupyter_server_config.py": "c.IdentityProvider.token = \"\"\nc.ServerApp.PasswordIdentityProvider.token = \"\"\n"}}"#;

/// A notebook with a prefix, in such an image.
const NOTEBOOK: &str = r#"{"apiVersion": "lcmap.usgs.gov/v1alpha1", "kind": "SparkJob", "metadata": {"name": "nb"}, "spec": {
    "driver": {"memory": "512m"}, "run": {"notebook": {"args": ["--ServerApp.base_url=/team/nb/"]}}, "pod": {"spec": {
        "containers": [{"name": "driver", "resources": {"requests": {"cpu": "50m"}},
                        "volumeMounts": [{"name": "open", "mountPath": "/etc/jupyter"}]}],
        "volumes": [{"name": "open", "configMap": {"name": "open"}}]}}}}"#;

#[test]
fn a_notebook_is_reached_by_its_service_and_its_token_alone_whatever_the_image_says() {
    in_namespace("notebook", |namespace| {
        namespace.apply(OPEN).unwrap();
        namespace.apply(NOTEBOOK).unwrap();
        wait_for(namespace, "nb", "Running/NotebookReady");
        let url = get(namespace, "sparkjob/nb", "{.status.url}");
        assert_eq!(url, format!("http://nb-notebook.{}.svc:8888/team/nb/", namespace.name()));
        let secret = get(namespace, "sparkjob/nb", "{.status.notebook.tokenSecretName}");
        let token = get(namespace, &format!("secret/{secret}"), "{.data.token}");
        let token = String::from_utf8(STANDARD.decode(token).unwrap()).unwrap();
        assert_eq!(token.len(), 64);
        // From another pod of the cluster, as the Service's users are.
        let address = get(namespace, "service/nb-notebook", "{.spec.clusterIP}");
        assert_eq!(status_from_a_pod(namespace, &address, ""), "403");
        assert_eq!(status_from_a_pod(namespace, &address, &format!("?token={token}")), "200");
        // From a laptop, by port-forward.
        assert_eq!(status_by_forward(namespace, &token), "HTTP/1.1 200 OK");
        namespace.kubectl(["delete", "sparkjob", "nb", "--cascade=foreground", "--timeout=100s"]).unwrap();
        for kind in ["pods", "services", "secrets"] {
            let gone = |names: &str| names.trim().is_empty();
            namespace.wait_for(kind, "{.items[*].metadata.name}", LIMIT, gone).unwrap();
        }
    });
}

fn status_from_a_pod(namespace: &Namespace, address: &str, query: &str) -> String {
    let script = format!(
        "import urllib.request as r, urllib.error as e
try: print(r.urlopen('http://{address}:8888/team/nb/api/contents{query}', timeout=20).status)
except e.HTTPError as refusal: print(refusal.code)"
    );
    let name = format!("visitor-{}", query.len());
    let run = ["run", &name, "--image=localhost/lcmap-spark:bed", "--restart=Never", "--command", "--"];
    namespace.kubectl(run.into_iter().chain(["python3", "-c", &script])).unwrap();
    let ended = |phase: &str| phase == "Succeeded";
    namespace.wait_for(&format!("pod/{name}"), "{.status.phase}", LIMIT, ended).unwrap();
    let status = namespace.kubectl(["logs", &name]).unwrap().trim().to_owned();
    namespace.kubectl(["delete", "pod", &name]).unwrap();
    status
}

fn status_by_forward(namespace: &Namespace, token: &str) -> String {
    let mut forward = installed()
        .cluster
        .control_plane
        .command("kubectl")
        .args(["port-forward", "service/nb-notebook", ":8888", "--namespace", namespace.name()])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(forward.stdout.take().unwrap()).lines();
    let line = lines.next().unwrap().unwrap(); // Forwarding from 127.0.0.1:PORT -> 8888
    let address = line.split_whitespace().nth(2).unwrap();
    let mut stream = TcpStream::connect(address).unwrap();
    let request = format!(
        "GET /team/nb/api/contents?token={token} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    forward.kill().unwrap();
    forward.wait().unwrap();
    answer.lines().next().unwrap_or_default().to_owned()
}
