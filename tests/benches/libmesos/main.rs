//! libmesos.so beside Mesos' own C++ driver: the same Java program over each in turn, with the same master, so that what else the
//! machine does meets both. Judges nothing: a busy machine is no fault.
#![expect(clippy::unwrap_used, reason = "a benchmark that cannot go on fails so")]

use std::collections::BTreeMap;

use lcmap_spark_tests::mesos::{Bed, Library, Programs, Run};
use mesos as _; // so that cargo builds the library

/// How often each pair is run.
const PAIRS: usize = 5;

/// JVMs of one size, whose heap is resident from the start, so that what comes with the library shows.
const OPTIONS: [&str; 5] = ["-Xms64m", "-Xmx64m", "-XX:+AlwaysPreTouch", "-XX:+UseSerialGC", "-Xlog:disable"];

/// The numbers that the program prints, by unit.
type Samples = BTreeMap<String, Vec<f64>>;

fn main() {
    let bed = Bed::plain().start().unwrap();
    let programs = Programs::compiled();
    let run = |library, scenario, samples: &mut Samples| {
        for line in Run::of(programs.java(&bed, library, &OPTIONS), &bed, ["Pace", scenario]).finish() {
            let (number, unit) = line.split_once(' ').unwrap();
            samples.entry(unit.to_owned()).or_default().push(number.parse().unwrap());
        }
    };
    let pairs = |scenario, count| {
        let mut samples = [Samples::new(), Samples::new()];
        for _ in 0..count {
            for (library, samples) in [Library::Cpp, Library::Rust].into_iter().zip(&mut samples) {
                run(library, scenario, samples);
            }
        }
        samples
    };

    println!("\n  libmesos.so beside Mesos' C++ driver: medians of {PAIRS} pairs, the same master\n");
    println!("    {:<46} {:>10} {:>10} {:>8}", "", "C++", "ours", "ratio");
    for (scenario, what) in [("launches", "tasks launched"), ("updates", "status updates")] {
        let samples = pairs(scenario, PAIRS);
        row(&format!("{what}, a second"), medians(&samples, "a second"), "≥ 1");
        let of_driver = medians(&samples, "ms of processor time a thousand");
        row("  the driver's processor time a thousand, ms", of_driver, "");
    }
    row("library loaded → registered, ms", medians(&pairs("registered", PAIRS * 2), "ms"), "≤ 1");
    let idle = pairs("idle", 1);
    row("processor time of an idle minute, ms", medians(&idle, "ms of processor time"), "");
    row("memory it adds to its process, MiB", medians(&idle, "MiB"), "");
    // Mesos' own is what libmesos-java.so stands before.
    let cpp = Library::Cpp.path().with_file_name("libmesos.so");
    row("size of the library, MB", [cpp, Library::Rust.path()].map(|path| megabytes(&path)), "");
}

fn row(what: &str, [cpp, ours]: [f64; 2], limit: &str) {
    println!("    {what:<46} {cpp:>10.1} {ours:>10.1} {:>8.2}   {limit}", ours / cpp);
}

fn medians(samples: &[Samples; 2], unit: &str) -> [f64; 2] {
    [&samples[0], &samples[1]].map(|samples| {
        let mut numbers = samples[unit].clone();
        numbers.sort_by(f64::total_cmp);
        numbers[numbers.len() / 2]
    })
}

fn megabytes(path: &std::path::Path) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "some million bytes")]
    let bytes = std::fs::metadata(path).unwrap().len() as f64;
    bytes / 1e6
}
