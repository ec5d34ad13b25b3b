//! Driver pods whose process is the real agent: what is in a pod, and what its kubelet tells.

use std::{fs, path::Path};

use base64::{Engine, prelude::BASE64_STANDARD};
use lcmap_spark_tests::{
    kubernetes::{Ended, Kubelet, Operator},
    mesos::{Authority, Bed, Identity},
};
use serde_json::json;

use super::framework::plan;
use crate::{driver::Driver, space::Space};

/// Counts on executors.
pub(super) const COUNTS: &str = "from pyspark.sql import SparkSession
context = SparkSession.builder.getOrCreate().sparkContext
print('counted', context.parallelize(range(1000), 4).map(lambda n: n % 7).filter(lambda n: n == 0).count())
";

/// An operator that may use the Secrets of jobs.
pub(super) fn operator(space: &Space) -> Operator {
    space.kubectl(["create", "role", "reads", "--verb=get", "--resource=secrets"]);
    let user = format!("--user={}", crate::rights::USER);
    space.kubectl(["create", "rolebinding", "reads", "--role=reads", &user]);
    let operator = space.operator().arg("--read-job-secrets").start().unwrap();
    operator.wait_until_leads().unwrap();
    operator
}

/// Creates a Secret with a principal's secret.
pub(super) fn credentials(space: &Space, name: &str, secret: &str) {
    let text = |text: &str| BASE64_STANDARD.encode(text);
    create(space, name, json!({"principal": text("spark\n"), "secret": text(&format!("{secret}\n"))}));
}

/// Creates a Secret with a certificate and the roots of the masters'.
pub(super) fn certificates(space: &Space, name: &str, identity: &Identity, root: &Path) {
    let file = |path: &Path| BASE64_STANDARD.encode(fs::read(path).unwrap());
    let (certificate, key) = (file(&identity.certificate), file(&identity.key));
    create(space, name, json!({"tls.crt": certificate, "tls.key": key, "ca.crt": file(root)}));
}

/// Creates the Secrets `who` and `keys`, with everything as it should be.
pub(super) fn secrets(space: &Space, mesos: &Bed) {
    credentials(space, "who", "spark-secret");
    certificates(space, "keys", &mesos.pki().client(), &mesos.pki().authority(Authority::Trusted));
}

/// Its process starts, with the Secrets for credentials and for certificates.
pub(super) fn starts(driver: &Driver, (who, keys): (&str, &str), mesos: &Bed) -> Kubelet {
    let mut kubelet = Kubelet::new();
    let mut plan = plan(driver);
    plan["master"]["mesos"]["credentials"] = json!(kubelet.mounts(&driver.space.get("secrets", who)));
    plan["certificates"] = json!({"source": kubelet.mounts(&driver.space.get("secrets", keys))});
    kubelet.starts(plan, mesos);
    kubelet
}

/// Waits until its process has ended, and tells so. Answers what that wrote.
pub(super) fn ends(driver: &Driver, kubelet: Kubelet) -> String {
    let Ended { code, message, log } = kubelet.ends();
    driver.ends_with(code, json!({"message": message}));
    log
}

fn create(space: &Space, name: &str, data: serde_json::Value) {
    let secret = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "data": data});
    space.create("secrets", &secret);
}
