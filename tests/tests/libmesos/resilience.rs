//! Whole Spark jobs to which something happens in the middle.

use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, ExitStatus, Stdio},
    sync::mpsc::{Receiver, channel},
    thread,
    time::Duration,
};

use lcmap_spark_tests::mesos::Bed;

use super::spark::spark_submit;

/// How long the next thing may take: a JVM, a Python and an executor start on a busy machine.
const PATIENCE: Duration = Duration::from_secs(150);

/// A job that runs, and what it says.
struct Job {
    child: Child,
    lines: Receiver<String>,
}

impl Job {
    /// Starts slow.py, with so many seconds between its two turns.
    fn start(mut command: Command, pause: &str) -> Self {
        let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/libmesos/slow.py");
        command.arg(program).arg(pause).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let (sender, lines) = channel();
        let output = BufReader::new(child.stdout.take().unwrap());
        let errors = BufReader::new(child.stderr.take().unwrap());
        let forward = sender.clone();
        thread::spawn(move || output.lines().map_while(Result::ok).all(|line| sender.send(line).is_ok()));
        thread::spawn(move || errors.lines().map_while(Result::ok).all(|line| forward.send(line).is_ok()));
        Self { child, lines }
    }

    /// Waits until it says something of the kind.
    fn until(&self, text: &str) -> String {
        loop {
            let line =
                self.lines.recv_timeout(PATIENCE).unwrap_or_else(|error| panic!("no {text:?}: {error}"));
            eprintln!("{line}");
            if line.contains(text) {
                return line;
            }
        }
    }

    fn end(mut self) -> ExitStatus {
        self.lines.iter().for_each(|line| eprintln!("{line}"));
        self.child.wait().unwrap()
    }
}

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
    let mut job = Job::start(spark_submit(&bed), "0");
    job.until("is now TASK_RUNNING");
    job.child.kill().unwrap();
    bed.master_mut(0).wait_for_log(&["Removing framework"]).unwrap();
}
