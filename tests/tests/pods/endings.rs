//! Jobs to their end.

use crate::installation::in_namespace;
use crate::jobs::{EXAMPLES, LIMIT, get, job, program, wait_for};

#[test]
fn pi_is_computed_in_an_image_that_knows_nothing_of_us() {
    in_namespace("pi", |namespace| {
        let submit = format!(r#""run": {{"submit": {{"application": "local://{EXAMPLES}/pi.py"}}}}"#);
        namespace.apply(&job("pi", &submit)).unwrap();
        namespace.kubectl(["wait", "sparkjob/pi", "--for=condition=Completed", "--timeout=240s"]).unwrap();
        assert!(namespace.kubectl(["logs", "pi-driver-1"]).unwrap().contains("Pi is roughly 3."));
        assert_eq!(get(namespace, "sparkjob/pi", "{.status.driver.exitCode}"), "0");
        let table = namespace.kubectl(["get", "sparkjobs"]).unwrap();
        assert!(table.contains("Succeeded") && table.contains("Completed"), "{table}");
        let told = namespace.kubectl(["describe", "sparkjob", "pi"]).unwrap();
        assert!(told.contains("created the driver pod pi-driver-1"), "{told}");
    });
}

#[test]
fn an_arbitrary_uid_on_a_read_only_root_passes_the_restricted_level_and_runs() {
    in_namespace("restricted", |namespace| {
        let level = "pod-security.kubernetes.io/enforce=restricted";
        namespace.kubectl(["label", "namespace", namespace.name(), level]).unwrap();
        let lines = "import getpass, pyspark.sql as s, tempfile
print('I am', getpass.getuser())
spark = s.SparkSession.builder.getOrCreate()
folder = tempfile.mkdtemp() + '/written'
spark.range(5).write.parquet(folder)
print('read back', spark.read.parquet(folder).count())";
        let manifest = program(namespace, "uid", lines, r#", "user": {"uid": 4242}"#).replace(
            r#""name": "driver","#,
            r#""name": "driver", "securityContext": {"readOnlyRootFilesystem": true},"#,
        );
        namespace.apply(&manifest).unwrap();
        wait_for(namespace, "uid", "Succeeded/Completed");
        let log = namespace.kubectl(["logs", "uid-driver-1"]).unwrap();
        assert!(log.contains("I am lcmap") && log.contains("read back 5"), "{log}");
    });
}

#[test]
fn text_beyond_ascii_reaches_a_program_in_an_image_without_a_locale() {
    in_namespace("text", |namespace| {
        let lines = "import sys; print(ascii(sys.argv[1:]))";
        let manifest = program(namespace, "text", lines, r#", "conf": {"spark.padded": " ü"}"#).replace(
            r#""application": "local:///program/program.py""#,
            r#""application": "local:///program/program.py", "args": ["Zürich", "日本", ""]"#,
        );
        namespace.apply(&manifest).unwrap();
        wait_for(namespace, "text", "Succeeded/Completed");
        let log = namespace.kubectl(["logs", "text-driver-1"]).unwrap();
        assert!(log.contains(r"['Z\xfcrich', '\u65e5\u672c', '']"), "{log}");
    });
}

#[test]
fn the_programs_own_exit_code_is_the_jobs() {
    in_namespace("exit", |namespace| {
        let restart = r#", "restart": {"policy": "OnFailure", "maxRestarts": 1, "backoff": "1s"}"#;
        namespace.apply(&program(namespace, "seven", "raise SystemExit(7)", restart)).unwrap();
        wait_for(namespace, "seven", "Failed/ExitedNonZero");
        assert_eq!(get(namespace, "sparkjob/seven", "{.status.attempts[*].exitCode}"), "7 7");
        namespace.kubectl(["logs", "seven-driver-1"]).unwrap();
        namespace.kubectl(["logs", "seven-driver-2"]).unwrap();
    });
}

#[test]
fn a_driver_that_takes_too_much_memory_is_told_from_one_that_fails() {
    in_namespace("oom", |namespace| {
        let lines = "import time
hoard = []
while True: hoard.append(bytearray(50_000_000)); time.sleep(0.01)";
        namespace.apply(&program(namespace, "hoarder", lines, "")).unwrap();
        wait_for(namespace, "hoarder", "Failed/OutOfMemory");
        let message = get(namespace, "sparkjob/hoarder", "{.status.message}");
        assert!(message.contains("memory"), "{message}");
    });
}

#[test]
fn a_job_that_is_deleted_while_it_runs_takes_its_driver_along() {
    in_namespace("deleted", |namespace| {
        namespace.apply(&program(namespace, "sleeper", "import time; time.sleep(600)", "")).unwrap();
        wait_for(namespace, "sleeper", "Running/DriverRunning");
        namespace
            .kubectl(["delete", "sparkjob", "sleeper", "--cascade=foreground", "--timeout=100s"])
            .unwrap();
        assert_eq!(namespace.kubectl(["get", "pods", "-o=name"]).unwrap(), "");
    });
}

#[test]
fn a_job_that_is_suspended_holds_nothing_and_goes_on_when_it_is_resumed() {
    in_namespace("suspended", |namespace| {
        namespace.apply(&program(namespace, "pausing", "import time; time.sleep(600)", "")).unwrap();
        wait_for(namespace, "pausing", "Running/DriverRunning");
        let suspend = |on: bool| {
            let patch = format!(r#"{{"spec": {{"suspend": {on}}}}}"#);
            namespace.kubectl(["patch", "sparkjob", "pausing", "--type=merge", "-p", &patch]).unwrap();
        };
        suspend(true);
        wait_for(namespace, "pausing", "Suspended/Suspended");
        namespace.kubectl(["wait", "sparkjob/pausing", "--for=condition=Released", "--timeout=60s"]).unwrap();
        suspend(false);
        wait_for(namespace, "pausing", "Running/DriverRunning");
        assert_eq!(get(namespace, "sparkjob/pausing", "{.status.attempt}"), "2");
        namespace.kubectl(["delete", "sparkjob", "pausing", "--wait=false"]).unwrap();
        let gone = |pods: &str| pods.is_empty();
        namespace
            .wait_for("pods", "{.items[?(@.status.phase=='Running')].metadata.name}", LIMIT, gone)
            .unwrap();
    });
}

#[test]
fn a_distributed_job_whose_mesos_is_not_there_ends_with_the_reason_and_goes_though_nobody_can_ask_mesos() {
    in_namespace("far", |namespace| {
        let far = r#", "mode": "Distributed", "mesos": {"master": "mesos://127.0.0.1:1"}"#;
        namespace.apply(&program(namespace, "far", "print('never')", far)).unwrap();
        wait_for(namespace, "far", "Failed/ConnectionRefused");
        let message = get(namespace, "sparkjob/far", "{.status.message}");
        assert!(message.contains("127.0.0.1:1 refused the connection"), "{message}");
        let finalizers = get(namespace, "sparkjob/far", "{.metadata.finalizers}");
        assert_eq!(finalizers, "", "its agent says that nothing was asked of Mesos");
        let log = namespace.kubectl(["logs", "far-driver-1"]).unwrap();
        assert!(!log.contains("never"), "{log}");
        namespace.kubectl(["delete", "sparkjob", "far", "--timeout=60s"]).unwrap();
    });
}
