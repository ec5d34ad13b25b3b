//! How a run ends, and what it tells on the way: exit codes, phases, events, restarts and limits of time.

use std::time::Duration;

use lcmap_spark_tests::{Finished, Folder, LcmapSpark, StandIn, says};
use serde_json::{Value, json};

fn submit() -> Value {
    json!({"run": {"submit": {"application": "job.py"}}})
}

fn with(field: &str, value: Value) -> Value {
    let mut spec = submit();
    spec[field] = value;
    spec
}

fn run(spark: &str, spec: Value, arguments: &[&str]) -> Finished {
    let folder = Folder::new();
    folder.write("job.py", "");
    LcmapSpark::run_with(&StandIn::new(spark), folder.job("job", spec)).args(arguments).finish()
}

/// The phases of a run with `--output json`, each once.
fn phases(run: &Finished) -> Vec<String> {
    let phases =
        run.events_of("phase").into_iter().filter_map(|event| event["phase"].as_str().map(str::to_owned));
    let mut phases: Vec<_> = phases.collect();
    phases.dedup();
    phases
}

#[test]
fn the_exit_code_is_the_jobs() {
    for code in [0, 1, 3, 77, 126, 127] {
        assert_eq!(run(&format!("exit {code}"), submit(), &[]).code, Some(code));
    }
}

#[test]
fn a_job_that_a_signal_kills_ends_as_shells_say_it() {
    let run = run("kill -SEGV $$", submit(), &[]).failed_with(128 + 11);
    says(&run.stderr, &["Failed", "KilledBySignal"]);
}

#[test]
fn phases_are_told_on_standard_error_and_the_jobs_output_stays_its_own() {
    let run = run("echo result; echo complaint >&2; sleep 1", submit(), &[]).succeeded();
    assert_eq!(run.stdout, "result\n");
    says(&run.stderr, &["Pending", "Running", "complaint\n", "Succeeded", "Completed"]);
}

#[test]
fn with_json_standard_output_holds_events_and_nothing_else() {
    let run = run("echo result; sleep 1; exit 3", submit(), &["--output", "json"]).failed_with(3);
    assert_eq!(phases(&run), ["Pending", "Running", "Failed"]);
    assert!(run.stderr.contains("result\n"), "{}", run.stderr);
    for event in run.events() {
        assert_eq!((&event["job"], &event["document"]), (&json!("job"), &json!(1)));
        assert!(event["file"].as_str().unwrap().ends_with("job.yaml"), "{event}");
    }
    let result = run.events_of("result");
    assert_eq!(result.len(), 1);
    assert_eq!((&result[0]["phase"], &result[0]["exitCode"]), (&json!("Failed"), &json!(3)));
}

#[test]
fn output_of_a_job_passes_unchanged_byte_by_byte() {
    let run = run("printf 'no newline, a tab\\t and \\303\\244'", submit(), &[]).succeeded();
    assert_eq!(run.stdout, "no newline, a tab\t and ä");
}

#[test]
fn standard_input_reaches_the_job() {
    let folder = Folder::new();
    folder.write("job.py", "");
    let spark = StandIn::new("cat");
    let run = LcmapSpark::run_with(&spark, folder.job("job", submit())).input("to be counted\n").finish();
    assert_eq!(run.succeeded().stdout, "to be counted\n");
}

#[test]
fn a_failed_job_is_tried_again_as_often_as_its_policy_says() {
    let policy = json!({"policy": "OnFailure", "maxRestarts": 2, "backoff": "100ms"});
    let run = run("echo try; exit 5", with("restart", policy), &[]).failed_with(5);
    assert_eq!(run.stdout, "try\n".repeat(3));
}

#[test]
fn a_retry_that_succeeds_ends_the_run_well() {
    let spark = r#"test -e "$TMPDIR/tried" && exit 0; touch "$TMPDIR/tried"; exit 1"#;
    let policy = json!({"policy": "OnFailure", "backoff": "100ms"});
    let run = run(spark, with("restart", policy), &["--output", "json"]).succeeded();
    let attempts: Vec<_> =
        run.events_of("phase").iter().filter_map(|event| event["attempt"].as_i64()).collect();
    assert_eq!(attempts.last(), Some(&2), "{}", run.stdout);
    says(&run.stdout, &["BackingOff", "Completed"]);
}

#[test]
fn a_programs_own_failure_is_no_failure_of_the_infrastructure() {
    let policy = json!({"policy": "OnInfrastructureFailure", "backoff": "100ms"});
    assert_eq!(run("echo try; exit 5", with("restart", policy), &[]).failed_with(5).stdout, "try\n");
}

