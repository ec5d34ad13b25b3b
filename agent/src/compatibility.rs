//! Whether Spark, Java and the mode go together. Where they do not, Spark itself ends with a stack trace that names
//! neither.

use std::ffi::OsStr;
use std::fmt::{self, Display, Formatter};
use std::fs;
use std::path::{Path, PathBuf};

use crate::plan::Master;
use crate::spark::{self, Environment, Located, Spark};

/// The Java that Spark 4 needs at least (<https://spark.apache.org/docs/4.0.0/>).
const OLDEST_OF_SPARK_4: u32 = 17;

/// The Java that Spark 3 fails on: its Hadoop calls `Subject.getSubject`, which throws since Java 24 (JEP 486).
const TOO_NEW_FOR_SPARK_3: u32 = 24;

/// Why a job cannot run with what is installed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum CompatibilityError {
    /// Spark dropped Mesos in 4.0 (SPARK-44442).
    #[error(
        "spec.mode: Spark {version} in {} has no Mesos backend, which Spark dropped in 4.0; use Spark 3.5, or mode: NonDistributed",
        home.display()
    )]
    NoMesosBackend {
        /// Spark's version.
        version: Version,
        /// Spark's folder.
        home: PathBuf,
    },
    /// This Spark does not run on this Java.
    #[error("Spark {spark} does not run on the Java {java} in {}: it needs {needs}; set JAVA_HOME to one", home.display())]
    Java {
        /// Spark's version.
        spark: Version,
        /// Java's feature version.
        java: u32,
        /// Java's folder.
        home: PathBuf,
        /// The versions of Java that it runs on.
        needs: &'static str,
    },
}

/// The version of a Spark.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Version {
    major: u32,
    text: String,
}

impl Display for Version {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Refuses a Spark without the backend that the master needs, or on a Java that it does not run on. What cannot be
/// found out is not refused.
pub(crate) fn check(
    master: &Master,
    spark: Option<&Spark>,
    environment: &Environment,
) -> Result<(), CompatibilityError> {
    let Some(spark) = spark else { return Ok(()) };
    let Some(version) = version_of(&spark.home) else { return Ok(()) };
    if matches!(master, Master::Mesos(_)) && version.major >= 4 {
        return Err(CompatibilityError::NoMesosBackend { version, home: spark.home.clone() });
    }
    let Some(home) = java_home(environment) else { return Ok(()) };
    let release = fs::read_to_string(home.join("release")).unwrap_or_default();
    let Some(java) = feature_version(&release) else { return Ok(()) };
    let needs = match version.major {
        3 if java >= TOO_NEW_FOR_SPARK_3 => "Java 8, 11 or 17",
        4.. if java < OLDEST_OF_SPARK_4 => "Java 17 or later",
        _ => return Ok(()),
    };
    Err(CompatibilityError::Java { spark: version, java, home, needs })
}

fn version_of(home: &Path) -> Option<Version> {
    let jars = fs::read_dir(home.join("jars")).ok()?;
    jars.flatten().find_map(|jar| version(jar.file_name().to_str()?))
}

/// Reads the version from the name of Spark's main jar: `spark-core_2.12-3.5.9.jar`.
fn version(jar: &str) -> Option<Version> {
    let (_scala, version) = jar.strip_prefix("spark-core_")?.strip_suffix(".jar")?.split_once('-')?;
    Some(Version { major: version.split('.').next()?.parse().ok()?, text: version.to_owned() })
}

/// The Java that Spark's scripts start: `JAVA_HOME`, else that of the `java` on the PATH.
fn java_home(environment: &Environment) -> Option<PathBuf> {
    let named = environment.get(OsStr::new("JAVA_HOME")).filter(|home| !home.is_empty()).map(PathBuf::from);
    named.or_else(|| {
        let Located::At(java) = spark::locate("java", None, environment) else { return None };
        Some(fs::canonicalize(java).ok()?.parent()?.parent()?.to_owned())
    })
}

/// The number by which a Java is known, from the file `release` that each has: `JAVA_VERSION="1.8.0_392"` is 8.
fn feature_version(release: &str) -> Option<u32> {
    let line = release.lines().find_map(|line| line.strip_prefix("JAVA_VERSION="))?;
    let mut numbers = line.trim_matches('"').split(['.', '_', '-', '+']).map(|number| number.parse().ok());
    match numbers.next()?? {
        1 => numbers.next()?,
        feature => Some(feature),
    }
}

#[cfg(test)]
mod tests;
