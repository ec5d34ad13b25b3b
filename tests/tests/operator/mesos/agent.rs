//! What is in the way of the real agent: told by the job, which ends, and leaves nothing.

use lcmap_spark_tests::{
    Folder,
    kubernetes::Kubelet,
    mesos::{Access, Authority, Bed, Plan, ending, expired},
};
use serde_json::json;

use super::{frameworks, is_let_go, leaves_nothing, name, pod};
use crate::{
    bed::shared as kubernetes,
    driver::Driver,
    job::{Job, condition},
    space::Space,
};

/// Makes a context, and waits for its end.
const HOLDS: &str = "import time
from pyspark.sql import SparkSession
SparkSession.builder.getOrCreate()
time.sleep(600)
";

/// Makes a context, and waits for a file beside it.
const WAITS: &str = "import os, time
from pyspark.sql import SparkSession
SparkSession.builder.getOrCreate()
while not os.path.exists(os.path.join(os.path.dirname(__file__), 'go')):
    time.sleep(0.1)
";

/// With certificates and credentials, and these ACLs.
fn guarded(acls: &str) -> Plan {
    Bed::plain().tls().access(Access::Credentials(acls.to_owned()))
}

/// The reason and words of the message that the job is to have.
type Expected = (&'static str, &'static str);

struct Fault<'s> {
    job: Job<'s>,
    driver: Driver<'s>,
    kubelet: Kubelet,
    expected: Expected,
}

impl<'s> Fault<'s> {
    fn meets(
        space: &'s Space<'s>,
        (named, mesos): (&str, &Bed),
        (who, keys, role): (&str, &str, &str),
        program: &Folder,
        expected: Expected,
    ) -> Self {
        let on_mesos = json!({"master": name(mesos), "user": "root", "role": role, "credentialsSecretName": who,
            "certificates": {"secretName": keys}});
        let application = program.path().join("job.py");
        let spec = json!({"mode": "Distributed", "run": {"submit": {"application": application}},
            "conf": {"spark.ui.enabled": "false"}, "mesos": on_mesos});
        let job = space.job(named, spec);
        let driver = job.driver(1);
        driver.runs();
        let kubelet = pod::starts(&driver, (who, keys), mesos);
        Self { job, driver, kubelet, expected }
    }

    fn ends_its_job(self) {
        let Self { job, driver, kubelet, expected: (reason, words) } = self;
        let log = pod::ends(&driver, kubelet);
        let status = job.becomes("Failed", reason);
        assert!(status["message"].as_str().unwrap().contains(words), "{status:#}\n{log}");
        is_let_go(&job);
    }
}

#[test]
fn what_keeps_a_driver_from_mesos_ends_its_job_by_name_and_leaves_nothing() {
    let ciphers = "AES128-SHA:AES256-SHA:RC4-SHA:DHE-RSA-AES128-SHA:DHE-RSA-AES256-SHA";
    let mesos = guarded("{}").agents(0).master_flag("MESOS_ROLES", "listed").start().unwrap();
    let old = guarded("{}").agents(0).ciphers(ciphers).start().unwrap();
    let program = Folder::new();
    program.write("job.py", HOLDS);
    kubernetes().in_namespace("refused", |space| {
        let _operator = pod::operator(space);
        let pki = mesos.pki();
        let signed = |name: &str, by, change: fn(&mut _)| pki.sign(name, by, change).unwrap();
        let (trusted, stranger) = (pki.authority(Authority::Trusted), pki.authority(Authority::Stranger));
        pod::secrets(space, &mesos);
        pod::credentials(space, "wrong", "wrong");
        pod::certificates(space, "expired", &signed("expired", Authority::Trusted, expired), &trusted);
        let unknown = signed("unknown", Authority::Stranger, |_| {});
        pod::certificates(space, "stranger", &unknown, &stranger);
        pod::certificates(space, "old", &old.pki().client(), &old.pki().authority(Authority::Trusted));
        let faults = [
            (
                "secret",
                &mesos,
                ("wrong", "keys", "*"),
                ("CredentialsRefused", "did not take those of \"spark\""),
            ),
            ("expired", &mesos, ("who", "expired", "*"), ("CertificatesInvalid", "has expired")),
            ("stranger", &mesos, ("who", "stranger", "*"), ("AuthorityUnknown", "not trusted here")),
            ("ciphers", &old, ("who", "old", "*"), ("TlsFailed", "LIBPROCESS_SSL_CIPHERS")),
            ("role", &mesos, ("who", "keys", "unlisted"), ("RoleRefused", "unlisted")),
        ];
        // All at once: each has a process of its own to wait for.
        let faults = faults.map(|(named, mesos, with, expected)| {
            Fault::meets(space, (named, mesos), with, &program, expected)
        });
        let uids: Vec<String> = faults.iter().map(|fault| fault.job.uid()).collect();
        faults.into_iter().for_each(Fault::ends_its_job);
        assert!(uids.iter().all(|uid| frameworks(&mesos, uid).is_empty()), "left on Mesos");
        // Nobody with ciphers of today can ask that one.
        assert!(uids.iter().all(|uid| !old.master(0).log().contains(uid)), "{}", old.master(0).log());
    });
}

