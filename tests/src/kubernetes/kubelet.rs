//! What the kubelet would have made of a driver pod, where there is no node: its volumes, and its process on this machine.

use std::{
    fs,
    path::PathBuf,
    process::{Child, Command, Stdio},
};

use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::{Value, json};

use crate::{
    Folder, bed,
    mesos::{Bed, Library, spark_home},
};

/// The process of one driver pod, which is the real agent with the plan that is in the pod.
#[derive(Debug)]
pub struct Kubelet {
    folder: Folder,
    agent: Option<Child>,
}

/// How the process of a pod ended.
#[derive(Debug)]
pub struct Ended {
    /// Its exit code.
    pub code: u8,
    /// What it left as its termination message.
    pub message: String,
    /// What it wrote.
    pub log: String,
}

impl Default for Kubelet {
    fn default() -> Self {
        Self::new()
    }
}

impl Kubelet {
    /// Nothing runs yet.
    pub fn new() -> Self {
        Self { folder: Folder::new(), agent: None }
    }

    /// Mounts a Secret. Answers where.
    pub fn mounts(&self, secret: &Value) -> PathBuf {
        let name = secret["metadata"]["name"].as_str().unwrap();
        let folder = self.path("secrets").join(name);
        fs::create_dir_all(&folder).unwrap();
        for (key, value) in secret["data"].as_object().into_iter().flatten() {
            fs::write(folder.join(key), BASE64_STANDARD.decode(value.as_str().unwrap()).unwrap()).unwrap();
        }
        folder
    }

    /// Starts the agent with a plan, whose paths are this machine's but for libmesos.so.
    pub fn starts(&mut self, mut plan: Value, mesos: &Bed) {
        plan["master"]["mesos"]["library"] = json!(Library::Rust.path());
        fs::write(self.path("plan"), plan.to_string()).unwrap();
        let log = fs::File::create(self.path("log")).unwrap();
        let agent = Command::new(bed::agent())
            .args(["launch", "--plan"])
            .arg(self.path("plan"))
            .arg("--state")
            .arg(self.path("state"))
            .arg("--termination-log")
            .arg(self.path("termination"))
            .envs(bed::spark().iter().cloned())
            .env("SPARK_HOME", spark_home().unwrap()) // as an image has it
            .env("LCMAP_BED", mesos.folder())
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        self.agent = Some(agent);
    }

    /// Waits for the end.
    pub fn ends(mut self) -> Ended {
        let mut agent = self.agent.take().unwrap();
        let code = agent.wait().unwrap().code().unwrap();
        let code = u8::try_from(code).unwrap();
        Ended { code, message: self.file("termination"), log: self.file("log") }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn file(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_default()
    }
}

impl Drop for Kubelet {
    fn drop(&mut self) {
        let Some(mut agent) = self.agent.take() else { return };
        // Nobody waited for its end: of a test that failed, what the driver said.
        eprintln!("{}", self.file("log"));
        if let Ok(None) = agent.try_wait() {
            let id = rustix::process::Pid::from_child(&agent);
            let _ = rustix::process::kill_process(id, rustix::process::Signal::TERM);
            let _ = agent.wait();
        }
    }
}
