//! Where Jupyter says that it listens: the file that it writes for `jupyter server list`.

use std::fs;
use std::path::Path;

use serde::Deserialize;

/// What matters of `jpserver-PID.json` (`ServerApp.server_info`, `jupyter_server` 2), or of an older server's file.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(super) struct ServerFile {
    /// The port it listens on.
    pub port: u16,
    /// The prefix of all its paths, with a slash at both ends.
    #[serde(default = "root")]
    pub base_url: String,
    /// Whether it was given a certificate.
    #[serde(default)]
    pub secure: bool,
    /// The Unix socket that it listens on instead, if any.
    #[serde(default)]
    pub sock: String,
}

fn root() -> String {
    "/".to_owned()
}

impl ServerFile {
    /// Reads the file of the one server that has this folder; `None` before it is written whole.
    pub(super) fn read(runtime: &Path) -> Option<Self> {
        let files = fs::read_dir(runtime).ok()?.flatten();
        let is_of_server = |name: &str| {
            (name.starts_with("jpserver-") || name.starts_with("nbserver-"))
                && Path::new(name).extension().is_some_and(|ending| ending == "json")
        };
        let file = files
            .filter(|file| file.file_name().to_str().is_some_and(is_of_server))
            .min_by_key(fs::DirEntry::file_name)?;
        serde_json::from_slice(&fs::read(file.path()).ok()?).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn todays_and_older_servers_say_where_they_listen() {
        let secure = r#"{"base_url": "/a/", "hostname": "0.0.0.0", "password": false, "pid": 7, "port": 8888, "root_dir": "/",
            "secure": true, "sock": "", "token": "t", "url": "https://h:8888/a/", "version": "2.21.1"}"#;
        let old = r#"{"base_url": "/", "hostname": "localhost", "notebook_dir": "/", "password": false, "pid": 7, "port": 8889,
            "secure": false, "token": "t", "url": "http://localhost:8889/"}"#;
        for (name, text, found) in [
            ("jpserver-7.json", secure, Some((8888, "/a/", true))),
            ("nbserver-7.json", old, Some((8889, "/", false))),
            ("jpserver-7.json", &secure[..40], None),
            ("jpserver-7-open.html", "<html>", None),
            ("kernel-7.json", old, None),
        ] {
            let folder = tempfile::tempdir().unwrap();
            fs::write(folder.path().join(name), text).unwrap();
            let read = ServerFile::read(folder.path());
            let read = read.as_ref().map(|file| (file.port, file.base_url.as_str(), file.secure));
            assert_eq!(read, found, "{name}");
        }
    }
}
