//! What Spark's Mesos backend asks for arrives at Mesos: the cases of Spark's own `MesosCoarseGrainedSchedulerBackendSuite` that
//! can be seen from outside.

use std::fs;

use lcmap_spark_tests::mesos::Bed;
use nix::{sys::signal::Signal, unistd::Pid};
use serde_json::Value;

use super::{job::Job, spark::spark_submit};

/// The one framework, and its tasks that run.
fn framework(bed: &Bed) -> (Value, Vec<Value>) {
    let framework = bed.state().unwrap()["frameworks"][0].clone();
    let tasks = framework["tasks"].as_array().unwrap().clone();
    (framework, tasks)
}

fn job(bed: &Bed, settings: &[&str], pause: &str) -> Job {
    let mut command = spark_submit(bed);
    for setting in settings {
        command.args(["--conf", setting]);
    }
    Job::start(command, pause)
}

#[test]
fn what_a_job_says_of_itself_and_of_its_executors_is_what_mesos_knows() {
    let bed = Bed::plain().agents(2).start().unwrap();
    let settings = [
        "spark.app.name=conus",
        "spark.mesos.role=science",
        "spark.mesos.driver.failoverTimeout=30",
        "spark.mesos.driver.webui.url=http://driver.test:4040",
        "spark.mesos.task.labels=project:landcover,team:eros",
        "spark.mesos.executor.memoryOverhead=256",
        "spark.cores.max=4",
        "spark.executor.cores=2",
    ];
    let job = job(&bed, &settings, "10");
    job.until("turn 0: 28");
    let (framework, tasks) = framework(&bed);
    assert_eq!(framework["role"], "science");
    assert_eq!(framework["failover_timeout"], 30.0);
    assert_eq!(framework["webui_url"], "http://driver.test:4040");
    let of = |field: &str| tasks.iter().map(|task| task[field].clone()).collect::<Vec<_>>();
    let mut names = of("name");
    names.sort_by_key(Value::to_string);
    assert_eq!(names, ["slow 0", "slow 1"], "the program names itself");
    for task in &tasks {
        assert_eq!((&task["resources"]["cpus"], &task["resources"]["mem"]), (&2.0.into(), &768.0.into()));
        let labels = task["labels"].as_array().unwrap().iter();
        let labels: Vec<_> = labels.map(|label| format!("{}={}", label["key"], label["value"])).collect();
        assert_eq!(labels, [r#""project"="landcover""#, r#""team"="eros""#]);
    }
    let agents = of("slave_id");
    assert_ne!(agents[0], agents[1], "offers of one batch are used in turn");
    job.until("turn 1: 28");
    assert!(job.end().success());
    assert_eq!(
        bed.state().unwrap()["frameworks"].as_array().unwrap().len(),
        0,
        "in spite of its failover timeout"
    );
}

#[test]
fn no_more_cores_are_taken_than_the_most_and_several_executors_share_an_agent() {
    let bed = Bed::plain().start().unwrap();
    let job = job(&bed, &["spark.cores.max=3", "spark.executor.cores=1"], "10");
    job.until("turn 0: 28");
    let (_, tasks) = framework(&bed);
    let cores: Vec<_> = tasks.iter().map(|task| task["resources"]["cpus"].as_f64().unwrap()).collect();
    assert_eq!(cores, [1.0, 1.0, 1.0]);
    job.until("turn 1: 28");
    assert!(job.end().success());
}

#[test]
fn offers_that_violate_a_constraint_are_declined() {
    let bed = Bed::plain().agents(2).start().unwrap();
    let job = job(&bed, &["spark.mesos.constraints=rack:r1", "spark.cores.max=2"], "10");
    job.until("turn 0: 28");
    let racks = bed.state().unwrap()["slaves"].as_array().unwrap().clone();
    let right = racks.iter().find(|agent| agent["attributes"]["rack"] == "r1").unwrap();
    let (_, tasks) = framework(&bed);
    assert_eq!(tasks.len(), 2);
    assert!(tasks.iter().all(|task| task["slave_id"] == right["id"]), "{tasks:?}");
    job.until("turn 1: 28");
    assert!(job.end().success());
}

#[test]
fn a_constraint_that_no_agent_meets_leaves_a_job_waiting_and_it_can_be_stopped() {
    let bed = Bed::plain().start().unwrap();
    let job = job(&bed, &["spark.mesos.constraints=rack:elsewhere"], "0");
    job.until("Initial job has not accepted any resources");
    assert_eq!(framework(&bed).1, [] as [Value; 0]);
    job.signal(Signal::SIGTERM);
    assert!(!job.end().success());
    assert_eq!(bed.state().unwrap()["frameworks"].as_array().unwrap().len(), 0);
}

#[test]
fn an_executor_that_is_killed_is_replaced() {
    let bed = Bed::plain().start().unwrap();
    let job = job(&bed, &[], "5");
    job.until("turn 0: 28");
    let id = framework(&bed).0["id"].as_str().unwrap().to_owned();
    nix::sys::signal::kill(executor(&id), Signal::SIGKILL).unwrap();
    job.until("is now TASK_FAILED");
    job.until("turn 1: 28");
    assert!(job.end().success());
}

/// The process of a framework's executor.
fn executor(framework: &str) -> Pid {
    let of_it = |pid: &i32| {
        let words = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        let words: Vec<_> = words.split(|byte| *byte == 0).collect();
        words[0].ends_with(b"java")
            && words.contains(&framework.as_bytes())
            && words.contains(&b"--app-id".as_slice())
    };
    let mut numbers =
        fs::read_dir("/proc").unwrap().filter_map(|entry| entry.unwrap().file_name().to_str()?.parse().ok());
    Pid::from_raw(numbers.find(of_it).unwrap())
}
