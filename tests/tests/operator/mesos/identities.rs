//! As whom the operator looks at a Mesos, and what it does where it may not tear down.

use std::sync::OnceLock;

use lcmap_spark_tests::{
    Folder,
    kubernetes::Operator,
    mesos::{Access, Bed, driver::principal},
};
use serde_json::json;

use super::{Framework, ends_well, is_kept, is_killed, job, leaves_nothing, name, pod};
use crate::{
    bed::shared as kubernetes,
    job::{Job, condition},
    space::Space,
};

/// A Mesos that wants credentials, where nobody may tear down by the operator API.
fn guarded() -> &'static Bed {
    static MESOS: OnceLock<Bed> = OnceLock::new();
    let acls = json!({
        "teardown_frameworks": [{"principals": {"type": "ANY"}, "framework_principals": {"type": "NONE"}}],
    });
    let start = || Bed::plain().access(Access::Credentials(acls.to_string())).start().unwrap();
    MESOS.get_or_init(start)
}

/// The files that give an operator an identity on this Mesos.
struct OnMesos(Folder);

impl OnMesos {
    fn new(mesos: &Bed, secret: &str) -> Self {
        let identity = Self(Folder::new());
        identity.0.write("principal", "spark");
        identity.has_secret(secret);
        let identities = json!([{"master": name(mesos), "credentials": identity.0.path()}]);
        identity.0.write("identities.json", identities.to_string());
        identity
    }

    fn has_secret(&self, secret: &str) {
        self.0.write("secret", format!("{secret}\n"));
    }

    fn operator(&self, space: &Space) -> Operator {
        let identities = self.0.path().join("identities.json");
        let operator = space.operator().arg(format!("--mesos-identities={}", identities.display()));
        let operator = operator.start().unwrap();
        operator.wait_until_leads().unwrap();
        operator
    }
}

/// A job there that shows a Secret.
fn with_credentials<'s>(space: &'s Space<'s>) -> Job<'s> {
    pod::credentials(space, "who", "spark-secret");
    job(space, guarded(), "pi", json!({"mesos": {"credentialsSecretName": "who"}}))
}

/// Its driver runs.
fn runs(job: &Job) -> Framework {
    job.driver(1).runs();
    Framework::with_credential(&job.driver(1), guarded(), principal("spark"))
}

#[test]
fn where_the_operator_api_refuses_a_teardown_the_scheduler_api_does_it() {
    kubernetes().in_namespace("refused", |space| {
        let identity = OnMesos::new(guarded(), "spark-secret");
        let _operator = identity.operator(space);
        let job = with_credentials(space);
        let framework = runs(&job);
        job.wait_until("is Requesting", |status| status["phase"] == "Requesting");
        is_killed(&job, framework);
        job.becomes("Failed", "KilledBySignal");
        leaves_nothing(&job, guarded());
        let removed = format!("Removing framework {}-1", job.uid());
        assert!(guarded().master(0).log().contains(&removed), "{}", guarded().master(0).log());
    });
}

#[test]
fn an_operator_whose_own_credentials_are_refused_says_so_and_lets_go_once_they_are_mended() {
    kubernetes().in_namespace("wrong", |space| {
        let identity = OnMesos::new(guarded(), "wrong");
        let _operator = identity.operator(space);
        let job = with_credentials(space);
        let framework = runs(&job);
        job.wait_until("names the refusal", |status| {
            let registered = condition(status, "MesosRegistered");
            registered["status"] == "Unknown" && registered["reason"] == "CredentialsRefused"
        });
        is_killed(&job, framework);
        job.wait_until("cannot tell what is left", |status| {
            status["reason"] == "TearingDown"
                && condition(status, "Released")["reason"] == "CredentialsRefused"
        });
        assert!(is_kept(&job), "nobody knows what is left");
        identity.has_secret("spark-secret");
        job.becomes("Failed", "KilledBySignal");
        leaves_nothing(&job, guarded());
    });
}

#[test]
fn a_mesos_without_an_identity_is_refused_by_name_and_jobs_secrets_are_read_where_allowed() {
    kubernetes().in_namespace("secrets", |space| {
        let without = space.operator().start().unwrap();
        without.wait_until_leads().unwrap();
        let job = with_credentials(space);
        let status = job.becomes("Pending", "MasterUnconfigured");
        assert!(status["message"].as_str().unwrap().contains("mesos.identities"), "{status:#}");
        without.terminate().unwrap();
        let _with = pod::operator(space);
        let framework = runs(&job);
        job.wait_until("is Requesting", |status| status["phase"] == "Requesting");
        ends_well(&job, framework, guarded());
    });
}
