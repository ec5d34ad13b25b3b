//! Whole Spark jobs to which something happens in the middle.

use std::{thread::sleep, time::Duration};

use lcmap_spark_tests::{Link, mesos::Bed};
use nix::sys::signal::Signal;

use super::{
    job::Job,
    spark::{spark_submit, submit_to},
};

#[test]
fn a_job_outlives_its_leader() {
    let mut bed = Bed::plain().masters(2).start().unwrap();
    let job = Job::start(spark_submit(&bed), "0");
    job.until("Finished task 0.0 in stage 0.0");
    bed.master_mut(0).kill().unwrap();
    job.until("libmesos: connected to the master");
    job.until("turn 1: 28");
    assert!(job.end().success());
}

#[test]
fn a_job_outlives_an_agent() {
    let mut bed = Bed::plain().agents(2).start().unwrap();
    let job = Job::start(spark_submit(&bed), "0");
    job.until("Finished task 0.0 in stage 0.0");
    let busy = (0..2).find(|index| bed.agent(*index).log().contains("Got assigned task '0'")).unwrap();
    bed.agent_mut(busy).kill().unwrap();
    job.until("Mesos task 0 is now TASK_LOST");
    job.until("turn 1: 28");
    assert!(job.end().success());
}

#[test]
fn idle_executors_are_given_back() {
    let bed = Bed::plain().start().unwrap();
    let mut command = spark_submit(&bed);
    for setting in
        ["enabled=true", "shuffleTracking.enabled=true", "executorIdleTimeout=1s", "initialExecutors=1"]
    {
        command.arg("--conf").arg(format!("spark.dynamicAllocation.{setting}"));
    }
    let job = Job::start(command, "6");
    job.until("turn 0: 28");
    job.until("is now TASK_KILLED");
    job.until("turn 1: 28");
    assert!(job.end().success());
}

#[test]
fn a_killed_driver_leaves_nothing_on_mesos() {
    let mut bed = Bed::plain().start().unwrap();
    let job = Job::start(spark_submit(&bed), "0");
    job.until("is now TASK_RUNNING");
    job.signal(Signal::SIGKILL);
    bed.master_mut(0).wait_for_log(&["Removing framework"]).unwrap();
}

/// A job whose line to the master is cut for so long while its tasks run.
fn cut_off_for(outage: Duration) {
    let bed = Bed::plain().start().unwrap();
    let link = Link::to(bed.master(0).address()).unwrap();
    let job = Job::start(submit_to(&bed, &link.address().to_string()), &(outage.as_secs() + 10).to_string());
    job.until("turn 0: 28");
    link.cut();
    sleep(outage);
    link.mend();
    job.until("turn 1: 28");
    assert!(job.end().success());
    assert!(!bed.master(0).log().contains("Framework failover timeout"), "{}", bed.master(0).log());
}

#[test]
fn a_line_that_is_down_for_25_seconds_is_no_trouble() {
    cut_off_for(Duration::from_secs(25));
}

#[test]
fn a_line_that_is_down_for_100_seconds_costs_nothing() {
    cut_off_for(Duration::from_secs(100));
}
