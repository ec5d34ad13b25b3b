//! What the tests have in common: a job for a Mesos, and what is left there.

use std::{
    path::PathBuf,
    time::{Duration, Instant},
};

use lcmap_spark_tests::{
    Finished, Folder, LcmapSpark,
    mesos::{Authority, Bed, Library, spark_home},
    says,
};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

/// A program that counts a thousand numbers on executors, and says how many it found.
pub(crate) const COUNTS: &str = "from pyspark.sql import SparkSession
context = SparkSession.builder.getOrCreate().sparkContext
print('counted', context.parallelize(range(1000), 4).map(lambda n: n % 7).filter(lambda n: n == 0).count())
context.stop()
";

/// The same, and then it does nothing for a long time.
pub(crate) const HOLDS: &str = "import time
from pyspark.sql import SparkSession
context = SparkSession.builder.getOrCreate().sparkContext
print('counted', context.parallelize(range(1000), 4).map(lambda n: n % 7).filter(lambda n: n == 0).count(), flush=True)
time.sleep(600)
";

/// It counts, waits for the file that `GO` names, and counts again.
pub(crate) const COUNTS_TWICE: &str = "from pyspark.sql import SparkSession
context = SparkSession.builder.getOrCreate().sparkContext
def count():
    return context.parallelize(range(1000), 4).map(lambda n: n % 7).filter(lambda n: n == 0).count()
print('counted', count(), flush=True)
import os, time
while not os.path.exists(os.environ['GO']):
    time.sleep(0.1)
print('and again', count(), flush=True)
context.stop()
";

/// It waits for the file that `GO` names before it makes a context, and counts.
pub(crate) const COUNTS_LATER: &str = "import os, time
print('ready', flush=True)
while not os.path.exists(os.environ['GO']):
    time.sleep(0.1)
from pyspark.sql import SparkSession
context = SparkSession.builder.getOrCreate().sparkContext
print('counted', context.parallelize(range(1000), 4).map(lambda n: n % 7).filter(lambda n: n == 0).count())
context.stop()
";

/// The specification of a Distributed job with one executor for a bed's Mesos, whose agents have Spark themselves.
pub(crate) fn spec(bed: &Bed) -> Value {
    json!({
        "mode": "Distributed",
        "image": null,
        "run": {"submit": {"application": "job.py"}},
        "executor": {"cores": 1, "memory": "512m", "totalCores": 1},
        "mesos": {
            "master": format!("mesos://{}", bed.masters()),
            "user": "root",
            "container": {"home": spark_home().unwrap(), "python": "/usr/bin/python3"},
        },
        "conf": {"spark.ui.enabled": "false"},
    })
}

/// With mutual TLS, and a principal where the bed wants one.
pub(crate) fn secured(bed: &Bed, mut spec: Value) -> Value {
    spec["mesos"]["certificates"] = json!({"secretName": "mesos-certificates"});
    spec["mesos"]["credentialsSecretName"] = json!("mesos-credentials");
    let folder = |name: &str| {
        let folder = bed.folder().join(name);
        std::fs::create_dir_all(&folder).unwrap();
        folder
    };
    let (certificates, credentials) = (folder("certificates"), folder("credentials"));
    let client = bed.pki().client();
    for (from, to) in [
        (client.certificate, "mesos.crt"),
        (client.key, "mesos.key"),
        (bed.pki().authority(Authority::Trusted), "trustedroot.crt"),
    ] {
        std::fs::copy(from, certificates.join(to)).unwrap();
    }
    std::fs::write(credentials.join("principal"), "spark\n").unwrap();
    std::fs::write(credentials.join("secret"), "spark-secret\n").unwrap();
    spec
}

/// `lcmap-spark run` of such a job, whose program is `job.py`.
pub(crate) fn run(folder: &Folder, bed: &Bed, program: &str, spec: Value) -> LcmapSpark {
    folder.write("job.py", program);
    bound(LcmapSpark::run(folder.job("job", spec)), bed)
}

