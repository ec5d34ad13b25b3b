//! Ctrl-C in each phase.

use lcmap_spark_tests::{Finished, Folder, Running, mesos::Bed, says};
use rustix::process::Signal;
use serde_json::{Value, json};

use super::bed::{COUNTS, HOLDS, nothing_is_left, run, spec};

fn interrupted(bed: &Bed, program: &str, spec: Value, reached: impl FnOnce(&Running)) -> Finished {
    let folder = Folder::new();
    let running = run(&folder, bed, program, spec).start();
    reached(&running);
    running.signal(Signal::INT);
    let run = running.finish();
    assert_eq!(run.code, Some(130), "{}", run.stderr);
    says(&run.stderr, &["Interrupted"]);
    run
}

#[test]
fn while_mesos_does_not_answer() {
    let bed = Bed::plain().agents(0).start().unwrap();
    bed.master(0).freeze().unwrap();
    interrupted(&bed, COUNTS, spec(&bed), |running| running.wait_for("DriverStarting"));
    bed.master(0).thaw().unwrap();
    nothing_is_left(&bed);
}

#[test]
fn while_the_driver_connects() {
    let bed = Bed::plain().agents(0).start().unwrap();
    let slow = format!("import time; time.sleep(600)\n{COUNTS}");
    interrupted(&bed, &slow, spec(&bed), |running| running.wait_for("Connecting"));
    nothing_is_left(&bed);
}

#[test]
fn while_it_asks_for_executors() {
    let bed = Bed::plain().start().unwrap();
    let mut spec = spec(&bed);
    spec["mesos"]["constraints"] = json!({"rack": ["elsewhere"]});
    interrupted(&bed, COUNTS, spec, |running| running.wait_for("Requesting"));
    nothing_is_left(&bed);
}

#[test]
fn while_executors_run() {
    let bed = Bed::plain().start().unwrap();
    interrupted(&bed, HOLDS, spec(&bed), |running| running.wait_for("CoresMaxReached"));
    nothing_is_left(&bed);
}

/// Neither its Python nor its JVM ends on TERM, nor has Spark its turn to unregister.
const STUBBORN: &str = "import signal, time
from pyspark.java_gateway import ensure_callback_server_started
signal.signal(signal.SIGTERM, signal.SIG_IGN)
class Hook:
    def run(self):
        print('asked to end', flush=True)
        time.sleep(600)
    class Java:
        implements = ['java.lang.Runnable']
ensure_callback_server_started(context._gateway)
hooks = context._jvm.org.apache.hadoop.util.ShutdownHookManager.get()
hooks.addShutdownHook(context._jvm.java.lang.Thread(Hook()), 1000)
print('holds on', flush=True)
time.sleep(600)
";

/// A job whose Spark has to be killed. `more` is done before ctrl-C, or the last one, comes.
fn killed(bed: &Bed, grace: &str, more: impl FnOnce(&Running)) {
    let counts = COUNTS.replace("context.stop()\n", "");
    let mut spec = spec(bed);
    spec["terminationGracePeriod"] = json!(grace);
    let run = interrupted(bed, &format!("{counts}{STUBBORN}"), spec, |running| {
        running.wait_for_output("holds on");
        more(running);
    });
    says(&run.stderr, &["tore down the framework"]);
    nothing_is_left(bed);
}

#[test]
fn though_spark_has_to_be_killed() {
    let bed = Bed::plain().start().unwrap();
    killed(&bed, "2s", |_| {});
    killed(&bed, "10m", |running| {
        running.signal(Signal::INT);
        running.wait_for_output("asked to end");
    });
}
