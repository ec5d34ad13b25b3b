//! Manifests as people write them: several, from standard input, at fault; and what each fault is called.

use std::path::Path;

use lcmap_spark_tests::{Finished, Folder, LcmapSpark, StandIn, says};
use serde_json::{Value, json};

fn job(code: u8) -> Value {
    json!({"run": {"submit": {"application": "job.py", "args": [code.to_string()]}}})
}

/// Prints the application name, and exits with the code that is the program's last argument.
fn spark() -> StandIn {
    StandIn::new(r#"for last; do :; done; echo "ran with $last"; exit "$last""#)
}

fn folder() -> Folder {
    let folder = Folder::new();
    folder.write("job.py", "");
    folder
}

fn run(file: &Path) -> Finished {
    LcmapSpark::run_with(&spark(), file).finish()
}

/// A manifest that is refused: exit code 2, these words, and nothing is run.
fn refused(text: impl AsRef<[u8]>, words: &[&str]) {
    let folder = folder();
    let run = run(&folder.write("job.yaml", text)).failed_with(2);
    assert_eq!(run.stdout, "");
    says(&run.stderr, &["job.yaml"]);
    says(&run.stderr, words);
}

fn refused_spec(spec: &Value, words: &[&str]) {
    let manifest = json!({
        "apiVersion": "lcmap.usgs.gov/v1alpha1", "kind": "SparkJob", "metadata": {"name": "job"}, "spec": spec,
    });
    refused(manifest.to_string(), words);
}

#[test]
fn several_files_and_documents_run_in_order() {
    let folder = folder();
    let one = folder.jobs("one.yaml", [("a", job(0)), ("b", job(0))]);
    let two = folder.job("two", job(0));
    let run = LcmapSpark::run_with(&spark(), one).arg("-f").arg(two).args(["--output", "json"]).finish();
    let order: Vec<_> =
        run.succeeded().events_of("result").iter().map(|event| event["job"].clone()).collect();
    assert_eq!(order, ["a", "b", "two"]);
}

#[test]
fn a_failed_job_does_not_keep_the_next_from_running_and_gives_the_exit_code() {
    let folder = folder();
    let run = run(&folder.jobs("jobs.yaml", [("a", job(3)), ("b", job(0)), ("c", job(4))])).failed_with(3);
    assert_eq!(run.stdout, "ran with 3\nran with 0\nran with 4\n");
}

#[test]
fn a_refused_document_is_named_and_the_others_run() {
    let folder = folder();
    let file = folder.jobs("jobs.yaml", [("a", job(0)), ("b", json!({"run": {}})), ("c", job(0))]);
    let run = run(&file).failed_with(2);
    assert_eq!(run.stdout, "ran with 0\nran with 0\n");
    says(&run.stderr, &["jobs.yaml, document 2", "spec.run"]);
}

#[test]
fn a_pod_template_that_no_cluster_would_take_is_refused_with_every_path_and_line() {
    refused(
        TEMPLATE,
        &[
            "containers[0].resources.limits.memory: \"2GB\" is no quantity; write 2Gi (line 12)",
            "containers[0].env[0].value: must be text, and is 1; write it in quotes (line 13)",
            "containers[0].volumeMounts[0].name: \"data\" is none of the volumes",
            "containers[0].command: is lcmap-spark's to set; leave it out and use spec.run (line 15)",
            "spec.pod.spec.nodeselector: Kubernetes 1.33 has no such field here",
            "did you mean nodeSelector? (line 16)",
        ],
    );
}

const TEMPLATE: &str = "apiVersion: lcmap.usgs.gov/v1alpha1
kind: SparkJob
metadata: {name: job}
spec:
  run: {submit: {application: job.py}}
  pod:
    spec:
      containers:
      - name: driver
        resources:
          limits:
            memory: 2GB
        env: [{name: DEPTH, value: 1}]
        volumeMounts: [{name: data, mountPath: /data}]
        command: [sh]
      nodeselector: {disk: ssd}
";

#[test]
fn a_dash_reads_standard_input() {
    let folder = folder();
    let manifest = std::fs::read(folder.job("job", job(0))).unwrap();
    let run = LcmapSpark::run_with(&spark(), "-").in_folder(folder.path()).input(manifest).finish();
    assert_eq!(run.succeeded().stdout, "ran with 0\n");
}

#[test]
fn relative_paths_are_found_beside_the_manifest_and_then_in_the_current_folder() {
    let (beside, current) = (folder(), Folder::new());
    let show = StandIn::new(r#"for last; do file=$before; before=$last; done; cat "$file""#);
    beside.write("job.py", "beside the manifest\n");
    current.write("job.py", "in the current folder\n");
    let file = beside.job("job", job(0));
    let run = || LcmapSpark::run_with(&show, &file).in_folder(current.path()).finish().succeeded().stdout;
    assert_eq!(run(), "beside the manifest\n");
    std::fs::remove_file(beside.path().join("job.py")).unwrap();
    assert_eq!(run(), "in the current folder\n");
}

#[test]
fn a_program_that_is_nowhere_is_refused_with_both_places() {
    let folder = Folder::new();
    let run = run(&folder.job("job", job(0))).failed_with(2);
    says(&run.stderr, &["spec.run.submit.application", "job.py", &folder.path().display().to_string()]);
}

#[test]
fn a_program_of_the_image_is_refused_with_both_remedies() {
    let spec = json!({"run": {"submit": {"application": "local:///home/lcmap/jobs/job.py"}}});
    refused_spec(&spec, &["spec.run.submit.application", "--container", "--map /home/lcmap"]);
}

#[test]
fn what_is_no_sparkjob_is_skipped_by_name() {
    let folder = folder();
    let job = std::fs::read_to_string(folder.job("job", job(0))).unwrap();
    let file = folder
        .write("all.yaml", format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: x}}\n---\n{job}"));
    let run = run(&file).succeeded();
    assert_eq!(run.stdout, "ran with 0\n");
    says(&run.stderr, &["skipped", "ConfigMap"]);
}

#[test]
fn faults_name_their_field_and_what_to_write() {
    refused_spec(&json!({"run": {}}), &["spec.run", "exactly one of submit, shell, pyspark and notebook"]);
    refused_spec(&json!({"run": {"submit": {}}}), &["spec.run.submit.application"]);
    refused_spec(&json!({"run": {"shell": {}}, "driver": {"memory": "1024"}}), &["spec.driver.memory"]);
    refused_spec(&json!({"run": {"shell": {}}, "activeDeadline": "2d"}), &["spec.activeDeadline"]);
    refused_spec(&json!({"run": {"shell": {}}, "restart": {"policy": "Always"}}), &["spec.restart.policy"]);
    refused_spec(
        &json!({"run": {"shell": {}}, "conf": {"spark.master": "local"}}),
        &["spark.master", "spec.mode"],
    );
}

#[test]
fn wrong_types_are_named_by_their_field() {
    refused_spec(&json!({"run": "pi.py"}), &["spec.run"]);
    refused_spec(
        &json!({"run": {"submit": {"application": "job.py", "args": "one"}}}),
        &["spec.run.submit.args"],
    );
    refused_spec(
        &json!({"run": {"submit": {"application": "job.py", "args": [1]}}}),
        &["spec.run.submit.args[0]"],
    );
    refused_spec(&json!({"run": {"shell": {}}, "driver": {"cores": "two"}}), &["spec.driver.cores"]);
    refused_spec(&json!({"run": {"shell": {}}, "suspend": "no"}), &["spec.suspend"]);
}

#[test]
fn a_misspelt_field_is_not_passed_over_in_silence() {
    refused_spec(&json!({"run": {"shell": {}}, "activeDeadLine": "1m"}), &["activeDeadLine"]);
}

#[test]
fn text_that_is_no_yaml_is_refused_with_its_place() {
    refused("kind: SparkJob\n  spec: [", &["line"]);
    refused("\0\0\0\0", &[]);
    refused([0xff, 0xfe, 0x00, 0xd8], &[]);
    refused("- just\n- a list\n", &[]);
    refused("42", &[]);
}

#[test]
fn a_key_that_is_there_twice_is_refused() {
    let text = "apiVersion: lcmap.usgs.gov/v1alpha1\nkind: SparkJob\nmetadata: {name: job}\n\
                spec:\n  run: {submit: {application: job.py}}\n  run: {shell: {}}\n";
    refused(text, &["run"]);
}

#[test]
fn a_yaml_bomb_is_refused_in_no_time() {
    let layer = |n: i32| format!("a{n}: &a{n} [{}]\n", vec![format!("*a{}", n - 1); 9].join(", "));
    let bomb = format!("a0: &a0 [x, x, x]\n{}", (1..12).map(layer).collect::<Vec<_>>().concat());
    let started = std::time::Instant::now();
    refused(bomb, &[]);
    assert!(started.elapsed() < std::time::Duration::from_secs(20), "{:?}", started.elapsed());
}

#[test]
fn yaml_that_is_too_deep_is_refused() {
    refused(format!("a: {}{}", "[".repeat(100_000), "]".repeat(100_000)), &[]);
    refused(format!("{}x", "? ".repeat(50_000)), &[]);
}

#[test]
fn a_folder_is_run_with_all_that_is_below_and_others_in_it_are_passed_over() {
    let folder = folder();
    let one = std::fs::read(folder.job("one", job(0))).unwrap();
    std::fs::remove_file(folder.path().join("one.yaml")).unwrap();
    folder.write("b/one.yaml", one);
    folder.job("c", job(0));
    folder.write("a.yaml", "kind: ConfigMap\nmetadata: {name: x}\n");
    folder.write("values.yaml", "replicas: 3\n");
    folder.write("b/job.py", "");
    let run = LcmapSpark::run_with(&spark(), folder.path()).args(["--output", "json"]).finish().succeeded();
    let order: Vec<_> = run.events_of("result").iter().map(|event| event["job"].clone()).collect();
    assert_eq!(order, ["one", "c"]);
    assert_eq!(run.events_of("skipped"), [Value::Null; 0]);
}

#[test]
fn a_list_runs_item_by_item() {
    let folder = folder();
    let items = ["a", "b"].map(|name| {
        let file = folder.job(name, job(u8::from(name == "b") * 4));
        serde_json::from_slice::<Value>(&std::fs::read(file).unwrap()).unwrap()
    });
    let mut wrong = items[0].clone();
    wrong["spec"]["run"] = json!({});
    let list = json!({"apiVersion": "v1", "kind": "List", "items": [wrong, items[0], items[1]]});
    let run = run(&folder.write("list.yaml", list.to_string())).failed_with(4);
    assert_eq!(run.stdout, "ran with 0\nran with 4\n");
    says(&run.stderr, &["list.yaml, item 1: spec.run"]);
}

#[test]
fn nothing_to_run_is_no_success_unless_that_is_said() {
    let folder = folder();
    let file = folder.write("other.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\n");
    says(&run(&file).failed_with(2).stderr, &["other.yaml", "no SparkJob is there", "--allow-none"]);
    LcmapSpark::run_with(&spark(), &file).arg("--allow-none").finish().succeeded();
}

#[test]
fn a_slip_in_kind_and_group_is_named_and_is_no_other_object() {
    let slips = "apiVersion: lcmap.usgs.go/v1alpha1\nkind: Sparkjob\nmetadata: {name: job}\nspec: {run: {shell: {}}}\n";
    refused(
        slips,
        &["apiVersion: is \"lcmap.usgs.go/v1alpha1\"", "kind: is \"Sparkjob\", and must be SparkJob"],
    );
}

#[test]
fn files_may_be_named_without_an_option() {
    let folder = folder();
    let (one, two) = (folder.job("one", job(0)), folder.job("two", job(0)));
    let run = LcmapSpark::run_with(&spark(), &two).args(["--output", "json"]).arg(one).finish().succeeded();
    let order: Vec<_> = run.events_of("result").iter().map(|event| event["job"].clone()).collect();
    assert_eq!(order, ["two", "one"]);
}

#[test]
fn remedies_quote_the_manifest_as_it_was_written() {
    let text = |args: &str| {
        format!(
            "apiVersion: lcmap.usgs.gov/v1alpha1\nkind: SparkJob\nmetadata: {{name: job}}\nspec:\n  run:\n    submit:\n      \
             application: job.py\n      args: {args}\n"
        )
    };
    for (args, remedy) in [
        ("[027]", "\"027\""),
        ("[1.10]", "\"1.10\""),
        ("[y]", "\"y\""),
        ("[1_000]", "\"1_000\""),
        ("--path 027 'a b'", "[\"--path\", \"027\", \"a b\"]"),
    ] {
        refused(text(args), &[remedy, "(line 8)"]);
    }
}

#[test]
fn event_logs_need_a_folder_beside_the_manifest() {
    let folder = folder();
    let spec = json!({"run": {"submit": {"application": "job.py", "args": ["0"]}}, "eventLog": {"directory": "events"}});
    let file = folder.job("job", spec);
    says(&run(&file).failed_with(2).stderr, &["spec.eventLog.directory", "mkdir -p"]);
    folder.write("events/x", "");
    run(&file).succeeded();
}

#[test]
fn a_file_that_is_not_there_is_named_and_the_others_run() {
    let folder = folder();
    let missing = folder.path().join("missing.yaml");
    let run = LcmapSpark::run_with(&spark(), &missing).arg("-f").arg(folder.job("job", job(0))).finish();
    let run = run.failed_with(2);
    assert_eq!(run.stdout, "ran with 0\n");
    says(&run.stderr, &["missing.yaml", "No such file"]);
}

#[test]
fn an_empty_file_runs_nothing_and_says_so() {
    let folder = folder();
    let run = run(&folder.write("empty.yaml", "# nothing\n---\n")).failed_with(2);
    says(&run.stderr, &["empty.yaml"]);
}

#[test]
fn a_job_by_an_unfit_name_is_refused() {
    let folder = folder();
    for name in ["Räuber", "with space", "UPPER", "dotted.name", "--", "a/../b", &"x".repeat(47), ""] {
        let mut manifest: Value =
            serde_json::from_slice(&std::fs::read(folder.job("job", job(0))).unwrap()).unwrap();
        manifest["metadata"]["name"] = json!(name);
        let run = run(&folder.write("job.yaml", manifest.to_string())).failed_with(2);
        says(&run.stderr, &["metadata.name"]);
    }
}
