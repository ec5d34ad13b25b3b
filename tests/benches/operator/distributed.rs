//! Distributed jobs in numbers, on one real master. No driver is there to register: its pod only seems to run.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use jiff::Timestamp;
use lcmap_spark_tests::{kubernetes::ControlPlane, mesos::Bed};
use serde_json::{Value, json};

use crate::{audit::Audit, budget, kubeflow, load::Load, process::Operator, rate, row, title};

/// How long the standing jobs are watched.
const STANDING: Duration = Duration::from_secs(30);

/// All at once, to their end; and as many that wait for their drivers to register.
pub(crate) fn distributed(bed: &ControlPlane, load: &Load, count: usize) {
    let mesos = Bed::plain().start().unwrap();
    burst(bed, load, &mesos, count);
    standing(bed, load, &mesos, count);
}

/// No agent says what became of their frameworks: each must be asked for on Mesos before its job is let go, which is the most that
/// a job can cost there.
fn burst(bed: &ControlPlane, load: &Load, mesos: &Bed, count: usize) {
    load.namespace("distributed");
    load.create_jobs_of("distributed", count, &spec(mesos));
    let before = Audit::read(bed).len();
    let traffic = Traffic::begins(mesos);
    let operator = Operator::start(bed, "distributed");
    operator.wait_for_jobs("Succeeded", count);
    let whole = traffic.elapsed();
    let cpu = operator.cpu_seconds();
    let (peak, after) = (operator.peak(), operator.resident());
    operator.terminate();
    let audit = Audit::read(bed).since(before);

    title("A burst of Distributed jobs on one master, whose drivers have never registered");
    row("seconds until all were terminal", whole.as_secs_f64(), "");
    #[expect(clippy::cast_precision_loss, reason = "some thousand jobs")]
    let (jobs, requests) = (count as f64, audit.of_jobs().len() as f64);
    budget("CPU seconds a job", cpu / jobs, "≤", kubeflow::CPU_SECONDS / 1000.0);
    budget("API requests a job", requests / jobs, "≤", 12.0);
    for (what, number) in audit.by_verb() {
        println!("    {number:>7}  {what}");
    }
    row("peak memory, MiB", peak, "");
    row("memory after, MiB", after, "");
    traffic.tell(whole);
}

fn standing(bed: &ControlPlane, load: &Load, mesos: &Bed, count: usize) {
    let mut spec = spec(mesos);
    spec["pod"] = json!({"metadata": {"annotations": {"bed.test/endless": "true"}}});
    spec["mesos"]["registrationTimeout"] = json!("1h");
    load.namespace("standing");
    load.create_jobs_of("standing", count, &spec);
    let operator = Operator::start(bed, "standing");
    operator.wait_for_jobs("Connecting", count);
    std::thread::sleep(Duration::from_secs(5));
    let before = Audit::read(bed).len();
    let (cpu, traffic) = (operator.cpu_seconds(), Traffic::begins(mesos));
    std::thread::sleep(STANDING);
    let (cpu, whole) = (operator.cpu_seconds() - cpu, traffic.elapsed());
    let requests = Audit::read(bed).since(before).of_jobs().len();

    title("As many that wait for their drivers to register");
    row("processors in use", cpu / whole.as_secs_f64(), "");
    row("API requests a second, without the Lease", rate(requests, whole), "");
    row("memory, MiB", operator.resident(), "");
    traffic.tell(whole);
    operator.terminate();
}

fn spec(mesos: &Bed) -> Value {
    json!({
        "mode": "Distributed",
        "run": {"submit": {"application": "local:///pi.py", "args": ["1000"]}},
        "executor": {"cores": 1, "memory": "1g", "totalCores": 2},
        "mesos": {"master": format!("mesos://{}", mesos.master(0).address()), "user": "root"},
    })
}

/// What a master is asked.
struct Traffic<'m> {
    mesos: &'m Bed,
    logged: usize,
    began: Timestamp,
}

impl<'m> Traffic<'m> {
    fn begins(mesos: &'m Bed) -> Self {
        Self { mesos, logged: mesos.master(0).log().len(), began: Timestamp::now() }
    }

    fn elapsed(&self) -> Duration {
        Timestamp::now().duration_since(self.began).unsigned_abs()
    }

    /// What it was asked since, and by how many.
    fn tell(&self, whole: Duration) {
        let log = self.mesos.master(0).log();
        let (mut paths, mut seconds) = (BTreeMap::<&str, usize>::new(), BTreeMap::<&str, usize>::new());
        let mut peers = BTreeSet::new();
        for line in log[self.logged..].lines() {
            // I1123 20:30:12.345678 123 http.cpp:1436] HTTP POST for /master/api/v1 from 127.0.0.1:40000 …
            let Some((head, asked)) = line.split_once("] HTTP ") else { continue };
            let words: Vec<&str> = asked.split_whitespace().collect();
            let [_, "for", path, "from", peer, ..] = words[..] else { continue };
            *paths.entry(path).or_default() += 1;
            *seconds.entry(head.split('.').next().unwrap_or_default()).or_default() += 1;
            peers.insert(peer);
        }
        row(
            "requests to the master a second",
            rate(paths.values().sum(), whole),
            "one observer for all jobs",
        );
        for (path, number) in paths {
            println!("    {number:>7}  {path}");
        }
        let count = |what, number| println!("    {what:<40} {number:>10}");
        count("  in the busiest second", seconds.values().copied().max().unwrap_or_default());
        count("connections to the master, in all", peers.len());
    }
}
