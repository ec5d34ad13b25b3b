//! Jobs in their image, by podman: the user, files, volumes, certificates, exit codes, and nothing left behind.

#![allow(clippy::unwrap_used)] // all of it is a test, and a panic its verdict

use std::os::unix::fs::MetadataExt;
use std::process::Command;

use lcmap_spark_tests::{Folder, LcmapSpark, Size, bed, says};
use rustix::process::Signal;
use serde_json::{Value, json};

/// A user that no passwd knows.
const UID: u32 = 12345;

fn in_image(program: &str) -> Value {
    json!({
        "image": bed::IMAGE,
        "imagePullPolicy": "Never",
        "run": {"submit": {"application": program}},
        "user": {"uid": UID, "gid": 0},
        "driver": {"cores": 2, "memory": "1g"},
    })
}

/// The names of the containers that there are, running or not.
fn containers() -> String {
    let list =
        Command::new("podman").envs(bed::podman()).args(["ps", "--all", "--format", "{{.Names}}"]).output();
    String::from_utf8(list.unwrap().stdout).unwrap()
}

/// Fails if a container of this job is still there.
fn gone(job: &str) {
    assert!(!containers().contains(job), "{}", containers());
}

#[test]
fn an_unknown_user_writes_a_file_through_hadoop() {
    let folder = Folder::new();
    folder.write("write.py", WRITE);
    let out = folder.path().join("2024-01-01T00:00, out");
    std::fs::create_dir(&out).unwrap();
    folder.permit(&out, 0o777);
    let mut spec = in_image("write.py");
    spec["pod"] = volume(&out, "/out");
    let run = LcmapSpark::run_in_container(folder.job("writer", spec)).finish().succeeded();
    assert_eq!(run.stdout, "12345 wrote 5 rows\n");
    let written = std::fs::metadata(out.join("numbers/_SUCCESS")).unwrap();
    assert_eq!(written.uid(), UID);
    gone("writer");
}

const WRITE: &str = r#"
import os
from pyspark.sql import SparkSession

spark = SparkSession.builder.getOrCreate()
spark.range(5).write.parquet("file:///out/numbers")
print(os.getuid(), "wrote", spark.read.parquet("file:///out/numbers").count(), "rows")
"#;

fn volume(folder: &std::path::Path, target: &str) -> Value {
    json!({"spec": {
        "containers": [{"name": "driver", "volumeMounts": [{"name": "data", "mountPath": target}]}],
        "volumes": [{"name": "data", "hostPath": {"path": folder}}],
    }})
}

#[test]
fn certificates_are_mounted_at_run_time_in_memory_and_for_the_job_alone() {
    let folder = Folder::new();
    folder.write("look.py", LOOK);
    let certified = rcgen::generate_simple_self_signed(["driver".to_owned()]).unwrap();
    folder.write("mesos/mesos.crt", certified.cert.pem());
    folder.write("mesos/mesos.key", certified.signing_key.serialize_pem());
    folder.write("mesos/trustedroot.crt", certified.cert.pem());
    let mut spec = in_image("look.py");
    spec["mesos"] = json!({"certificates": {"secretName": "mesos"}});
    let secret = format!("mesos={}", folder.path().join("mesos").display());
    let run =
        LcmapSpark::run_in_container(folder.job("certified", spec)).args(["--secret", &secret]).finish();
    assert_eq!(
        run.succeeded().stdout,
        "/certs on tmpfs: True\nmesos.crt 400\nmesos.key 400\ntrustedroot.crt 400\n"
    );
    gone("certified");
}

const LOOK: &str = r#"
import os, stat
mounts = [line.split() for line in open("/proc/self/mounts")]
print("/certs on tmpfs:", any(target == "/certs" and kind == "tmpfs" for _, target, kind, *_ in mounts))
for name in sorted(os.listdir("/certs")):
    if os.path.isfile("/certs/" + name) and not name.startswith("."):
        print(name, format(stat.S_IMODE(os.stat("/certs/" + name).st_mode), "o"))
"#;

#[test]
fn the_exit_code_of_a_job_in_a_container_is_the_jobs() {
    let folder = Folder::new();
    folder.write("fail.py", "raise SystemExit(7)\n");
    let run =
        LcmapSpark::run_in_container(folder.job("failing", in_image("fail.py"))).finish().failed_with(7);
    says(&run.stderr, &["Failed", "ExitedNonZero"]);
    gone("failing");
}

#[test]
fn an_interrupt_leaves_no_container() {
    let folder = Folder::new();
    folder.write("wait.py", "import time\nprint('waiting', flush=True)\ntime.sleep(300)\n");
    let run = LcmapSpark::run_in_container(folder.job("waiting-job", in_image("wait.py"))).start();
    run.wait_for_output("waiting\n");
    assert!(containers().contains("waiting-job"));
    run.signal(Signal::INT);
    run.finish().failed_with(130);
    gone("waiting-job");
}

