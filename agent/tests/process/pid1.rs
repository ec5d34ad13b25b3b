//! The agent as a real PID 1 in a pid namespace, with a Spark made of shell scripts.

use std::io::Read;
use std::time::{Duration, Instant};

use crate::support::{Bed, Running, run, stderr, stdout};
use lcmap_spark_agent::report::ExitReason;
use nix::libc;
use nix::sys::signal::Signal;
use nix::unistd::Pid;

/// The end of a script that runs until it is ended, and does not delay its traps.
const FOR_EVER: &str = "echo up > \"$HOME/up\"; while :; do sleep 0.05 & wait $!; done";

#[test]
fn the_agent_is_pid_1_and_the_command_is_not() {
    let bed = Bed::with_submit("readlink /proc/1/exe; echo $PPID");
    let output = run(bed.as_pid_1());
    assert_eq!(stdout(&output), format!("{}\n1\n", crate::support::AGENT));
}

#[test]
fn zombies_and_orphaned_grandchildren_are_reaped() {
    // Every orphan becomes the agent's child, and must not stay its zombie.
    let bed = Bed::with_submit(
        "for i in {1..50}; do (sleep 0.2 & exit) & done; wait; sleep 0.7; cat /proc/[0-9]*/stat 2>&- | grep -c \") Z $PPID \"",
    );
    assert_eq!(stdout(&run(bed.as_pid_1())), "0\n");
    assert_eq!(stdout(&run(bed.as_child())), "0\n");
}

#[test]
fn every_forwardable_signal_is_forwarded() {
    // Not INT and TERM, which stop; KILL and STOP, which nobody can block; CHLD; faults; and glibc's own two.
    let kept = [2, 15, 9, 19, 17, 4, 5, 6, 7, 8, 11, 31, 32, 33];
    let forwarded: Vec<i32> = (1..=64).filter(|number| !kept.contains(number)).collect();
    let words: Vec<String> = forwarded.iter().map(i32::to_string).collect();
    let bed = Bed::with_submit(&format!(
        "for n in {}; do trap \"echo $n >> \\\"\\$HOME/got\\\"\" $n; done; {FOR_EVER}",
        words.join(" ")
    ));
    let running = Running::start(bed.as_pid_1());
    bed.wait_for("up");
    let mut expected = Vec::new();
    for number in forwarded {
        send_number(running.agent(), number);
        expected.push(number.to_string());
        let name = format!("signal {number}");
        crate::support::eventually(&name, || {
            (bed.wait_for("got").lines().count() >= expected.len()).then_some(())
        });
    }
    assert_eq!(bed.wait_for("got").lines().collect::<Vec<_>>(), expected);
}

/// nix has no names for real-time signals.
fn send_number(pid: Pid, number: i32) {
    let status = std::process::Command::new("kill").args([format!("-{number}"), pid.to_string()]).status();
    assert!(status.unwrap().success());
}

#[test]
fn a_command_that_ends_on_term_keeps_its_exit_code() {
    for signal in [Signal::SIGTERM, Signal::SIGINT] {
        let bed = Bed::with_submit(&format!("trap 'echo bye; exit 7' TERM; {FOR_EVER}"));
        let running = Running::start(bed.as_pid_1());
        bed.wait_for("up");
        running.send(signal);
        let output = running.wait();
        assert_eq!(
            (output.status.code(), stdout(&output).as_str(), stderr(&output).as_str()),
            (Some(7), "bye\n", "")
        );
        assert_eq!(bed.termination_message().reason, ExitReason::Stopped);
    }
}

#[test]
fn a_command_that_ignores_term_is_killed_after_its_grace_period() {
    let bed = Bed::with_submit(&format!("trap '' TERM; {FOR_EVER}"));
    bed.grace(Duration::from_millis(400));
    let running = Running::start(bed.as_pid_1());
    bed.wait_for("up");
    running.send(Signal::SIGTERM);
    let began = Instant::now();
    let output = running.wait();
    assert!(began.elapsed() >= Duration::from_millis(400));
    assert_eq!(output.status.code(), Some(137));
    assert_eq!(bed.termination_message().reason, ExitReason::KilledAfterGracePeriod);
    assert!(stderr(&output).contains("killed by SIGKILL after it was asked to stop"), "{}", stderr(&output));
}

