//! What the operator costs: the budgets of the design, beside the same pods created bare in the same run and beside what
//! Kubeflow's operator was measured to need on a machine of this kind. Judges nothing: a busy machine is no fault.
//!
//! `operator [JOBS] [PART]...`: 1000 jobs by default, ten times as many for the memory of finished ones. Parts are
//! burst, paced, succession, memory and distributed; all by default.
#![expect(clippy::unwrap_used, reason = "a benchmark that cannot go on fails so")]

mod audit;
mod distributed;
mod load;
mod process;
mod schedulers;

use std::time::{Duration, Instant};

use lcmap_spark_tests::bed;
use lcmap_spark_tests::kubernetes::{ControlPlane, Part};

use audit::{Audit, quantile};
use load::Load;
use process::Operator;

/// Kubeflow spark-operator v2.5.2 on a machine of this kind, 100 applications.
mod kubeflow {
    pub(super) const PODS_PER_SECOND: f64 = 0.2;
    pub(super) const CPU_SECONDS: f64 = 7.5;
    pub(super) const REQUESTS: f64 = 13.9;
}

fn main() {
    let count = std::env::args().find_map(|word| word.parse().ok()).unwrap_or(1000);
    let parts = [Part::ControllerManager, Part::Scheduler, Part::FakeNodes(10)];
    let bed = ControlPlane::start_with(&parts).unwrap();
    bed.apply_definition(&bed::repository("crd/sparkjobs.yaml")).unwrap();
    let load = Load::new(&bed);

    println!("\n  {count} jobs, ten pretended nodes, 32 at a time; the machine's load is {}", load_average());
    let asked: Vec<String> = std::env::args().collect();
    let parts = ["burst", "paced", "succession", "memory", "distributed"];
    let all = !asked.iter().any(|word| parts.contains(&word.as_str()));
    let wanted = |part: &str| all || asked.iter().any(|word| word == part);
    if wanted("burst") {
        let ceiling = bare_pods(&load, count);
        burst(&bed, &load, count, &ceiling);
    }
    if wanted("paced") {
        paced(&bed, &load);
    }
    if wanted("succession") {
        succession(&bed, &load);
    }
    if wanted("memory") {
        memory(&bed, &load, count * 10);
    }
    if wanted("distributed") {
        distributed::distributed(&bed, &load, count);
    }
}

/// What the API server, the scheduler and the nodes can do without us.
struct Ceiling {
    creates_per_second: f64,
    whole: Duration,
}

fn bare_pods(load: &Load, count: usize) -> Ceiling {
    load.namespace("bare");
    let began = Instant::now();
    let creating = load.create_pods("bare", count);
    load.wait_for_pods("bare", count);
    let whole = began.elapsed();
    load.forget("bare");
    Ceiling { creates_per_second: rate(count, creating), whole }
}

fn burst(bed: &ControlPlane, load: &Load, count: usize, ceiling: &Ceiling) {
    load.namespace("burst");
    load.create_jobs("burst", count);
    let before = Audit::read(bed).len();
    let operator = Operator::start(bed, "burst");
    operator.wait_for_jobs("Succeeded", count);
    let cpu = operator.cpu_seconds();
    let (peak, after) = (operator.peak(), operator.resident());
    operator.terminate();
    let audit = Audit::read(bed).since(before);
    let creates = audit.times("burst", "create", "pods");
    let spread = span(&creates);
    let whole = span(&[creates.clone(), audit.times("burst", "patch", "sparkjobs/status")].concat());
    let per_second = rate(count, spread);

    title("A burst of jobs that were stored before");
    row("driver pods created per second", per_second, &format!("{:.0} bare", ceiling.creates_per_second));
    budget("  ratio", per_second / ceiling.creates_per_second, "≥", 0.5);
    println!("{:>44}   Kubeflow {}", "", kubeflow::PODS_PER_SECOND);
    row(
        "seconds until all were terminal",
        whole.as_secs_f64(),
        &format!("{:.1} bare", ceiling.whole.as_secs_f64()),
    );
    budget("  ratio", whole.as_secs_f64() / ceiling.whole.as_secs_f64(), "≤", 2.0);
    let mut lags = load.status_lags("burst", &audit);
    row("end of pod → last status, p50 s", quantile(&mut lags, 0.5), "whole seconds");
    row("end of pod → last status, p99 s", quantile(&mut lags, 0.99), "whole seconds");
    #[allow(clippy::cast_precision_loss)] // some thousand jobs
    let jobs = count as f64;
    budget("CPU seconds a job", cpu / jobs, "≤", kubeflow::CPU_SECONDS / 1000.0);
    println!("{:>44}   Kubeflow {}", "", kubeflow::CPU_SECONDS);
    #[allow(clippy::cast_precision_loss)]
    let requests = audit.of_jobs().len() as f64 / jobs;
    budget("API requests a job", requests, "≤", 6.0);
    println!("{:>44}   Kubeflow {}", "", kubeflow::REQUESTS);
    for (what, number) in audit.by_verb() {
        println!("    {number:>7}  {what}");
    }
    row("peak memory, MiB", peak, "");
    row("memory after, MiB", after, "");
}

