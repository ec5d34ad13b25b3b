//! What the command prints passes unchanged, and its end says why the command failed.

use std::fs::{self, File};
use std::io::Read;
use std::process::Stdio;
use std::time::Duration;

use crate::support::{Bed, Running, run, stderr, stdout};
use lcmap_spark_agent::plan::{EnvValue, EnvVar, FailureMessage, Visibility};

/// The agent behind a shell that gives it streams.
fn behind(bed: &Bed, script: &str) -> Running {
    Running::start(bed.wrapped(&["bash", "-c", script, "bash"].map(str::to_owned)))
}

#[test]
fn every_byte_passes_on_both_streams() {
    let bytes: Vec<u8> = (0..=255).cycle().take(100_000).collect();
    let bed = Bed::with_submit("cat $HOME/bytes; tac -b -s '' $HOME/bytes >&2");
    fs::write(bed.path("bytes"), &bytes).unwrap();
    let output = run(bed.as_child());
    assert!(output.stdout == bytes);
    assert_eq!(output.stderr.len(), bytes.len());
}

#[test]
fn much_passes_whole() {
    let bed = Bed::with_submit("yes 0123456789abcde | head -c 100000000");
    let output = run(bed.as_pid_1());
    assert_eq!(output.stdout.len(), 100_000_000);
    assert!(output.stdout.chunks(16).all(|line| line == b"0123456789abcde\n"));
}

#[test]
fn what_goes_to_one_pipe_keeps_its_order() {
    let bed = Bed::with_submit("for n in {1..500}; do echo out $n; echo err $n >&2; done");
    let output = behind(&bed, "\"$@\" 2>&1").wait();
    let expected = (1..=500).fold(String::new(), |lines, n| format!("{lines}out {n}\nerr {n}\n"));
    assert_eq!(stdout(&output), expected);
}

#[test]
fn a_command_whose_reader_is_gone_is_told_so_as_ever() {
    let bed = Bed::with_submit("echo up; (while echo more; do sleep 0.02; done); echo $? > $HOME/code");
    let mut running = Running::start(bed.as_child());
    let mut reader = running.child().stdout.take().unwrap();
    reader.read_exact(&mut [0; 3]).unwrap();
    drop(reader);
    assert_eq!(bed.wait_for("code"), "141\n", "128 and SIGPIPE");
    running.wait();
}

#[test]
fn a_command_waits_for_a_reader_that_takes_his_time() {
    let bed = Bed::with_submit("echo up > $HOME/up; head -c 1000000 /dev/zero; echo > $HOME/written");
    let running = Running::start(bed.as_child());
    bed.wait_for("up");
    std::thread::sleep(Duration::from_millis(300));
    assert!(!bed.path("written").exists(), "nobody has read");
    assert_eq!(running.wait().stdout.len(), 1_000_000);
}

#[test]
fn a_command_that_has_ended_does_not_take_its_last_words_along() {
    let bed = Bed::with_submit("head -c 60000 /dev/zero");
    let mut running = Running::start(bed.as_child());
    let agent = running.agent();
    crate::support::eventually("its end", || crate::support::children(agent).is_empty().then_some(()));
    let mut all = Vec::new();
    running.child().stdout.take().unwrap().read_to_end(&mut all).unwrap();
    assert_eq!(all.len(), 60_000);
    assert_eq!(running.wait().status.code(), Some(0));
}

#[test]
fn what_a_grandchild_prints_after_the_end_passes_too() {
    let bed = Bed::with_submit("(trap '' TERM; sleep 0.3; echo late) & exit 0");
    assert_eq!(stdout(&run(bed.as_pid_1())), "late\n");
}

#[test]
fn a_reader_that_never_reads_does_not_keep_an_agent_that_is_asked_to_end() {
    let bed = Bed::with_submit(
        "head -c 100000 /dev/zero & trap 'exit 9' TERM; echo up > $HOME/up; wait; sleep 60 & wait",
    );
    let mut running = Running::start(bed.as_child());
    bed.wait_for("up");
    let reader = running.child().stdout.take();
    running.send(nix::sys::signal::Signal::SIGTERM);
    assert_eq!(running.wait().status.code(), Some(9));
    drop(reader);
}

#[test]
fn a_file_stays_the_commands_own_and_its_end_is_read() {
    let bed = Bed::with_submit("readlink /proc/$$/fd/1 /proc/$$/fd/2; echo 'no scenes'; exit 3");
    fs::write(bed.path("log"), "of yesterday\n").unwrap();
    let mut command = bed.as_child();
    let log = File::options().append(true).open(bed.path("log")).unwrap();
    command.stdout(log.try_clone().unwrap()).stderr(log);
    run(command);
    let path = bed.path("log").display().to_string();
    let expected = format!("of yesterday\n{path}\n{path}\nno scenes\n");
    assert_eq!(fs::read_to_string(bed.path("log")).unwrap(), expected);
    let message = "spark-submit ended with exit code 3: its last line: no scenes";
    assert_eq!(bed.termination_message().message, message);
}

const TRACEBACK: &str = "printf '%s\\n' 'Traceback (most recent call last):' '  File \"/home/me/job.py\", line 4, in <module>' \
     '    login()' \"ValueError: no such user: $WHO\"";

#[test]
fn the_report_says_by_which_exception_the_program_failed_and_no_secret() {
    let bed = Bed::with_submit(&format!("{TRACEBACK}; exit 1"));
    fs::write(bed.path("who"), "al1ce-s3cret\n").unwrap();
    let value = EnvValue::File(bed.path("who"));
    let who = EnvVar { name: "WHO".to_owned(), value, visibility: Visibility::Driver };
    bed.plan(|plan| plan.env = vec![who]);
    let output = run(bed.as_pid_1());
    assert!(stdout(&output).ends_with("ValueError: no such user: al1ce-s3cret\n\n"), "{}", stdout(&output));
    let expected = "spark-submit ended with exit code 1: ValueError: no such user: [redacted] (job.py:4)";
    assert_eq!(bed.termination_message().message, expected);
    assert_eq!(stderr(&output), "", "the command's own words are above");
}

#[test]
fn a_job_that_wants_no_word_of_its_output_in_the_report_gets_none() {
    let bed = Bed::with_submit(&format!("readlink /proc/$$/fd/1; {TRACEBACK}; exit 53"));
    bed.plan(|plan| plan.failure_message = FailureMessage::ExitCode);
    let mut command = bed.as_child();
    let (reader, writer) = std::io::pipe().unwrap();
    let ours = fs::read_link(format!("/proc/self/fd/{}", std::os::fd::AsRawFd::as_raw_fd(&writer))).unwrap();
    command.stdout(Stdio::from(writer));
    run(command);
    let printed = std::io::read_to_string(reader).unwrap();
    assert_eq!(printed.lines().next(), ours.to_str(), "the very pipe");
    let message = bed.termination_message().message;
    assert!(message.contains("SPARK_LOCAL_DIRS") && !message.contains("ValueError"), "{message}");
}
