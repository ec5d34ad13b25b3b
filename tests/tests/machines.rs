//! Machines without Spark or Java, or with folders that may not be read or written.

use lcmap_spark_tests::{Folder, LcmapSpark, StandIn, says};
use serde_json::json;

fn job(folder: &Folder) -> std::path::PathBuf {
    folder.write("job.py", "");
    folder.job("job", json!({"run": {"submit": {"application": "job.py"}}}))
}

#[test]
fn without_spark_the_message_says_how_to_get_it() {
    let folder = Folder::new();
    let run = LcmapSpark::new("run").arg("-f").arg(job(&folder)).finish();
    says(&run.failed_with(2).stderr, &["Spark was not found", "pip install 'pyspark==3.5.*'", "--container"]);
}

#[test]
fn a_spark_home_that_is_none_is_named() {
    let folder = Folder::new();
    let spark = StandIn::new("exit 0");
    let run = LcmapSpark::run_with(&spark, job(&folder)).env("SPARK_HOME", folder.path()).finish();
    says(&run.failed_with(2).stderr, &["SPARK_HOME", &folder.path().display().to_string()]);
}

#[test]
fn without_java_the_message_says_how_to_get_it() {
    let (folder, spark) = (Folder::new(), StandIn::new("exit 0"));
    let run = LcmapSpark::run_with(&spark, job(&folder)).env("JAVA_HOME", folder.path()).finish();
    says(&run.failed_with(2).stderr, &["Java", "JAVA_HOME"]);
}

#[test]
fn a_container_engine_that_is_not_there_is_named() {
    let folder = Folder::new();
    let run = LcmapSpark::new("run").arg("-f").arg(job(&folder)).env("PATH", folder.path());
    let run = run.args(["--container", "docker"]).finish();
    says(&run.failed_with(125).stderr, &["docker was not found"]);
}

#[test]
fn a_spark_that_cannot_be_executed_fails_the_job_and_says_why() {
    let (folder, spark) = (Folder::new(), StandIn::new("exit 0"));
    std::fs::write(spark.home().join("bin/spark-submit"), "#!/nowhere/interpreter\n").unwrap();
    let run = LcmapSpark::run_with(&spark, job(&folder)).finish();
    says(&run.failed_with(126).stderr, &["spark-submit", "CommandNotExecutable"]);
}

#[test]
fn a_manifest_that_may_not_be_read_is_named() {
    let folder = Folder::new();
    let file = job(&folder);
    folder.permit(&file, 0o000);
    let spark = StandIn::new("exit 0");
    let run = LcmapSpark::run_with(&spark, &file).bound_by_permissions().finish();
    says(&run.failed_with(2).stderr, &["job.yaml", "Permission denied"]);
}

#[test]
fn a_runtime_folder_that_cannot_be_used_is_passed_over() {
    let (folder, spark) = (Folder::new(), StandIn::new("exit 0"));
    for unusable in ["/proc", "/nowhere", "", "relative"] {
        LcmapSpark::run_with(&spark, job(&folder)).env("XDG_RUNTIME_DIR", unusable).finish().succeeded();
    }
}