fn paced(bed: &ControlPlane, load: &Load) {
    load.namespace("paced");
    let operator = Operator::start(bed, "paced");
    operator.wait_until_leading();
    let before = Audit::read(bed).len();
    load.create_jobs_paced("paced", 100, Duration::from_millis(100));
    load.wait_for_pods("paced", 100);
    operator.terminate();
    let audit = Audit::read(bed).since(before);
    let mut waits = audit.waits("paced");
    title("Ten jobs a second");
    row("job stored → driver pod created, p50 ms", quantile(&mut waits, 0.5) * 1000.0, "");
    row("job stored → driver pod created, p99 ms", quantile(&mut waits, 0.99) * 1000.0, "");
}

fn succession(bed: &ControlPlane, load: &Load) {
    load.namespace("succession");
    title("A successor at work, the jobs above stored");
    for (what, limit, how) in [
        ("after a graceful stop, s", 3.0, Operator::terminate as fn(Operator)),
        ("after a kill, s (lease 15 s)", 18.0, Operator::kill),
    ] {
        let leader = Operator::start(bed, "leader");
        leader.wait_until_leading();
        let standby = Operator::start(bed, "standby");
        standby.wait_until_ready();
        let began = Instant::now();
        how(leader);
        load.create_jobs_named("succession", &[format!("job-{}", u8::from(limit > 3.0))]);
        load.wait_for_any_pod("succession", &format!("job-{}-driver-1", u8::from(limit > 3.0)));
        budget(what, began.elapsed().as_secs_f64(), "≤", limit);
        standby.terminate();
    }
    println!("{:>44}   Kubeflow 14–20", "");
}

fn memory(bed: &ControlPlane, load: &Load, count: usize) {
    title("Memory, MiB resident after the first lists");
    row("the jobs above", settled(bed), "");
    load.namespace("many");
    let operator = Operator::start(bed, "many");
    load.create_jobs("many", count);
    operator.wait_for_jobs_in_all("Succeeded", count);
    operator.terminate();
    budget(&format!("{count} finished jobs, pods kept"), settled(bed), "≤", 128.0);
    load.delete_pods("many");
    budget(&format!("{count} finished jobs, pods gone"), settled(bed), "≤", 64.0);
    println!("{:>44}   Kubeflow 67 at 1,000", "");
}

/// What an operator holds that has just learnt of everything.
fn settled(bed: &ControlPlane) -> f64 {
    let operator = Operator::start(bed, "settled");
    operator.wait_until_leading();
    std::thread::sleep(Duration::from_secs(10));
    let resident = operator.resident();
    operator.terminate();
    resident
}

fn title(text: &str) {
    println!("\n  {text}");
}

fn row(what: &str, value: f64, note: &str) {
    println!("    {what:<40} {value:>10.3}   {note}");
}

fn budget(what: &str, value: f64, relation: &str, limit: f64) {
    println!("    {what:<40} {value:>10.3}   budget {relation} {limit}");
}

fn rate(count: usize, took: Duration) -> f64 {
    #[allow(clippy::cast_precision_loss)] // some thousand
    let count = count as f64;
    count / took.as_secs_f64().max(0.001)
}

fn span(times: &[jiff::Timestamp]) -> Duration {
    let (Some(first), Some(last)) = (times.iter().min(), times.iter().max()) else { return Duration::ZERO };
    last.duration_since(*first).unsigned_abs()
}

fn load_average() -> String {
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    load.split_whitespace().take(1).collect()
}
