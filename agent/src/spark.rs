//! Which Spark the driver is started from, and where its commands lie.

use std::collections::BTreeMap;
use std::env;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Path, PathBuf};

use nix::unistd::{AccessFlags, access};

/// An environment, by name.
pub(crate) type Environment = BTreeMap<OsString, OsString>;

/// Where commands are looked for when the image's environment has no `PATH`.
pub(crate) const DEFAULT_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// A Spark installation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Spark {
    /// `SPARK_HOME`.
    pub home: PathBuf,
    /// What Python needs on its path to import `pyspark` from it.
    pub python_path: Vec<PathBuf>,
}

/// Where a command is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Located {
    /// An executable file.
    At(PathBuf),
    /// A file that may not be executed, and nothing better elsewhere.
    NotExecutable(PathBuf),
    /// Nowhere; these folders were searched.
    Nowhere(Vec<PathBuf>),
}

/// Finds the Spark of an environment: `SPARK_HOME`, else the home of the `spark-submit` on `PATH`.
pub(crate) fn find(environment: &Environment) -> Option<Spark> {
    let named = environment.get(OsStr::new("SPARK_HOME")).filter(|home| !home.is_empty()).map(PathBuf::from);
    let home = named.or_else(|| home_of(&locate("spark-submit", None, environment)))?;
    let python_path = python_path(&home);
    Some(Spark { home, python_path })
}

/// Looks for a command, first in Spark's `bin`, then on `PATH`.
pub(crate) fn locate(command: &str, spark: Option<&Spark>, environment: &Environment) -> Located {
    let path = environment.get(OsStr::new("PATH")).cloned().unwrap_or_else(|| DEFAULT_PATH.into());
    let bin = spark.map(|spark| spark.home.join("bin"));
    let folders: Vec<PathBuf> = bin.into_iter().chain(env::split_paths(&path)).collect();
    let files: Vec<PathBuf> =
        folders.iter().map(|folder| folder.join(command)).filter(|p| p.is_file()).collect();
    match files.iter().find(|file| access(*file, AccessFlags::X_OK).is_ok()).or(files.first()) {
        Some(file) if access(file, AccessFlags::X_OK).is_ok() => Located::At(file.clone()),
        Some(file) => Located::NotExecutable(file.clone()),
        None => Located::Nowhere(folders),
    }
}

/// The installation that a `spark-submit` belongs to: the folder above its `bin`, if Spark's jars are there.
fn home_of(spark_submit: &Located) -> Option<PathBuf> {
    let Located::At(path) = spark_submit else { return None };
    let home = fs::canonicalize(path).ok()?.parent()?.parent()?.to_owned();
    home.join("jars").is_dir().then_some(home)
}

/// As Spark's own `bin/pyspark` has it; an installed `pyspark` package holds its Python sources only as a zip.
fn python_path(home: &Path) -> Vec<PathBuf> {
    let python = home.join("python");
    let lib = python.join("lib");
    let sources = if python.join("pyspark/__init__.py").is_file() { python } else { lib.join("pyspark.zip") };
    let is_py4j = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        name.starts_with("py4j-") && name.ends_with("-src.zip")
    };
    let entries = fs::read_dir(&lib).into_iter().flatten().flatten();
    let py4j = entries.map(|entry| entry.path()).filter(is_py4j);
    Some(sources).filter(|path| path.exists()).into_iter().chain(py4j).collect()
}
