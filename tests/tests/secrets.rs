//! Secrets: where they are while a job runs, where they never are, and that they are gone afterwards.

use lcmap_spark_tests::{Folder, LcmapSpark, Running, StandIn, bed, says};
use rustix::process::Signal;
use serde_json::json;

const SECRET: &str = "correct-horse-battery-staple";

/// A job with a password among its properties and another in its environment, while it runs.
fn running(folder: &Folder, spark: &StandIn) -> Running {
    folder.write("job.py", "");
    folder.write("cassandra/spark.cassandra.auth.password", format!("{SECRET}\n"));
    folder.write("archive/token", SECRET);
    let spec = json!({
        "run": {"submit": {"application": "job.py"}},
        "confFrom": [{"secretName": "cassandra"}],
        "env": [{"name": "TOKEN", "valueFrom": {"secretKeyRef": {"name": "archive", "key": "token"}}}],
    });
    let binding = |name: &str| format!("{name}={}", folder.path().join(name).display());
    let run = LcmapSpark::run_with(spark, folder.job("job", spec));
    let run = run.args(["--secret", &binding("cassandra"), "--secret", &binding("archive")]).start();
    run.wait_for("ready");
    run
}

const SHOW: &str =
    r#"cat "$SPARK_CONF_DIR/spark-defaults.conf"; echo "TOKEN=$TOKEN"; echo ready >&2; sleep 300 & wait"#;

#[test]
fn a_secret_reaches_the_job_as_property_and_as_variable() {
    let (folder, spark) = (Folder::new(), StandIn::new(SHOW));
    let run = running(&folder, &spark);
    run.signal(Signal::TERM);
    let output = run.finish().stdout;
    says(&output, &["spark.cassandra.auth.password", &format!("TOKEN={SECRET}\n")]);
    assert_eq!(output.matches(SECRET).count(), 2, "{output}");
}

#[test]
fn a_secret_is_on_no_command_line_and_in_no_file_that_others_can_read() {
    let (folder, spark) = (Folder::new(), StandIn::new(SHOW));
    let run = running(&folder, &spark);
    let command_lines = run.command_lines();
    assert!(command_lines.len() > 2, "lcmap-spark, its agent and the driver: {command_lines:?}");
    assert!(!command_lines.concat().contains(SECRET), "{command_lines:?}");
    let files = run.private_files();
    let holding: Vec<_> = files
        .iter()
        .filter(|(file, _)| std::fs::read_to_string(file).is_ok_and(|text| text.contains(SECRET)))
        .collect();
    assert_eq!(holding.len(), 1, "the properties: {holding:?}");
    for (file, mode) in holding {
        assert_eq!(mode & 0o077, 0, "{} has mode {mode:o}", file.display());
    }
    run.signal(Signal::TERM);
    run.finish();
}

#[test]
fn a_secret_property_is_in_no_environment() {
    let (folder, spark) = (Folder::new(), StandIn::new(SHOW));
    let run = running(&folder, &spark);
    for environment in run.environments() {
        assert_eq!(
            environment.matches(SECRET).count(),
            environment.matches("TOKEN=").count(),
            "{environment}"
        );
    }
    run.signal(Signal::TERM);
    run.finish();
}

#[test]
fn a_secret_is_gone_after_a_kill_too() {
    // The harness fails the test if a private file is left.
    let (folder, spark) =
        (Folder::new(), StandIn::new("trap '' TERM; echo ready >&2; while :; do sleep 1; done"));
    let run = running(&folder, &spark);
    run.signal(Signal::INT);
    std::thread::sleep(std::time::Duration::from_millis(500));
    run.signal(Signal::INT);
    run.finish().failed_with(130);
}

#[test]
fn a_secret_that_nothing_stands_for_is_named_with_the_remedy() {
    let folder = Folder::new();
    folder.write("job.py", "");
    let spec =
        json!({"run": {"submit": {"application": "job.py"}}, "confFrom": [{"secretName": "cassandra"}]});
    let run = LcmapSpark::run_with(&StandIn::new(""), folder.job("job", spec)).finish().failed_with(2);
    says(&run.stderr, &["spec.confFrom[0]", "--secret cassandra=DIR"]);
}

#[test]
fn real_spark_sees_a_secret_property_and_its_ui_does_not_show_it() {
    let folder = Folder::new();
    folder.write("cassandra/spark.cassandra.auth.password", SECRET);
    folder.write("job.py", PROGRAM);
    let spec =
        json!({"run": {"submit": {"application": "job.py"}}, "confFrom": [{"secretName": "cassandra"}]});
    let secret = format!("cassandra={}", folder.path().join("cassandra").display());
    let run = LcmapSpark::run(folder.job("job", spec)).args(["--secret", &secret]).finish().succeeded();
    assert_eq!(run.stdout, "seen by the program: True, shown by the UI: False, on a command line: False\n");
    let _ = bed::python();
}

const PROGRAM: &str = r#"
import glob, urllib.request
from pyspark.sql import SparkSession

secret = "correct-horse-" + "battery-staple"
sc = SparkSession.builder.getOrCreate().sparkContext
seen = sc.getConf().get("spark.cassandra.auth.password") == secret
url = f"{sc.uiWebUrl}/api/v1/applications/{sc.applicationId}/environment"
shown = secret in urllib.request.urlopen(url).read().decode()
lines = [open(name, "rb").read() for name in glob.glob("/proc/[0-9]*/cmdline")]
print(f"seen by the program: {seen}, shown by the UI: {shown}, on a command line: {any(secret.encode() in l for l in lines)}")
"#;
