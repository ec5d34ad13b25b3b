//! The files and folders of a command line.

use std::path::PathBuf;

use clap::{Arg, ArgAction, ArgGroup, ArgMatches, Command, value_parser};

/// Which manifests a command is about.
#[derive(Debug, Clone, Default)]
pub struct Files {
    /// Files, folders and `-`, in the order in which they were typed.
    pub given: Vec<PathBuf>,
    /// Whether it is all right that no SparkJob is among them.
    pub allow_none: bool,
}

const OPTION: &str = "filename";
const PLAIN: &str = "file";
const ALLOW_NONE: &str = "allow-none";

impl Files {
    /// Whether standard input is one of them.
    pub(crate) fn read_standard_input(&self) -> bool {
        self.given.iter().any(|path| path.as_os_str() == "-")
    }
}

impl clap::Args for Files {
    fn augment_args(command: Command) -> Command {
        let option = Arg::new(OPTION)
            .short('f')
            .long(OPTION)
            .value_name("FILE")
            .help("The same, as kubectl has it")
            .num_args(1..)
            .action(ArgAction::Append)
            .value_parser(value_parser!(PathBuf));
        let plain = Arg::new(PLAIN)
            .value_name("FILE")
            .help("Manifests, in this order, or folders of them with all that is below; - is standard input")
            .num_args(0..)
            .action(ArgAction::Append)
            .value_parser(value_parser!(PathBuf));
        let allow_none = Arg::new(ALLOW_NONE)
            .long(ALLOW_NONE)
            .help("Succeed also where no SparkJob is among them, as in repositories of many things")
            .action(ArgAction::SetTrue);
        let group = ArgGroup::new("manifests").args([OPTION, PLAIN]).required(true).multiple(true);
        command.arg(option).arg(plain).arg(allow_none).group(group)
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl clap::FromArgMatches for Files {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let mut given = Vec::new();
        for name in [OPTION, PLAIN] {
            let paths = matches.get_many::<PathBuf>(name).into_iter().flatten().cloned();
            given.extend(matches.indices_of(name).into_iter().flatten().zip(paths));
        }
        given.sort_by_key(|(index, _)| *index);
        let given = given.into_iter().map(|(_, path)| path).collect();
        Ok(Self { given, allow_none: matches.get_flag(ALLOW_NONE) })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use clap::{Args, FromArgMatches};

    use super::*;

    fn given(words: &[&str]) -> Result<Vec<String>, clap::Error> {
        let command = Files::augment_args(Command::new("run"))
            .arg(Arg::new("secret").long("secret").action(ArgAction::Append));
        let matches = command.try_get_matches_from([&["run"], words].concat())?;
        let files = Files::from_arg_matches(&matches)?;
        Ok(files.given.iter().map(|path| path.display().to_string()).collect())
    }

    #[test]
    fn files_are_taken_in_the_order_in_which_they_are_typed() {
        for (words, files) in [
            (&["a"][..], &["a"][..]),
            (&["-f", "a"], &["a"]),
            (&["-f", "a", "b", "-f", "c"], &["a", "b", "c"]),
            (&["a", "-f", "b", "--secret", "s=d", "c"], &["a", "b", "c"]),
            (&["-f", "b", "--secret", "s=d", "a", "-f", "-"], &["b", "a", "-"]),
            (&["--filename=a", "b"], &["a", "b"]),
            (&["-fa", "-"], &["a", "-"]),
        ] {
            assert_eq!(given(words).unwrap(), files, "{words:?}");
        }
    }

    #[test]
    fn a_command_without_files_is_told_how_they_are_named() {
        let error = given(&[]).unwrap_err().to_string();
        assert!(error.contains("--filename"), "{error}");
    }
}
