//! Commands that a person runs by hand in an image whose entrypoint is the agent.

use std::process::Output;

use nix::sys::signal::Signal;

use crate::image::{AS_STRANGER, SHOW, read_only};
use crate::support::{Bed, Running, children, run, stderr, stdout};

/// What `docker run IMAGE COMMAND` does.
fn docker_run(bed: &Bed, setup: &str, command: &[&str]) -> Output {
    run(bed.in_image(setup, &[&["exec", "--"], command].concat()))
}

#[test]
fn a_command_gets_its_words_as_they_are_and_gives_its_exit_code() {
    let bed = Bed::with_submit("");
    let script = "printf '%s|' \"$@\"; exit 7";
    let output = docker_run(&bed, ":", &["sh", "-c", script, "sh", "a b", "", "$x", "--help"]);
    assert_eq!((output.status.code(), stdout(&output).as_str()), (Some(7), "a b||$x|--help|"));
    assert_eq!(stderr(&output), "");
}

#[test]
fn sparks_commands_are_found_though_they_are_not_on_the_path() {
    let bed = Bed::with_submit("echo submitted \"$@\"");
    let output = docker_run(&bed, ":", &["spark-submit", "--master=local[*]", "job.py"]);
    assert_eq!(stdout(&output), "submitted --master=local[*] job.py\n");
}

#[test]
fn a_command_that_is_not_there_is_127_and_named() {
    let output = docker_run(&Bed::with_submit(""), ":", &["spark-sumbit", "job.py"]);
    assert_eq!(output.status.code(), Some(127));
    assert!(
        stderr(&output).starts_with("lcmap-agent: spark-sumbit was not found in "),
        "{}",
        stderr(&output)
    );
}

#[test]
fn a_term_reaches_the_command_and_orphans_are_reaped() {
    let bed = Bed::with_submit("");
    let script = "(sleep 0.1 & exit); trap 'cat /proc/[0-9]*/stat | grep -c \") Z 1 \"; exit 5' TERM; \
                  echo up > /bed/up; while :; do sleep 0.05 & wait $!; done";
    let running = Running::start(bed.in_image(":", &["exec", "--", "bash", "-c", script]));
    bed.wait_for("up");
    std::thread::sleep(std::time::Duration::from_millis(300));
    nix::sys::signal::kill(children(running.pid())[0], Signal::SIGTERM).unwrap();
    let output = running.wait();
    assert_eq!((output.status.code(), stdout(&output).as_str()), (Some(5), "0\n"));
}

#[test]
fn an_unknown_user_has_a_name_and_a_home() {
    let bed = Bed::with_submit("");
    let script = "id -un; test -w $HOME && echo writable";
    let output = docker_run(&bed, AS_STRANGER, &["sh", "-c", script]);
    assert_eq!((stdout(&output).as_str(), stderr(&output).as_str()), ("u4242\nwritable\n", ""));
}

#[test]
fn certificates_that_are_mounted_are_used_unless_a_variable_says_otherwise() {
    let bed = Bed::with_submit("");
    bed.write_certificates();
    let mounted = format!("mount --bind $ROOT/bed/mine $ROOT/certs; {}", read_only("/certs"));
    let shown = stdout(&docker_run(&bed, &mounted, &["sh", "-c", SHOW]));
    assert!(shown.starts_with("1 /dev/shm/lcmap-spark-agent-"), "{shown}");
    assert_eq!(shown.matches("400 /dev/shm/").count(), 3, "{shown}");
    let off = format!("{mounted}; export LIBPROCESS_SSL_ENABLED=");
    let output =
        docker_run(&bed, &off, &["sh", "-c", "echo [$LIBPROCESS_SSL_ENABLED$LIBPROCESS_SSL_KEY_FILE]"]);
    assert_eq!(stdout(&output), "[]\n");
}

#[test]
fn a_private_key_in_the_image_is_refused() {
    let output = docker_run(&Bed::with_submit(""), "echo > $ROOT/certs/mesos.key", &["echo", "never"]);
    assert_eq!((output.status.code(), stdout(&output).as_str()), (Some(125), ""));
    assert!(stderr(&output).contains("the private key /certs/mesos.key is part of the image"));
}
