//! PURE: what is run, as an argument vector. No shell sees it.

use std::borrow::Cow;
use std::time::Duration;

use crate::configuration::{Properties, quoted};
use crate::plan::{Notebook, Run, Shell, Submit};

/// A command and its arguments, not yet looked up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CommandLine {
    /// The command's name.
    pub command: Cow<'static, str>,
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
    /// User id 0. Jupyter needs an option for it.
    Root,
    /// Any other user.
    User,
}

/// Options of Spark's own commands that reach Spark in no other way.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SparkOptions<'a> {
    /// The application's name: Spark's shells would give themselves another.
    pub name: &'a str,
    /// Properties that Spark would not read as they are from `spark-defaults.conf`.
    pub conf: &'a Properties,
}

impl SparkOptions<'_> {
    fn conf(&self) -> impl Iterator<Item = String> {
        self.conf.iter().flat_map(|(name, value)| ["--conf".to_owned(), format!("{name}={value}")])
    }

    fn shell(&self, shell: &Shell) -> Vec<String> {
        ["--name".to_owned(), self.name.to_owned()]
            .into_iter()
            .chain(self.conf())
            .chain(shell.args.iter().cloned())
            .collect()
    }

    /// What the kernels of a notebook give to their `spark-submit` (`PYSPARK_SUBMIT_ARGS`), if there is anything.
    /// PySpark takes it apart as a shell does.
    pub(crate) fn for_kernels(&self) -> Option<String> {
        let words: Vec<String> = self.conf().map(|word| quoted(&word)).collect();
        (!words.is_empty()).then(|| format!("{} pyspark-shell", words.join(" ")))
    }
}

/// The command line of a run.
pub(crate) fn command_line(run: &Run, privileges: Privileges, options: SparkOptions<'_>) -> CommandLine {
    let (command, args) = match run {
        Run::Submit(submit) => ("spark-submit", submit_args(submit, options)),
        Run::Shell(shell) => ("spark-shell", options.shell(shell)),
        Run::PySpark(shell) => ("pyspark", options.shell(shell)),
        Run::Notebook(notebook) => ("jupyter", notebook_args(notebook, privileges)),
    };
    let input = if shell(run).is_some() { Input::Commands } else { Input::Data };
    CommandLine { command: command.into(), args, input }
}

/// The run as a shell, if it is one: at home at a terminal, and stopped when idle.
pub(crate) fn shell(run: &Run) -> Option<&Shell> {
    match run {
        Run::Shell(shell) | Run::PySpark(shell) => Some(shell),
        Run::Submit(_) | Run::Notebook(_) => None,
    }
}

/// Whether the command is a plain Python that needs the path of `pyspark`; Spark's own commands know it.
pub(crate) fn needs_python_path(run: &Run) -> bool {
    matches!(run, Run::Notebook(_))
}

fn submit_args(submit: &Submit, options: SparkOptions<'_>) -> Vec<String> {
    let class = submit.main_class.iter().flat_map(|class| ["--class".to_owned(), class.clone()]);
    class
        .chain(options.conf())
        .chain([submit.application.clone()])
        .chain(submit.args.iter().cloned())
        .collect()
}

