//! The operator as a process: started, asked, stopped.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use lcmap_spark_tests::kubernetes::{ControlPlane, target};

/// Whom the API server takes the operator for.
pub(crate) const USER: &str = "lcmap-spark-operator";

/// Longer than anything here takes.
const LIMIT: Duration = Duration::from_secs(1800);

/// A running operator.
pub(crate) struct Operator {
    child: Child,
    port: u16,
}

impl Operator {
    /// Starts the release build.
    pub(crate) fn start(bed: &ControlPlane, name: &str) -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let kubeconfig = bed.kubeconfig_for(USER, Some("system:masters")).unwrap();
        let log = std::fs::File::create(bed.folder().join(format!("log/operator-{name}.log"))).unwrap();
        let mut command = Command::new(target().join("release/lcmap-spark"));
        bed.mark(&mut command);
        let child = command
            .args(["operator", "--agent-image=bed.test/operator:1", "--default-image=bed.test/spark:1"])
            .args(["--lease-namespace=default", "--log-filter=warn", "--identity", name])
            .arg(format!("--listen=127.0.0.1:{port}"))
            // The addresses of pretended nodes' pods are others'.
            .arg("--progress-interval=never")
            .env("KUBECONFIG", kubeconfig)
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap();
        Self { child, port }
    }

    /// Waits until it knows all jobs and pods.
    pub(crate) fn wait_until_ready(&self) {
        self.wait_for("/readyz", |answer| answer.starts_with("HTTP/1.1 200"));
    }

    /// Waits until it acts.
    pub(crate) fn wait_until_leading(&self) {
        self.wait_until_ready();
        self.wait_for("/metrics", |answer| answer.contains("lcmap_spark_leader 1"));
    }

    /// Waits until so many jobs are in a phase, of which none was in the beginning.
    pub(crate) fn wait_for_jobs(&self, phase: &str, count: usize) {
        self.wait_for("/metrics", |answer| jobs(answer, phase) >= count);
    }

    /// Waits until so many jobs wait for this reason.
    pub(crate) fn wait_for_jobs_that_wait_for(&self, reason: &str, count: usize) {
        let name = format!("lcmap_spark_waiting_jobs{{reason=\"{reason}\"}} ");
        self.wait_for("/metrics", |answer| number(answer, &name) >= count);
    }

    /// Waits until it knows all jobs, and all of them have ended.
    pub(crate) fn wait_until_all_have_ended(&self) {
        self.wait_until_leading();
        let on_the_way = ["Pending", "Connecting", "Requesting", "Running", "Releasing"];
        self.wait_for("/metrics", |answer| on_the_way.iter().all(|phase| jobs(answer, phase) == 0));
    }

    /// Waits until all jobs are in a phase, `count` of them at least.
    pub(crate) fn wait_for_jobs_in_all(&self, phase: &str, count: usize) {
        self.wait_for("/metrics", |answer| jobs(answer, phase) >= count && jobs(answer, "Pending") == 0);
    }

    /// Processor time so far.
    pub(crate) fn cpu_seconds(&self) -> f64 {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id())).unwrap();
        let fields: Vec<&str> = stat.rsplit_once(") ").unwrap().1.split(' ').collect();
        let ticks: f64 = fields[11..13].iter().map(|field| field.parse::<f64>().unwrap()).sum();
        ticks / 100.0 // USER_HZ, the same on every architecture (proc(5))
    }

    /// Resident memory now, in MiB.
    pub(crate) fn resident(&self) -> f64 {
        self.memory("VmRSS:")
    }

    /// The most resident memory so far, in MiB.
    pub(crate) fn peak(&self) -> f64 {
        self.memory("VmHWM:")
    }

    fn memory(&self, field: &str) -> f64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix(field)).unwrap();
        line.trim().trim_end_matches(" kB").parse::<f64>().unwrap() / 1024.0
    }

    /// Asks it to stop, and waits.
    pub(crate) fn terminate(mut self) {
        let id = i32::try_from(self.child.id()).unwrap();
        nix::sys::signal::kill(nix::unistd::Pid::from_raw(id), nix::sys::signal::Signal::SIGTERM).unwrap();
        self.child.wait().unwrap();
    }

    /// Kills it.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    fn wait_for(&self, path: &str, accept: impl Fn(&str) -> bool) {
        let until = Instant::now() + LIMIT;
        while !self.ask(path).is_some_and(|answer| accept(&answer)) {
            assert!(Instant::now() < until, "{path} did not become as expected");
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    fn ask(&self, path: &str) -> Option<String> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).ok()?;
        write!(stream, "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok()?;
        Some(answer)
    }
}

impl Drop for Operator {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn jobs(metrics: &str, phase: &str) -> usize {
    number(metrics, &format!("lcmap_spark_jobs{{phase=\"{phase}\"}} "))
}

fn number(metrics: &str, name: &str) -> usize {
    metrics.lines().find_map(|line| line.strip_prefix(name)?.parse().ok()).unwrap_or_default()
}
