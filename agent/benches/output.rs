//! What it costs that the agent passes a command's output on: the time for a gigabyte, and until a line is there.
//!
//! Paired: each round runs the command bare and by the agent, in turn. Prints medians beside their budgets and judges
//! nothing: a busy machine is no fault.

use std::fs;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use lcmap_spark_agent::plan::LaunchPlan;
use tempfile::TempDir;

const AGENT: &str = env!("CARGO_BIN_EXE_lcmap-agent");

const ROUNDS: usize = 5;

/// Lines that go there and back in a round.
const LINES: usize = 2_000;

const GIGABYTE: usize = 1 << 30;

/// The time for a gigabyte, as a share of the bare command's. It goes through a pipe more, on no more cores.
const TIME_BUDGET: f64 = 2.0;

/// What is added until a line is there.
const DELAY_BUDGET: Duration = Duration::from_micros(500);

/// Prints a gigabyte, or what it reads, at once.
const COMMAND: &str =
    "#!/bin/sh\ncase $MUCH in 1) exec head -c 1073741824 /dev/zero ;; *) exec cat ;; esac\n";

const PLAN: &str = r#"{"version":3,"job":{"name":"bench","attempt":1},"applicationName":"bench","run":{"submit":{"application":"job.py"}},"driver":{},"master":"local","gracePeriodMs":1000}"#;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let bed = TempDir::new()?;
    let submit = bed.path().join("spark/bin/spark-submit");
    fs::create_dir_all(bed.path().join("spark/bin"))?;
    fs::write(&submit, COMMAND)?;
    fs::set_permissions(&submit, fs::Permissions::from_mode(0o755))?;
    fs::write(bed.path().join("plan"), LaunchPlan::parse(PLAN)?.encode()?)?;
    let (mut much, mut line) = ((Vec::new(), Vec::new()), (Vec::new(), Vec::new()));
    for _ in 0..ROUNDS {
        much.0.push(gigabyte(&mut Command::new(&submit))?);
        much.1.push(gigabyte(&mut agent(bed.path()))?);
        line.0.push(there_and_back(&mut Command::new(&submit))?);
        line.1.push(there_and_back(&mut agent(bed.path()))?);
    }
    let (bare, by_agent) = (median(much.0), median(much.1));
    let ratio = by_agent.as_secs_f64() / bare.as_secs_f64();
    println!("output: a gigabyte bare {bare:.2?}, by the agent {by_agent:.2?} (medians of {ROUNDS} pairs)");
    println!("output: ratio {ratio:.2}, budget {TIME_BUDGET}: {}", judged(ratio <= TIME_BUDGET));
    let (bare, by_agent) = (median(line.0), median(line.1));
    let added = by_agent.saturating_sub(bare);
    println!("output: a line there and back bare {bare:.2?}, by the agent {by_agent:.2?}");
    println!("output: delay added {added:.2?}, budget {DELAY_BUDGET:?}: {}", judged(added <= DELAY_BUDGET));
    Ok(())
}

fn judged(kept: bool) -> &'static str {
    if kept { "kept" } else { "missed" }
}

fn agent(bed: &Path) -> Command {
    let mut command = Command::new(AGENT);
    command.arg("launch").arg("--plan").arg(bed.join("plan")).arg("--state").arg(bed.join("state"));
    command.env("SPARK_HOME", bed.join("spark"));
    command
}

/// How long a gigabyte takes, from its first byte to the end.
fn gigabyte(command: &mut Command) -> io::Result<Duration> {
    let mut child = command.env("MUCH", "1").stdin(Stdio::null()).stdout(Stdio::piped()).spawn()?;
    let mut stdout = child.stdout.take().ok_or(io::ErrorKind::BrokenPipe)?;
    let mut buffer = vec![0; 64 * 1024];
    let mut length = stdout.read(&mut buffer)?;
    let began = Instant::now();
    loop {
        match stdout.read(&mut buffer)? {
            0 => break,
            read => length += read,
        }
    }
    let time = began.elapsed();
    child.wait()?;
    if length == GIGABYTE { Ok(time) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
}

/// The usual time of a line from its command's input to us.
fn there_and_back(command: &mut Command) -> io::Result<Duration> {
    let mut child = command.env("MUCH", "0").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
    let mut stdin = child.stdin.take().ok_or(io::ErrorKind::BrokenPipe)?;
    let mut stdout = BufReader::new(child.stdout.take().ok_or(io::ErrorKind::BrokenPipe)?);
    let (mut times, mut line) = (Vec::with_capacity(LINES), String::new());
    for _ in 0..LINES {
        let began = Instant::now();
        stdin.write_all(b"line\n")?;
        line.clear();
        stdout.read_line(&mut line)?;
        times.push(began.elapsed());
    }
    drop(stdin);
    child.wait()?;
    Ok(median(times))
}

fn median(mut values: Vec<Duration>) -> Duration {
    values.sort_unstable();
    values[values.len() / 2]
}
