//! Values through Spark's scripts, a real JVM and a real Python, in every kind of run. No locale is set, and inherited
//! variables contradict the manifest. One start of Spark serves all values.

use lcmap_spark_tests::notebook::{executing, free_port, url};
use lcmap_spark_tests::{Folder, LcmapSpark, bed, says};
use rustix::process::Signal;
use serde_json::{Value, json};

/// Arguments of the program.
const ARGS: [&str; 10] =
    ["Zürich", "日本", "🛰", "two words", "it's \"$HOME\" `id` \\", "a\nb", "tab\t", "", "--conf", " blank "];

/// Properties of Spark.
fn conf() -> Value {
    json!({
        "spark.hunt.tab": "\t",
        "spark.hunt.soh": "\u{1}",
        "spark.hunt.padded": " it's \"a\" ",
        "spark.hunt.newline": "\n",
        "spark.hunt.mixed": "\n\t",
        "spark.hunt.inner": "a\tb = c # d: \\ é ${HOME}",
        "spark.hunt.empty": "",
        "spark.hunt.größe": " 日本 ",
    })
}

/// Shows what a Python program finds, as one line of JSON.
const SHOW: &str = r#"
import json, os, sys
from pyspark.sql import SparkSession
sc = SparkSession.builder.getOrCreate().sparkContext
conf = {name: value for name, value in sc.getConf().getAll() if name.startswith("spark.hunt.")}
worker = sc.parallelize([0], 1).map(lambda _: (os.environ["PADDED"], os.environ["PLACE"])).collect()[0]
found = {"args": sys.argv[1:], "conf": conf, "name": sc.appName, "master": sc.master, "worker": worker}
print("found " + json.dumps(found), flush=True)
sc.stop()
"#;

/// A job of this run, with everything that must arrive.
fn spec(run: &Value) -> Value {
    json!({
        "name": "größe  日本 ",
        "run": run,
        "conf": conf(),
        "driver": {"cores": 1, "memory": "512m"},
        "env": [{"name": "PADDED", "value": " \t"}, {"name": "PLACE", "value": "Zürich"}],
    })
}

/// `run` among variables that would decide instead of the manifest. None of them is a locale.
fn run(manifest: std::path::PathBuf) -> LcmapSpark {
    LcmapSpark::run(manifest)
        .env("PYSPARK_DRIVER_PYTHON", "jupyter")
        .env("PYSPARK_DRIVER_PYTHON_OPTS", "notebook")
        .env("PYSPARK_SUBMIT_ARGS", "--master local[3] --name old pyspark-shell")
        .env("SPARK_SUBMIT_OPTS", "-Dspark.hunt.empty=no")
        .env("JAVA_TOOL_OPTIONS", "-Dfile.encoding=ISO-8859-1 -Dspark.hunt.more=1")
        .env("SPARK_REMOTE", "sc://nowhere")
        .env("SPARK_TESTING", "1")
        .env("SPARK_ENV_LOADED", "1")
        .env("DEPLOY_MODE", "cluster")
        .env("PYTHONSTARTUP", "/nowhere")
        .env("PYTHONHOME", "/nowhere")
        .env("LC_CTYPE", "POSIX")
}

/// The bytes of a text, as the Scala programs print them.
fn hex(text: &str) -> String {
    text.bytes().fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"))
}

/// What a program of [`SHOW`] found.
fn found(output: &str) -> Value {
    let line = output.lines().find_map(|line| line.split_once("found {"));
    assert!(line.is_some(), "nothing was found:\n{output}");
    let (_, json) = line.unwrap();
    serde_json::from_str(&format!("{{{json}")).unwrap()
}

#[track_caller]
fn all_arrived(found: &Value) {
    assert_eq!(found["conf"], conf());
    assert_eq!(found["name"], "größe  日本 ");
    assert_eq!(found["master"], "local[1]");
    assert_eq!(found["worker"], json!([" \t", "Zürich"]));
}

#[test]
fn a_python_program_finds_everything_as_it_was_written() {
    let folder = Folder::new();
    folder.write("it's größe.py", SHOW);
    let job = folder.job("job", spec(&json!({"submit": {"application": "it's größe.py", "args": ARGS}})));
    let run = run(job).finish().succeeded();
    let found = found(&run.stdout);
    all_arrived(&found);
    assert_eq!(found["args"], json!(ARGS));
    says(&run.stderr, &["not taken from the environment", "PYSPARK_DRIVER_PYTHON, ", "SPARK_REMOTE"]);
}

#[test]
fn a_program_for_the_jvm_finds_everything_as_it_was_written() {
    // Scala's own runner, which is on Spark's class path, spares the test a jar.
    let code = r#"
        def hex(text: String) = text.getBytes("UTF-8").map("%02x".format(_)).mkString
        val sc = org.apache.spark.SparkContext.getOrCreate()
        args.foreach(arg => println("arg " + hex(arg)))
        sc.getConf.getAll.filter(_._1.startsWith("spark.hunt.")).sorted.foreach { case (name, value) =>
            println("conf " + hex(name) + " " + hex(value)) }
        println("name " + hex(sc.appName))
        sc.stop()"#;
    let jars = bed::python().parent().unwrap().parent().unwrap().join("lib");
    let jars = jars.join("python3.11/site-packages/pyspark/jars");
    let jar = std::fs::read_dir(jars).unwrap().map(|entry| entry.unwrap().path());
    let jar = jar.into_iter().find(|jar| jar.display().to_string().contains("/scala-compiler")).unwrap();
    let args: Vec<&str> = ["-usejavacp", "-nc", "-e", code].into_iter().chain(ARGS).collect();
    let submit = json!({"application": jar, "mainClass": "scala.tools.nsc.MainGenericRunner", "args": args});
    let folder = Folder::new();
    let run = run(folder.job("job", spec(&json!({"submit": submit})))).finish().succeeded();
    let args = ARGS.map(|arg| format!("arg {}\n", hex(arg))).concat();
    says(&run.stdout, &[&args, &format!("name {}\n", hex("größe  日本 "))]);
    for (name, value) in conf().as_object().unwrap() {
        says(&run.stdout, &[&format!("conf {} {}\n", hex(name), hex(value.as_str().unwrap()))]);
    }
}

