//! The `Rscript` of a program in R. Where there is none, Spark itself says only `error=2, No such file or directory`.

use std::path::{Path, PathBuf};

use crate::configuration::Properties;
use crate::plan::Run;
use crate::spark::{self, Environment, Located};

/// The properties that name the command, the one that counts first (`RRunner` in Spark 3.5).
const PROPERTIES: [&str; 3] = ["spark.r.driver.command", "spark.r.command", "spark.sparkr.r.command"];

/// A program in R cannot be run here.
#[derive(Debug, thiserror::Error)]
#[error(
    "spec.run.submit.application: {application} is a program in R, and {command} was not found in {}; use an image with \
     R (r-base-core in Debian), or name the command in spec.conf as spark.r.command",
    folders(searched)
)]
pub(crate) struct RscriptError {
    application: String,
    command: String,
    searched: Vec<PathBuf>,
}

fn folders(searched: &[PathBuf]) -> String {
    searched.iter().map(|folder| folder.display().to_string()).collect::<Vec<_>>().join(":")
}

/// Refuses a program in R where there is no R.
pub(crate) fn check(
    run: &Run,
    properties: &Properties,
    environment: &Environment,
) -> Result<(), RscriptError> {
    let Some(application) = program_in_r(run) else { return Ok(()) };
    let command = PROPERTIES.iter().find_map(|name| properties.get(*name)).map_or("Rscript", String::as_str);
    if command.contains('/') && Path::new(command).is_file() {
        return Ok(());
    }
    match spark::locate(command, None, environment) {
        Located::Nowhere(searched) => {
            Err(RscriptError { application: application.to_owned(), command: command.to_owned(), searched })
        }
        Located::At(_) | Located::NotExecutable(_) => Ok(()),
    }
}

/// Spark knows programs in R by this ending alone (`SparkSubmit.isR`).
fn program_in_r(run: &Run) -> Option<&str> {
    let Run::Submit(submit) = run else { return None };
    let ending = Path::new(&submit.application).extension();
    ending.is_some_and(|ending| ending == "R").then_some(&submit.application)
}

#[cfg(test)]
mod tests {
    use std::fs::{self, Permissions};
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use crate::plan::Submit;

    fn submit(application: &str) -> Run {
        Run::Submit(Submit { application: application.to_owned(), main_class: None, args: Vec::new() })
    }

    /// A folder on the PATH with this one program in it.
    fn with_program(name: &str) -> (tempfile::TempDir, Environment) {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(name), "").unwrap();
        fs::set_permissions(folder.path().join(name), Permissions::from_mode(0o755)).unwrap();
        let environment = Environment::from([("PATH".into(), folder.path().into())]);
        (folder, environment)
    }

    #[test]
    fn a_program_in_r_needs_rscript_on_the_path() {
        let (folder, environment) = with_program("python3");
        let error = check(&submit("job.R"), &Properties::new(), &environment).unwrap_err().to_string();
        let folder = folder.path().display();
        let expected = format!(
            "spec.run.submit.application: job.R is a program in R, and Rscript was not found in {folder}; use an image with \
             R (r-base-core in Debian), or name the command in spec.conf as spark.r.command"
        );
        assert_eq!(error, expected);
        let (_folder, environment) = with_program("Rscript");
        check(&submit("job.R"), &Properties::new(), &environment).unwrap();
    }

    #[test]
    fn a_property_names_another_command() {
        let (folder, environment) = with_program("R-4.2");
        let path = folder.path().join("R-4.2").display().to_string();
        for command in ["R-4.2", &path] {
            let properties = Properties::from([("spark.r.command".to_owned(), command.to_owned())]);
            check(&submit("job.R"), &properties, &environment).unwrap();
        }
        let properties = Properties::from([
            ("spark.r.command".to_owned(), path),
            ("spark.r.driver.command".to_owned(), "/no/Rscript".to_owned()),
        ]);
        let error = check(&submit("job.R"), &properties, &environment).unwrap_err().to_string();
        assert!(error.contains("/no/Rscript was not found"), "{error}");
    }

    #[test]
    fn other_programs_need_no_r() {
        let (_folder, environment) = with_program("python3");
        for application in ["job.py", "job.jar", "local:///jobs/R"] {
            check(&submit(application), &Properties::new(), &environment).unwrap();
        }
    }
}
