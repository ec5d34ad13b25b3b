//! Spark's configuration: a private `SPARK_CONF_DIR` with properties of image, operator, job and Secrets.
//!
//! Precedence, measured with Spark 3.5: code > `--conf` > `spark-defaults.conf` > environment. The driver's heap
//! works from `spark-defaults.conf` in every kind of run.

mod conf_dir;
mod conf_from;
mod exact;
pub(crate) mod properties;
mod spark_defaults;
mod spark_env;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::notebook::NoRandomness;
use crate::plan::FieldError;

pub(crate) use conf_dir::{SPARK_DEFAULTS, of_image, write_private};
pub(crate) use properties::{MalformedEscape, Properties};
pub(crate) use spark_defaults::{Sources, merge};
pub(crate) use spark_env::quoted;

/// Why Spark's configuration could not be read or written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConfigurationError {
    /// A file or folder cannot be read.
    #[error("{} cannot be read: {source}", path.display())]
    Unreadable {
        /// The file or folder.
        path: PathBuf,
        /// What the kernel said.
        source: io::Error,
    },
    /// A file or folder cannot be written.
    #[error("{} cannot be written: {source}", path.display())]
    Unwritable {
        /// The file or folder.
        path: PathBuf,
        /// What the kernel said.
        source: io::Error,
    },
    /// A file is not text.
    #[error("{} is not UTF-8; a Spark property is text", path.display())]
    NotUtf8 {
        /// The file.
        path: PathBuf,
    },
    /// A file holds a NUL character.
    #[error("{} holds a NUL character, which no property or variable can hold", path.display())]
    Nul {
        /// The file.
        path: PathBuf,
    },
    /// A file is too large to be a property.
    #[error("{} is larger than {limit} bytes; a Spark property is one value", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// The largest that is read, in bytes.
        limit: u64,
    },
    /// A notebook's token file is empty.
    #[error("{} is empty; a notebook needs a token, else everybody could use it", path.display())]
    EmptyToken {
        /// The file.
        path: PathBuf,
    },
    /// No token could be made.
    #[error(transparent)]
    Token(#[from] NoRandomness),
    /// The image's `spark-defaults.conf` is broken.
    #[error("{}: {source}", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: MalformedEscape,
    },
    /// A value begins or ends with what Spark cuts off.
    #[error(
        "{of} begins or ends with blanks or control characters, which Spark cuts off, {why}; leave them out"
    )]
    Ends {
        /// The property, or the file of one.
        of: String,
        /// Why it cannot be kept.
        why: exact::Unkept,
    },
    /// A variable from a file is for executors, who get it as a property.
    #[error("env {name} is not UTF-8, and executors get it as a Spark property, which is text")]
    VariableNotUtf8 {
        /// The variable.
        name: String,
    },
    /// Text would be lost on its way through the JVM.
    #[error("{field} holds characters beyond ASCII, which would be lost on their way through Java: {why}")]
    TextLost {
        /// The field, or the property.
        field: String,
        /// Why there is no encoding for it.
        why: crate::locale::Why,
    },
    /// A property that a Secret or `ConfigMap` may not set.
    #[error(transparent)]
    Property(#[from] FieldError),
}

/// Reads the image's `spark-defaults.conf`; without one there are no properties.
pub(crate) fn read_image(folder: Option<&Path>) -> Result<Properties, ConfigurationError> {
    let Some(path) = folder.map(|folder| folder.join(SPARK_DEFAULTS)) else { return Ok(Properties::new()) };
    match fs::read(&path) {
        Ok(content) => {
            let read = properties::parse(&String::from_utf8_lossy(&content))
                .map_err(|source| ConfigurationError::Malformed { path, source })?;
            let as_spark = |(name, value): (String, String)| (name, exact::without_ends(&value).to_owned());
            Ok(read.into_iter().map(as_spark).collect())
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Properties::new()),
        Err(source) => Err(ConfigurationError::Unreadable { path, source }),
    }
}

/// Reads every folder of a plan's `confFrom`, in order.
pub(crate) fn read_folders(folders: &[PathBuf]) -> Result<Vec<Properties>, ConfigurationError> {
    folders.iter().map(|folder| conf_from::read(folder)).collect()
}

/// The properties that Spark would not read as they are, which go by `--conf`. `folders` are those of the sources.
pub(crate) fn exact(sources: &Sources, folders: &[PathBuf]) -> Result<Vec<String>, ConfigurationError> {
    exact::names(sources, folders)
}

/// Writes the private folder `to`: links to what is in the image's folder, its `spark-env.sh` under guard of the
/// variables that the job sets, and the merged properties.
pub(crate) fn write<'a>(
    image: Option<&Path>,
    properties: &Properties,
    set_by_job: impl Iterator<Item = &'a str>,
    to: &Path,
) -> Result<(), ConfigurationError> {
    if let Some(original) = conf_dir::mirror(image, to)? {
        let guarded = spark_env::guarded(&original, set_by_job);
        write_private(&to.join(spark_env::SPARK_ENV), guarded.as_bytes())?;
    }
    write_private(&to.join(SPARK_DEFAULTS), properties::write(properties).as_bytes())
}
