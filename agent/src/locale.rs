//! The encoding of text on its way through shell, JVM and Python: UTF-8, as manifests are.
//!
//! Java takes it from the locale: in `POSIX`, which is what containers, cron and services have, `ü` becomes `??` on the
//! way to a program, and a file of that name is not found. Java asks for all categories at once and falls back to POSIX
//! if one of them names a locale that the place does not have.

use std::ffi::{OsStr, OsString};
use std::process::{Command, Stdio};

use crate::plan::{LaunchPlan, Run};
use crate::spark::{DEFAULT_PATH, Environment, Located, locate};

/// The variables that say the encoding, first one first.
pub(crate) const VARIABLES: [&str; 3] = ["LC_ALL", "LC_CTYPE", "LANG"];

/// What is looked for where nobody says a UTF-8. `CentOS` 7 has no `C.UTF-8`.
const CANDIDATES: [&str; 2] = ["C.UTF-8", "en_US.UTF-8"];

/// What becomes of text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Text {
    /// It arrives, with the locale as it is.
    Arrives,
    /// It arrives if `LC_ALL` is this.
    ArrivesIn(String),
    /// What is beyond ASCII is lost.
    IsLost(Why),
}

/// Why text is lost.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Why {
    /// The manifest wants another encoding.
    #[error("spec.env sets the locale {0:?}, which is no UTF-8 here; leave it out, or write C.UTF-8")]
    Manifest(String),
    /// There is no UTF-8.
    #[error(
        "this place has no UTF-8 locale, neither C.UTF-8 nor en_US.UTF-8; add one to the image, or write it in ASCII"
    )]
    Nothing,
}

/// What a locale is here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Utf8,
    Other,
    Missing,
}

/// Finds out what becomes of text in an environment. `told` says that the manifest names the locale.
pub(crate) fn text(environment: &Environment, told: bool) -> Text {
    decide(environment, told, |names| ask(environment, names))
}

fn decide(environment: &Environment, told: bool, ask: impl FnOnce(&[String]) -> Option<Vec<Kind>>) -> Text {
    let value = |name: &str| environment.get(OsStr::new(name)).filter(|value| !value.is_empty());
    let own = VARIABLES.iter().find_map(|name| value(name)).map(|it| it.to_string_lossy().into_owned());
    let wanted: Vec<String> = match (&own, told) {
        (Some(own), true) => vec![own.clone()],
        _ => own.iter().cloned().chain(CANDIDATES.map(str::to_owned)).collect(),
    };
    // Those of the other categories count, too.
    let others: Vec<String> = match value("LC_ALL") {
        Some(_) => Vec::new(),
        None => environment
            .iter()
            .filter(|(name, value)| {
                !value.is_empty() && (name.as_encoded_bytes().starts_with(b"LC_") || *name == "LANG")
            })
            .map(|(_, value)| value.to_string_lossy().into_owned())
            .collect(),
    };
    let names = [wanted.clone(), others].concat();
    let Some(kinds) = ask(&names) else { return Text::Arrives };
    let (of_wanted, of_others) = kinds.split_at(wanted.len().min(kinds.len()));
    let as_it_is = own.is_some() && of_wanted.first() == Some(&Kind::Utf8);
    if as_it_is && !of_others.contains(&Kind::Missing) {
        return Text::Arrives;
    }
    match wanted.into_iter().zip(of_wanted).find(|(_, kind)| **kind == Kind::Utf8) {
        Some((name, _)) => Text::ArrivesIn(name),
        None if told => Text::IsLost(Why::Manifest(own.unwrap_or_default())),
        None => Text::IsLost(Why::Nothing),
    }
}

/// Asks the C library of the place, by way of the bash that Spark's scripts need anyway. Nothing else knows for
/// certain: locales are built in, in folders or in an archive. None if it cannot be asked.
fn ask(environment: &Environment, names: &[String]) -> Option<Vec<Kind>> {
    const SCRIPT: &str = r#"
text=$1; shift
for name; do
    if [ -n "$( { LC_ALL=$name; } 2>&1 )" ]; then echo missing; continue; fi
    LC_ALL=$name
    if [ "${#text}" = 1 ]; then echo utf8; else echo other; fi
done"#;
    let Located::At(bash) = locate("bash", None, environment) else { return None };
    let path = environment.get(OsStr::new("PATH")).cloned().unwrap_or_else(|| DEFAULT_PATH.into());
    let mut command = Command::new(bash);
    command.args(["-c", SCRIPT, "bash", "ü"]).args(names).env_clear().env("PATH", path);
    let answer = command.stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
    let kinds: Vec<Kind> = String::from_utf8(answer.stdout)
        .ok()?
        .lines()
        .filter_map(|line| match line {
            "utf8" => Some(Kind::Utf8),
            "other" => Some(Kind::Other),
            "missing" => Some(Kind::Missing),
            _ => None,
        })
        .collect();
    (kinds.len() == names.len()).then_some(kinds)
}

