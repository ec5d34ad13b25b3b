use std::{
    fs,
    io::{Read, Write},
    net::TcpStream,
    path::{Path, PathBuf},
    process::Command,
    sync::atomic::{AtomicU32, Ordering},
    time::{Duration, Instant},
};

use nix::sys::signal::Signal;
use serde_json::Value;

use super::{
    ControlPlane, Error, Result,
    clock::Clock,
    process::{Daemon, wait_until},
    run::Run,
};
use crate::bed;

/// How long the operator may take for anything that it does at once when the machine is free.
const LIMIT: Duration = Duration::from_secs(60);

/// `lcmap-spark operator`, about to be started.
#[derive(Debug)]
pub struct OperatorCommand<'a> {
    run: &'a Run,
    command: Command,
    clock: Option<Clock>,
}

/// A running `lcmap-spark operator`. It is killed when this is dropped.
#[derive(Debug)]
pub struct Operator {
    daemon: Daemon,
    address: String,
    clock: Option<Clock>,
}

impl ControlPlane {
    /// The operator as the user of `kubeconfig`, with its Lease in the namespace `default` and the shortest term that
    /// it takes.
    pub fn operator(&self, kubeconfig: &Path) -> OperatorCommand<'_> {
        let mut command = Command::new(bed::lcmap_spark());
        command.arg("operator").env_clear().env("KUBECONFIG", kubeconfig).envs([
            ("LCMAP_AGENT_IMAGE", "bed.test/lcmap-spark:1"),
            ("POD_NAMESPACE", "default"),
            ("LCMAP_LEASE_DURATION", "3s"),
            ("LCMAP_LISTEN", "127.0.0.1:0"),
            // Pods of fake nodes have addresses that are others'.
            ("LCMAP_PROGRESS_INTERVAL", "never"),
        ]);
        OperatorCommand { run: self.run(), command, clock: None }
    }
}

impl OperatorCommand<'_> {
    /// One more argument.
    #[must_use]
    pub fn arg(mut self, argument: impl AsRef<str>) -> Self {
        self.command.arg(argument.as_ref());
        self
    }

    /// Gives it a time of day of its own, for [`Operator::set_clock`].
    pub fn with_clock(mut self) -> Result<Self> {
        let clock = Clock::new(self.run)?;
        clock.give(&mut self.command);
        self.clock = Some(clock);
        Ok(self)
    }

    /// Starts it. Answers when its probes can be asked.
    pub fn start(mut self) -> Result<Operator> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("operator-{}", COUNT.fetch_add(1, Ordering::Relaxed));
        let mut daemon = Daemon::start(self.run, &name, &mut self.command)?;
        let log = daemon.log().to_owned();
        let address = wait_until("the operator did not say where it listens", LIMIT, || {
            daemon.check()?;
            Ok(lines(&log)?.iter().find_map(|line| line["listen"].as_str().map(str::to_owned)))
        })?;
        Ok(Operator { daemon, address, clock: self.clock })
    }

    /// Runs it where it is to refuse its settings: what it says on that.
    pub fn refusal(mut self) -> Result<String> {
        let mut daemon = Daemon::start(self.run, "operator-refusal", &mut self.command)?;
        daemon.wait(LIMIT)?;
        fs::read_to_string(daemon.log()).map_err(Error::file("read", daemon.log()))
    }
}

impl Operator {
    /// Waits until it says that it is ready.
    pub fn wait_until_ready(&self) -> Result<()> {
        self.wait_for("was not ready", || Ok((self.ask("/readyz")?.0 == 200).then_some(())))
    }

    /// Waits until it leads, and knows what there is.
    pub fn wait_until_leads(&self) -> Result<()> {
        self.wait_until_ready()?;
        self.wait_for("did not lead", || Ok((self.metric("lcmap_spark_leader")? == 1).then_some(())))
    }

    /// Waits until a line of its log pleases.
    pub fn wait_for_log(&self, accept: impl Fn(&Value) -> bool) -> Result<Value> {
        self.wait_for("did not log what was expected", || {
            Ok(self.log()?.into_iter().find(|line| accept(line)))
        })
    }

    /// What it has logged so far; lines that are no JSON are left out.
    pub fn log(&self) -> Result<Vec<Value>> {
        lines(self.daemon.log())
    }

    /// `GET path` at its probes: the status and the body.
    pub fn ask(&self, path: &str) -> Result<(u16, String)> {
        let answer = self.exchange(path).map_err(Error::Network)?;
        let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
        let status = head.split_whitespace().nth(1).and_then(|status| status.parse().ok());
        Ok((status.unwrap_or_default(), body.to_owned()))
    }

    /// The value of a metric that counts, by its name with its labels as `/metrics` writes them; 0 where it is not
    /// there.
    pub fn metric(&self, name: &str) -> Result<u64> {
        let (_, metrics) = self.ask("/metrics")?;
        let value = metrics.lines().find_map(|line| line.strip_prefix(name)?.trim().parse().ok());
        Ok(value.unwrap_or_default())
    }

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.daemon.id()
    }

    /// Sends it a signal.
    pub fn signal(&self, signal: Signal) -> Result<()> {
        self.daemon.signal(signal)
    }

    /// Sets its time of day, so many seconds ahead of the machine's. It needs a clock of its own.
    pub fn set_clock(&self, ahead: i64) -> Result<()> {
        let clock = self.clock.as_ref().ok_or(Error::NoClock)?;
        clock.set(ahead)
    }

    /// `kill -9`.
    pub fn kill(mut self) {
        self.daemon.stop();
    }

    /// Asks it to stop, as the kubelet does. Answers how long that took, and fails if it did not end well.
    pub fn terminate(mut self) -> Result<Duration> {
        let asked = Instant::now();
        self.daemon.signal(Signal::SIGTERM)?;
        let status = self.daemon.wait(LIMIT)?;
        let command = "lcmap-spark operator".to_owned();
        match status.code() {
            Some(0) => Ok(asked.elapsed()),
            code => {
                let stderr = fs::read_to_string(self.daemon.log()).unwrap_or_default();
                Err(Error::Failed { command, code, stderr })
            }
        }
    }

    fn wait_for<T>(&self, what: &str, attempt: impl FnMut() -> Result<Option<T>>) -> Result<T> {
        let log = || fs::read_to_string(self.daemon.log()).unwrap_or_default();
        wait_until(&format!("the operator {what}"), LIMIT, attempt).map_err(|error| error.explained_by(log))
    }

    fn exchange(&self, path: &str) -> std::io::Result<String> {
        let mut stream = TcpStream::connect(&self.address)?;
        write!(stream, "GET {path} HTTP/1.1\r\nHost: operator\r\nConnection: close\r\n\r\n")?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer)
    }
}

fn lines(log: &Path) -> Result<Vec<Value>> {
    let text = fs::read_to_string(log).map_err(Error::file("read", PathBuf::from(log)))?;
    Ok(text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect())
}