#[test]
fn pyspark_finds_everything_as_it_was_written() {
    let folder = Folder::new();
    let job = folder.job("job", spec(&json!({"pyspark": {}})));
    let run = run(job).input(SHOW).finish().succeeded();
    all_arrived(&found(&run.stdout));
}

#[test]
fn spark_shell_finds_everything_as_it_was_written() {
    let folder = Folder::new();
    let script = r#"
def hex(text: String) = text.getBytes("UTF-8").map("%02x".format(_)).mkString
println("name " + hex(sc.appName) + ".")
sc.getConf.getAll.filter(_._1.startsWith("spark.hunt.")).foreach { case (n, v) => println("conf " + hex(n) + " " + hex(v) + ".") }
"#;
    let job = folder.job("job", spec(&json!({"shell": {}})));
    let run = run(job).input(script).finish().succeeded();
    says(&run.stdout, &[&format!("name {}.", hex("größe  日本 "))]);
    for (name, value) in conf().as_object().unwrap() {
        says(&run.stdout, &[&format!("conf {} {}.", hex(name), hex(value.as_str().unwrap()))]);
    }
}

#[test]
fn a_notebooks_kernel_finds_everything_as_it_was_written() {
    let folder = Folder::new();
    let cell =
        json!({"cell_type": "code", "source": SHOW, "metadata": {}, "outputs": [], "execution_count": null});
    let notebook = json!({"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5});
    folder.write("größe/日本.ipynb", notebook.to_string());
    let port = free_port();
    let job = folder.job("job", spec(&json!({"notebook": {"directory": "größe", "port": port}})));
    let run = run(job).args(["--output", "json"]).start();
    let executed = executing(&url(&run), "日本.ipynb").output().unwrap();
    all_arrived(&found(&String::from_utf8_lossy(&executed.stdout)));
    run.signal(Signal::INT);
    run.finish();
}

#[test]
fn a_spark_env_of_the_place_does_not_override_the_manifest() {
    let folder = Folder::new();
    folder.write("job.py", SHOW);
    let lines =
        "export SPARK_CONF_DIR=/nowhere PYSPARK_DRIVER_PYTHON=jupyter LC_ALL=POSIX PLACE=Genf HUNT=kept\n";
    folder.write("conf/spark-env.sh", lines);
    folder.write("conf/spark-defaults.conf", "spark.hunt.of.place kept\n");
    let job = folder.job("job", spec(&json!({"submit": {"application": "job.py", "args": ARGS}})));
    let run = run(job).env("SPARK_CONF_DIR", folder.path().join("conf")).finish().succeeded();
    let found = found(&run.stdout);
    assert_eq!(found["args"], json!(ARGS));
    assert_eq!(found["worker"], json!([" \t", "Zürich"]));
    assert_eq!(found["conf"]["spark.hunt.of.place"], "kept");
}

#[test]
fn what_could_not_arrive_is_refused_with_the_field() {
    let folder = Folder::new();
    folder.write("job.py", "");
    folder.write("secret/spark.hunt.key", "s3cret ");
    let submit = |args: &[&str]| json!({"submit": {"application": "job.py", "args": args}});
    let secret = format!("secret={}", folder.path().join("secret").display());
    for (spec, code, words) in [
        (json!({"run": submit(&["a\r"])}), 2, "spec.run.submit.args"),
        (json!({"run": submit(&[]), "confFrom": [{"secretName": "secret"}]}), 125, "spark.hunt.key"),
        (json!({"run": submit(&[]), "conf": {"spark.hunt.password": "a "}}), 125, "spark.hunt.password"),
        (json!({"run": submit(&[]), "conf": {"spark.hunt.a": "\ta\r"}}), 125, "spark.hunt.a"),
        (
            json!({"run": submit(&["ü"]), "env": [{"name": "LC_ALL", "value": "POSIX"}]}),
            125,
            "run.submit.args[0]",
        ),
    ] {
        let run = LcmapSpark::run(folder.job("job", spec)).args(["--secret", &secret]).finish();
        says(&run.failed_with(code).stderr, &[words]);
    }
}

/// Lists the variables that a Spark reads: in its classes, its scripts and its Python.
#[test]
fn every_variable_that_spark_reads_stands_in_the_table() {
    let script = bed::repository("tests/variables/read.py");
    let answer = std::process::Command::new(bed::python()).arg(&script).output().unwrap();
    let read = String::from_utf8(answer.stdout).unwrap();
    assert!(read.lines().count() > 60, "{read}\n{}", String::from_utf8_lossy(&answer.stderr));
    let table = std::fs::read_to_string(bed::repository("docs/reference/variables.md")).unwrap();
    let missing: Vec<&str> = read.lines().filter(|name| !table.contains(&format!("| `{name}` |"))).collect();
    assert!(missing.is_empty(), "Spark reads what the table does not know: {missing:?}");
}