#[test]
fn a_certificate_near_its_end_is_told_of_until_it_is_renewed() {
    let mesos = guarded("{}").agents(0).start().unwrap();
    let program = Folder::new();
    program.write("job.py", WAITS);
    kubernetes().in_namespace("renewed", |space| {
        let operator = pod::operator(space);
        let (pki, trusted) = (mesos.pki(), mesos.pki().authority(Authority::Trusted));
        pod::secrets(space, &mesos);
        let ending = pki.sign("ending", Authority::Trusted, ending).unwrap();
        pod::certificates(space, "ending", &ending, &trusted);
        let with = ("who", "ending", "*");
        let Fault { job, driver, kubelet, .. } =
            Fault::meets(space, ("pi", &mesos), with, &program, ("Completed", ""));
        let certificate = |status: &serde_json::Value| condition(status, "CertificatesValid");
        let status = job.wait_until("tells of it", |it| certificate(it)["reason"] == "CertificatesExpiring");
        let message = certificate(&status)["message"].as_str().unwrap().to_owned();
        assert!(message.starts_with("the driver's certificate expires at"), "{message}");
        let alarmed = || operator.metric("lcmap_spark_jobs_with_expiring_certificates").unwrap();
        assert_eq!(alarmed(), 1);
        // The kubelet brings a changed Secret.
        let mut renewed = space.get("secrets", "keys");
        renewed["metadata"]["name"] = json!("ending");
        kubelet.mounts(&renewed);
        job.wait_until("is content", |it| certificate(it)["status"] == "True");
        assert_eq!(alarmed(), 0);
        program.write("go", "");
        pod::ends(&driver, kubelet);
        job.becomes("Succeeded", "Completed");
        leaves_nothing(&job, &mesos);
    });
}

#[test]
fn executors_that_the_master_refuses_are_told_of_in_its_words() {
    let acls = r#"{"run_tasks": [{"principals": {"type": "ANY"}, "users": {"type": "NONE"}}]}"#;
    let mesos = guarded(acls).start().unwrap();
    let program = Folder::new();
    program.write("job.py", WAITS);
    kubernetes().in_namespace("may-not-run", |space| {
        let _operator = pod::operator(space);
        pod::secrets(space, &mesos);
        let expected = ("Completed", "");
        let Fault { job, driver, kubelet, .. } =
            Fault::meets(space, ("pi", &mesos), ("who", "keys", "*"), &program, expected);
        let status = job.becomes("Requesting", "ExecutorsFailing");
        let message = status["message"].as_str().unwrap();
        assert!(message.contains("authorized to launch task"), "{message}");
        program.write("go", "");
        pod::ends(&driver, kubelet);
        job.becomes("Succeeded", "Completed");
        leaves_nothing(&job, &mesos);
    });
}
