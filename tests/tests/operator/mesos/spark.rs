//! The whole chain: manifest → API server → operator → pod → agent → libmesos.so → master → executors → result.
//!
//! The pod's own process is the real agent, started with the plan that is in the pod, on this machine.

use lcmap_spark_tests::{
    Folder,
    mesos::{Access, Bed, IMAGE, spark_home},
};
use serde_json::json;

use super::{leaves_nothing, name, pod};
use crate::bed::shared as kubernetes;

/// What an image with Spark would bring: this machine's own programs, and the bed's Spark.
fn volumes() -> Vec<String> {
    let spark = spark_home().unwrap();
    ["/usr", "/etc", spark.to_str().unwrap()].map(|path| format!("{path}:{path}:ro")).to_vec()
}

#[test]
fn a_job_counts_on_executors_with_certificates_and_credentials_and_leaves_nothing() {
    let mesos = Bed::plain().docker().tls().access(Access::Credentials("{}".to_owned())).start().unwrap();
    kubernetes().in_namespace("spark", |space| {
        let _operator = pod::operator(space);
        pod::secrets(space, &mesos);
        let program = Folder::new();
        let job = space.job(
            "counts",
            json!({
                "mode": "Distributed",
                "image": IMAGE,
                "run": {"submit": {"application": program.write("job.py", pod::COUNTS)}},
                "executor": {"cores": 1, "memory": "512m", "totalCores": 2},
                "conf": {"spark.ui.enabled": "false"},
                "mesos": {"master": name(&mesos), "user": "root", "credentialsSecretName": "who",
                    "certificates": {"secretName": "keys"},
                    "container": {"home": spark_home().unwrap(), "python": "/usr/bin/python3", "volumes": volumes()}},
            }),
        );
        let driver = job.driver(1);
        driver.runs();
        let kubelet = pod::starts(&driver, ("who", "keys"), &mesos);
        let status = job.becomes("Running", "CoresMaxReached");
        assert_eq!(status["mesos"]["executors"]["running"], 2, "{status:#}");
        let log = pod::ends(&driver, kubelet);
        assert!(log.contains("counted 143"), "{log}");
        job.becomes("Succeeded", "Completed");
        leaves_nothing(&job, &mesos);
        let removed = format!("Removing framework {}-1", job.uid());
        assert!(mesos.master(0).log().contains(&removed));
    });
}
