//! What the agent costs: time until the image's command runs, and memory while it does.
//!
//! Paired: each round starts the command bare and by the agent, in turn, and stops the clock at the command's first
//! byte of output. Prints medians beside their budgets and judges nothing: a busy machine is no fault.

use std::fs;
use std::io::{self, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use lcmap_spark_agent::plan::LaunchPlan;
use tempfile::TempDir;

const AGENT: &str = env!("CARGO_BIN_EXE_lcmap-agent");

const ROUNDS: usize = 100;

/// Time added before the image's command starts.
const TIME_BUDGET: Duration = Duration::from_millis(20);

/// Resident memory of the agent, in KiB.
const MEMORY_BUDGET_KIB: u64 = 8 * 1024;

/// Says that it runs, and then waits for the end of its input.
const COMMAND: &str = "#!/bin/sh\necho up\nread line\n";

const PLAN: &str = r#"{"version":3,"job":{"name":"bench","attempt":1},"applicationName":"bench","run":{"submit":{"application":"job.py"}},"conf":{"spark.serializer":"org.apache.spark.serializer.KryoSerializer"},"driver":{},"master":"local","gracePeriodMs":1000}"#;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let bed = TempDir::new()?;
    let submit = bed.path().join("spark/bin/spark-submit");
    fs::create_dir_all(bed.path().join("spark/bin"))?;
    fs::write(&submit, COMMAND)?;
    fs::set_permissions(&submit, fs::Permissions::from_mode(0o755))?;
    fs::write(bed.path().join("plan"), LaunchPlan::parse(PLAN)?.encode()?)?;
    let (mut bare, mut by_agent, mut memory) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        bare.push(start(&mut Command::new(&submit))?.0);
        let (time, resident) = start(&mut agent(bed.path()))?;
        by_agent.push(time);
        memory.push(resident);
    }
    report(median(bare), median(by_agent), median(memory));
    Ok(())
}

fn agent(bed: &Path) -> Command {
    let mut command = Command::new(AGENT);
    command.arg("launch").arg("--plan").arg(bed.join("plan")).arg("--state").arg(bed.join("state"));
    command.env("SPARK_HOME", bed.join("spark"));
    command
}

/// Starts a command, and returns when it first spoke and how much memory, in KiB, was resident then in the process
/// that was started.
fn start(command: &mut Command) -> io::Result<(Duration, u64)> {
    let began = Instant::now();
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
    let mut first = [0];
    if let Some(stdout) = &mut child.stdout {
        stdout.read_exact(&mut first)?;
    }
    let time = began.elapsed();
    let resident = resident_kib(&fs::read_to_string(format!("/proc/{}/status", child.id()))?);
    drop(child.stdin.take());
    child.wait()?;
    Ok((time, resident.unwrap_or_default()))
}

fn resident_kib(status: &str) -> Option<u64> {
    let value = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    value.trim().trim_end_matches("kB").trim().parse().ok()
}

fn median<T: Ord + Copy>(mut values: Vec<T>) -> T {
    values.sort_unstable();
    values[values.len() / 2]
}

fn report(bare: Duration, by_agent: Duration, memory_kib: u64) {
    let added = by_agent.saturating_sub(bare);
    let judged = |kept: bool| if kept { "kept" } else { "missed" };
    println!(
        "agent: command started bare {bare:.2?}, by the agent {by_agent:.2?} (medians of {ROUNDS} pairs)"
    );
    println!("agent: time added {added:.2?}, budget {TIME_BUDGET:?}: {}", judged(added <= TIME_BUDGET));
    println!(
        "agent: resident {memory_kib} KiB, budget {MEMORY_BUDGET_KIB} KiB: {}",
        judged(memory_kib <= MEMORY_BUDGET_KIB)
    );
}
