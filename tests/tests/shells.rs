//! Shells as real terminals: what is typed, ctrl-C, the window's size, and how they end.

use lcmap_spark_tests::{Folder, LcmapSpark, Size, StandIn, Terminal, bed, says};
use serde_json::json;

#[test]
fn pyspark_computes_and_ctrl_c_interrupts_the_statement_and_not_the_shell() {
    let mut shell = LcmapSpark::run(bed::example("pyspark")).at_terminal(Size::USUAL);
    shell.wait_for(">>> ");
    shell.line("sc.parallelize(range(1000000)).max()");
    shell.wait_for("999999");
    shell.line("import time; print('as' + 'leep'); time.sleep(300)");
    shell.wait_for("asleep");
    shell.interrupt();
    shell.wait_for("KeyboardInterrupt");
    shell.line("sc.parallelize(range(4)).map(lambda x: x ** 20).sum()");
    shell.wait_for("3487832978");
    shell.wait_for(">>> "); // ctrl-D means the end only to a shell that reads
    shell.end_of_input();
    shell.finish().succeeded();
}

#[test]
fn spark_shell_computes_and_ends() {
    let mut shell = LcmapSpark::run(bed::example("spark-shell")).at_terminal(Size::USUAL);
    shell.wait_for("scala> ");
    shell.line("sc.parallelize(1 to 1000).map(_ * 3L).sum");
    shell.wait_for("1501500.0");
    shell.line(":quit");
    shell.finish().succeeded();
}

#[test]
fn a_script_through_a_pipe_is_run_and_its_exit_code_kept() {
    let folder = Folder::new();
    let job = folder.job("shell", json!({"run": {"shell": {}}}));
    let run = LcmapSpark::run_with(&StandIn::new("exec sh -s"), job).input("echo piped\nexit 3\n").finish();
    assert_eq!(run.failed_with(3).stdout, "piped\n");
}

fn at_terminal(script: &str) -> (Terminal, StandIn) {
    let (folder, spark) = (Folder::new(), StandIn::new(script));
    let job = folder.job("shell", json!({"run": {"shell": {}}, "terminationGracePeriod": "60s"}));
    let shell = LcmapSpark::run_with(&spark, job).at_terminal(Size::USUAL);
    shell.wait_for("ready");
    (shell, spark)
}

#[test]
fn the_shell_has_the_windows_size_and_follows_it() {
    let (mut shell, _spark) = at_terminal("stty size; echo ready; read _; stty size");
    shell.resize(Size { columns: 132, rows: 50 });
    shell.line("");
    let run = shell.finish().succeeded();
    says(&run.stdout, &["24 80", "50 132"]);
}

#[test]
fn the_shell_is_told_that_its_window_has_changed() {
    let (shell, _spark) =
        at_terminal("trap 'echo changed to $(stty size); exit 0' WINCH; echo ready; sleep 60 & wait");
    shell.resize(Size { columns: 99, rows: 33 });
    says(&shell.finish().succeeded().stdout, &["changed to 33 99"]);
}

#[test]
fn keys_reach_the_shell_one_by_one_when_it_asks_for_them() {
    let (mut shell, _spark) =
        at_terminal("stty raw -echo; echo ready; head -c 3 | od -c | head -1; stty sane");
    shell.keys("a\x1b\x7f");
    says(&shell.finish().succeeded().stdout, &["a 033 177"]);
}

#[test]
fn the_terminal_is_as_it_was_once_a_shell_has_spoilt_it() {
    let folder = Folder::new();
    let job = folder.job("shell", json!({"run": {"shell": {}}}));
    let spark = StandIn::new("stty raw -echo; exit 0");
    let run = LcmapSpark::run_with(&spark, job).at_terminal(Size::USUAL);
    run.wait_for("Succeeded");
    assert!(run.echoes(), "the terminal was left raw");
    run.finish().succeeded();
}

#[test]
fn the_exit_code_of_a_shell_is_kept() {
    let (shell, _spark) = at_terminal("echo ready; exit 42");
    shell.finish().failed_with(42);
}

#[test]
fn a_window_that_is_closed_ends_the_shell() {
    let (shell, _spark) = at_terminal("echo ready; sleep 300 & wait");
    shell.hang_up();
}

#[test]
fn a_shell_that_is_idle_for_too_long_is_stopped() {
    let (folder, spark) = (Folder::new(), StandIn::new("echo ready; sleep 300 & wait"));
    let job = folder.job("shell", json!({"run": {"shell": {"idleTimeout": "2s"}}}));
    let run = LcmapSpark::run_with(&spark, job).at_terminal(Size::USUAL).finish();
    says(&run.stdout, &["IdleTimeout"]);
}

#[test]
fn a_program_shows_its_progress_at_a_terminal() {
    let folder = Folder::new();
    folder.write("job.py", SLOW);
    let job =
        folder.job("slow", json!({"run": {"submit": {"application": "job.py"}}, "driver": {"cores": 2}}));
    let run = LcmapSpark::run(job).at_terminal(Size { columns: 120, rows: 40 });
    run.wait_for("stages 0/1");
    run.wait_for("%");
    says(&run.finish().succeeded().stdout, &["tasks ", "half way\r\n", "Succeeded"]);
}

/// Long enough for the bar to be drawn, with output in the midst of it.
const SLOW: &str = "
import time
from pyspark.sql import SparkSession
sc = SparkSession.builder.getOrCreate().sparkContext
sc.parallelize(range(8), 8).foreach(lambda _: time.sleep(1))
print('half way', flush=True)
sc.parallelize(range(4), 4).foreach(lambda _: time.sleep(1))
sc.stop()
";
