//! The agent in an image: users that it does not know, keys that it should not hold.

use std::fs;

use lcmap_spark_agent::plan::Certificates;
use lcmap_spark_agent::report::ExitReason;
use rcgen::KeyPair;

use crate::support::{AGENT, Bed, run, stderr, stdout};

const LAUNCH: [&str; 7] =
    ["launch", "--plan", "/bed/plan", "--state", "/bed/state", "--termination-log", "/bed/ended"];

/// Runs what follows as a user that the image does not know.
pub(crate) const AS_STRANGER: &str = "AS_USER='unshare --user --map-user=4242 --map-group=4242'";

/// Makes one of the image's files read-only.
pub(crate) fn read_only(path: &str) -> String {
    format!("mount --bind $ROOT{path} $ROOT{path}; mount -o remount,bind,ro $ROOT{path}")
}

#[test]
fn an_unknown_user_gets_an_entry_where_one_can_be_added() {
    let bed = Bed::with_submit("id -un; id -u; getent passwd 4242; getent group 4242");
    let mut command = bed.in_image(AS_STRANGER, &LAUNCH);
    command.env("USER", "science");
    let output = run(command);
    let expected = "science\n4242\nscience:x:4242:4242::/bed:/bin/sh\nscience:x:4242:\n";
    assert_eq!((stdout(&output).as_str(), stderr(&output).as_str()), (expected, ""));
}

#[test]
fn an_unknown_user_is_warned_where_no_entry_can_be_added() {
    let bed = Bed::with_submit("echo $USER");
    let output = run(bed.in_image(&format!("{}; {AS_STRANGER}", read_only("/etc/passwd")), &LAUNCH));
    assert_eq!(stdout(&output), "u4242\n");
    let said = stderr(&output);
    assert!(
        said.contains("user id 4242 has no entry in /etc/passwd") && said.contains("inspect --out"),
        "{said}"
    );
    assert_eq!(bed.state().warnings, bed.termination_message().warnings);
    assert_eq!(bed.state().warnings.len(), 1);
}

#[test]
fn what_inspect_writes_makes_the_user_known() {
    let bed = Bed::with_submit("id -un");
    let inspect = ["inspect", "--out", "/bed/etc", "--uid", "4242", "--gid", "4242", "--name", "science"];
    assert_eq!(run(bed.in_image(":", &inspect)).status.code(), Some(0));
    let mounted = "for f in passwd group; do mount --bind $ROOT/bed/etc/$f $ROOT/etc/$f; done";
    let mount = format!("{mounted}; {}; {AS_STRANGER}", read_only("/etc/passwd"));
    let output = run(bed.in_image(&mount, &LAUNCH));
    assert_eq!((stdout(&output).as_str(), stderr(&output).as_str()), ("science\n", ""));
    let own = fs::read_to_string("/etc/passwd").unwrap();
    let written = fs::read_to_string(bed.path("etc/passwd")).unwrap();
    assert_eq!(written, format!("{own}science:x:4242:4242::/home/lcmap:/bin/sh\n"));
}

#[test]
fn a_private_key_in_the_image_is_refused_by_inspect_and_by_launch() {
    let bed = Bed::with_submit("echo never");
    let baked = "echo > $ROOT/certs/mesos.key";
    let inspect = ["inspect", "--out", "/bed/etc", "--termination-log", "/bed/ended"];
    for arguments in [inspect.as_slice(), &LAUNCH] {
        let output = run(bed.in_image(baked, arguments));
        assert_eq!((output.status.code(), stdout(&output).as_str()), (Some(125), ""));
        let message = bed.termination_message();
        assert_eq!(message.reason, ExitReason::CertificatesInImage);
        assert!(
            message.message.contains("the private key /certs/mesos.key is part of the image"),
            "{message:?}"
        );
    }
}

/// Shows where libmesos looks for certificates, and what lies there.
pub(crate) const SHOW: &str = "echo $LIBPROCESS_SSL_ENABLED $LIBPROCESS_SSL_KEY_FILE $LIBPROCESS_SSL_CA_DIR; \
                    stat -L -c '%a %n' $LIBPROCESS_SSL_CERT_FILE $LIBPROCESS_SSL_KEY_FILE $LIBPROCESS_SSL_CA_FILE";

#[test]
fn certificates_are_installed_in_a_memory_backed_target() {
    let bed = Bed::with_submit(SHOW);
    bed.write_certificates();
    bed.plan(|plan| {
        plan.certificates = Some(Certificates { source: "/bed/mine".into(), target: Some("/certs".into()) });
    });
    let output = run(bed.in_image("mount -t tmpfs none $ROOT/certs", &LAUNCH));
    let expected =
        "1 /certs/mesos.key /certs\n400 /certs/mesos.crt\n400 /certs/mesos.key\n400 /certs/trustedroot.crt\n";
    assert_eq!((stdout(&output).as_str(), stderr(&output).as_str()), (expected, ""));
}

#[test]
fn certificates_that_the_user_mounts_are_an_input() {
    let bed = Bed::with_submit(SHOW);
    bed.write_certificates();
    bed.plan(|plan| {
        plan.certificates = Some(Certificates { source: "/certs".into(), target: Some("/certs".into()) });
    });
    let mounted = format!("mount --bind $ROOT/bed/mine $ROOT/certs; {}", read_only("/certs"));
    let output = run(bed.in_image(&mounted, &LAUNCH));
    assert_eq!((output.status.code(), stderr(&output).as_str()), (Some(0), ""));
    let shown = stdout(&output);
    assert!(shown.starts_with("1 /dev/shm/lcmap-spark-agent-"), "{shown}");
    assert_eq!(shown.matches("400 /dev/shm/").count(), 3, "{shown}");
}

#[test]
fn bad_certificates_are_refused_before_the_command_starts() {
    let bed = Bed::with_submit("echo never");
    let source = bed.write_certificates();
    fs::write(source.join("mesos.key"), KeyPair::generate().unwrap().serialize_pem()).unwrap();
    bed.plan(|plan| plan.certificates = Some(Certificates { source, target: None }));
    let output = run(bed.as_child());
    assert_eq!((output.status.code(), stdout(&output).as_str()), (Some(125), ""));
    assert_eq!(bed.termination_message().reason, ExitReason::CertificatesInvalid);
}

#[test]
fn the_agent_copies_itself() {
    let bed = Bed::with_submit("echo from the copy");
    let folder = bed.path("new/folder");
    for _ in 0..2 {
        let mut install = std::process::Command::new(AGENT);
        install.arg("install").arg(&folder);
        assert!(run(install).status.success());
    }
    assert_eq!(fs::read(folder.join("lcmap-agent")).unwrap(), fs::read(AGENT).unwrap());
    let mut copy = std::process::Command::new(folder.join("lcmap-agent"));
    copy.args(bed.arguments());
    bed.image_environment(&mut copy);
    assert_eq!(String::from_utf8(copy.output().unwrap().stdout).unwrap(), "from the copy\n");
}

#[test]
fn a_folder_that_cannot_be_written_is_named() {
    let mut install = std::process::Command::new(AGENT);
    install.args(["install", "/proc/nowhere"]);
    let output = install.output().unwrap();
    assert!(!output.status.success());
    assert!(stderr(&output).contains("the agent cannot be copied to /proc/nowhere: "), "{}", stderr(&output));
}
