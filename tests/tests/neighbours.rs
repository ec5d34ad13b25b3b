//! Other users of the same machine: what they plant in shared folders is neither opened, nor believed, nor waited for.

#![allow(clippy::unwrap_used)] // all of it is a test, and a panic its verdict

use std::collections::BTreeMap;
use std::fs::{self, OpenOptions, Permissions};
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use lcmap_spark_agent::plan::{
    DriverSize, FailureMessage, Job, LaunchPlan, Master, Mesos, Run, Submit, VERSION, Verify,
};
use lcmap_spark_tests::{Folder, LcmapSpark, StandIn};
use rustix::process::{Signal, geteuid};
use serde_json::json;

/// The neighbour's user id.
const NOBODY: u32 = 65534;

/// A folder in memory that every user may write to, as `/dev/shm`.
fn shared() -> tempfile::TempDir {
    let folder = tempfile::tempdir_in("/dev/shm").unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o1777)).unwrap();
    folder
}

/// A script for sh that a neighbour is about to run in a folder.
fn neighbour(folder: &Path, script: &str) -> Command {
    assert!(geteuid().is_root(), "only root can play another user: run the tests as root");
    let mut command = Command::new("setpriv");
    command.args(["--reuid=65534", "--regid=65534", "--clear-groups", "sh", "-euc", script]);
    command.current_dir(folder);
    command
}

fn plant(folder: &Path, script: &str) {
    assert!(neighbour(folder, script).status().unwrap().success());
}

/// Everything in a folder, with what would change if somebody touched it.
fn listing(folder: &Path) -> String {
    let find =
        Command::new("find").arg(folder).args(["-printf", "%p %u %m %y %l %s %T@\n"]).output().unwrap();
    let mut lines: Vec<&str> = std::str::from_utf8(&find.stdout).unwrap().lines().collect();
    // The folder's own time changes when others make theirs.
    lines.retain(|line| !line.starts_with(&format!("{} ", folder.display())));
    lines.sort_unstable();
    lines.join("\n")
}

fn job(folder: &Folder) -> PathBuf {
    folder.write("job.py", "");
    folder.job("job", json!({"run": {"submit": {"application": "job.py"}}}))
}

/// A neighbour's process that holds a lock for as long as this lives.
struct Holder(Child);

impl Holder {
    fn of(folder: &Path, lock: &str) -> Self {
        let script = format!("exec 9>{lock}; flock 9; echo held; exec sleep 600");
        let mut child = neighbour(folder, &script).stdout(Stdio::piped()).spawn().unwrap();
        let mut said = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut said).unwrap();
        assert_eq!(said, "held\n");
        Self(child)
    }
}

