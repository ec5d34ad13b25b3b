//! The private `SPARK_CONF_DIR`: the image's own files, and a `spark-defaults.conf` of our own.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, symlink};
use std::path::{Path, PathBuf};

use super::ConfigurationError;
use super::spark_env::SPARK_ENV;

/// The file that Spark reads its properties from.
pub(crate) const SPARK_DEFAULTS: &str = "spark-defaults.conf";

/// Makes the folder `to` with everything of the image's folder `from` except its `spark-defaults.conf` and its
/// `spark-env.sh`, of which it returns the path.
///
/// The image's files are linked, not copied: `log4j2.properties` and `*-site.xml` stay what they are, at no cost in
/// memory. The `..data` entries of a mounted `ConfigMap` are left out; the links that go
/// through them are kept.
pub(super) fn mirror(from: Option<&Path>, to: &Path) -> Result<Option<PathBuf>, ConfigurationError> {
    let unwritable = |source| ConfigurationError::Unwritable { path: to.to_owned(), source };
    DirBuilder::new().mode(0o700).create(to).map_err(unwritable)?;
    let Some(from) = from else { return Ok(None) };
    let unreadable = |source| ConfigurationError::Unreadable { path: from.to_owned(), source };
    let from = fs::canonicalize(from).map_err(unreadable)?;
    for entry in fs::read_dir(&from).map_err(unreadable)? {
        let name = entry.map_err(unreadable)?.file_name();
        if name != SPARK_DEFAULTS && name != SPARK_ENV && !name.as_encoded_bytes().starts_with(b"..") {
            symlink(from.join(&name), to.join(&name)).map_err(unwritable)?;
        }
    }
    Ok(Some(from.join(SPARK_ENV)).filter(|file| file.is_file()))
}

/// Writes a file that only its owner can read. It must not exist yet.
pub(crate) fn write_private(path: &Path, content: &[u8]) -> Result<(), ConfigurationError> {
    let write = || -> io::Result<()> {
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
        file.write_all(content)
    };
    write().map_err(|source| ConfigurationError::Unwritable { path: path.to_owned(), source })
}

/// The image's own configuration: `SPARK_CONF_DIR` of its environment, else `conf` in its Spark, if it is there.
pub(crate) fn of_image(spark_conf_dir: Option<&Path>, spark_home: Option<&Path>) -> Option<PathBuf> {
    let of_spark = || spark_home.map(|home| home.join("conf"));
    let named = spark_conf_dir.filter(|folder| !folder.as_os_str().is_empty());
    named.map(Path::to_owned).or_else(of_spark).filter(|folder| folder.is_dir())
}