/// Options stand after the subcommand, since today's Jupyter silently drops those before it.
fn notebook_args(notebook: &Notebook, privileges: Privileges) -> Vec<String> {
    let mut args = vec![
        "notebook".to_owned(),
        format!("--ip={}", notebook.ip),
        format!("--port={}", notebook.port),
        "--ServerApp.port_retries=0".to_owned(),
        // Jupyter ends at once where its configuration names a socket beside our port.
        "--ServerApp.sock=".to_owned(),
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

#[cfg(test)]
mod tests {
    use super::*;

    const NOTHING: &Properties = &Properties::new();
    const OPTIONS: SparkOptions<'_> = SparkOptions { name: "a job", conf: NOTHING };

    fn words(line: &CommandLine) -> Vec<&str> {
        [line.command.as_ref()].into_iter().chain(line.args.iter().map(String::as_str)).collect()
    }

    #[test]
    fn a_program_is_submitted_with_its_class_before_and_its_arguments_after() {
        for (main_class, args, expected) in [
            (None, vec![], vec!["spark-submit", "job.py"]),
            (None, vec!["--class", "a b"], vec!["spark-submit", "job.py", "--class", "a b"]),
            (Some("Main"), vec!["1"], vec!["spark-submit", "--class", "Main", "job.py", "1"]),
        ] {
            let run = Run::Submit(Submit {
                application: "job.py".to_owned(),
                main_class: main_class.map(str::to_owned),
                args: args.into_iter().map(str::to_owned).collect(),
            });
            let line = command_line(&run, Privileges::User, OPTIONS);
            assert_eq!((words(&line), line.input), (expected, Input::Data));
        }
    }

    #[test]
    fn shells_read_commands() {
        let shell = || Shell { args: vec!["--verbose".to_owned()], idle_timeout_ms: None };
        for (run, command) in [(Run::Shell(shell()), "spark-shell"), (Run::PySpark(shell()), "pyspark")] {
            let line = command_line(&run, Privileges::User, OPTIONS);
            assert_eq!(
                (words(&line), line.input),
                (vec![command, "--name", "a job", "--verbose"], Input::Commands)
            );
        }
    }

    #[test]
    fn what_a_file_would_not_keep_goes_by_the_command_line_of_every_kind_of_run() {
        let conf = Properties::from([("spark.x".to_owned(), " it's ".to_owned())]);
        let options = SparkOptions { name: "j", conf: &conf };
        let shell = || Shell { args: Vec::new(), idle_timeout_ms: None };
        let submit = Submit { application: "a.py".to_owned(), main_class: None, args: vec!["b".to_owned()] };
        for (run, expected) in [
            (Run::Submit(submit), vec!["spark-submit", "--conf", "spark.x= it's ", "a.py", "b"]),
            (Run::Shell(shell()), vec!["spark-shell", "--name", "j", "--conf", "spark.x= it's "]),
            (Run::PySpark(shell()), vec!["pyspark", "--name", "j", "--conf", "spark.x= it's "]),
        ] {
            assert_eq!(words(&command_line(&run, Privileges::User, options)), expected);
        }
        assert_eq!(options.for_kernels().as_deref(), Some(r"'--conf' 'spark.x= it'\''s ' pyspark-shell"));
        assert_eq!(OPTIONS.for_kernels(), None);
    }

    fn notebook() -> Notebook {
        Notebook {
            args: Vec::new(),
            directory: None,
            ip: "0.0.0.0".to_owned(),
            port: 8888,
            token_file: None,
            idle_timeout_ms: None,
        }
    }

    #[test]
    fn only_root_tells_jupyter_that_it_is_root() {
        let run = Run::Notebook(notebook());
        let usual = [
            "jupyter",
            "notebook",
            "--ip=0.0.0.0",
            "--port=8888",
            "--ServerApp.port_retries=0",
            "--ServerApp.sock=",
            "--no-browser",
        ];
        assert_eq!(words(&command_line(&run, Privileges::User, OPTIONS)), usual);
        let as_root = command_line(&run, Privileges::Root, OPTIONS);
        assert_eq!(words(&as_root), [&usual[..], &["--allow-root"]].concat());
    }

    #[test]
    fn idle_kernels_are_looked_for_often_enough() {
        for (idle_timeout_ms, seconds, interval) in
            [(1, 1, 1), (1_000, 1, 1), (60_000, 60, 15), (7_200_000, 7200, 300)]
        {
            let run = Run::Notebook(Notebook { idle_timeout_ms: Some(idle_timeout_ms), ..notebook() });
            let args = command_line(&run, Privileges::User, OPTIONS).args;
            assert!(
                args.contains(&format!("--MappingKernelManager.cull_idle_timeout={seconds}")),
                "{args:?}"
            );
            assert!(args.contains(&format!("--MappingKernelManager.cull_interval={interval}")), "{args:?}");
            assert!(
                args.contains(&format!("--ServerApp.shutdown_no_activity_timeout={seconds}")),
                "{args:?}"
            );
        }
    }
}
