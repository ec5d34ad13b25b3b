//! Rights: principals, secrets, roles.

use lcmap_spark_tests::{
    mesos::{Access, Bed},
    says,
};
use serde_json::json;

use super::bed::{ASKED, a_killed_driver_leaves_nothing, fails, fails_early, secured, spec};

#[test]
fn a_master_that_is_not_there_is_told_before_spark_starts() {
    let bed = Bed::plain().agents(0).start().unwrap();
    let mut spec = spec(&bed);
    spec["mesos"]["master"] = json!("mesos://127.0.0.1:1");
    says(&fails_early(&bed, spec).stderr, &["ConnectionRefused", "127.0.0.1:1 refused the connection"]);
}

#[test]
fn a_wrong_secret_is_told_before_spark_starts() {
    let bed = Bed::plain().agents(0).tls().access(Access::Credentials("{}".to_owned())).start().unwrap();
    let spec = secured(&bed, spec(&bed));
    std::fs::write(bed.folder().join("credentials/secret"), "wrong").unwrap();
    says(&fails_early(&bed, spec).stderr, &["CredentialsRefused", "did not take those of \"spark\""]);
}

#[test]
fn a_role_that_is_not_allowed_is_told_with_mesos_words() {
    let bed = Bed::plain().agents(0).master_flag("MESOS_ROLES", "listed").start().unwrap();
    let mut spec = spec(&bed);
    spec["mesos"]["role"] = json!("unlisted");
    says(&fails(&bed, spec).stderr, &["RoleRefused", "unlisted"]);
    // Only now was a framework asked for.
    says(&bed.master(0).log(), &[ASKED]);
}

#[test]
fn a_driver_that_is_killed_leaves_nothing_though_nobody_may_tear_frameworks_down() {
    let acls = r#"{"teardown_frameworks": [{"principals": {"type": "ANY"}, "framework_principals": {"type": "NONE"}}]}"#;
    let bed = Bed::plain().tls().access(Access::Credentials(acls.to_owned())).start().unwrap();
    a_killed_driver_leaves_nothing(&bed, secured(&bed, spec(&bed)));
}
