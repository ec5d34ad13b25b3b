//! What a manifest says reaches Spark as it is: no shell looks at it, and nothing in it is lost.

#![allow(clippy::unwrap_used)] // all of it is a test, and a panic its verdict

mod spark;

use lcmap_spark_tests::{Folder, LcmapSpark, StandIn, says};
use serde_json::{Value, json};

/// Prints each argument between marks, and what the configuration holds.
const SHOW: &str =
    r#"for argument; do printf '<%s>\n' "$argument"; done; cat "$SPARK_CONF_DIR/spark-defaults.conf""#;

fn shown(spec: Value) -> String {
    let folder = Folder::new();
    folder.write("job.py", "");
    let run = LcmapSpark::run_with(&StandIn::new(SHOW), folder.job("job", spec)).finish();
    run.succeeded().stdout
}

fn submit(args: &[&str]) -> Value {
    json!({"run": {"submit": {"application": "job.py", "args": args}}})
}

#[test]
fn arguments_arrive_as_they_were_written() {
    let args = [
        "two words",
        "a 'quote'",
        "a \"double\" one",
        "$(touch pwned)",
        "`touch pwned`",
        "$HOME",
        "line\nbreak",
        "tab\t",
        "back\\slash",
        "*",
        "",
        "--conf",
        "-",
        "ünïcödé 🛰",
        "; exit 3",
        "%s",
        "!history",
    ];
    let output = shown(submit(&args));
    let expected = args.map(|argument| format!("<{argument}>\n")).concat();
    says(&output, &[&expected]);
}

#[test]
fn a_program_in_a_folder_with_an_unusual_name_is_found() {
    let folder = Folder::new();
    let name = "it's $(a) \"job\" ünï.py";
    folder.write(name, "");
    let spec = json!({"run": {"submit": {"application": name}}});
    let run = LcmapSpark::run_with(&StandIn::new(SHOW), folder.job("job", spec)).finish().succeeded();
    says(&run.stdout, &[&format!("<{}>\n", folder.path().join(name).display())]);
}

#[test]
fn a_nul_is_refused_since_no_process_can_be_given_one() {
    let folder = Folder::new();
    folder.write("job.py", "");
    for spec in [
        submit(&["nul\0"]),
        json!({"run": {"submit": {"application": "job\0.py"}}}),
        json!({"run": {"submit": {"application": "job.py"}}, "env": [{"name": "A", "value": "\0"}]}),
        json!({"run": {"submit": {"application": "job.py"}}, "conf": {"spark.a": "\0"}}),
    ] {
        let run = LcmapSpark::run_with(&StandIn::new(SHOW), folder.job("job", spec)).finish().failed_with(2);
        says(&run.stderr, &["refused", "spec."]);
    }
}

#[test]
fn environment_variables_arrive_as_they_were_written() {
    let folder = Folder::new();
    folder.write("job.py", "");
    let mut spec = submit(&[]);
    spec["env"] = json!([{"name": "ODD", "value": "a b\n$(c) 'd' \"e\" ü="}, {"name": "EMPTY"}]);
    let spark = StandIn::new(r#"printf '<%s><%s>' "$ODD" "${EMPTY-unset}""#);
    let run = LcmapSpark::run_with(&spark, folder.job("job", spec)).finish().succeeded();
    assert_eq!(run.stdout, "<a b\n$(c) 'd' \"e\" ü=><>");
}

#[test]
fn two_hundred_kilobytes_of_properties_arrive() {
    let conf: serde_json::Map<_, _> = (0..1000)
        .map(|n| (format!("spark.test.property{n}"), json!(format!("{n} {}", "x".repeat(180)))))
        .collect();
    let mut spec = submit(&[]);
    spec["conf"] = Value::Object(conf);
    let output = shown(spec);
    assert!(output.len() > 200_000);
    says(&output, &["spark.test.property0", "spark.test.property999"]);
}