#[test]
fn always_starts_again_after_success_until_the_deadline() {
    let mut spec = with("restart", json!({"policy": "Always", "backoff": "50ms", "backoffMax": "50ms"}));
    spec["activeDeadline"] = json!("3s");
    let run = run("echo again", spec, &[]).failed_with(124);
    assert!(run.stdout.lines().count() > 1, "{}", run.stdout);
}

#[test]
fn a_job_past_its_deadline_is_stopped_gracefully() {
    let spark = "trap 'echo stopping; exit 0' TERM; sleep 60 & wait";
    let run = run(spark, with("activeDeadline", json!("1s")), &[]).failed_with(124);
    assert_eq!(run.stdout, "stopping\n");
    says(&run.stderr, &["DeadlineExceeded"]);
    assert!(run.took < Duration::from_secs(30), "{:?}", run.took);
}

#[test]
fn a_job_that_will_not_stop_is_killed_after_its_grace_period() {
    let mut spec = with("activeDeadline", json!("1s"));
    spec["terminationGracePeriod"] = json!("1s");
    let run = run("trap '' TERM; while :; do sleep 1; done", spec, &[]).failed_with(124);
    assert!(run.took < Duration::from_secs(30), "{:?}", run.took);
}

#[test]
fn a_notebook_that_never_answers_is_ended_by_its_start_timeout() {
    let spec = json!({"run": {"notebook": {"port": 18999}}, "startTimeout": "2s"});
    let run = run("exec sleep 60", spec, &[]).failed_with(124);
    says(&run.stderr, &["StartTimeout"]);
}

#[test]
fn whatever_a_driver_leaves_running_ends_with_it() {
    // The harness fails the test if anything lives on.
    run("setsid sleep 300 & (sleep 300 &) ; exit 0", submit(), &[]).succeeded();
}

#[test]
fn endless_output_ends_with_the_job() {
    let run = run("yes | head -c 20000000", submit(), &[]).succeeded();
    assert_eq!(run.stdout.len(), 20_000_000);
}

#[test]
fn a_reader_that_goes_away_does_not_hold_the_job_up() {
    let folder = Folder::new();
    folder.write("job.py", "");
    let job = folder.job("job", with("activeDeadline", json!("60s")));
    let run = LcmapSpark::run_with(&StandIn::new("yes"), job).finish_with_closed_output();
    assert!(run.code.is_some_and(|code| code != 0), "yes dies of the closed pipe: {run:?}");
    assert!(run.took < Duration::from_secs(30), "{:?}", run.took);
}

/// Runs a Python program by real Spark.
fn run_python(program: &str, mut spec: Value) -> Finished {
    let folder = Folder::new();
    folder.write("scenes.py", program);
    spec["run"] = json!({"submit": {"application": "scenes.py"}});
    spec["driver"] = json!({"cores": 1, "memory": "512m"});
    LcmapSpark::run(folder.job("job", spec)).args(["--output", "json"]).finish()
}

/// What the last phase of a run says.
fn last_message(run: &Finished) -> String {
    let phases = run.events_of("phase");
    phases.last().and_then(|phase| phase["message"].as_str()).unwrap_or_default().to_owned()
}

#[test]
fn a_program_that_failed_in_its_tasks_is_told_by_their_exception_and_its_own_line() {
    let program = "import math\nfrom pyspark import SparkContext\n\n\ndef detect(x):\n    return math.boolean(x)\n\n\n\
         SparkContext().parallelize(range(8), 4).map(detect).collect()\n";
    let run = run_python(program, json!({})).failed_with(1);
    let expected = "spark-submit ended with exit code 1: AttributeError: module 'math' has no attribute 'boolean' \
         (scenes.py:6, in a task)";
    assert_eq!(last_message(&run), expected);
}

#[test]
fn a_program_whose_jvm_goes_on_without_it_succeeds() {
    let program = "from pyspark import SparkContext\n\nsc = SparkContext()\n\
         sc._jvm.java.util.concurrent.Executors.newFixedThreadPool(1).prestartAllCoreThreads()\nsc.stop()\n";
    let run = run_python(program, json!({"terminationGracePeriod": "3s"})).succeeded();
    says(&run.stdout, &["JvmLingers", "Succeeded"]);
}

#[test]
fn with_the_exit_code_alone_nothing_that_a_program_prints_is_told() {
    let mut spec = submit();
    for (wanted, told) in [("Exception", ": its last line: password of alice"), ("ExitCode", "")] {
        spec["failureMessage"] = json!(wanted);
        let run = run("echo password of alice; exit 3", spec.clone(), &["--output", "json"]).failed_with(3);
        assert_eq!(last_message(&run), format!("spark-submit ended with exit code 3{told}"));
    }
}
