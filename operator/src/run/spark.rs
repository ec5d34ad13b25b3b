//! Finding Spark and Java on this machine.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::Command;

/// A Spark installation on this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Spark {
    /// The folder with `bin/spark-submit` and `jars/`.
    pub(crate) home: PathBuf,
    /// The Python that brought it, when it is an installed `pyspark`: the one whose packages its jobs expect.
    pub(crate) python: Option<PathBuf>,
    /// How it was found, for people.
    pub(crate) found: Found,
}

/// How Spark was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Found {
    /// By the environment variable `SPARK_HOME`.
    SparkHome,
    /// As the package `pyspark` of the `python3` on the `PATH`.
    PySpark,
    /// By `spark-submit` on the `PATH`.
    Path,
}

/// Why no Spark can be run here.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SparkError {
    /// `SPARK_HOME` names a folder that is no Spark.
    #[error("SPARK_HOME is {home}, which has no bin/spark-submit; set it to Spark's folder, or unset it")]
    NotAtHome {
        /// The folder it names.
        home: PathBuf,
    },
    /// There is no Spark.
    #[error(
        "Spark was not found: SPARK_HOME is not set, python3 has no pyspark, and there is no spark-submit on the \
         PATH. Get it with `pip install 'pyspark==3.5.*'` (in a virtual environment: `python3 -m venv spark && . \
         spark/bin/activate`), or set SPARK_HOME to an unpacked Spark, or run the job in its image with \
         `--container podman` or `--container docker`"
    )]
    NotFound,
    /// There is no Java.
    #[error(
        "Java was not found: JAVA_HOME is not set, and there is no java on the PATH. Spark 3.5 needs Java 8, 11 or \
         17: `apt-get install openjdk-17-jre-headless`, or set JAVA_HOME to an unpacked one"
    )]
    NoJava,
    /// `JAVA_HOME`, which Spark's own scripts prefer to the `PATH`, names a folder that is no Java.
    #[error("JAVA_HOME is {}, which has no bin/java; set it to Java's folder, or unset it", home.display())]
    NoJavaAtHome {
        /// The folder it names.
        home: PathBuf,
    },
}

/// The part of the environment that decides which Spark is found.
#[derive(Debug, Clone, Default)]
pub(crate) struct Surroundings {
    /// `SPARK_HOME`.
    pub(crate) spark_home: Option<OsString>,
    /// `JAVA_HOME`.
    pub(crate) java_home: Option<OsString>,
    /// `PATH`.
    pub(crate) path: OsString,
}

impl Surroundings {
    /// Those of this process.
    pub(crate) fn here() -> Self {
        let variable = |name| std::env::var_os(name).filter(|value| !value.is_empty());
        Self {
            spark_home: variable("SPARK_HOME"),
            java_home: variable("JAVA_HOME"),
            path: variable("PATH").unwrap_or_default(),
        }
    }

    fn on_path(&self, program: &str) -> Option<PathBuf> {
        std::env::split_paths(&self.path).map(|folder| folder.join(program)).find(|file| is_program(file))
    }
}

/// Finds Spark: `SPARK_HOME`, then the `pyspark` of `python3`, then `spark-submit` on the `PATH`; and checks
/// that there is a Java to run it.
pub(crate) fn find(surroundings: &Surroundings) -> Result<Spark, SparkError> {
    let spark = match &surroundings.spark_home {
        Some(home) => {
            let home = PathBuf::from(home);
            if !is_spark(&home) {
                return Err(SparkError::NotAtHome { home });
            }
            Spark { home, python: None, found: Found::SparkHome }
        }
        None => installed(surroundings).ok_or(SparkError::NotFound)?,
    };
    match surroundings.java_home.as_ref().map(PathBuf::from) {
        Some(home) if !is_program(&home.join("bin/java")) => Err(SparkError::NoJavaAtHome { home }),
        None if surroundings.on_path("java").is_none() => Err(SparkError::NoJava),
        Some(_) | None => Ok(spark),
    }
}

fn installed(surroundings: &Surroundings) -> Option<Spark> {
    if let Some(python) = surroundings.on_path("python3")
        && let Some(home) = pyspark_of(&python)
    {
        return Some(Spark { home, python: Some(python), found: Found::PySpark });
    }
    let submit = surroundings.on_path("spark-submit")?;
    let submit = submit.canonicalize().unwrap_or(submit);
    let bin = submit.parent()?;
    if let Some(home) = bin.parent().filter(|home| is_spark(home)) {
        return Some(Spark { home: home.to_owned(), python: None, found: Found::Path });
    }
    // pip puts a copy of spark-submit beside its python, far from the folder that it belongs to.
    let python = bin.join("python3");
    let home = is_program(&python).then(|| pyspark_of(&python))??;
    Some(Spark { home, python: Some(python), found: Found::Path })
}

