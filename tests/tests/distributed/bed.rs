//! What the tests have in common: a job for a Mesos, and what is left there.

use lcmap_spark_tests::{
    Folder, LcmapSpark,
    mesos::{Authority, Bed, Library, spark_home},
};
use serde_json::{Value, json};

/// A program that counts a thousand numbers on executors, and says how many it found.
pub(crate) const COUNTS: &str = "from pyspark.sql import SparkSession
context = SparkSession.builder.getOrCreate().sparkContext
print('counted', context.parallelize(range(1000), 4).map(lambda n: n % 7).filter(lambda n: n == 0).count())
context.stop()
";

/// The specification of a Distributed job for a bed's Mesos, whose agents have Spark themselves.
pub(crate) fn spec(bed: &Bed) -> Value {
    let master = bed.zookeeper_url().unwrap_or_else(|| bed.master(0).address().to_string());
    json!({
        "mode": "Distributed",
        "image": null,
        "run": {"submit": {"application": "job.py"}},
        "executor": {"cores": 1, "memory": "512m", "totalCores": 2},
        "mesos": {
            "master": format!("mesos://{master}"),
            "user": "root",
            "container": {"home": spark_home().unwrap(), "python": "/usr/bin/python3"},
        },
        "conf": {"spark.executor.extraJavaOptions": "-XX:TieredStopAtLevel=1", "spark.ui.enabled": "false"},
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
    let bound = |name: &str, folder: &str| format!("{name}={}", bed.folder().join(folder).display());
    let mut command = LcmapSpark::run(folder.job("job", spec)).arg("--libmesos").arg(Library::Rust.path());
    for (name, folder) in [("mesos-certificates", "certificates"), ("mesos-credentials", "credentials")] {
        if bed.folder().join(folder).is_dir() {
            command = command.arg("--secret").arg(bound(name, folder));
        }
    }
    // By which the bed's sweep finds what a test leaves.
    command.env("LCMAP_BED", bed.folder())
}

/// Whether any framework is left on a bed without TLS.
pub(crate) fn nothing_is_left(bed: &Bed) {
    let state = bed.state().unwrap();
    assert_eq!(state["frameworks"], json!([]), "{}", state["frameworks"]);
}