/// A command with our libmesos.so, and the folders that stand for the Secrets of [`secured`].
pub(crate) fn bound(mut command: LcmapSpark, bed: &Bed) -> LcmapSpark {
    command = command.arg("--libmesos").arg(Library::Rust.path());
    for (name, folder) in [("mesos-certificates", "certificates"), ("mesos-credentials", "credentials")] {
        let folder = bed.folder().join(folder);
        if folder.is_dir() {
            command = command.arg("--secret").arg(format!("{name}={}", folder.display()));
        }
    }
    // By which the bed's sweep finds what a test leaves.
    command.env("LCMAP_BED", bed.folder())
}

/// Fails if any framework is left on a bed.
pub(crate) fn nothing_is_left(bed: &Bed) {
    let left = bed.frameworks();
    assert!(left.is_empty(), "{left:?}");
}

/// Waits until no framework is left: whoever settles it is not the run that was waited for.
pub(crate) fn nothing_will_be_left(bed: &Bed) {
    wait_until("no framework is left", || bed.frameworks().is_empty());
}

/// What a master logs when somebody wants to become a framework.
pub(crate) const ASKED: &str = "Received subscription request";

/// Waits for what no log and no output tells.
pub(crate) fn wait_until(what: &str, is_so: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while !is_so() {
        assert!(Instant::now() < deadline, "it did not come to pass that {what}");
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// The JVM of a driver, by its command line.
pub(crate) const DRIVER: &str = "org.apache.spark.deploy.SparkSubmit";

/// Kills the processes of a bed, and of the runs that use it, whose command line holds this; fails if there is none.
pub(crate) fn kill(bed: &Bed, text: &str) {
    signal(bed, text, Signal::KILL);
}

/// Sends them another signal.
pub(crate) fn signal(bed: &Bed, text: &str, signal: Signal) {
    let found = processes(bed, text);
    assert!(!found.is_empty(), "no process of the bed has {text:?} in its command line");
    for process in found {
        // It may have ended meanwhile, with another of them.
        let _ = kill_process(process, signal);
    }
}

/// The processes of a bed, and of the runs that use it, whose command line holds this.
pub(crate) fn processes(bed: &Bed, text: &str) -> Vec<Pid> {
    let mark = format!("LCMAP_BED={}\0", bed.folder().display());
    let holds = |path: PathBuf, text: &str| {
        let content = std::fs::read(path).unwrap_or_default();
        content.windows(text.len()).any(|window| window == text.as_bytes())
    };
    let text = text.replace(' ', "\0");
    let processes = std::fs::read_dir("/proc").unwrap().map(|entry| entry.unwrap().path());
    let ours = processes
        .filter(|process| holds(process.join("environ"), &mark) && holds(process.join("cmdline"), &text));
    ours.filter_map(|process| Pid::from_raw(process.file_name()?.to_str()?.parse().ok()?)).collect()
}

/// A job that fails, and leaves nothing.
pub(crate) fn fails(bed: &Bed, spec: Value) -> Finished {
    let folder = Folder::new();
    let run = run(&folder, bed, COUNTS, spec).finish();
    assert_ne!(run.code, Some(0), "{}", run.stderr);
    nothing_is_left(bed);
    run
}

/// A job that fails before Spark is started, within seconds: nobody has asked for a framework.
pub(crate) fn fails_early(bed: &Bed, spec: Value) -> Finished {
    let folder = Folder::new();
    let run = run(&folder, bed, COUNTS, spec).finish();
    assert_ne!(run.code, Some(0), "{}", run.stderr);
    assert!(!run.stderr.contains("Connecting") && run.took < Duration::from_secs(15), "{}", run.stderr);
    // Not every master here can be asked what it has: it is wrong certificates that some of them show.
    let log = bed.master(0).log();
    assert!(!log.contains(ASKED), "{log}");
    run
}

/// Kills the driver of a job that holds executors. Its agent tears down what Mesos would keep for the failover timeout.
pub(crate) fn a_killed_driver_leaves_nothing(bed: &Bed, spec: Value) {
    let folder = Folder::new();
    let running = run(&folder, bed, HOLDS, spec).start();
    running.wait_for_output("counted 143");
    kill(bed, DRIVER);
    let run = running.finish();
    assert_eq!(run.code, Some(137), "{}", run.stderr);
    says(&run.stderr, &["KilledBySignal", "tore down the framework"]);
    nothing_is_left(bed);
}
