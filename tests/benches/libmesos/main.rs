//! libmesos.so beside Mesos' own C++ driver: the same Java program over each in turn, with the same master, so that what else the
//! machine does meets both. Judges nothing: a busy machine is no fault.
#![expect(clippy::unwrap_used, reason = "a benchmark that cannot go on fails so")]

use lcmap_spark_tests::mesos::{Bed, Library, Programs, Run};
use mesos as _; // so that cargo builds the library

/// How often each pair is run.
const PAIRS: usize = 5;

/// JVMs of one size, whose heap is resident from the start, so that what comes with the library shows.
const OPTIONS: [&str; 5] = ["-Xms64m", "-Xmx64m", "-XX:+AlwaysPreTouch", "-XX:+UseSerialGC", "-Xlog:disable"];

fn main() {
    let bed = Bed::plain().start().unwrap();
    let programs = Programs::compiled();
    let pace = |library, scenario| {
        let said = Run::of(programs.java(&bed, library, &OPTIONS), &bed, ["Pace", scenario]).finish();
        said.iter().map(|line| line.split(' ').next().unwrap().parse().unwrap()).collect::<Vec<f64>>()
    };
    let pairs = |scenario, count: usize| {
        let mut of_each = [Library::Cpp, Library::Rust].map(|library| (library, Vec::new()));
        for _ in 0..count {
            for (library, numbers) in &mut of_each {
                numbers.extend(pace(*library, scenario));
            }
        }
        of_each.map(|(_, numbers)| median(numbers))
    };

    println!("\n  libmesos.so beside Mesos' C++ driver: medians of {PAIRS} pairs, the same master\n");
    println!("    {:<40} {:>10} {:>10} {:>8}", "", "C++", "ours", "ratio");
    budget("tasks launched a second", pairs("launches", PAIRS), "≥ 1");
    budget("status updates a second", pairs("updates", PAIRS), "≥ 1");
    budget("library loaded → registered, ms", pairs("registered", PAIRS * 2), "≤ 1");
    let idle = [Library::Cpp, Library::Rust].map(|library| pace(library, "idle"));
    for (at, what) in
        ["processor time of an idle minute, ms", "memory it adds to its process, MiB"].iter().enumerate()
    {
        budget(what, [idle[0][at], idle[1][at]], "");
    }
    // Mesos' own is what libmesos-java.so stands before.
    let cpp = Library::Cpp.path().with_file_name("libmesos.so");
    budget("size of the library, MB", [cpp, Library::Rust.path()].map(|path| megabytes(&path)), "");
}

fn budget(what: &str, [cpp, ours]: [f64; 2], limit: &str) {
    println!("    {what:<40} {cpp:>10.1} {ours:>10.1} {:>8.2}   {limit}", ours / cpp);
}

fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    numbers[numbers.len() / 2]
}

fn megabytes(path: &std::path::Path) -> f64 {
    #[allow(clippy::cast_precision_loss)] // some million bytes
    let bytes = std::fs::metadata(path).unwrap().len() as f64;
    bytes / 1e6
}
