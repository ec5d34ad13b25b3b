//! The notebook: the example's own code, executed through the server as a browser does it, and who gets in.

#![allow(clippy::unwrap_used)] // all of it is a test, and a panic its verdict

use std::net::TcpListener;

use lcmap_spark_tests::notebook::{executing, free_port, status, url};
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
    assert!(!run.stderr.contains("http://"), "one address is told:\n{}", run.stderr);
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

/// A notebook job beside a home with Jupyter configuration of its own.
fn with_configuration(folder: &Folder, files: &[(&str, &str)]) -> LcmapSpark {
    for (file, content) in files {
        folder.write(&format!("home/.jupyter/{file}"), content);
    }
    let spec = json!({"run": {"notebook": {"port": free_port()}}, "driver": {"cores": 1, "memory": "512m"}});
    let command = LcmapSpark::run(folder.job("notebook", spec)).args(["--output", "json"]);
    command.env("HOME", folder.path().join("home"))
}

#[test]
fn whatever_jupyters_own_configuration_says_the_token_that_is_told_opens_the_notebook_and_nothing_else_does()
{
    let folder = Folder::new();
    let own = "c.IdentityProvider.token = \"\"\nc.PasswordIdentityProvider.hashed_password = \"argon2:x\"\n\
               c.ServerApp.PasswordIdentityProvider.token = \"of-my-own\"\nc.PasswordIdentityProvider.password_required = True\n\
               c.ServerApp.base_url = \"/team/nb\"\nc.ServerApp.allow_unauthenticated_access = True\n\
               c.ServerApp.identity_provider_class = \"jupyter_server.auth.identity.IdentityProvider\"\n";
    let older = "c.NotebookApp.token = \"\"\nc.NotebookApp.port = 1\nc.NotebookApp.ip = \"0.0.0.0\"\nc.ServerApp.sock = \"/tmp/nb\"\n";
    let files = [("jupyter_server_config.py", own), ("jupyter_notebook_config.py", older)];
    let run = with_configuration(&folder, &files).start();
    let url = url(&run);
    let (notebook, token) = url.split_once("?token=").unwrap();
    assert!(notebook.starts_with("http://127.0.0.1:") && notebook.ends_with("/team/nb/"), "{url}");
    let contents = format!("{notebook}api/contents");
    assert_eq!(status(&contents), "403");
    assert_eq!(status(&format!("{contents}?token=of-my-own")), "403");
    assert_eq!(status(&format!("{contents}?token={token}")), "200");
    // The page that a browser shows, and the way there without the prefix.
    assert_eq!(status(&url), "200");
    assert_eq!(status(&url.replace("/team/nb/", "/")), "200");
    run.signal(Signal::INT);
    let run = run.finish();
    says(&run.stderr, &["token of Jupyter's configuration", "jupyter_server_config.py", "is not used"]);
    // Jupyter's own address has no token, and people would click it.
    assert!(!run.stderr.contains("http://127.0.0.1"), "{}", run.stderr);
    says(&run.stderr, &["Serving notebooks from local directory"]);
    assert!(!run.stderr.contains("lcmap-agent"), "the agent's questions are in the log:\n{}", run.stderr);
}

#[test]
fn a_notebook_with_a_certificate_is_told_by_https() {
    let folder = Folder::new();
    let certified = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    folder.write("nb.crt", certified.cert.pem());
    folder.write("nb.key", certified.signing_key.serialize_pem());
    let at = |name: &str| folder.path().join(name).display().to_string();
    let config =
        format!("c.ServerApp.certfile = {:?}\nc.ServerApp.keyfile = {:?}\n", at("nb.crt"), at("nb.key"));
    let run = with_configuration(&folder, &[("jupyter_server_config.py", &config)]).start();
    let url = url(&run);
    assert!(url.starts_with("https://127.0.0.1:"), "{url}");
    assert_eq!(status(&url), "200");
    run.signal(Signal::INT);
    let run = run.finish();
    assert!(!run.stderr.contains("SSL Error"), "{}", run.stderr);
}

#[test]
fn a_notebook_that_somebody_else_is_to_guard_is_refused_and_the_file_is_named() {
    let folder = Folder::new();
    let config = "from jupyter_server.auth.identity import IdentityProvider\nclass Anybody(IdentityProvider):\n    \
                  def get_user(self, handler):\n        return self.generate_anonymous_user(handler)\n\
                  c.ServerApp.identity_provider_class = Anybody\n";
    let run = with_configuration(&folder, &[("jupyter_notebook_config.py", config)]).finish();
    assert_eq!(run.code, Some(125), "{run:?}");
    says(
        &run.stdout,
        &["JupyterMisconfigured", "jupyter_notebook_config.py", "remove identity_provider_class"],
    );
    assert!(!run.stdout.contains("\"type\":\"notebook\""), "{}", run.stdout);
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
