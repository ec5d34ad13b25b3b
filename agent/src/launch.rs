//! PURE: what is run, as an argument vector. No shell sees it.

use std::time::Duration;

use crate::plan::{Notebook, Run, Shell, Submit};

/// A command and its arguments, not yet looked up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CommandLine {
    /// The command's name.
    pub command: &'static str,
    /// Its arguments.
    pub args: Vec<String>,
    /// What its standard input is.
    pub input: Input,
}

/// What a command reads from its standard input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Input {
    /// What a person types, or a script in their stead.
    Commands,
    /// Data, if anything: never a terminal.
    Data,
}

/// The longest time between two of Jupyter's looks for idle kernels, its own default.
const LONGEST_CULL_INTERVAL: Duration = Duration::from_secs(300);

/// The privileges that the command is started with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Privileges {
    /// User id 0. Jupyter wants to be told.
    Root,
    /// Any other user.
    User,
}

/// The command line of a run.
pub(crate) fn command_line(run: &Run, privileges: Privileges) -> CommandLine {
    let (command, args) = match run {
        Run::Submit(submit) => ("spark-submit", submit_args(submit)),
        Run::Shell(shell) => ("spark-shell", shell.args.clone()),
        Run::PySpark(shell) => ("pyspark", shell.args.clone()),
        Run::Notebook(notebook) => ("jupyter", notebook_args(notebook, privileges)),
    };
    let input = if shell(run).is_some() { Input::Commands } else { Input::Data };
    CommandLine { command, args, input }
}

/// The run as a shell, if it is one: at home at a terminal, and stopped when idle.
pub(crate) fn shell(run: &Run) -> Option<&Shell> {
    match run {
        Run::Shell(shell) | Run::PySpark(shell) => Some(shell),
        Run::Submit(_) | Run::Notebook(_) => None,
    }
}

/// Whether the command is a plain Python that must be told where `pyspark` is; Spark's own commands know.
pub(crate) fn needs_python_path(run: &Run) -> bool {
    matches!(run, Run::Notebook(_))
}

fn submit_args(submit: &Submit) -> Vec<String> {
    let class = submit.main_class.iter().flat_map(|class| ["--class".to_owned(), class.clone()]);
    class.chain([submit.application.clone()]).chain(submit.args.iter().cloned()).collect()
}

/// Options stand after the subcommand, since today's Jupyter silently drops those before it.
fn notebook_args(notebook: &Notebook, privileges: Privileges) -> Vec<String> {
    let mut args = vec![
        "notebook".to_owned(),
        format!("--ip={}", notebook.ip),
        format!("--port={}", notebook.port),
        "--ServerApp.port_retries=0".to_owned(),
        "--no-browser".to_owned(),
    ];
    if privileges == Privileges::Root {
        args.push("--allow-root".to_owned());
    }
    if let Some(directory) = &notebook.directory {
        args.push(format!("--ServerApp.root_dir={}", directory.display()));
    }
    args.extend(notebook.idle_timeout_ms.map(Duration::from_millis).into_iter().flat_map(idle_args));
    args.extend(notebook.args.iter().cloned());
    args
}

/// A kernel is culled though a forgotten browser tab is still connected to it, but not while it computes.
fn idle_args(timeout: Duration) -> [String; 4] {
    let seconds = timeout.as_secs().max(1);
    let interval = (timeout / 4).clamp(Duration::from_secs(1), LONGEST_CULL_INTERVAL).as_secs();
    [
        format!("--MappingKernelManager.cull_idle_timeout={seconds}"),
        format!("--MappingKernelManager.cull_interval={interval}"),
        "--MappingKernelManager.cull_connected=True".to_owned(),
        format!("--ServerApp.shutdown_no_activity_timeout={seconds}"),
    ]
}