#[test]
fn a_second_term_kills_at_once() {
    let bed = Bed::with_submit(&format!("trap 'echo once > \"$HOME/term\"' TERM; {FOR_EVER}"));
    let running = Running::start(bed.as_pid_1());
    bed.wait_for("up");
    running.send(Signal::SIGTERM);
    bed.wait_for("term");
    running.send(Signal::SIGTERM);
    let began = Instant::now();
    assert_eq!(running.wait().status.code(), Some(137));
    assert!(began.elapsed() < Duration::from_secs(30), "the grace period is a minute");
    assert_eq!(bed.termination_message().reason, ExitReason::KilledAfterGracePeriod);
}

#[test]
fn term_reaches_the_whole_group() {
    let bed = Bed::with_submit(
        "bash -c 'trap \"echo child > $HOME/child; exit\" TERM; echo > $HOME/up; while :; do sleep 0.05 & wait $!; done'",
    );
    let running = Running::start(bed.as_pid_1());
    bed.wait_for("up");
    running.send(Signal::SIGTERM);
    assert_eq!(running.wait().status.code(), Some(143));
    assert_eq!(bed.wait_for("child"), "child\n");
}

#[test]
fn a_command_killed_by_a_signal_gives_128_and_the_signal() {
    for (signal, number) in [("KILL", 9), ("SEGV", 11), ("40", 40)] {
        let bed = Bed::with_submit(&format!("ulimit -c 0; kill -{signal} $$; sleep 60"));
        let output = run(bed.as_pid_1());
        assert_eq!(output.status.code(), Some(128 + number), "{signal}");
        assert_eq!(bed.termination_message().reason, ExitReason::KilledBySignal);
        assert!(stderr(&output).contains("spark-submit was killed by"), "{}", stderr(&output));
    }
}

#[test]
fn exit_codes_are_kept_without_a_word() {
    for code in [0, 1, 3, 125, 255] {
        let bed = Bed::with_submit(&format!("exit {code}"));
        let output = run(bed.as_pid_1());
        assert_eq!((output.status.code(), stderr(&output).as_str()), (Some(code), ""));
        let reason = if code == 0 { ExitReason::Completed } else { ExitReason::ExitedNonZero };
        assert_eq!(bed.termination_message().reason, reason);
    }
}

#[test]
fn a_daemon_left_behind_does_not_keep_the_agent() {
    let leaves_a_daemon = "setsid bash -c 'trap \"\" TERM; echo $$ > $HOME/daemon; while :; do sleep 1; done' & \
         while [ ! -s $HOME/daemon ]; do sleep 0.01; done; exit 5";
    let bed = Bed::with_submit(leaves_a_daemon);
    bed.grace(Duration::from_millis(300));
    assert_eq!(run(bed.as_pid_1()).status.code(), Some(5));
    let bed = Bed::with_submit(leaves_a_daemon);
    bed.grace(Duration::from_millis(300));
    assert_eq!(run(bed.as_child()).status.code(), Some(5));
    let daemon: i32 = bed.wait_for("daemon").trim().parse().unwrap();
    assert!(nix::sys::signal::kill(Pid::from_raw(daemon), None).is_err(), "the daemon lives");
}

#[test]
fn closed_standard_input_is_the_end_of_data() {
    let bed = Bed::with_submit("cat; echo end");
    let closed = ["sh", "-c", "exec \"$@\" <&-", "sh"].map(str::to_owned);
    assert_eq!(stdout(&run(bed.wrapped(&closed))), "end\n");
}

#[test]
fn a_pipe_on_standard_input_reaches_the_command() {
    let bed = Bed::with_submit("cat");
    let piped = ["sh", "-c", "echo data | \"$@\"", "sh"].map(str::to_owned);
    assert_eq!(stdout(&run(bed.wrapped(&piped))), "data\n");
}

