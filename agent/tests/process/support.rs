//! A folder with a Spark made of shell scripts, a plan, and the agent to run it: as a child or as a real PID 1.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::time::{Duration, Instant};

use lcmap_spark_agent::plan::{DriverSize, FailureMessage, Job, LaunchPlan, Master, Run, Submit, VERSION};
use lcmap_spark_agent::report::TerminationMessage;
use lcmap_spark_agent::state::DriverState;
use nix::sys::signal::{self, Signal};
use nix::unistd::{Pid, geteuid};
use rcgen::{CertificateParams, KeyPair};
use tempfile::TempDir;

/// Longer than anything here takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// The agent under test.
pub(crate) const AGENT: &str = env!("CARGO_BIN_EXE_lcmap-agent");

/// For a shell: the folders on this machine that the agent would put secrets into.
pub(crate) const MEMORY_BACKED: &str = "$(stat -f -c '%T %n' /dev/shm /tmp | sed -n 's/^tmpfs //p')";

/// One job's folder.
pub(crate) struct Bed {
    folder: TempDir,
}

impl Bed {
    /// A folder whose `spark-submit` is this script for bash.
    pub(crate) fn with_submit(script: &str) -> Self {
        let bed = Self { folder: TempDir::new_in(env!("CARGO_TARGET_TMPDIR")).unwrap() };
        fs::set_permissions(bed.folder.path(), Permissions::from_mode(0o755)).unwrap();
        bed.command("spark-submit", &format!("#!/bin/bash\n{script}\n"));
        bed.plan(|_| ());
        bed
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes one of Spark's commands, interpreter line and all.
    pub(crate) fn command(&self, name: &str, content: &str) {
        let path = self.path("spark/bin").join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, content).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o755)).unwrap();
    }

    /// Writes the plan: a submit with a grace period of a minute, edited.
    pub(crate) fn plan(&self, edit: impl FnOnce(&mut LaunchPlan)) {
        let mut plan = LaunchPlan {
            version: VERSION,
            job: Job { name: "job".to_owned(), namespace: String::new(), uid: String::new(), attempt: 1 },
            application_name: "job".to_owned(),
            image: String::new(),
            run: Run::Submit(Submit { application: "job.py".to_owned(), main_class: None, args: Vec::new() }),
            conf: std::collections::BTreeMap::new(),
            conf_from: Vec::new(),
            env: Vec::new(),
            driver: DriverSize::default(),
            master: Master::Local,
            certificates: None,
            grace_period_ms: 60_000,
            failure_message: FailureMessage::default(),
        };
        edit(&mut plan);
        fs::write(self.path("plan"), plan.encode().unwrap()).unwrap();
    }

    /// Writes a self-signed certificate into the folder `mine`.
    pub(crate) fn write_certificates(&self) -> PathBuf {
        let folder = self.path("mine");
        fs::create_dir_all(&folder).unwrap();
        let key = KeyPair::generate().unwrap();
        let certificate = CertificateParams::new(vec![]).unwrap().self_signed(&key).unwrap().pem();
        for (name, content) in [
            ("mesos.crt", &certificate),
            ("mesos.key", &key.serialize_pem()),
            ("trustedroot.crt", &certificate),
        ] {
            fs::write(folder.join(name), content).unwrap();
        }
        folder
    }

    pub(crate) fn grace(&self, grace: Duration) {
        self.plan(|plan| plan.grace_period_ms = u64::try_from(grace.as_millis()).unwrap());
    }

    /// The arguments of `lcmap-agent`.
    pub(crate) fn arguments(&self) -> Vec<String> {
        let path = |name: &str| self.path(name).display().to_string();
        let options = [("--plan", "plan"), ("--state", "state"), ("--termination-log", "ended")];
        let options = options.into_iter().flat_map(|(option, name)| [option.to_owned(), path(name)]);
        std::iter::once("launch".to_owned()).chain(options).collect()
    }

    /// The agent as a child among others, an orphans' reaper by its own wish.
    pub(crate) fn as_child(&self) -> Command {
        let mut command = self.wrapped(&[]);
        command.stdin(Stdio::null());
        command
    }

    /// The agent as PID 1 of a pid namespace with its own `/proc`.
    pub(crate) fn as_pid_1(&self) -> Command {
        self.wrapped(&unshare(&["--pid", "--fork", "--kill-child", "--mount-proc"]))
    }

    /// The agent as PID 1 of a container. Its image has a root and an `/etc` of its own, and this machine's files for
    /// the rest; the bed is at `/bed`, and a script for sh may do something to the image, whose root is `$ROOT`.
    pub(crate) fn in_image(&self, setup: &str, arguments: &[&str]) -> Command {
        let script = format!(
            "set -e; ROOT=/mnt; mount -t tmpfs none $ROOT; mkdir $ROOT/bed $ROOT/certs $ROOT/proc; \
             for d in /*; do case $d in \
             /bed | /certs | /etc | /mnt | /proc) ;; \
             *) if [ -L $d ]; then cp -P $d $ROOT; elif [ -d $d ]; then mkdir $ROOT$d; mount --rbind $d $ROOT$d; fi ;; \
             esac; done; cp -r /etc $ROOT 2>&- || :; cp {AGENT} $ROOT/lcmap-agent; \
             mount --bind \"$HOME\" $ROOT/bed; mount -t proc proc $ROOT/proc; {setup}; \
             cd $ROOT; pivot_root . .; umount -l .; cd /; export HOME=/bed SPARK_HOME=/bed/spark; \
             exec ${{AS_USER:-}} /lcmap-agent \"$@\""
        );
        let mut words = unshare(&["--pid", "--mount", "--fork", "--kill-child"]);
        words.extend(["sh", "-c", &script, "sh"].map(str::to_owned));
        words.extend(arguments.iter().map(|argument| (*argument).to_owned()));
        let mut command = Command::new(&words[0]);
        command.args(&words[1..]);
        self.image_environment(&mut command);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// The agent in the environment of an image, behind a command that starts it.
    pub(crate) fn wrapped(&self, wrapper: &[String]) -> Command {
        let words: Vec<String> = wrapper.iter().cloned().chain([AGENT.to_owned()]).collect();
        let mut command = Command::new(&words[0]);
        command.args(&words[1..]).args(self.arguments());
        self.image_environment(&mut command);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    pub(crate) fn image_environment(&self, command: &mut Command) {
        command.env_clear();
        command.env("PATH", std::env::var_os("PATH").unwrap());
        command.env("HOME", self.folder.path());
        command.env("SPARK_HOME", self.path("spark"));
    }

    pub(crate) fn state(&self) -> DriverState {
        fs::read(self.path("state/state.json"))
            .map(|json| serde_json::from_slice(&json).unwrap())
            .unwrap_or_default()
    }

    pub(crate) fn termination_message(&self) -> TerminationMessage {
        serde_json::from_slice(&fs::read(self.path("ended")).unwrap()).unwrap()
    }

    /// Waits until a script has written a file of this name, and returns what is in it.
    pub(crate) fn wait_for(&self, name: &str) -> String {
        eventually(name, || fs::read_to_string(self.path(name)).ok().filter(|text| text.ends_with('\n')))
    }
}

/// `unshare` with the rights it needs, root or not.
pub(crate) fn unshare(namespaces: &[&str]) -> Vec<String> {
    let user: &[&str] = if geteuid().is_root() { &[] } else { &["--user", "--map-root-user"] };
    let words = ["unshare"].iter().chain(user).chain(namespaces).chain(&["--"]);
    words.map(|word| (*word).to_owned()).collect()
}

/// A process that is ended with the test, whatever becomes of it.
pub(crate) struct Running {
    child: Option<Child>,
}

impl Running {
    pub(crate) fn start(mut command: Command) -> Self {
        Self { child: Some(command.spawn().unwrap()) }
    }

    pub(crate) fn pid(&self) -> Pid {
        Pid::from_raw(self.child.as_ref().unwrap().id().cast_signed())
    }

    pub(crate) fn child(&mut self) -> &mut Child {
        self.child.as_mut().unwrap()
    }

    /// Sends a signal to the agent, which may be the only child of a wrapper.
    pub(crate) fn send(&self, signal: Signal) {
        signal::kill(self.agent(), signal).unwrap();
    }

    /// The agent's process id as seen from here.
    pub(crate) fn agent(&self) -> Pid {
        let own = self.pid();
        eventually("the agent's process", || {
            let is_agent =
                |pid: Pid| fs::read_link(format!("/proc/{pid}/exe")).is_ok_and(|exe| exe == Path::new(AGENT));
            [own].into_iter().chain(children(own)).find(|pid| is_agent(*pid))
        })
    }

    pub(crate) fn wait(mut self) -> Output {
        let mut child = self.child.take().unwrap();
        let pid = Pid::from_raw(child.id().cast_signed());
        let stdout = drain(child.stdout.take());
        let stderr = drain(child.stderr.take());
        let status: ExitStatus = eventually_or(
            "the agent's end",
            || child.try_wait().unwrap(),
            || {
                let _ = signal::kill(pid, Signal::SIGKILL);
            },
        );
        Output { status, stdout: stdout.join().unwrap(), stderr: stderr.join().unwrap() }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

fn drain(stream: Option<impl std::io::Read + Send + 'static>) -> std::thread::JoinHandle<Vec<u8>> {
    std::thread::spawn(move || {
        let mut content = Vec::new();
        if let Some(mut stream) = stream {
            let _ = stream.read_to_end(&mut content);
        }
        content
    })
}

/// The children of a process.
pub(crate) fn children(pid: Pid) -> Vec<Pid> {
    let file = format!("/proc/{pid}/task/{pid}/children");
    let text = fs::read_to_string(file).unwrap_or_default();
    text.split_ascii_whitespace().map(|pid| Pid::from_raw(pid.parse().unwrap())).collect()
}

pub(crate) fn run(command: Command) -> Output {
    Running::start(command).wait()
}

pub(crate) fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

pub(crate) fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Waits until something is there.
pub(crate) fn eventually<T>(what: &str, look: impl FnMut() -> Option<T>) -> T {
    eventually_or(what, look, || ())
}

fn eventually_or<T>(what: &str, mut look: impl FnMut() -> Option<T>, give_up: impl FnOnce()) -> T {
    let began = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        if began.elapsed() > PATIENCE {
            give_up();
            panic!("waited {PATIENCE:?} in vain for {what}");
        }
        std::thread::sleep(Duration::from_millis(10));
    }
}
