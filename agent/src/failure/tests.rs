use proptest::prelude::*;

use super::*;

/// What real programs print by Spark 3.5.9, made shorter where a stack or a log goes on and on.
macro_rules! sample {
    ($name:literal) => {
        include_str!(concat!("samples/", $name))
    };
}

fn printed(out: &str, err: &str) -> Printed {
    Printed { out: out.to_owned(), err: err.to_owned() }
}

fn found(program: Program, code: u8, out: &str, err: &str) -> String {
    let failure = Failure::find(program, Some(code), &printed(out, err));
    let words = failure.as_ref().map(Failure::to_string);
    words.into_iter().chain(codes::in_words(code, failure.as_ref())).collect::<Vec<_>>().join("; ")
}

#[test]
fn a_python_program_failed_by_its_last_exception_and_what_is_at_its_root() {
    for (out, expected) in [
        (sample!("driver.out"), "KeyError: 'LC08' (driver.py:4)"),
        (sample!("missing.out"), "ModuleNotFoundError: No module named 'pyccd' (missing.py:1)"),
        (sample!("syntax.out"), "SyntaxError: invalid syntax (syntax.py:1)"),
        (
            sample!("chained.out"),
            "SystemError: no scene (chained.py:9), caused by ValueError: invalid literal for int() with base 10: 'x' \
             (chained.py:3)",
        ),
        (
            sample!("procedures.out"),
            "AttributeError: module 'numpy' has no attribute 'boolean' (procedures.py:6, in a task)",
        ),
        (
            sample!("workermissing.out"),
            "ModuleNotFoundError: No module named 'mylib' (workermissing.py:4, in a task)",
        ),
        (sample!("udf.out"), "ZeroDivisionError: integer division or modulo by zero (udf.py:6, in a task)"),
        (
            sample!("analysis.out"),
            "AnalysisException: [TABLE_OR_VIEW_NOT_FOUND] The table or view `nowhere` cannot be found. Verify the spelling \
             and correctness of the schema and catalog. (analysis.py:3)",
        ),
        (
            sample!("nofile.out"),
            "AnalysisException: [PATH_NOT_FOUND] Path does not exist: file:/no/such/scenes.parquet. (nofile.py:3)",
        ),
        (sample!("rddsql.out"), "RuntimeException: rows are missing (rddsql.py:3, in a task)"),
        (
            sample!("kill9.out"),
            "SparkException: Python worker exited unexpectedly (crashed) (kill9.py:6, in a task); somebody killed it, or it \
             crashed: if the kernel did for want of memory, raise the memoryOverhead",
        ),
        (
            sample!("password.out"),
            "AuthenticationException: Authentication error on node /10.1.2.3:9042: server replied with 'Provided username \
             detector and/or password are incorrect' to AuthResponse request (detect.py:67)",
        ),
        (sample!("exits.out"), "its last line: no scenes in 2024"),
    ] {
        assert_eq!(found(Program::SubmittedPython, 1, out, ""), expected);
    }
}

#[test]
fn a_program_that_threw_nothing_is_told_of_by_its_last_line() {
    let (python, jvm) = (Program::SubmittedPython, Program::Jvm);
    let argp = "its last line: argp.py: error: the following arguments are required: --date";
    let nosuch = "its last line: python3: can't open file '/home/me/jobs/nosuch.py': [Errno 2] No such file or directory";
    let log = "26/11/30 22:25:12 INFO ShutdownHookManager: Deleting directory /tmp/spark-1";
    for (program, code, out, err, expected) in [
        (python, 2, sample!("argp.out"), log, argp),
        (python, 2, sample!("nosuch.out"), log, nosuch),
        (
            jvm,
            2,
            "",
            "usage: Scenes DATE\n\t... 3 more\n26/11/30 22:25:12 WARN Utils: Service\n",
            "its last line: usage: Scenes DATE",
        ),
        (jvm, 2, "no date\n", log, "its last line: no date"),
        (jvm, 2, "", "26/11/30 22:25:12 ERROR Scenes: no date", "its last line: Scenes: no date"),
        (
            python,
            3,
            "all\x1b[31m red\x1b[0m\n[Stage 0:>  (0 + 1) / 1]\r   \r\n",
            "",
            "its last line: all red",
        ),
        (python, 3, "", "", ""),
        (python, 3, "\n---\n", log, ""),
    ] {
        assert_eq!(found(program, code, out, err), expected);
    }
}

#[test]
fn an_exception_that_a_python_program_outlived_is_not_told_as_its_end() {
    let went_on = format!("{}{}", sample!("driver.out"), "scene\n".repeat(6));
    assert_eq!(found(Program::SubmittedPython, 1, &went_on, ""), "its last line: scene");
}

#[test]
fn what_spark_itself_says_is_told() {
    let (python, jvm) = (Program::SubmittedPython, Program::Jvm);
    for (program, code, out, err, expected) in [
        (
            python,
            1,
            sample!("nopkg.out"),
            sample!("nopkg.err"),
            "RuntimeException: [unresolved dependency: no.such#thing;1: not found]",
        ),
        (
            python,
            1,
            "",
            sample!("yarn.err"),
            "SparkException: When running with master 'yarn' either HADOOP_CONF_DIR or YARN_CONF_DIR must be set in the \
             environment.",
        ),
        (python, 1, "", sample!("badopt.err"), "Unrecognized option: --nosuch"),
        (
            jvm,
            101,
            "",
            sample!("noclass.err"),
            "Failed to load class No.Such.; Spark found no such main class: check run.submit.mainClass and the jar",
        ),
        (
            python,
            52,
            "",
            sample!("x1.err"),
            "OutOfMemoryError: Java heap space; the JVM's heap was full: raise driver.memory",
        ),
    ] {
        assert_eq!(found(program, code, out, err), expected);
    }
    let scratch = found(python, 53, "", sample!("x2.err"));
    assert!(
        scratch.contains("/proc/nowhere/scratch") && scratch.contains("check that SPARK_LOCAL_DIRS"),
        "{scratch}"
    );
}