#[test]
fn a_child_that_writes_endlessly_disturbs_nothing() {
    let bed = Bed::with_submit("yes & yes >&2 & trap 'exit 4' TERM; wait");
    let mut running = Running::start(bed.as_pid_1());
    let mut first = vec![0; 1 << 20];
    running.child().stdout.as_mut().unwrap().read_exact(&mut first).unwrap();
    running.send(Signal::SIGTERM);
    let output = running.wait();
    assert_eq!(output.status.code(), Some(4));
}

#[test]
fn a_stopped_command_can_still_be_stopped() {
    let bed = Bed::with_submit(&format!("trap 'exit 6' TERM; {FOR_EVER}"));
    let running = Running::start(bed.as_pid_1());
    bed.wait_for("up");
    let command = crate::support::children(running.agent())[0];
    nix::sys::signal::kill(command, Signal::SIGSTOP).unwrap();
    running.send(Signal::SIGTERM);
    assert_eq!(running.wait().status.code(), Some(6));
}

#[test]
fn a_parent_that_goes_takes_the_agent_along() {
    let bed = Bed::with_submit(&format!("trap 'echo asked > \"$HOME/asked\"; exit' TERM; {FOR_EVER}"));
    let shell = ["sh", "-c", "\"$@\" --with-parent & echo $! > $HOME/agent; wait", "sh"].map(str::to_owned);
    let mut running = Running::start(bed.wrapped(&shell));
    bed.wait_for("up");
    running.child().kill().unwrap();
    assert_eq!(bed.wait_for("asked"), "asked\n");
    let agent = Pid::from_raw(bed.wait_for("agent").trim().parse().unwrap());
    crate::support::eventually("the agent's end", || {
        nix::sys::signal::kill(agent, None).is_err().then_some(())
    });
    assert_eq!(bed.termination_message().reason, ExitReason::Stopped);
}

#[test]
fn a_command_is_told_to_end_when_the_agent_is_killed() {
    let bed = Bed::with_submit(&format!("trap 'echo asked > \"$HOME/asked\"; exit' TERM; {FOR_EVER}"));
    let running = Running::start(bed.as_child());
    bed.wait_for("up");
    running.send(Signal::SIGKILL);
    assert_eq!(bed.wait_for("asked"), "asked\n");
    // It could not clean up; the next one does.
    run(Bed::with_submit("").as_child());
}

#[test]
fn the_command_gets_a_clean_signal_mask_and_no_ignored_signals() {
    let bed = Bed::with_submit("grep -E '^Sig(Blk|Ign):' /proc/self/status");
    let expected = format!("SigBlk:\t{:016x}\nSigIgn:\t{:016x}\n", 0, ignored_here());
    assert_eq!(stdout(&run(bed.as_pid_1())), expected);
}

/// What this test itself was started to ignore. (Rust ignores SIGPIPE, and gives it back to children.)
fn ignored_here() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:")).unwrap();
    u64::from_str_radix(mask.trim(), 16).unwrap() & !(1 << (libc::SIGPIPE - 1))
}

#[test]
fn what_nohup_ignores_stays_ignored() {
    let bed = Bed::with_submit("grep '^SigIgn:' /proc/self/status");
    let nohup = ["sh", "-c", "trap '' HUP; exec \"$@\"", "sh"].map(str::to_owned);
    let ignored = ignored_here() | 1 << (libc::SIGHUP - 1);
    assert_eq!(stdout(&run(bed.wrapped(&nohup))), format!("SigIgn:\t{ignored:016x}\n"));
}

#[test]
fn a_jvm_that_outlives_its_program_is_ended_and_the_program_has_succeeded() {
    let bed = Bed::with_submit(
        "env PYSPARK_GATEWAY_PORT=1 sleep 2 & wait; echo over; trap 'exit 143' TERM; while :; do sleep 0.05 & wait $!; done",
    );
    bed.grace(Duration::from_secs(1));
    let output = run(bed.as_pid_1());
    let message = bed.termination_message();
    assert_eq!((output.status.code(), message.reason), (Some(0), ExitReason::JvmLingers), "{message:?}");
    assert!(stderr(&output).contains("a thread that is no daemon"), "{}", stderr(&output));
}
