//! `lcmap-spark doctor`: what it says of a Mesos, and of what is wrong with a job for it.

use lcmap_spark_tests::{
    Finished, Folder, LcmapSpark,
    mesos::{Access, Authority, Bed},
    says,
};
use serde_json::{Value, json};

use super::bed::{COUNTS, bound, nothing_is_left, secured, spec};

fn doctor(bed: &Bed, spec: Value) -> Finished {
    let folder = Folder::new();
    folder.write("job.py", COUNTS);
    let command = LcmapSpark::doctor(folder.job("job", spec));
    bound(command, bed).finish()
}

/// A Mesos with TLS and credentials, and a job for it.
fn guarded(agents: u16) -> (Bed, Value) {
    let bed = Bed::plain().agents(agents).tls().access(Access::Credentials("{}".to_owned())).start().unwrap();
    let spec = secured(&bed, spec(&bed));
    (bed, spec)
}

#[test]
fn a_mesos_that_would_take_the_job_is_described() {
    let (bed, spec) = guarded(1);
    let doctor = doctor(&bed, spec).succeeded();
    says(
        &doctor.stdout,
        &[
            "CN=client (no names), issued by CN=lcmap bed authority, valid until",
            "its key matches",
            "accepts connections at",
            "speaks TLSv1_2, TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384; CN=server (127.77.0.",
            "leads",
            "taken as those of \"spark\"",
            "Mesos 1.11.0",
            "\"*\" may be used",
            "executors will connect to it at 127.",
            "1 in all; ",
            "an executor needs 1 core and 896 MiB",
            "4 executors would find room now",
            "for its orders on any port, unless spark.driver.port in conf pins it",
            "principal: \"spark\"; role: \"*\"",
            "executors run as the Unix user root",
        ],
    );
    assert!(
        !doctor.stdout.contains("FAILED") && !doctor.stdout.contains("spark-secret"),
        "{}",
        doctor.stdout
    );
    // The one that asked for the role.
    assert_eq!(bed.master(0).log().matches("Removing framework").count(), 1);
}

#[test]
fn a_wrong_secret_is_named() {
    let (bed, spec) = guarded(0);
    std::fs::write(bed.folder().join("credentials/secret"), "wrong").unwrap();
    let doctor = doctor(&bed, spec).failed_with(1);
    says(&doctor.stdout, &["FAILED credentials   CredentialsRefused: ", "did not take those of \"spark\""]);
}

#[test]
fn a_wrong_authority_is_named_with_the_certificate_that_it_did_not_sign() {
    let (bed, spec) = guarded(0);
    let stranger = bed.pki().authority(Authority::Stranger);
    std::fs::copy(stranger, bed.folder().join("certificates/trustedroot.crt")).unwrap();
    let doctor = doctor(&bed, spec).failed_with(1);
    says(
        &doctor.stdout,
        &[
            "FAILED certificates  CertificatesInvalid: ",
            "note   tls",
            "issued by CN=lcmap bed authority",
            "FAILED master        AuthorityUnknown: ",
        ],
    );
}

#[test]
fn a_master_that_is_not_there_is_named() {
    let bed = Bed::plain().agents(0).start().unwrap();
    let mut spec = spec(&bed);
    spec["mesos"]["master"] = json!("mesos://127.0.0.1:1,no-such-host.invalid:5050");
    let doctor = doctor(&bed, spec).failed_with(1);
    says(&doctor.stdout, &["master        ConnectionRefused: ", "master        NameUnknown: "]);
    says(&doctor.stdout, &["masters: 127.0.0.1:1, no-such-host.invalid:5050", "which were not reached"]);
}

#[test]
fn a_secret_that_is_missing_hides_neither_the_way_to_the_masters_nor_what_an_admin_asks_for() {
    let (bed, mut spec) = guarded(0);
    spec["mesos"]["certificates"]["secretName"] = json!("elsewhere");
    spec["conf"]["spark.driver.port"] = json!("4711");
    let doctor = doctor(&bed, spec).failed_with(1);
    says(
        &doctor.stdout,
        &[
            "FAILED certificates  SecretMissing: ",
            "accepts connections at",
            "executors will connect to it at 127.0.0.1, for its orders on port 4711",
            "masters: ",
        ],
    );
    // Without certificates nothing is said to anybody, least of all a secret.
    assert!(!doctor.stdout.contains("leads"), "{}", doctor.stdout);
}

#[test]
fn executors_without_room_are_told_by_how_much() {
    let bed = Bed::plain().start().unwrap();
    let (mut apart, mut large, mut listed) = (spec(&bed), spec(&bed), spec(&bed));
    apart["mesos"]["constraints"] = json!({"rack": ["elsewhere"]});
    large["executor"]["memory"] = json!("40g");
    listed["mesos"]["master"] = json!(format!("mesos://127.0.0.1:1,{}", bed.master(0).address()));
    for (spec, said) in [
        (apart, "ConstraintsUnmet: none of 1 Mesos agents"),
        (large, "OffersTooSmall: an executor needs 1 core and 45056 MiB; the agent that comes nearest"),
        (listed, "ConnectionRefused: 127.0.0.1:1 refused"),
    ] {
        says(&doctor(&bed, spec).failed_with(1).stdout, &[said, "leads"]);
    }
    nothing_is_left(&bed);
}

#[test]
fn a_port_that_agents_do_not_have_and_host_names_that_nobody_knows_are_told() {
    let bed = Bed::plain().agent_flag("MESOS_HOSTNAME", "agent-one.invalid").start().unwrap();
    let mut spec = spec(&bed);
    spec["conf"]["spark.blockManager.port"] = json!("7500");
    says(
        &doctor(&bed, spec).failed_with(1).stdout,
        &[
            "FAILED agents        PortsNotOffered: spark.blockManager.port in conf is 7500, and the ports of agents are 31000-31999",
            "FAILED names         NameUnknown: 1 of 1 host names of agents do not resolve here (agent-one.invalid)",
            "hostAliases in spec.pod",
        ],
    );
}

#[test]
fn a_role_that_is_not_allowed_is_found_out_by_a_registration() {
    let bed = Bed::plain().agents(0).master_flag("MESOS_ROLES", "listed").start().unwrap();
    let mut spec = spec(&bed);
    spec["mesos"]["role"] = json!("unlisted");
    says(&doctor(&bed, spec).failed_with(1).stdout, &["FAILED role          RoleRefused: ", "unlisted"]);
    nothing_is_left(&bed);
}

#[test]
fn a_leader_is_found_through_zookeeper() {
    let bed = Bed::plain().masters(2).start().unwrap();
    let doctor = doctor(&bed, spec(&bed)).succeeded();
    says(&doctor.stdout, &["ok     zookeeper", "leads", "would find room now"]);
}

#[test]
fn a_job_for_this_machine_asks_nothing_of_mesos() {
    let folder = Folder::new();
    folder.write("job.py", COUNTS);
    let job = folder.job("job", json!({"run": {"submit": {"application": "job.py"}}}));
    let doctor = LcmapSpark::doctor(job).finish().succeeded();
    says(&doctor.stdout, &["ok     manifest", "ok     spark", "nothing of Mesos is used"]);
}