#[test]
fn a_main_class_failed_by_the_cause_at_the_root_and_the_line_of_its_own_code() {
    let err = "Exception in thread \"main\" org.apache.spark.SparkException: Job aborted due to stage failure: Task 3 in stage \
         0.0 failed 4 times, most recent failure: Lost task 3.3 in stage 0.0 (TID 9) (agent-7.usgs.gov executor 2): \
         java.lang.IllegalStateException: no band\n\tat gov.usgs.Scenes$.$anonfun$main$1(Scenes.scala:12)\n\tat \
         scala.collection.Iterator.next(Iterator.scala:1)\n\nDriver stacktrace:\n\tat \
         org.apache.spark.scheduler.DAGScheduler.fail(DAGScheduler.scala:2)\n\tat gov.usgs.Scenes$.main(Scenes.scala:30)\nCaused \
         by: java.lang.IllegalStateException: no band\n\tat gov.usgs.Scenes$.$anonfun$main$1(Scenes.scala:12)\n\t... 1 more\n\
         26/11/30 22:25:12 ERROR Utils: at the end\njava.io.IOException: of no account\n\tat java.base/java.io.X.y(X.java:1)\n";
    let expected = "IllegalStateException: no band (Scenes.scala:12, in a task that failed 4 times)";
    assert_eq!(found(Program::Jvm, 1, "", err), expected);
    let lost = "Exception in thread \"main\" org.apache.spark.SparkException: Job aborted due to stage failure: Task 0 in stage \
         0.0 failed 4 times, most recent failure: Lost task 0.3 in stage 0.0 (TID 3) (agent-7 executor 5): ExecutorLostFailure \
         (executor 5 exited caused by one of the running tasks) Reason: Command exited with code 137\nDriver stacktrace:\n\tat \
         org.apache.spark.scheduler.DAGScheduler.fail(DAGScheduler.scala:2)\n";
    let expected = "ExecutorLostFailure (executor 5 exited caused by one of the running tasks) Reason: Command exited with code \
         137 (in a task that failed 4 times)";
    assert_eq!(found(Program::Jvm, 1, "", lost), expected);
}

#[test]
fn a_jvm_that_crashed_says_where() {
    let crash = "#\n# A fatal error has been detected by the Java Runtime Environment:\n#\n#  SIGSEGV (0xb) at pc=0x1, pid=1\n#\n# \
         Problematic frame:\n# C  [libgdal.so.28+0x2]  GDALOpen+0x2\n#\n";
    let failure =
        |code| Failure::find(Program::SubmittedPython, code, &printed(crash, "")).map(|it| it.to_string());
    let expected = Some("the JVM crashed in C  [libgdal.so.28+0x2]  GDALOpen+0x2".to_owned());
    assert_eq!((failure(None), failure(Some(134))), (expected.clone(), expected));
    let full = found(Program::Jvm, 3, "Terminating due to java.lang.OutOfMemoryError: Java heap space\n", "");
    assert!(full.ends_with("the JVM's heap was full: raise driver.memory"), "{full}");
}

#[test]
fn a_killed_program_is_not_blamed_for_what_it_said_before() {
    assert_eq!(Failure::find(Program::SubmittedPython, None, &printed(sample!("driver.out"), "")), None);
}

#[test]
fn exit_codes_of_signals_are_told_by_name() {
    assert_eq!(codes::in_words(139, None).as_deref(), Some("a process of it was killed by SIGSEGV"));
    for code in [0, 1, 2, 128, 255] {
        assert_eq!(codes::in_words(code, None), None);
    }
}

/// Lines that mean something to the parser, in any order.
fn lines() -> impl Strategy<Value = String> {
    let pieces = [
        "Traceback (most recent call last):",
        "  File \"/home/me/a.py\", line 4, in f",
        "  File \"a.py\", line 99999999999999999999",
        "ValueError: x",
        "Caused by: java.io.EOFException",
        ": org.apache.spark.SparkException: Job aborted due to stage failure: Task 0 in stage 0.0 failed 4 times, most recent \
         failure: Lost task 0 in stage (x): a.b.C: Traceback (most recent call last):",
        "\tat a.B.c(D.scala:1)",
        "\tat )(",
        "Exception in thread \"main\" a.B: c",
        "During handling of the above exception, another exception occurred:",
        "# A fatal error has been detected by the Java Runtime Environment:",
        "# Problematic frame:",
        "26/11/30 22:25:12 ERROR x",
        "\u{1b}[",
        "",
    ];
    prop::collection::vec(
        prop_oneof![prop::sample::select(pieces.to_vec()).prop_map(str::to_owned), "(?s).{0,40}"],
        0..30,
    )
    .prop_map(|lines| lines.join("\n"))
}

proptest! {
    #[test]
    fn whatever_is_printed_its_failure_is_short(out in lines(), err in lines(), code in any::<u8>()) {
        for program in [Program::SubmittedPython, Program::Python, Program::Jvm] {
            for code in [Some(code), None] {
                let failure = Failure::find(program, code, &printed(&out, &err));
                let words = failure.map(|failure| failure.to_string()).unwrap_or_default();
                prop_assert!(words.len() < 1000 && !words.contains(char::is_control), "{words}");
            }
        }
    }
}
