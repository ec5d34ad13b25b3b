//! Distributed jobs in numbers, on one real master.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use jiff::Timestamp;
use lcmap_spark_tests::{kubernetes::ControlPlane, mesos::Bed};
use serde_json::{Value, json};

use crate::{
    audit::Audit,
    budget, kubeflow,
    load::{ENDLESS, Load},
    process::Operator,
    rate, row,
    schedulers::Schedulers,
    title,
};

/// How long the standing jobs are watched.
const STANDING: Duration = Duration::from_secs(30);

/// API requests that a Distributed job may cost.
const REQUESTS: f64 = 12.0;

/// One that is registered and waits for executors, beside so many; and so many at once, to their end.
pub(crate) fn distributed(bed: &ControlPlane, load: &Load, count: usize) {
    let mesos = Bed::plain().start().unwrap();
    let one = standing(bed, load, &mesos, ("one", 1));
    let many = standing(bed, load, &mesos, ("standing", count));
    compare(&one, &many, count);
    burst(bed, load, &mesos, count);
}

/// No agent says what became of their frameworks: each must be asked for on Mesos before its job is let go, which is the most that
/// a job can cost there.
fn burst(bed: &ControlPlane, load: &Load, mesos: &Bed, count: usize) {
    load.namespace("distributed");
    load.create_jobs_of("distributed", count, &spec(mesos));
    let before = Audit::read(bed).len();
    let traffic = Traffic::begins(mesos);
    let operator = Operator::start(bed, "distributed");
    operator.wait_until_all_have_ended();
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
    budget("API requests a job", requests / jobs, "≤", REQUESTS);
    for (what, number) in audit.by_verb() {
        println!("    {number:>7}  {what}");
    }
    row("peak memory, MiB", peak, "");
    row("memory after, MiB", after, "");
    traffic.tell(whole);
}

/// What jobs cost that are registered and wait for executors: then a master is asked most often.
struct Standing {
    memory: f64,
    cpu_a_minute: f64,
    asked_a_second: f64,
    peers: usize,
    api_a_second: f64,
    /// From when they were stored until their drivers had ended and their frameworks were seen gone.
    api_a_job: f64,
    /// The same by what was asked.
    by_verb: BTreeMap<String, usize>,
}

fn standing(bed: &ControlPlane, load: &Load, mesos: &Bed, (namespace, count): (&str, usize)) -> Standing {
    let mut spec = spec(mesos);
    spec["pod"] = json!({"metadata": {"annotations": {ENDLESS: "true"}}});
    load.namespace(namespace);
    load.create_jobs_of(namespace, count, &spec);
    let begun = Audit::read(bed).len();
    let operator = Operator::start(bed, namespace);
    operator.wait_for_jobs("Connecting", count);
    let schedulers = Schedulers::register(mesos, &load.plans(namespace));
    // That nobody is offered anything is told after a while, and is the last word of their beginning.
    operator.wait_for_jobs_that_wait_for("NoOffers", count);
    std::thread::sleep(Duration::from_secs(5));
    let before = Audit::read(bed).len();
    let (cpu, traffic) = (operator.cpu_seconds(), Traffic::begins(mesos));
    std::thread::sleep(STANDING);
    let (cpu, whole, asked) = (operator.cpu_seconds() - cpu, traffic.elapsed(), traffic.asked());
    let standing = Audit::read(bed).since(before).of_jobs().len();
    let memory = operator.resident();
    schedulers.stop();
    load.end_drivers(namespace, count);
    operator.wait_until_all_have_ended();
    operator.terminate();
    let by_verb = Audit::read(bed).since(begun).by_verb();
    #[expect(clippy::cast_precision_loss, reason = "some thousand jobs")]
    let api_a_job = by_verb.values().sum::<usize>() as f64 / count as f64;
    Standing {
        memory,
        cpu_a_minute: cpu / whole.as_secs_f64() * 60.0,
        asked_a_second: rate(asked.paths.values().sum(), whole),
        peers: asked.peers,
        api_a_second: rate(standing, whole),
        api_a_job,
        by_verb,
    }
}

fn compare(one: &Standing, many: &Standing, count: usize) {
    title("Registered Distributed jobs that wait for executors, all of one master");
    println!("    {:<40} {:>10} {:>10} {:>10}", "", "1 job", format!("{count} jobs"), "ratio");
    let line = |what: &str, of: fn(&Standing) -> f64, note: &str| {
        let (one, many) = (of(one), of(many));
        let ratio = if one > 0.0 { format!("{:.2}", many / one) } else { String::new() };
        println!("    {what:<40} {one:>10.3} {many:>10.3} {ratio:>10}   {note}");
    };
    line("memory, MiB", |it| it.memory, "");
    line("CPU seconds a minute", |it| it.cpu_a_minute, "");
    line("requests to the master a second", |it| it.asked_a_second, "one observer for all jobs");
    #[expect(clippy::cast_precision_loss, reason = "a few")]
    line("connections to the master, in all", |it| it.peers as f64, "one at a time");
    line("API requests a second, without the Lease", |it| it.api_a_second, "");
    line("API requests a job, to its end", |it| it.api_a_job, &format!("budget ≤ {REQUESTS}"));
    for (what, number) in &many.by_verb {
        println!("    {number:>7}  {what}");
    }
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

    /// What it was asked since, and by how many. What schedulers ask of it is not the operator's.
    fn asked(&self) -> Asked {
        let log = self.mesos.master(0).log();
        let (mut paths, mut seconds) = (BTreeMap::<String, usize>::new(), BTreeMap::<&str, usize>::new());
        let mut peers = BTreeSet::new();
        for line in log[self.logged..].lines() {
            // I1123 20:30:12.345678 123 http.cpp:1436] HTTP POST for /master/api/v1 from 127.0.0.1:40000 …
            let Some((head, asked)) = line.split_once("] HTTP ") else { continue };
            let words: Vec<&str> = asked.split_whitespace().collect();
            let [_, "for", path, "from", peer, ..] = words[..] else { continue };
            if path.ends_with("/scheduler") {
                continue;
            }
            *paths.entry(path.to_owned()).or_default() += 1;
            *seconds.entry(head.split('.').next().unwrap_or_default()).or_default() += 1;
            peers.insert(peer);
        }
        let busiest = seconds.values().copied().max().unwrap_or_default();
        Asked { peers: peers.len(), paths, busiest }
    }

    /// Tells it.
    fn tell(&self, whole: Duration) {
        let Asked { paths, busiest, peers } = self.asked();
        row(
            "requests to the master a second",
            rate(paths.values().sum(), whole),
            "one observer for all jobs",
        );
        for (path, number) in paths {
            println!("    {number:>7}  {path}");
        }
        let count = |what, number| println!("    {what:<40} {number:>10}");
        count("  in the busiest second", busiest);
        count("connections to the master, in all", peers);
    }
}

/// What a master was asked.
struct Asked {
    /// How often, by path.
    paths: BTreeMap<String, usize>,
    /// The most in one second.
    busiest: usize,
    /// By how many connections.
    peers: usize,
}
