//! The whole chain: manifest → API server → operator → pod → agent → libmesos.so → master → executors → result.
//!
//! The pod's own process is the real agent, started with the plan that is in the pod, on this machine.

use std::{
    fs,
    process::{Child, Command, Stdio},
};

use base64::{Engine, prelude::BASE64_STANDARD};
use lcmap_spark_tests::{
    Folder, bed,
    mesos::{Access, Authority, Bed, IMAGE, Library, spark_home},
};
use serde_json::{Value, json};

use super::{framework::plan, is_let_go, name};
use crate::{bed::shared as kubernetes, driver::Driver, space::Space};

/// Counts on executors.
const COUNTS: &str = "from pyspark.sql import SparkSession
context = SparkSession.builder.getOrCreate().sparkContext
print('counted', context.parallelize(range(1000), 4).map(lambda n: n % 7).filter(lambda n: n == 0).count())
";

/// What the kubelet would have made of a driver pod: its volumes, and its process.
struct Kubelet {
    folder: Folder,
    agent: Child,
}

impl Kubelet {
    fn starts(driver: &Driver, secrets: &Space, mesos: &Bed) -> Self {
        let folder = Folder::new();
        let path = |name: &str| folder.path().join(name);
        let mut plan = plan(driver);
        let at = |secret: &str| path("secrets").join(secret);
        for secret in ["who", "keys"] {
            fs::create_dir_all(at(secret)).unwrap();
            let object = secrets.get("secrets", secret);
            for (key, value) in object["data"].as_object().into_iter().flatten() {
                fs::write(at(secret).join(key), BASE64_STANDARD.decode(value.as_str().unwrap()).unwrap())
                    .unwrap();
            }
        }
        // The same things, where this machine has them.
        let mesos_of_plan = &mut plan["master"]["mesos"];
        mesos_of_plan["library"] = json!(Library::Rust.path());
        mesos_of_plan["credentials"] = json!(at("who"));
        plan["certificates"] = json!({"source": at("keys")});
        fs::write(path("plan"), plan.to_string()).unwrap();
        let log = fs::File::create(path("log")).unwrap();
        let agent = Command::new(bed::agent())
            .args(["launch", "--plan"])
            .arg(path("plan"))
            .arg("--state")
            .arg(path("state"))
            .arg("--termination-log")
            .arg(path("termination"))
            .envs(bed::spark().iter().cloned())
            .env("SPARK_HOME", spark_home().unwrap()) // as an image has it
            .env("LCMAP_BED", mesos.folder())
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        Self { folder, agent }
    }

    /// Waits for the end, and tells it as the kubelet does.
    fn ends(mut self, driver: &Driver) -> String {
        let code = self.agent.wait().unwrap().code().unwrap();
        driver.ends_with(u8::try_from(code).unwrap(), json!({"message": self.file("termination")}));
        self.file("log")
    }

    fn file(&self, name: &str) -> String {
        fs::read_to_string(self.folder.path().join(name)).unwrap_or_default()
    }
}

impl Drop for Kubelet {
    fn drop(&mut self) {
        // Of a test that failed, what the driver said; one that went well has waited for the end.
        eprintln!("{}", self.file("log"));
        if let Ok(None) = self.agent.try_wait() {
            let agent = rustix::process::Pid::from_child(&self.agent);
            let _ = rustix::process::kill_process(agent, rustix::process::Signal::TERM);
            let _ = self.agent.wait();
        }
    }
}

fn secrets(space: &Space, mesos: &Bed) {
    let client = mesos.pki().client();
    let file = |path: &std::path::Path| BASE64_STANDARD.encode(fs::read(path).unwrap());
    let secret = |name: &str, data: Value| {
        let object = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "data": data});
        space.create("secrets", &object);
    };
    let root = mesos.pki().authority(Authority::Trusted);
    secret(
        "keys",
        json!({"tls.crt": file(&client.certificate), "tls.key": file(&client.key), "ca.crt": file(&root)}),
    );
    let text = |text: &str| BASE64_STANDARD.encode(text);
    secret("who", json!({"principal": text("spark\n"), "secret": text("spark-secret\n")}));
}

/// What an image with Spark would bring: this machine's own programs, and the bed's Spark.
fn volumes() -> Vec<String> {
    let spark = spark_home().unwrap();
    ["/usr", "/etc", spark.to_str().unwrap()].map(|path| format!("{path}:{path}:ro")).to_vec()
}

#[test]
fn a_job_counts_on_executors_with_certificates_and_credentials_and_leaves_nothing() {
    let mesos = Bed::plain().docker().tls().access(Access::Credentials("{}".to_owned())).start().unwrap();
    kubernetes().in_namespace("spark", |space| {
        space.kubectl(["create", "role", "reads", "--verb=get", "--resource=secrets"]);
        let user = format!("--user={}", crate::rights::USER);
        space.kubectl(["create", "rolebinding", "reads", "--role=reads", &user]);
        let operator = space.operator().arg("--read-job-secrets").start().unwrap();
        operator.wait_until_leads().unwrap();
        secrets(space, &mesos);
        let program = Folder::new();
        let job = space.job(
            "counts",
            json!({
                "mode": "Distributed",
                "image": IMAGE,
                "run": {"submit": {"application": program.write("job.py", COUNTS)}},
                "executor": {"cores": 1, "memory": "512m", "totalCores": 2},
                "conf": {"spark.ui.enabled": "false"},
                "mesos": {"master": name(&mesos), "user": "root", "credentialsSecretName": "who",
                    "certificates": {"secretName": "keys"},
                    "container": {"home": spark_home().unwrap(), "python": "/usr/bin/python3", "volumes": volumes()}},
            }),
        );
        let driver = job.driver(1);
        driver.runs();
        let kubelet = Kubelet::starts(&driver, space, &mesos);
        let status = job.becomes("Running", "CoresMaxReached");
        assert_eq!(status["mesos"]["executors"]["running"], 2, "{status:#}");
        let log = kubelet.ends(&driver);
        assert!(log.contains("counted 143"), "{log}");
        job.becomes("Succeeded", "Completed");
        is_let_go(&job);
        let removed = format!("Removing framework {}-1", job.uid());
        assert!(mesos.master(0).log().contains(&removed));
    });
}
