//! The job, and what is seen of a run of it.

use lcmap_spark_tests::{
    bed,
    mesos::{Bed, spark_home},
};
use serde_json::{Value, json};

/// In so many parts it throws its darts: some seconds of two cores.
const PARTS: &str = "40";

/// The specification of the job. The bed's agents have Spark themselves.
pub(crate) fn spec(mesos: &Bed) -> Value {
    let quick = "-XX:TieredStopAtLevel=1";
    json!({
        "mode": "Distributed",
        "run": {"submit": {"application": bed::repository("examples/pi/pi.py"), "args": [PARTS]}},
        "driver": {"cores": 1, "memory": "1g"},
        "executor": {"cores": 1, "memory": "512m", "totalCores": 2},
        "mesos": {
            "master": format!("mesos://{}", mesos.master(0).address()),
            "user": "root",
            "container": {"home": spark_home().unwrap(), "python": "/usr/bin/python3"},
        },
        "conf": {"spark.executor.extraJavaOptions": quick, "spark.ui.enabled": "false", "spark.log.level": "WARN"},
    })
}

/// Fails unless the job's output is as it should be.
pub(crate) fn check(output: &str) {
    assert!(output.contains("Pi is roughly 3.14"), "{output}");
}

/// The moments of one run, in seconds since it was asked for.
#[derive(Default)]
pub(crate) struct Timings {
    /// Its end.
    pub(crate) whole: f64,
    /// The start of its driver's process, where somebody else starts it.
    pub(crate) started: Option<f64>,
    /// Its registration, as the master has logged it.
    pub(crate) registered: Option<f64>,
    /// Its first executor, as the master has logged it.
    pub(crate) executor: Option<f64>,
    /// The first phase that tells of the registration.
    pub(crate) told_registered: Option<f64>,
    /// The first phase that tells of an executor.
    pub(crate) told_executor: Option<f64>,
}

impl Timings {
    /// From the registration until it is told.
    pub(crate) fn lag_of_registered(&self) -> Option<f64> {
        Some(self.told_registered? - self.registered?)
    }

    /// From the first executor until it is told.
    pub(crate) fn lag_of_executor(&self) -> Option<f64> {
        Some(self.told_executor? - self.executor?)
    }

    /// A phase was told: whatever is behind it has been told too.
    pub(crate) fn tell(&mut self, phase: &str, after: f64) {
        if phase == "Requesting" || phase == "Running" {
            self.told_registered.get_or_insert(after);
        }
        if phase == "Running" {
            self.told_executor.get_or_insert(after);
        }
    }
}
