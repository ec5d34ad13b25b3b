//! The same Spark job on the same Mesos in three ways: by bare spark-submit with libmesos.so, by `lcmap-spark run`, and
//! through a real API server, the operator and the agent. Judges nothing: a busy machine is no fault.
//!
//! `distributed [ROUNDS]`: 5 by default. Each round runs all three, and the ratios are the medians of the rounds' own.
//! What the operator costs with a thousand such jobs, the bench `operator` tells.
#![expect(clippy::unwrap_used, reason = "a benchmark that cannot go on fails so")]

mod chain;
mod job;
mod master;
mod ways;

use lcmap_spark_tests::mesos::Bed;

use chain::Chain;
use job::Timings;
use ways::{Bare, by_run};

/// What a whole job may take, of what bare spark-submit takes.
const BUDGET: f64 = 1.03;

fn main() {
    let rounds = std::env::args().find_map(|word| word.parse().ok()).unwrap_or(5);
    let mesos = Bed::plain().start().unwrap();
    let mut chain = Chain::start(&mesos);
    // The first of each fills the page cache; the operator's tells what bare spark-submit is to be given.
    let (_, plan) = chain.run();
    let bare = Bare::of(&mesos, &plan);
    bare.run();
    by_run(&mesos);
    let mut timings: [Vec<Timings>; 3] = Default::default();
    for round in 0..rounds {
        // The first one alternates, so that a machine that warms up or slows down favours none.
        for way in (0..3).map(|next| (round + next) % 3) {
            timings[way].push(match way {
                0 => bare.run(),
                1 => by_run(&mesos),
                _ => chain.run().0,
            });
        }
    }
    print(&timings, rounds);
}

fn print(timings: &[Vec<Timings>; 3], rounds: usize) {
    println!("\n  The same job on the same Mesos: medians of {rounds} rounds, in seconds\n");
    println!(
        "    {:<40} {:>12} {:>12} {:>12} {:>8} {:>8}",
        "", "spark-submit", "run", "operator", "run", "operator"
    );
    row("whole job", timings, |timings| Some(timings.whole), &format!("ratios, budget ≤ {BUDGET} each"));
    row("asked for → Spark started", timings, |timings| timings.started, "");
    row("asked for → registered, by the master", timings, |timings| timings.registered, "ratios");
    row("asked for → first executor, by the master", timings, |timings| timings.executor, "ratios");
    let allowed = (BUDGET - 1.0) * median(timings[0].iter().map(|timings| timings.whole)).unwrap_or_default();
    let allowed = format!("≤ {allowed:.3} each, or the whole job's budget is gone by then");
    added("  added until registered", timings, |timings| timings.registered, &allowed);
    added("  added until the first executor", timings, |timings| timings.executor, &allowed);
    row("  the master has it → Requesting is told", timings, Timings::lag_of_registered, "");
    row("  the master has it → Running is told", timings, Timings::lag_of_executor, "");
}

/// One line: the median of each way, and the median ratio of each to the first in the same round.
fn row(what: &str, timings: &[Vec<Timings>; 3], value: impl Fn(&Timings) -> Option<f64>, note: &str) {
    let medians = timings.each_ref().map(|way| number(median(way.iter().filter_map(&value))));
    let [bare, run, operator] = medians;
    let [by_run, by_operator] = beside_bare(timings, value, |ours, bare| ours / bare);
    println!("    {what:<40} {bare:>12} {run:>12} {operator:>12} {by_run:>8} {by_operator:>8}   {note}");
}

/// One line: what each way adds to the first in the same round, in the median.
fn added(what: &str, timings: &[Vec<Timings>; 3], value: impl Fn(&Timings) -> Option<f64>, note: &str) {
    let [run, operator] = beside_bare(timings, value, |ours, bare| ours - bare);
    println!("    {what:<40} {:>12} {run:>12} {operator:>12} {:>8} {:>8}   {note}", "", "", "");
}

/// How each way compares to the first in the same round, in the median.
fn beside_bare(
    timings: &[Vec<Timings>; 3],
    value: impl Fn(&Timings) -> Option<f64>,
    compare: fn(f64, f64) -> f64,
) -> [String; 2] {
    [&timings[1], &timings[2]].map(|way| {
        let pairs = way.iter().zip(&timings[0]);
        number(median(pairs.filter_map(|(ours, bare)| Some(compare(value(ours)?, value(bare)?)))))
    })
}

fn median(values: impl Iterator<Item = f64>) -> Option<f64> {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied()
}

fn number(value: Option<f64>) -> String {
    value.map_or_else(|| "–".to_owned(), |value| format!("{value:.3}"))
}
