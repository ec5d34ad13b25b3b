//! What happens when a command cannot be started, or there is no room for anything.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use crate::support::{Bed, run, stderr, stdout, unshare};
use lcmap_spark_agent::plan::{EnvValue, EnvVar, Run, Submit, VERSION, Visibility};
use lcmap_spark_agent::report::ExitReason;

fn refused(bed: &Bed, command: Command, exit_code: i32, reason: ExitReason) -> String {
    let output = run(command);
    let message = bed.termination_message();
    assert_eq!((output.status.code(), message.reason), (Some(exit_code), reason), "{message:?}");
    assert_eq!(stdout(&output), "");
    let said = stderr(&output);
    assert_eq!(said.lines().count(), 1, "one plain line: {said}");
    assert!(said.contains(&message.message.replace('\n', " ")), "{said}");
    message.message
}

#[test]
fn a_missing_command_is_127_and_named_with_the_path() {
    let bed = Bed::with_submit("");
    fs::remove_file(bed.path("spark/bin/spark-submit")).unwrap();
    let mut command = bed.as_pid_1();
    command.env("PATH", "/usr/bin:/bin:/sbin");
    let message = refused(&bed, command, 127, ExitReason::CommandNotFound);
    let searched = format!("{}:/usr/bin:/bin:/sbin", bed.path("spark/bin").display());
    assert!(message.starts_with(&format!("spark-submit was not found in {searched}")), "{message}");
}

#[test]
fn a_file_without_execute_permission_is_126() {
    let bed = Bed::with_submit("");
    let file = bed.path("spark/bin/spark-submit");
    fs::set_permissions(&file, Permissions::from_mode(0o644)).unwrap();
    let message = refused(&bed, bed.as_child(), 126, ExitReason::CommandNotExecutable);
    assert!(message.starts_with(&format!("{} is not executable", file.display())), "{message}");
}

#[test]
fn a_missing_interpreter_is_126_and_said() {
    let bed = Bed::with_submit("");
    bed.command("spark-submit", "#!/no/such/shell\n");
    let message = refused(&bed, bed.as_child(), 126, ExitReason::CommandNotExecutable);
    assert!(message.contains("the interpreter that its first line names"), "{message}");
}

#[test]
fn an_argument_longer_than_linux_takes_is_126_and_named() {
    let bed = Bed::with_submit("");
    let args = vec!["short".to_owned(), "x".repeat(200_000)];
    let submit = Submit { application: "job.py".to_owned(), main_class: None, args };
    bed.plan(|plan| plan.run = Run::Submit(submit));
    let message = refused(&bed, bed.as_child(), 126, ExitReason::CommandNotExecutable);
    assert!(message.contains("argument 3 is 200000 bytes long"), "{message}");
}

#[test]
fn a_folder_of_the_commands_name_is_not_the_command() {
    let bed = Bed::with_submit("");
    let file = bed.path("spark/bin/spark-submit");
    fs::remove_file(&file).unwrap();
    fs::create_dir(&file).unwrap();
    refused(&bed, bed.as_child(), 127, ExitReason::CommandNotFound);
}

#[test]
fn a_plan_of_another_version_is_refused_before_anything_else_is_read() {
    let bed = Bed::with_submit("");
    fs::write(bed.path("plan"), r#"{"version": 1, "nothing": ["known"]}"#).unwrap();
    let message = refused(&bed, bed.as_child(), 125, ExitReason::PlanRefused);
    assert!(message.contains(&format!("has version 1, this agent knows version {VERSION}")), "{message}");
}

#[test]
fn a_missing_plan_is_named() {
    let bed = Bed::with_submit("");
    fs::remove_file(bed.path("plan")).unwrap();
    let message = refused(&bed, bed.as_child(), 125, ExitReason::PlanRefused);
    assert!(message.contains(&bed.path("plan").display().to_string()), "{message}");
}

#[test]
fn a_secret_with_a_nul_is_refused_by_its_file() {
    let bed = Bed::with_submit("");
    let secret = bed.path("secret");
    fs::write(&secret, b"a\0b").unwrap();
    let value = EnvValue::File(secret.clone());
    let variable = EnvVar { name: "SECRET".to_owned(), value, visibility: Visibility::Driver };
    bed.plan(|plan| plan.env = vec![variable]);
    let message = refused(&bed, bed.as_child(), 125, ExitReason::ConfigurationFailed);
    assert!(message.contains(&secret.display().to_string()) && message.contains("NUL"), "{message}");
}

/// The agent with these folders on a tmpfs of 64 KiB that is full to the last byte.
fn with_full(bed: &Bed, folders: &str) -> Command {
    let script = format!(
        "for f in {folders}; do mkdir -p $f; mount -t tmpfs -o size=64k none $f; cat /dev/zero > $f/full 2>&-; done; \
         exec \"$@\""
    );
    let mut wrapper = unshare(&["--mount"]);
    wrapper.extend(["sh".to_owned(), "-c".to_owned(), script, "sh".to_owned()]);
    bed.wrapped(&wrapper)
}

#[test]
fn a_full_tmp_and_a_full_state_folder_do_not_lose_the_exit_code() {
    let bed = Bed::with_submit("exit 3");
    let output = run(with_full(&bed, "$HOME/state"));
    assert_eq!(output.status.code(), Some(3));
    assert_eq!(bed.termination_message().reason, ExitReason::ExitedNonZero);
    let said = stderr(&output);
    assert!(said.contains("state.json cannot be written: No space left on device"), "{said}");
    assert_eq!(said.lines().count(), 1, "said once: {said}");
}

#[test]
fn no_room_for_secrets_anywhere_is_said_with_every_place() {
    let bed = Bed::with_submit("exit 3");
    let message = refused(
        &bed,
        with_full(&bed, &format!("{} $HOME/state", crate::support::MEMORY_BACKED)),
        125,
        ExitReason::ConfigurationFailed,
    );
    for place in ["/dev/shm (No space left on device", "state (No space left on device"] {
        assert!(message.contains(place), "{message}");
    }
}

#[test]
fn a_full_termination_log_does_not_lose_the_exit_code() {
    let bed = Bed::with_submit("exit 3");
    std::os::unix::fs::symlink("/dev/full", bed.path("ended")).unwrap();
    let output = run(bed.as_child());
    assert_eq!(output.status.code(), Some(3));
    assert!(stderr(&output).contains("the termination message cannot be written"), "{}", stderr(&output));
}

#[test]
fn a_closed_standard_error_does_not_end_the_agent() {
    let bed = Bed::with_submit("kill -KILL $$");
    let closed = ["sh", "-c", "exec \"$@\" 2>&-", "sh"].map(str::to_owned);
    assert_eq!(run(bed.wrapped(&closed)).status.code(), Some(137));
    let full = ["sh", "-c", "exec \"$@\" 2>/dev/full", "sh"].map(str::to_owned);
    assert_eq!(run(bed.wrapped(&full)).status.code(), Some(137));
}