/// Where a Python has its package `pyspark`, asked without importing it: an import takes a second.
fn pyspark_of(python: &Path) -> Option<PathBuf> {
    const QUESTION: &str = "import importlib.util as u; s = u.find_spec('pyspark'); print(s.submodule_search_locations[0] if s else '')";
    let answer = Command::new(python).args(["-c", QUESTION]).output().ok()?;
    let home = PathBuf::from(String::from_utf8(answer.stdout).ok()?.trim_end());
    is_spark(&home).then_some(home)
}

fn is_spark(home: &Path) -> bool {
    is_program(&home.join("bin/spark-submit"))
}

fn is_program(file: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    file.metadata().is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
}

impl Spark {
    /// The environment that makes its own scripts, and Python's `import pyspark`, find it.
    pub(crate) fn environment(&self) -> Vec<(&'static str, &OsStr)> {
        let mut environment = vec![("SPARK_HOME", self.home.as_os_str())];
        if let Some(python) = &self.python
            && std::env::var_os("PYSPARK_PYTHON").is_none()
        {
            environment.push(("PYSPARK_PYTHON", python.as_os_str()));
        }
        environment
    }

    /// Whether this Spark says itself how much it logs.
    pub(crate) fn configures_logging(&self) -> bool {
        let folder = std::env::var_os("SPARK_CONF_DIR").map_or_else(|| self.home.join("conf"), PathBuf::from);
        ["log4j2.properties", "log4j2.xml", "log4j.properties"].iter().any(|name| folder.join(name).exists())
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn program(path: &Path, text: &str) {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
    }

    /// A machine with a Java and, at `spark`, a Spark.
    fn machine() -> (tempfile::TempDir, Surroundings) {
        let root = tempfile::tempdir().unwrap();
        program(&root.path().join("bin/java"), "");
        program(&root.path().join("spark/bin/spark-submit"), "");
        let path = root.path().join("bin").into_os_string();
        (root, Surroundings { path, ..Surroundings::default() })
    }

    #[test]
    fn spark_home_wins_and_is_checked() {
        let (root, mut surroundings) = machine();
        surroundings.spark_home = Some(root.path().join("spark").into());
        let spark = find(&surroundings).unwrap();
        assert_eq!((spark.home, spark.found), (root.path().join("spark"), Found::SparkHome));
        surroundings.spark_home = Some(root.path().into());
        assert!(find(&surroundings).unwrap_err().to_string().contains("has no bin/spark-submit"));
    }

    #[test]
    fn the_package_pyspark_of_python3_is_found() {
        let (root, surroundings) = machine();
        let script = format!("#!/bin/sh\necho {}/spark\n", root.path().display());
        program(&root.path().join("bin/python3"), &script);
        let spark = find(&surroundings).unwrap();
        assert_eq!((spark.found, spark.python), (Found::PySpark, Some(root.path().join("bin/python3"))));
    }

    #[test]
    fn spark_submit_on_the_path_leads_to_its_home_through_links() {
        let (root, surroundings) = machine();
        std::os::unix::fs::symlink("../spark/bin/spark-submit", root.path().join("bin/spark-submit"))
            .unwrap();
        let spark = find(&surroundings).unwrap();
        assert_eq!(spark.home, root.path().join("spark").canonicalize().unwrap());
        assert_eq!(spark.found, Found::Path);
    }

    #[test]
    fn without_spark_or_java_the_message_says_how_to_get_it() {
        let (root, mut surroundings) = machine();
        assert!(find(&surroundings).unwrap_err().to_string().contains("pip install 'pyspark==3.5.*'"));
        surroundings.spark_home = Some(root.path().join("spark").into());
        surroundings.path = OsString::new();
        assert!(find(&surroundings).unwrap_err().to_string().contains("openjdk-17-jre-headless"));
        surroundings.java_home = Some(root.path().into());
        assert!(find(&surroundings).is_ok(), "JAVA_HOME serves as well");
        surroundings.java_home = Some(root.path().join("spark").into());
        assert!(find(&surroundings).unwrap_err().to_string().contains("which has no bin/java"));
    }
}
