//! PURE: which variables of the agent's own environment the command inherits.
//!
//! The one table of it is [`lcmap_spark_variables`].

use std::ffi::{OsStr, OsString};

use lcmap_spark_variables::{Inherited, all};

use crate::spark::Environment;

/// The properties that options of Java set beside the manifest.
const SETS: [&str; 5] =
    ["-Dspark.", "-Dfile.encoding=", "-Dsun.jnu.encoding=", "-Dstdout.encoding=", "-Dstderr.encoding="];

/// The environment without what the manifest decides. `has_property` says which Spark properties the job has.
pub(crate) fn taken(image: &Environment, has_property: impl Fn(&str) -> bool) -> Environment {
    let mut taken = image.clone();
    for variable in all() {
        let name = OsStr::new(variable.name);
        let Some(value) = taken.get(name) else { continue };
        let stays = match variable.inherited {
            Inherited::Kept | Inherited::ReplacedIfCertified => true,
            Inherited::KeptUnless(property) => !has_property(property),
            Inherited::KeptIfUtf8 => names_utf8(value),
            Inherited::Filtered => {
                let rest = filtered(&value.to_string_lossy());
                let stays = !rest.is_empty();
                taken.insert(name.to_owned(), rest.into());
                stays
            }
            Inherited::Dropped | Inherited::Internal | Inherited::Replaced => false,
        };
        if !stays {
            taken.remove(name);
        }
    }
    taken
}

/// The variables that did not reach the command as they were, and of which its user may want to hear.
pub(crate) fn missed(image: &Environment, environment: &Environment) -> Vec<&'static str> {
    let tells =
        |inherited| matches!(inherited, Inherited::Dropped | Inherited::Filtered | Inherited::KeptUnless(_));
    let mut missed: Vec<&str> = all()
        .filter(|variable| tells(variable.inherited))
        .map(|variable| variable.name)
        .filter(|name| {
            let before = image.get(OsStr::new(name));
            before.is_some_and(|value| !value.is_empty()) && environment.get(OsStr::new(name)) != before
        })
        .collect();
    missed.sort_unstable();
    missed
}

fn names_utf8(value: &OsString) -> bool {
    let value = value.to_string_lossy().to_ascii_lowercase();
    value.contains("utf-8") || value.contains("utf8")
}

/// Options of Java without those that set what the manifest decides. The rest stays as it is written.
fn filtered(options: &str) -> String {
    let words = words(options).into_iter();
    let kept = words.filter(|word| {
        let plain = word.replace(['"', '\''], "");
        !SETS.iter().any(|start| plain.starts_with(start))
    });
    kept.collect::<Vec<_>>().join(" ")
}

/// Words as the JVM has them: blanks part them, except between quotes.
fn words(options: &str) -> Vec<&str> {
    let mut quote = None;
    let between = |character: char| {
        match (quote, character) {
            (None, '"' | '\'') => quote = Some(character),
            (Some(open), _) if open == character => quote = None,
            _ => {}
        }
        quote.is_none() && character.is_ascii_whitespace()
    };
    options.split(between).filter(|word| !word.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(pairs: &[(&str, &str)]) -> Environment {
        pairs.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect()
    }

    #[test]
    fn what_the_manifest_decides_is_not_inherited() {
        let names: Vec<(&str, &str)> = [
            "PYSPARK_DRIVER_PYTHON",
            "PYSPARK_DRIVER_PYTHON_OPTS",
            "PYSPARK_SUBMIT_ARGS",
            "SPARK_SUBMIT_OPTS",
            "SPARK_CONF_DIR",
            "SPARK_TESTING",
            "SPARK_REMOTE",
            "SPARK_EXECUTOR_MEMORY",
            "SPARK_ENV_LOADED",
            "PYTHONSTARTUP",
            "PYTHONHOME",
            "_JAVA_OPTIONS",
            "JUPYTER_TOKEN",
            "JUPYTER_PORT",
            "BASH_ENV",
            "LC_ALL",
        ]
        .map(|name| (name, "x"))
        .to_vec();
        assert_eq!(taken(&environment(&names), |_| false), Environment::new());
    }

    #[test]
    fn what_tells_of_the_place_and_what_is_the_programs_own_is_kept() {
        let image = environment(&[
            ("JAVA_HOME", "/java"),
            ("HADOOP_CONF_DIR", "/hadoop"),
            ("PYTHONPATH", "/lib"),
            ("PYSPARK_PYTHON", "/opt/conda/bin/python"),
            ("DEPLOY_MODE", "production"),
            ("LANG", "de_DE.UTF-8"),
            ("SPARK_OF_MY_OWN", "1"),
        ]);
        assert_eq!(taken(&image, |_| false), image);
    }

    #[test]
    fn a_scratch_folder_of_the_place_yields_to_the_jobs() {
        let image = environment(&[("SPARK_LOCAL_DIRS", "/scratch")]);
        assert_eq!(taken(&image, |_| false), image);
        assert_eq!(taken(&image, |name| name == "spark.local.dir"), Environment::new());
    }

    #[test]
    fn options_of_java_lose_what_the_manifest_decides() {
        for (options, left) in [
            ("-Djavax.net.ssl.trustStore=/etc/ca.jks", Some("-Djavax.net.ssl.trustStore=/etc/ca.jks")),
            ("-Dspark.master=local[3]  -Xss4m", Some("-Xss4m")),
            ("-Da='b c' '-Dspark.x=y z' -De=f", Some("-Da='b c' -De=f")),
            ("-Dfile.encoding=ISO-8859-1", None),
        ] {
            let taken = taken(&environment(&[("JAVA_TOOL_OPTIONS", options)]), |_| false);
            assert_eq!(taken.get(OsStr::new("JAVA_TOOL_OPTIONS")).and_then(|it| it.to_str()), left);
        }
    }

    #[test]
    fn what_was_dropped_is_told_unless_the_job_has_the_same_anyway() {
        let image = environment(&[
            ("PYSPARK_DRIVER_PYTHON", "jupyter"),
            ("SPARK_USER", "science"),
            ("SPARK_ENV_LOADED", "1"),
            ("SPARK_MEM", ""),
        ]);
        let composed = environment(&[("SPARK_USER", "science")]);
        assert_eq!(missed(&image, &composed), ["PYSPARK_DRIVER_PYTHON"]);
    }
}
