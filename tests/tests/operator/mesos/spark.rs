//! The whole chain: manifest → API server → operator → pod → agent → libmesos.so → master → executors → result.
//!
//! The pod's own process is the real agent, started with the plan that is in the pod, on this machine.

use std::fs;

use base64::{Engine, prelude::BASE64_STANDARD};
use lcmap_spark_tests::{
    Folder,
    kubernetes::{Ended, Kubelet},
    mesos::{Access, Authority, Bed, IMAGE, spark_home},
};
use serde_json::{Value, json};

use super::{framework::plan, is_let_go, name};
use crate::{bed::shared as kubernetes, space::Space};

/// Counts on executors.
const COUNTS: &str = "from pyspark.sql import SparkSession
context = SparkSession.builder.getOrCreate().sparkContext
print('counted', context.parallelize(range(1000), 4).map(lambda n: n % 7).filter(lambda n: n == 0).count())
";

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
        let mut kubelet = Kubelet::new();
        let mut plan = plan(&driver);
        plan["master"]["mesos"]["credentials"] = json!(kubelet.mounts(&space.get("secrets", "who")));
        plan["certificates"] = json!({"source": kubelet.mounts(&space.get("secrets", "keys"))});
        kubelet.starts(plan, &mesos);
        let status = job.becomes("Running", "CoresMaxReached");
        assert_eq!(status["mesos"]["executors"]["running"], 2, "{status:#}");
        let Ended { code, message, log } = kubelet.ends();
        driver.ends_with(code, json!({"message": message}));
        assert!(log.contains("counted 143"), "{log}");
        job.becomes("Succeeded", "Completed");
        is_let_go(&job);
        let removed = format!("Removing framework {}-1", job.uid());
        assert!(mesos.master(0).log().contains(&removed));
    });
}