impl Drop for Holder {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn what_a_neighbour_has_planted_is_neither_touched_nor_waited_for() {
    let (shared, folder) = (shared(), Folder::new());
    let everybodys = shared.path().join("everybodys");
    fs::write(&everybodys, "").unwrap();
    folder.permit(&everybodys, 0o666);
    for kind in ["run", "agent"] {
        let script = format!(
            r"
            p=lcmap-spark-{kind}
            mkfifo $p-pipe; : > $p-file; ln -s /etc $p-link; ln -s nowhere $p-dangling; ln -s $p-loop $p-loop
            for mode in 700 755 777; do
                mkdir -m $mode $p-lock-$mode $p-empty-$mode $p-full-$mode
                mkfifo $p-lock-$mode/lock
                cd $p-full-$mode
                : > lock; mkdir -m 777 state
                mkfifo state/agent.lock state/state.json state/termination.json state/framework-1.json owed.json plan.json
                truncate -s 1T state/framework-2.json
                cd ..
            done
            mkdir -m 700 $p-hard $p-soft $p-held
            ln {everybodys} $p-hard/lock
            ln -s {everybodys} $p-soft/lock
            ",
            everybodys = everybodys.display()
        );
        plant(shared.path(), &script);
    }
    let _holders =
        ["run", "agent"].map(|kind| Holder::of(shared.path(), &format!("lcmap-spark-{kind}-held/lock")));
    let before = listing(shared.path());
    let spark = StandIn::new("dirname $SPARK_CONF_DIR");
    let run = LcmapSpark::run_with(&spark, job(&folder)).env("XDG_RUNTIME_DIR", shared.path()).finish();
    let run = run.succeeded();
    assert!(run.took < Duration::from_secs(60), "{:?}", run.took);
    let agents = shared.path().join("lcmap-spark-agent-").display().to_string();
    assert!(run.stdout.starts_with(&agents), "{}", run.stdout);
    assert_eq!(listing(shared.path()), before);
}

/// Leaves in a folder what a killed run leaves: its driver was on the Mesos with this address, and had these credentials.
fn killed_run(shared: &Path, master: &str, credentials: &Path) -> PathBuf {
    let mesos = Mesos {
        masters: master.to_owned(),
        role: None,
        credentials: Some(credentials.to_owned()),
        verify: Verify::Full,
        server_name: None,
        framework_id: "uid-1".to_owned(),
        labels: BTreeMap::new(),
        registration_timeout_ms: 1000,
        library: None,
        python: None,
    };
    let plan = LaunchPlan {
        version: VERSION,
        job: Job { name: "job".to_owned(), namespace: String::new(), uid: "uid".to_owned(), attempt: 1 },
        application_name: "job".to_owned(),
        image: String::new(),
        run: Run::Submit(Submit { application: "job.py".to_owned(), main_class: None, args: Vec::new() }),
        conf: BTreeMap::new(),
        conf_from: Vec::new(),
        env: Vec::new(),
        driver: DriverSize::default(),
        master: Master::Mesos(Box::new(mesos)),
        certificates: None,
        grace_period_ms: 1000,
        failure_message: FailureMessage::default(),
    };
    let framework = json!({"phase": "Registered", "pid": 1, "master": master, "user": "root",
        "frameworkId": "uid-1", "stopCalled": false});
    let folder = shared.join("lcmap-spark-run-killed");
    fs::create_dir_all(folder.join("state")).unwrap();
    fs::write(folder.join("state/framework-1.json"), framework.to_string()).unwrap();
    fs::write(folder.join("owed.json"), plan.encode().unwrap()).unwrap();
    fs::write(folder.join("lock"), "").unwrap();
    fs::set_permissions(&folder, Permissions::from_mode(0o700)).unwrap();
    folder
}

#[test]
fn the_mesos_of_a_debt_is_asked_if_the_debt_is_this_users_own_and_never_a_neighbours() {
    let credentials = Folder::new();
    credentials.write("principal", "somebody");
    credentials.write("secret", "hidden");
    for (owner, is_asked) in [(0, true), (NOBODY, false)] {
        let (shared, folder) = (shared(), Folder::new());
        let master = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = master.local_addr().unwrap().to_string();
        let left = killed_run(shared.path(), &address, credentials.path());
        for path in [&left, &left.join("lock"), &left.join("owed.json"), &left.join("state")] {
            chown(path, Some(owner), None).unwrap();
        }
        // The job takes longer than it takes to ask.
        let spark = StandIn::new("sleep 2");
        let run = LcmapSpark::run_with(&spark, job(&folder)).env("XDG_RUNTIME_DIR", shared.path()).finish();
        run.succeeded();
        master.set_nonblocking(true).unwrap();
        assert_eq!(master.accept().is_ok(), is_asked, "{owner}");
        assert!(left.exists(), "{owner}");
    }
}

#[test]
fn a_runtime_folder_of_another_user_is_not_used() {
    let folder = Folder::new();
    let theirs = tempfile::tempdir_in("/dev/shm").unwrap();
    chown(theirs.path(), Some(NOBODY), None).unwrap();
    let spark = StandIn::new("dirname $SPARK_CONF_DIR; ls $XDG_RUNTIME_DIR");
    let run = LcmapSpark::run_with(&spark, job(&folder)).env("XDG_RUNTIME_DIR", theirs.path()).finish();
    let run = run.succeeded();
    assert!(run.stdout.starts_with("/dev/shm/lcmap-spark-agent-"), "{}", run.stdout);
    assert_eq!(run.stdout.lines().count(), 1, "{}", run.stdout);
}

#[test]
fn ctrl_c_is_heard_while_nobody_writes_the_manifest() {
    let folder = Folder::new();
    let pipe = folder.path().join("job.yaml");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let run = LcmapSpark::run_with(&StandIn::new("exit 0"), &pipe).start();
    // This waits until somebody reads the pipe.
    let _writer = OpenOptions::new().write(true).open(&pipe).unwrap();
    run.signal(Signal::INT);
    let run = run.finish();
    assert_eq!(run.code, None, "the signal ends it: {}", run.stderr);
}
