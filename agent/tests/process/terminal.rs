//! Interactive shells at a real pseudo-terminal.

use std::fs::File;
use std::io::{Read, Write};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::support::{AGENT, Bed, Running, eventually};
use lcmap_spark_agent::plan::{Run, Shell};
use lcmap_spark_agent::report::ExitReason;
use nix::pty::{OpenptyResult, openpty};
use nix::unistd::ttyname;

/// A terminal, what was shown on it, and the program that runs at it.
struct Terminal {
    keyboard: File,
    screen: Arc<Mutex<String>>,
    name: String,
    program: Running,
}

impl Terminal {
    /// Starts a program as the leader of a new session; `setsid`'s options decide whether the terminal is its own.
    fn start(bed: &Bed, setsid_options: &[&str], program: &[&str]) -> Self {
        let OpenptyResult { master, slave } = openpty(None, None).unwrap();
        let name = ttyname(&slave).unwrap().display().to_string();
        stty(&name, &["rows", "24", "cols", "80"]);
        let mut command = Command::new("setsid");
        bed.image_environment(&mut command);
        command.arg("--wait").args(setsid_options).args(program);
        let stream = || Stdio::from(slave.try_clone().unwrap());
        command.stdin(stream()).stdout(stream()).stderr(stream());
        let program = Running::start(command);
        let keyboard = File::from(master);
        let screen = Arc::new(Mutex::new(String::new()));
        watch(keyboard.try_clone().unwrap(), Arc::clone(&screen));
        Self { keyboard, screen, name, program }
    }

    fn start_agent(bed: &Bed) -> Self {
        let arguments = bed.arguments();
        let program: Vec<&str> = [AGENT].into_iter().chain(arguments.iter().map(String::as_str)).collect();
        Self::start(bed, &["--ctty"], &program)
    }

    fn press(&mut self, keys: &str) {
        self.keyboard.write_all(keys.as_bytes()).unwrap();
    }

    fn wait_for(&self, text: &str) {
        self.wait_for_times(text, 1);
    }

    fn wait_for_times(&self, text: &str, times: usize) {
        eventually(text, || (self.screen.lock().unwrap().matches(text).count() >= times).then_some(()));
    }

    fn end(self) -> Option<i32> {
        self.program.wait().status.code()
    }
}

/// Collects what is shown, until the terminal hangs up.
fn watch(mut master: File, screen: Arc<Mutex<String>>) {
    std::thread::spawn(move || {
        let mut buffer = [0; 4096];
        while let Ok(length @ 1..) = master.read(&mut buffer) {
            screen.lock().unwrap().push_str(&String::from_utf8_lossy(&buffer[..length]));
        }
    });
}

