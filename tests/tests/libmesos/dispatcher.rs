//! A program that nobody here wrote: Spark's own `MesosClusterDispatcher`, which launches drivers as tasks, asks for their
//! state and kills them.

use std::{
    fs,
    io::Read,
    os::unix::fs::PermissionsExt,
    path::PathBuf,
    process::{Child, Command, Stdio},
};

use lcmap_spark_tests::mesos::{Bed, Library, spark_home};

const PORT: u16 = 7077;

struct Dispatcher(Child);

impl Drop for Dispatcher {
    fn drop(&mut self) {
        // Ended already, perhaps.
        let _ = self.0.kill().and_then(|()| self.0.wait());
    }
}

fn spark(bed: &Bed, program: &str) -> Command {
    let home = spark_home().unwrap();
    let mut command = Command::new(home.join("bin").join(program));
    command
        .env("SPARK_HOME", &home)
        .env("SPARK_LOCAL_IP", bed.master(0).address().ip().to_string())
        .env("SPARK_USER", "root")
        .env("LCMAP_BED", bed.folder())
        .env("LCMAP_MESOS_STATE_DIR", bed.folder())
        .env("MESOS_NATIVE_JAVA_LIBRARY", Library::Rust.path())
        .current_dir(bed.folder());
    command
}

fn dispatcher(bed: &Bed) -> Dispatcher {
    let ip = bed.master(0).address().ip().to_string();
    let master = format!("mesos://{}", bed.master(0).address());
    let log = fs::File::create(bed.folder().join("dispatcher.log")).unwrap();
    let child = spark(bed, "spark-class")
        .args(["org.apache.spark.deploy.mesos.MesosClusterDispatcher", "--master", &master, "--host", &ip])
        .args(["--port", &PORT.to_string(), "--webui-port", "8081"])
        .stdout(log.try_clone().unwrap())
        .stderr(log)
        .spawn();
    Dispatcher(child.unwrap())
}

/// Runs `spark-submit` towards the dispatcher and gives what it says.
fn submit(bed: &Bed, arguments: &[&str]) -> String {
    let master = format!("mesos://{}:{PORT}", bed.master(0).address().ip());
    let mut child = spark(bed, "spark-submit")
        .args(["--master", &master])
        .args(arguments)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = String::new();
    child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    child.wait().unwrap();
    eprintln!("{said}");
    said
}

/// A Spark home whose programs take the dispatcher's `--driver-cores 1.0` for the 1 that it is: Spark 3.5's own `spark-submit`
/// refuses what its own dispatcher writes.
fn home_of_drivers(bed: &Bed) -> PathBuf {
    let home = bed.folder().join("spark");
    fs::create_dir_all(home.join("bin")).unwrap();
    for program in ["spark-submit", "spark-class"] {
        let own = spark_home().unwrap().join("bin").join(program);
        let script = format!(
            "#!/bin/sh\nfor word; do shift; [ \"$word\" != 1.0 ] || word=1; set -- \"$@\" \"$word\"; done\n\
             exec {} \"$@\"\n",
            own.display()
        );
        let path = home.join("bin").join(program);
        fs::write(&path, script).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }
    home
}

fn wait_for_file(bed: &Bed, name: &str, text: &str) {
    let path = bed.folder().join(name);
    for _ in 0..1200 {
        if fs::read_to_string(&path).unwrap_or_default().contains(text) {
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    panic!("no {text:?} in {name}:\n{}", fs::read_to_string(&path).unwrap_or_default());
}

#[test]
fn sparks_dispatcher_launches_a_driver_and_kills_it() {
    let mut bed = Bed::plain().start().unwrap();
    let _dispatcher = dispatcher(&bed);
    wait_for_file(&bed, "framework-1.json", "Registered");
    let executor_home = format!("spark.mesos.executor.home={}", home_of_drivers(&bed).display());
    let native =
        format!("spark.mesos.driverEnv.MESOS_NATIVE_JAVA_LIBRARY={}", Library::Rust.path().display());
    let program = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/libmesos/slow.py");
    let rest = "spark.master.rest.enabled=true";
    let settings = ["--conf", &executor_home, "--conf", &native, "--conf", rest, "--driver-memory", "512m"];
    let said = submit(&bed, &[&["--deploy-mode", "cluster"], &settings[..], &[program, "60"]].concat());
    let id = said.split('"').find(|word| word.starts_with("driver-")).expect("a submission id").to_owned();
    bed.agent_mut(0).wait_for_log(&["Handling status update TASK_RUNNING"]).unwrap();
    submit(&bed, &["--conf", rest, "--kill", &id]);
    bed.agent_mut(0).wait_for_log(&["Handling status update TASK_KILLED"]).unwrap();
    wait_for_file(&bed, "dispatcher.log", "state=TASK_KILLED");
}