#[test]
fn lcmap_spark_killed_leaves_no_container() {
    let folder = Folder::new();
    folder.write("wait.py", "import time\nprint('waiting', flush=True)\ntime.sleep(300)\n");
    let run = LcmapSpark::run_in_container(folder.job("orphan", in_image("wait.py"))).start();
    run.wait_for_output("waiting\n");
    run.killed();
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(60);
    while containers().contains("orphan") && std::time::Instant::now() < deadline {
        std::thread::sleep(std::time::Duration::from_millis(200));
    }
    gone("orphan");
}

#[test]
fn the_seeds_own_way_runs_a_program_of_the_home_folder() {
    let map = format!("/home/lcmap={}", bed::repository("examples/sum").display());
    let text = std::fs::read_to_string(bed::example("sum")).unwrap();
    let folder = Folder::new();
    let file = folder.write("sum.yaml", text.replace("usgseros/lcmap-spark:2.0", bed::IMAGE));
    let run = LcmapSpark::run_in_container(file).args(["--map", &map]).finish().succeeded();
    assert_eq!(run.stdout, "The sum of 0, 1 and 2 is 3\n");
    gone("sum");
}

#[test]
fn a_shell_in_a_container_is_a_terminal() {
    let folder = Folder::new();
    let mut spec = in_image("");
    spec["run"] = json!({"pyspark": {}});
    let mut shell = LcmapSpark::run_in_container(folder.job("shell", spec)).at_terminal(Size::USUAL);
    shell.wait_for(">>> ");
    shell.line(
        "import os; print(os.getuid(), tuple(os.get_terminal_size()), sc.parallelize(range(101)).sum())",
    );
    shell.wait_for("12345 (80, 24) 5050");
    shell.wait_for(">>> "); // ctrl-D means the end only to a shell that reads
    shell.end_of_input();
    shell.finish().succeeded();
    gone("shell");
}

#[test]
fn an_image_that_is_not_there_is_named() {
    let folder = Folder::new();
    folder.write("job.py", "");
    let mut spec = in_image("job.py");
    spec["image"] = json!("localhost/no-such-image:0");
    let run = LcmapSpark::run_in_container(folder.job("imageless", spec)).finish();
    assert!(run.code.is_some_and(|code| code != 0), "{run:?}");
    says(&run.stderr, &["ImagePullFailed", "localhost/no-such-image:0"]);
}

/// An image of one's own whose entrypoint is the agent, as docs/moving.md shows it.
const BY_HAND: &str = "localhost/lcmap-spark:by-hand";

/// `podman run IMAGE COMMAND` for a user that no passwd knows: what it prints.
fn by_hand(options: &[&str], command: &[&str]) -> String {
    let mut podman = Command::new("podman");
    // As with Docker, nobody but the agent adds the user to /etc/passwd.
    podman.envs(bed::podman()).args(["run", "--rm", "--user=12345", "--passwd=false", "--network=host"]);
    let output = podman.args(options).arg(BY_HAND).args(command).output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {errors}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn an_image_whose_entrypoint_is_the_agent_runs_what_people_type() {
    let context = Folder::new();
    std::fs::copy(bed::agent(), context.path().join("lcmap-agent")).unwrap();
    std::fs::copy(bed::repository("examples/sum/jobs/job.py"), context.path().join("job.py")).unwrap();
    let containerfile = format!(
        "FROM {}\nCOPY lcmap-agent /usr/local/bin/\nCOPY job.py jobs/\nRUN chmod g+w /etc/passwd\n\
         ENTRYPOINT [\"lcmap-agent\", \"exec\", \"--\"]\n",
        bed::IMAGE
    );
    context.write("Containerfile", containerfile);
    let mut build = Command::new("podman");
    build.envs(bed::podman()).args(["build", "--quiet", "--tag", BY_HAND]).arg(context.path());
    assert!(build.status().unwrap().success());

    assert_eq!(by_hand(&[], &["id", "-un"]), "lcmap\n");
    assert_eq!(by_hand(&[], &["spark-submit", "jobs/job.py"]), "The sum of 0, 1 and 2 is 3\n");
    let version = by_hand(&["--read-only"], &["jupyter", "--ip=127.0.0.1", "notebook", "--version"]);
    assert!(version.starts_with("7."), "{version}");
    let removed = Command::new("podman").envs(bed::podman()).args(["rmi", BY_HAND]).output().unwrap();
    assert!(removed.status.success());
}