fn stty(terminal: &str, settings: &[&str]) -> String {
    let output = Command::new("stty").args(["-F", terminal]).args(settings).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// A bed whose `pyspark` is this script for bash.
fn bed_with_shell(script: &str) -> Bed {
    let bed = Bed::with_submit("");
    bed.command("pyspark", &format!("#!/bin/bash\n{script}\n"));
    bed.plan(|plan| plan.run = Run::PySpark(Shell { args: Vec::new(), idle_timeout_ms: None }));
    bed
}

/// Runs until it is ended, and does not delay its traps.
const FOR_EVER: &str = "echo up; while :; do sleep 0.05 & wait $!; done";

#[test]
fn a_shell_reads_what_is_typed() {
    let bed = bed_with_shell("read -p '>>> ' line; echo \"typed $line\"; exit 3");
    let mut terminal = Terminal::start_agent(&bed);
    terminal.wait_for(">>> ");
    terminal.press("1 + 1\n");
    terminal.wait_for("typed 1 + 1");
    assert_eq!(terminal.end(), Some(3));
}

#[test]
fn ctrl_c_reaches_the_shell_and_not_the_agent() {
    let bed = bed_with_shell(&format!("trap 'echo KeyboardInterrupt' INT; trap 'exit 5' QUIT; {FOR_EVER}"));
    let mut terminal = Terminal::start_agent(&bed);
    terminal.wait_for("up");
    terminal.press("\x03");
    terminal.wait_for("KeyboardInterrupt");
    terminal.press("\x1c");
    assert_eq!(terminal.end(), Some(5));
    assert_eq!(bed.termination_message().reason, ExitReason::ExitedNonZero);
}

#[test]
fn the_window_and_its_changes_reach_the_shell() {
    let bed = bed_with_shell(&format!("stty size; trap 'stty size' WINCH; {FOR_EVER}"));
    let terminal = Terminal::start_agent(&bed);
    terminal.wait_for("24 80");
    terminal.wait_for("up");
    stty(&terminal.name, &["rows", "50", "cols", "132"]);
    terminal.wait_for("50 132");
}

#[test]
fn a_session_leader_without_a_terminal_of_its_own_takes_the_one_it_is_given() {
    let bed = bed_with_shell(&format!("trap 'echo KeyboardInterrupt; exit 4' INT; {FOR_EVER}"));
    let arguments = bed.arguments();
    let program: Vec<&str> = [AGENT].into_iter().chain(arguments.iter().map(String::as_str)).collect();
    let mut terminal = Terminal::start(&bed, &[], &program);
    terminal.wait_for("up");
    terminal.press("\x03");
    terminal.wait_for("KeyboardInterrupt");
    assert_eq!(terminal.end(), Some(4));
}

#[test]
fn pid_1_of_a_container_gives_its_terminal_to_the_shell() {
    let bed =
        bed_with_shell(&format!("echo ppid $PPID; trap 'echo KeyboardInterrupt; exit 4' INT; {FOR_EVER}"));
    let arguments = bed.arguments();
    let unshare = crate::support::unshare(&["--pid", "--fork", "--kill-child", "--mount-proc"]);
    let program: Vec<&str> = unshare
        .iter()
        .map(String::as_str)
        .chain([AGENT])
        .chain(arguments.iter().map(String::as_str))
        .collect();
    let mut terminal = Terminal::start(&bed, &[], &program);
    terminal.wait_for("ppid 1");
    terminal.wait_for("up");
    terminal.press("\x03");
    terminal.wait_for("KeyboardInterrupt");
    assert_eq!(terminal.end(), Some(4));
}

#[test]
fn the_terminal_is_given_back_as_it_was() {
    let bed = bed_with_shell("stty raw -echo; kill -KILL $$");
    let arguments = bed.arguments().join(" ");
    let script = format!("{AGENT} {arguments}; read line; echo \"after $line\"");
    let mut terminal = Terminal::start(&bed, &["--ctty"], &["bash", "-c", &script]);
    terminal.wait_for("spark");
    eventually("an echoing terminal", || stty(&terminal.name, &["-a"]).contains(" echo ").then_some(()));
    terminal.press("all\r");
    terminal.wait_for("after all");
}

#[test]
fn ctrl_z_stops_the_job_of_a_shell_and_fg_brings_it_back() {
    let bed = bed_with_shell("while read -p '>>> ' line; do echo \"typed $line\"; done");
    let arguments = bed.arguments().join(" ");
    let shell = ["bash", "--norc", "--noprofile", "-i"];
    let mut terminal = Terminal::start(&bed, &["--ctty"], &shell);
    terminal.press(&format!("{AGENT} {arguments}\n"));
    terminal.wait_for(">>> ");
    terminal.press("\x1a");
    terminal.wait_for("Stopped");
    terminal.press("echo in $((40 + 2))\n");
    terminal.wait_for("in 42");
    terminal.press("fg\n");
    terminal.press("again\n");
    terminal.wait_for("typed again");
    terminal.press("\x04");
    terminal.press("echo left $?\n");
    terminal.wait_for("left 0");
}

#[test]
fn ctrl_z_also_stops_a_parent_that_runs_the_agent_in_a_group_of_its_own() {
    let bed = bed_with_shell("while read -p '>>> ' line; do echo \"typed $line\"; done; exit 3");
    let parent = "import subprocess, sys; sys.exit(subprocess.Popen(sys.argv[1:], process_group=0).wait())";
    let line = format!("python3 -c '{parent}' {AGENT} {}\n", bed.arguments().join(" "));
    let mut terminal = Terminal::start(&bed, &["--ctty"], &["bash", "--norc", "--noprofile", "-i"]);
    terminal.press(&line);
    terminal.wait_for(">>> ");
    for (times, round) in [(1, "first"), (2, "second")] {
        terminal.press("\x1a");
        terminal.wait_for_times("Stopped", times);
        terminal.press(&format!("echo {round} $((40 + 2))\n"));
        terminal.wait_for(&format!("{round} 42"));
        terminal.press("fg\n");
        terminal.press(&format!("{round}\n"));
        terminal.wait_for(&format!("typed {round}"));
    }
    terminal.press("\x04");
    terminal.press("echo left $?\n");
    terminal.wait_for("left 3");
}

#[test]
fn ctrl_z_where_nobody_could_bring_it_back_does_not_stop_the_shell() {
    let bed = bed_with_shell("while read -p '>>> ' line; do echo \"typed $line\"; done");
    let mut terminal = Terminal::start_agent(&bed);
    terminal.wait_for(">>> ");
    terminal.press("\x1a");
    terminal.press("on\n");
    terminal.wait_for("typed on");
}

#[test]
fn ctrl_z_stops_a_job_that_is_no_shell_and_fg_brings_it_back() {
    let bed =
        Bed::with_submit("for n in {1..600}; do echo tick $n; sleep 0.1; [ -e $HOME/end ] && exit 8; done");
    let arguments = bed.arguments().join(" ");
    let mut terminal = Terminal::start(&bed, &["--ctty"], &["bash", "--norc", "--noprofile", "-i"]);
    terminal.press(&format!("{AGENT} {arguments}\n"));
    terminal.wait_for("tick 2");
    terminal.press("\x1a");
    terminal.wait_for("Stopped");
    std::fs::write(bed.path("end"), "").unwrap();
    terminal.press("fg; echo left $?\n");
    terminal.wait_for("left 8");
}

#[test]
fn ctrl_z_in_a_container_does_not_stop_a_job_that_is_no_shell() {
    let bed =
        Bed::with_submit("for n in {1..600}; do echo tick $n; sleep 0.1; [ -e $HOME/end ] && exit 8; done");
    let mut terminal = Terminal::start_agent(&bed);
    terminal.wait_for("tick 2");
    terminal.press("\x1a");
    terminal.wait_for("^Z");
    std::fs::write(bed.path("end"), "").unwrap();
    assert_eq!(terminal.end(), Some(8));
}

#[test]
fn the_terminal_is_given_back_when_the_shell_cannot_be_started() {
    let bed = bed_with_shell("");
    bed.command("pyspark", "#!/no/such/shell\n");
    let script = format!("{AGENT} {}; read line; echo \"after $line\"", bed.arguments().join(" "));
    let mut terminal = Terminal::start(&bed, &["--ctty"], &["bash", "-c", &script]);
    terminal.wait_for("cannot be started");
    terminal.press("all\n");
    terminal.wait_for("after all");
}

#[test]
fn an_idle_shell_is_stopped() {
    let bed = bed_with_shell(FOR_EVER);
    bed.plan(|plan| plan.run = Run::PySpark(Shell { args: Vec::new(), idle_timeout_ms: Some(1_000) }));
    let terminal = Terminal::start_agent(&bed);
    terminal.wait_for("up");
    terminal.wait_for("after nobody had used it for its idle timeout");
    assert_eq!(terminal.end(), Some(143));
    assert_eq!(bed.termination_message().reason, ExitReason::IdleTimeout);
}

#[test]
fn a_terminal_stays_one_for_whatever_prints_on_it() {
    let tell = "[ -t 1 ] && [ -t 2 ] && echo both are terminals; sleep 0.1";
    for bed in [bed_with_shell(tell), Bed::with_submit(tell)] {
        let terminal = Terminal::start_agent(&bed);
        terminal.wait_for("both are terminals");
        assert_eq!(terminal.end(), Some(0));
    }
}

#[test]
fn a_job_that_is_no_shell_is_not_stopped_by_the_terminal_it_was_started_at() {
    let bed = Bed::with_submit("cat; echo end of data; sleep 0.2");
    let terminal = Terminal::start_agent(&bed);
    terminal.wait_for("end of data");
    assert_eq!(terminal.end(), Some(0));
}

#[test]
fn ctrl_c_at_a_job_that_is_no_shell_stops_it_gracefully() {
    let bed = Bed::with_submit(&format!("trap 'echo stopped; sleep 0.1; exit 9' TERM; {FOR_EVER}"));
    bed.grace(Duration::from_secs(60));
    let mut terminal = Terminal::start_agent(&bed);
    terminal.wait_for("up");
    terminal.press("\x03");
    terminal.wait_for("stopped");
    assert_eq!(terminal.end(), Some(9));
}