/// The first field of a plan whose text is beyond ASCII and goes the way through the JVM.
pub(crate) fn beyond_ascii(plan: &LaunchPlan) -> Option<String> {
    let list = |field: &str, args: &[String]| {
        let index = args.iter().position(|arg| !arg.is_ascii())?;
        Some(format!("{field}[{index}]"))
    };
    let one = |field: &str, text: &str| (!text.is_ascii()).then(|| field.to_owned());
    match &plan.run {
        Run::Submit(submit) => one("run.submit.application", &submit.application)
            .or_else(|| one("run.submit.mainClass", submit.main_class.as_deref().unwrap_or_default()))
            .or_else(|| list("run.submit.args", &submit.args)),
        Run::Shell(shell) => {
            one("name", &plan.application_name).or_else(|| list("run.shell.args", &shell.args))
        }
        Run::PySpark(shell) => {
            one("name", &plan.application_name).or_else(|| list("run.pyspark.args", &shell.args))
        }
        Run::Notebook(notebook) => {
            let directory = notebook.directory.as_ref().map(|it| it.display().to_string());
            one("run.notebook.directory", &directory.unwrap_or_default())
                .or_else(|| list("run.notebook.args", &notebook.args))
        }
    }
    .or_else(|| {
        let files = ["spark.jars", "spark.files", "spark.submit.pyFiles", "spark.archives"];
        files
            .iter()
            .find(|name| plan.conf.get(**name).is_some_and(|it| !it.is_ascii()))
            .map(|it| (*it).to_owned())
    })
}

/// The variable that makes text arrive, if one is needed.
pub(crate) fn variable(text: &Text) -> Option<(&'static str, OsString)> {
    match text {
        Text::ArrivesIn(name) => Some((VARIABLES[0], name.into())),
        Text::Arrives | Text::IsLost(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DEBIAN: &[&str] = &["C.UTF-8"];
    const CENTOS_7: &[&str] = &["en_US.UTF-8", "en_US.ISO-8859-1"];

    fn at(place: &[&str], pairs: &[(&str, &str)], told: bool) -> Text {
        let environment = pairs.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
        decide(&environment, told, |names| {
            let kind = |name: &String| match name.as_str() {
                "C" | "POSIX" => Kind::Other,
                name if !place.contains(&name) => Kind::Missing,
                name if name.ends_with("UTF-8") => Kind::Utf8,
                _ => Kind::Other,
            };
            Some(names.iter().map(kind).collect())
        })
    }

    fn within(name: &str) -> Text {
        Text::ArrivesIn(name.to_owned())
    }

    #[test]
    fn a_place_without_a_locale_gets_one_that_it_has() {
        assert_eq!(at(DEBIAN, &[], false), within("C.UTF-8"));
        assert_eq!(at(CENTOS_7, &[], false), within("en_US.UTF-8"));
        assert_eq!(at(&[], &[], false), Text::IsLost(Why::Nothing));
    }

    #[test]
    fn a_utf_8_that_the_place_has_stays() {
        for variable in VARIABLES {
            assert_eq!(at(CENTOS_7, &[(variable, "en_US.UTF-8")], false), Text::Arrives);
        }
    }

    #[test]
    fn a_utf_8_that_the_place_does_not_have_is_replaced() {
        assert_eq!(at(DEBIAN, &[("LANG", "en_US.UTF-8")], false), within("C.UTF-8"));
        assert_eq!(at(CENTOS_7, &[("LC_ALL", "C.UTF-8")], false), within("en_US.UTF-8"));
    }

    #[test]
    fn one_category_that_is_missing_takes_java_back_to_posix() {
        for other in ["LC_TIME", "LANG"] {
            let pairs = [("LC_CTYPE", "C.UTF-8"), (other, "de_DE.UTF-8")];
            assert_eq!(at(DEBIAN, &pairs, false), within("C.UTF-8"), "{other}");
        }
    }

    #[test]
    fn what_the_manifest_names_is_not_replaced() {
        let told = "en_US.ISO-8859-1";
        let lost = Text::IsLost(Why::Manifest(told.to_owned()));
        assert_eq!(at(CENTOS_7, &[("LC_ALL", told)], true), lost);
        assert_eq!(at(CENTOS_7, &[("LC_ALL", "en_US.UTF-8")], true), Text::Arrives);
    }

    #[test]
    fn the_c_library_of_this_place_answers() {
        let kinds = ask(&Environment::new(), &["C".to_owned(), "xx_XX.UTF-8".to_owned()]);
        assert_eq!(kinds, Some(vec![Kind::Other, Kind::Missing]));
    }
}
