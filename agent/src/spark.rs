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

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use tempfile::TempDir;

    use super::*;

    /// A folder with these files, all of them executable.
    fn folder(files: &[&str]) -> TempDir {
        let folder = TempDir::new().unwrap();
        for file in files {
            let path = folder.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, "").unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        }
        folder
    }

    fn environment(pairs: &[(&str, &Path)]) -> Environment {
        pairs.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect()
    }

    #[test]
    fn spark_home_is_taken_at_its_word() {
        let environment =
            environment(&[("SPARK_HOME", Path::new("/opt/spark")), ("PATH", Path::new("/bin"))]);
        let expected = Spark { home: "/opt/spark".into(), python_path: Vec::new() };
        assert_eq!(find(&environment), Some(expected));
    }

    #[test]
    fn a_spark_on_the_path_is_found_through_links() {
        let spark = folder(&["bin/spark-submit", "jars/x.jar"]);
        let bin = TempDir::new().unwrap();
        symlink(spark.path().join("bin/spark-submit"), bin.path().join("spark-submit")).unwrap();
        for home in [None, Some(("SPARK_HOME", Path::new("")))] {
            let pairs: Vec<_> = home.into_iter().chain([("PATH", bin.path())]).collect();
            assert_eq!(find(&environment(&pairs)).unwrap().home, fs::canonicalize(spark.path()).unwrap());
        }
    }

    #[test]
    fn a_spark_submit_without_a_spark_around_it_says_nothing() {
        let wrapper = folder(&["bin/spark-submit"]);
        assert_eq!(find(&environment(&[("PATH", &wrapper.path().join("bin"))])), None);
    }

    #[test]
    fn python_finds_pyspark_as_sources_or_as_a_zip() {
        let tarball =
            ["python/pyspark/__init__.py", "python/lib/pyspark.zip", "python/lib/py4j-0.10.9.7-src.zip"];
        let package =
            ["python/pyspark/shell.py", "python/lib/pyspark.zip", "python/lib/py4j-0.10.9.7-src.zip"];
        for (files, expected) in [
            (tarball, ["python", "python/lib/py4j-0.10.9.7-src.zip"]),
            (package, ["python/lib/pyspark.zip", "python/lib/py4j-0.10.9.7-src.zip"]),
        ] {
            let spark = folder(&files);
            assert_eq!(python_path(spark.path()), expected.map(|file| spark.path().join(file)));
        }
    }

    #[test]
    fn sparks_own_commands_come_before_those_of_the_path() {
        let (home, other) = (folder(&["bin/pyspark"]), folder(&["pyspark", "jupyter"]));
        let spark = Spark { home: home.path().to_owned(), python_path: Vec::new() };
        let environment = environment(&[("PATH", other.path())]);
        let found = |command| locate(command, Some(&spark), &environment);
        assert_eq!(found("pyspark"), Located::At(home.path().join("bin/pyspark")));
        assert_eq!(found("jupyter"), Located::At(other.path().join("jupyter")));
        let searched = vec![home.path().join("bin"), other.path().to_owned()];
        assert_eq!(found("spark-shell"), Located::Nowhere(searched));
    }

    #[test]
    fn an_executable_further_down_the_path_is_better_than_a_file_that_is_none() {
        let (plain, good) = (folder(&["jupyter"]), folder(&["jupyter"]));
        fs::set_permissions(plain.path().join("jupyter"), fs::Permissions::from_mode(0o644)).unwrap();
        let path = env::join_paths([plain.path(), good.path()]).unwrap();
        let both = Environment::from([("PATH".into(), path)]);
        assert_eq!(locate("jupyter", None, &both), Located::At(good.path().join("jupyter")));
        let only = environment(&[("PATH", plain.path())]);
        assert_eq!(locate("jupyter", None, &only), Located::NotExecutable(plain.path().join("jupyter")));
    }
}
