//! A killed test leaves nothing behind: no process, no cgroup, no folder, no address, no changed setting of the
//! machine.

use std::{
    error::Error,
    fs,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use lcmap_spark_tests::kubernetes::ControlPlane;

type Outcome<T> = Result<T, Box<dyn Error>>;

/// A whole cluster in a process of its own, and the folder of its run.
fn cluster() -> Outcome<(Child, PathBuf)> {
    let mut harness =
        Command::new(env!("CARGO_BIN_EXE_kubernetes-bed")).arg("cluster").stdout(Stdio::piped()).spawn()?;
    let stdout = harness.stdout.take().ok_or("no standard output")?;
    for line in BufReader::new(stdout).lines() {
        if let Some(kubeconfig) = line?.strip_prefix("export KUBECONFIG=") {
            let run = Path::new(kubeconfig).ancestors().nth(2).ok_or("no folder")?;
            return Ok((harness, run.to_path_buf()));
        }
    }
    Err("the cluster did not come up".into())
}

/// Everything of a run that a look around the machine finds.
fn traces(run: &Path) -> Outcome<Vec<String>> {
    let folder = run.exists().then(|| run.display().to_string());
    let mark = format!("LCMAP_BED_RUN={}", run.display());
    let marked = processes(|process| {
        let environment = fs::read(process.join("environ")).unwrap_or_default();
        environment.split(|byte| *byte == 0).any(|variable| variable == mark.as_bytes())
    })?;
    let marked = marked.iter().map(|pid| format!("process {pid}"));
    let prefix = format!("lcmap-bed-{}", run.file_name().ok_or("no name")?.display());
    let hierarchies = fs::read_dir("/sys/fs/cgroup")?.flatten();
    let cgroups =
        hierarchies.flat_map(|hierarchy| fs::read_dir(hierarchy.path()).into_iter().flatten().flatten());
    let cgroups = cgroups.filter(|cgroup| cgroup.file_name().to_string_lossy().starts_with(&prefix));
    let cgroups = cgroups.map(|cgroup| cgroup.path().display().to_string());
    Ok(folder.into_iter().chain(marked).chain(cgroups).collect())
}

fn processes(wanted: impl Fn(&Path) -> bool) -> Outcome<Vec<u32>> {
    let entries = fs::read_dir("/proc")?.flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    Ok(pids.filter(|pid: &u32| wanted(&PathBuf::from(format!("/proc/{pid}")))).collect())
}

fn keeper_of(run: &Path) -> Outcome<u32> {
    let run = run.display().to_string();
    let keepers = processes(|process| {
        let command = fs::read(process.join("cmdline")).unwrap_or_default();
        let command = String::from_utf8_lossy(&command);
        command.contains("sweep.sh\0--at-eof") && command.contains(&run)
    })?;
    Ok(*keepers.first().ok_or("no keeper")?)
}

/// What the kubelet would like to change, and the addresses that only the nodes should have.
fn machine() -> Outcome<(Vec<String>, Vec<String>)> {
    let settings = ["vm/overcommit_memory", "vm/panic_on_oom", "kernel/panic", "kernel/panic_on_oops"];
    let settings = settings.map(|setting| fs::read_to_string(Path::new("/proc/sys").join(setting)));
    let addresses = Command::new("ip").args(["-oneline", "address"]).output()?.stdout;
    let routes = Command::new("ip").args(["route", "show", "table", "all"]).output()?.stdout;
    let ours = |line: &&str| ["10.99.", "10.96.", "10.244."].iter().any(|address| line.contains(address));
    let seen = String::from_utf8([addresses, routes].concat())?;
    let seen = seen.lines().filter(ours).map(str::to_owned).collect();
    Ok((settings.into_iter().collect::<Result<_, _>>()?, seen))
}

#[test]
fn a_killed_harness_leaves_nothing_on_the_machine() {
    let before = machine().unwrap();
    let (mut harness, run) = cluster().unwrap();
    assert!(traces(&run).unwrap().len() > 5, "the cluster is up");
    assert_eq!(machine().unwrap(), before, "a running cluster changes nothing of the machine");
    assert!(before.1.is_empty(), "{:?}", before.1);

    harness.kill().unwrap();
    harness.wait().unwrap();
    let deadline = Instant::now() + Duration::from_secs(60);
    while !traces(&run).unwrap().is_empty() && Instant::now() < deadline {
        thread::sleep(Duration::from_millis(100));
    }
    assert_eq!(traces(&run).unwrap(), Vec::<String>::new());
    assert_eq!(machine().unwrap(), before);
}

#[test]
fn what_is_left_when_the_keeper_is_killed_too_goes_at_the_next_start() {
    let (mut harness, run) = cluster().unwrap();
    let keeper = keeper_of(&run).unwrap().to_string();
    assert!(Command::new("kill").args(["-KILL", &keeper]).status().unwrap().success());
    harness.kill().unwrap();
    harness.wait().unwrap();
    assert!(!traces(&run).unwrap().is_empty(), "nobody has swept yet");

    drop(ControlPlane::start().unwrap());
    assert_eq!(traces(&run).unwrap(), Vec::<String>::new());
}
