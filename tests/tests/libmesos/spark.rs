//! Whole Spark jobs.

use std::{
    path::Path,
    process::{Command, Output, Stdio},
    time::Instant,
};

use lcmap_spark_tests::bed::java;
use lcmap_spark_tests::mesos::{Access, Authority, Bed, Library, older_spark, spark_home};

/// `spark-submit` with the library, towards the bed's master.
pub(crate) fn spark_submit(bed: &Bed) -> Command {
    submit_to(bed, &bed.zookeeper_url().unwrap_or_else(|| bed.master(0).address().to_string()))
}

/// The same, towards a master of one's own choice.
pub(crate) fn submit_to(bed: &Bed, master: &str) -> Command {
    spark(bed, &spark_home().unwrap(), master)
}

/// The same of some version of Spark.
pub(crate) fn spark(bed: &Bed, home: &Path, master: &str) -> Command {
    let ip = bed.master(0).address().ip();
    let mut command = Command::new(home.join("bin/spark-submit"));
    command
        .env_clear()
        .envs(["PATH", "HOME"].iter().filter_map(|name| Some((name, std::env::var_os(name)?))))
        .env("JAVA_HOME", java())
        .env("SPARK_HOME", home)
        .env("PYSPARK_PYTHON", "/usr/bin/python3")
        .env("SPARK_LOCAL_IP", ip.to_string())
        .env("SPARK_USER", "root")
        .env("LCMAP_BED", bed.folder())
        .env("MESOS_NATIVE_JAVA_LIBRARY", Library::Rust.path())
        .current_dir(bed.folder())
        .stdin(Stdio::null())
        .arg("--master")
        .arg(format!("mesos://{master}"));
    for (name, value) in [
        ("spark.mesos.executor.home", home.display().to_string()),
        ("spark.executor.memory", "512m".to_owned()),
        ("spark.executor.cores", "1".to_owned()),
        ("spark.cores.max", "1".to_owned()),
        ("spark.driver.host", ip.to_string()),
        ("spark.ui.enabled", "false".to_owned()),
    ] {
        command.arg("--conf").arg(format!("{name}={value}"));
    }
    command
}

/// Runs it to its end.
fn run(command: &mut Command) -> (Output, String) {
    let start = Instant::now();
    let output = command.output().unwrap();
    let said =
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    eprintln!("{:?} after {:?}\n{said}", output.status, start.elapsed());
    (output, said)
}

fn pi() -> std::path::PathBuf {
    spark_home().unwrap().join("examples/src/main/python/pi.py")
}

#[test]
fn pyspark_computes_pi() {
    let bed = Bed::plain().start().unwrap();
    let (output, said) = run(spark_submit(&bed).arg(pi()).arg("4"));
    assert!(output.status.success());
    assert!(said.contains("Pi is roughly 3.1"));
    assert!(bed.master(0).log().contains("Removing framework"));
}

#[test]
fn pyspark_computes_pi_with_mutual_tls_credentials_from_files_and_an_id_of_ones_own() {
    let bed = Bed::plain().tls().access(Access::Credentials("{}".to_owned())).start().unwrap();
    let state = bed.folder().join("state");
    std::fs::create_dir(&state).unwrap();
    let secret = |name: &str, value: &str| {
        let path = bed.folder().join(name);
        std::fs::write(&path, value).unwrap();
        path
    };
    let client = bed.pki().client();
    let mut command = spark_submit(&bed);
    command.envs([
        ("LIBPROCESS_SSL_ENABLED", "1"),
        ("LIBPROCESS_SSL_VERIFY_CERT", "1"),
        ("LCMAP_MESOS_FRAMEWORK_ID", "uid-1"),
    ]);
    command.envs([
        ("LIBPROCESS_SSL_CERT_FILE", client.certificate),
        ("LIBPROCESS_SSL_KEY_FILE", client.key),
        ("LIBPROCESS_SSL_CA_FILE", bed.pki().authority(Authority::Trusted)),
        ("LCMAP_MESOS_PRINCIPAL_FILE", secret("principal", "spark\n")),
        ("LCMAP_MESOS_SECRET_FILE", secret("secret", "spark-secret\n")),
        ("LCMAP_MESOS_STATE_DIR", state.clone()),
    ]);
    // What the program sets counts less than the files.
    command.args(["--conf", "spark.mesos.principal=nobody", "--conf", "spark.mesos.secret=wrong"]);
    let (output, said) = run(command.arg(pi()).arg("2"));
    assert!(output.status.success());
    assert!(said.contains("Pi is roughly 3.1"));
    assert!(said.contains("libmesos: the principal and secret that the program set are not used"));
    let state = std::fs::read_to_string(state.join("framework-1.json")).unwrap();
    assert!(state.contains(r#""phase":"Stopped""#) && state.contains(r#""frameworkId":"uid-1""#), "{state}");
    assert!(!state.contains("teardownOwed"), "{state}");
}

#[test]
fn a_refusal_ends_the_job_with_its_reason() {
    let bed = Bed::plain().access(Access::Credentials("{}".to_owned())).start().unwrap();
    let (output, said) = run(spark_submit(&bed).arg(pi()).arg("2"));
    assert_eq!(output.status.code(), Some(1));
    assert!(said.contains("wants a principal and secret and got none"));
}

#[test]
fn a_master_that_is_not_there_is_given_up_at_the_deadline() {
    let bed = Bed::plain().agents(0).start().unwrap();
    let mut command = spark_submit(&bed);
    command.env("LCMAP_MESOS_REGISTRATION_TIMEOUT", "2").args(["--master", "mesos://127.0.0.1:1"]);
    let (output, said) = run(command.arg(pi()).arg("2"));
    assert_eq!(output.status.code(), Some(1));
    assert!(said.contains("could not be registered within 2 s: 127.0.0.1:1 refused the connection"));
}

/// Spark 3.1 has Mesos 1.4.0's classes, and wants a Java of its time; its Python is too old for ours, so that the program is Java.
#[test]
fn an_older_spark_shuffles() {
    let bed = Bed::plain().start().unwrap();
    let (home, java) = older_spark().unwrap();
    let jar = bed.folder().join("sum.jar");
    compile(&home, &jar);
    let mut command = spark(&bed, &home, &bed.master(0).address().to_string());
    command
        .env("JAVA_HOME", &java)
        .arg("--conf")
        .arg(format!("spark.executorEnv.JAVA_HOME={}", java.display()));
    let (output, said) = run(command.args(["--conf", "spark.cores.max=2", "--class", "Sum"]).arg(&jar));
    assert!(output.status.success());
    assert!(said.contains("the sum of those in 7 is 50200"));
    assert!(bed.master(0).log().contains("Removing framework"));
}

/// Compiles the Java program of this folder against a Spark.
fn compile(home: &Path, jar: &Path) {
    let classes = jar.with_extension("classes");
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/libmesos/spark/Sum.java");
    let jars = format!("{}/jars/*", home.display());
    let mut compiler = Command::new("javac");
    compiler.args(["--release", "8", "-nowarn", "-Xlint:none", "-cp", &jars, "-d"]).arg(&classes).arg(source);
    assert!(run(&mut compiler).0.status.success());
    let mut packer = Command::new("jar");
    assert!(run(packer.arg("cf").arg(jar).arg("-C").arg(&classes).arg(".")).0.status.success());
}
