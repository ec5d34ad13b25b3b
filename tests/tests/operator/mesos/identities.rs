//! As whom the operator looks at a Mesos, and what it does where it may not tear down.

use base64::{Engine, prelude::BASE64_STANDARD};
use lcmap_spark_tests::mesos::{Access, Bed, driver::principal};
use serde_json::{Value, json};

use super::{Framework, job, name};
use crate::{bed::shared as kubernetes, space::Space};

/// A Mesos that wants credentials, and where nobody may tear down by the operator API.
fn guarded() -> Bed {
    let acls = json!({"teardown_frameworks": [{"principals": {"type": "ANY"}, "framework_principals": {"type": "NONE"}}]});
    Bed::plain().access(Access::Credentials(acls.to_string())).start().unwrap()
}

/// A file that gives the operator an identity on this Mesos.
fn identity_on(mesos: &Bed) -> String {
    let folder = mesos.folder().join("operator");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("principal"), "spark").unwrap();
    std::fs::write(folder.join("secret"), "spark-secret\n").unwrap();
    let file = mesos.folder().join("identities.json");
    std::fs::write(&file, json!([{"master": name(mesos), "credentials": folder}]).to_string()).unwrap();
    format!("--mesos-identities={}", file.display())
}

fn credentials(space: &Space) {
    let data = |text: &str| BASE64_STANDARD.encode(text);
    let secret = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "who"},
        "data": {"principal": data("spark"), "secret": data("spark-secret")}});
    space.create("secrets", &secret);
}

fn with_credentials() -> Value {
    json!({"mesos": {"credentialsSecretName": "who"}})
}

#[test]
fn where_the_operator_api_refuses_a_teardown_the_scheduler_api_does_it() {
    let mesos = guarded();
    kubernetes().in_namespace("refused", |space| {
        let operator = space.operator().arg(identity_on(&mesos)).start().unwrap();
        operator.wait_until_leads().unwrap();
        credentials(space);
        let job = job(space, &mesos, "pi", with_credentials());
        job.driver(1).runs();
        let framework = Framework::with_credential(&job.driver(1), &mesos, principal("spark"));
        job.wait_until("is Requesting", |status| status["phase"] == "Requesting");
        framework.dies();
        job.driver(1).reports(137, "KilledBySignal", "killed");
        job.becomes("Failed", "KilledBySignal");
        let removed = format!("Removing framework {}-1", job.uid());
        assert!(mesos.master(0).log().contains(&removed), "{}", mesos.master(0).log());
    });
}

#[test]
fn a_mesos_without_an_identity_is_refused_by_name_and_jobs_secrets_are_read_where_allowed() {
    let mesos = guarded();
    kubernetes().in_namespace("secrets", |space| {
        let without = space.operator().start().unwrap();
        without.wait_until_leads().unwrap();
        credentials(space);
        let job = job(space, &mesos, "pi", with_credentials());
        let status = job.becomes("Pending", "MasterUnconfigured");
        assert!(status["message"].as_str().unwrap().contains("mesos.identities"), "{status:#}");
        without.terminate().unwrap();
        space.kubectl(["create", "role", "reads", "--verb=get", "--resource=secrets"]);
        let user = format!("--user={}", crate::rights::USER);
        space.kubectl(["create", "rolebinding", "reads", "--role=reads", &user]);
        let with = space.operator().arg("--read-job-secrets").start().unwrap();
        with.wait_until_leads().unwrap();
        job.driver(1).runs();
        let framework = Framework::with_credential(&job.driver(1), &mesos, principal("spark"));
        job.wait_until("is Requesting", |status| status["phase"] == "Requesting");
        framework.stops();
        job.driver(1).reports(0, "Completed", "");
        job.becomes("Succeeded", "Completed");
    });
}
