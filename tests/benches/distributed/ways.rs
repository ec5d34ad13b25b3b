//! The ways without an operator.

use std::process::{Command, Stdio};

use jiff::Timestamp;
use lcmap_spark_tests::{
    Folder, LcmapSpark, bed,
    mesos::{Bed, Library, spark_home},
};
use serde_json::Value;

use crate::{
    job::{Timings, check, spec},
    master::Watch,
};

/// Bare spark-submit with our libmesos.so.
pub(crate) struct Bare<'m> {
    mesos: &'m Bed,
    arguments: Vec<String>,
}

impl<'m> Bare<'m> {
    /// With what a launch plan gives Spark.
    pub(crate) fn of(mesos: &'m Bed, plan: &Value) -> Self {
        let mut arguments = vec![format!("--master=mesos://{}", mesos.master(0).address())];
        let ip = mesos.master(0).address().ip().to_string();
        let mut set = |name: &str, value: &str| arguments.push(format!("--conf={name}={value}"));
        for (name, value) in plan["conf"].as_object().unwrap() {
            set(name, value.as_str().unwrap());
        }
        set("spark.driver.host", &ip);
        let spec = spec(mesos);
        set("spark.driver.memory", spec["driver"]["memory"].as_str().unwrap());
        let submit = &spec["run"]["submit"];
        arguments.push(submit["application"].as_str().unwrap().to_owned());
        arguments.push(submit["args"][0].as_str().unwrap().to_owned());
        Self { mesos, arguments }
    }

    /// Runs it to its end.
    pub(crate) fn run(&self) -> Timings {
        let home = spark_home().unwrap();
        let mut command = Command::new(home.join("bin/spark-submit"));
        command
            .args(&self.arguments)
            .env_clear()
            .envs(bed::spark().iter().cloned())
            .env("SPARK_HOME", home)
            .env("PYSPARK_PYTHON", "/usr/bin/python3")
            .env("SPARK_USER", "root")
            .env("SPARK_LOCAL_IP", self.mesos.master(0).address().ip().to_string())
            .env("LCMAP_BED", self.mesos.folder())
            .env("MESOS_NATIVE_JAVA_LIBRARY", Library::Rust.path())
            .stdin(Stdio::null());
        let watch = Watch::begins(self.mesos);
        let output = command.output().unwrap();
        let mut timings = Timings { whole: watch.elapsed(), ..Timings::default() };
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        check(&String::from_utf8_lossy(&output.stdout));
        watch.ends(&mut timings);
        timings
    }
}

/// By `lcmap-spark run`.
pub(crate) fn by_run(mesos: &Bed) -> Timings {
    let folder = Folder::new();
    let mut spec = spec(mesos);
    spec["image"] = Value::Null; // or executors would want it too
    let run = LcmapSpark::run(folder.job("pi", spec))
        .arg("--libmesos")
        .arg(Library::Rust.path())
        .args(["--output", "json"])
        .env("LCMAP_BED", mesos.folder());
    let watch = Watch::begins(mesos);
    let run = run.finish().succeeded();
    check(&run.stderr);
    let mut timings = Timings { whole: run.took.as_secs_f64(), ..Timings::default() };
    for event in run.events_of("phase") {
        let time: Timestamp = event["time"].as_str().unwrap().parse().unwrap();
        timings.tell(event["phase"].as_str().unwrap(), watch.after(time));
    }
    watch.ends(&mut timings);
    timings
}
