//! Spark's configuration: a private `SPARK_CONF_DIR` with properties of image, operator, job and Secrets.
//!
//! Precedence, measured with Spark 3.5: code > `--conf` > `spark-defaults.conf` > environment. The driver's heap
//! works from `spark-defaults.conf` in every kind of run.

mod conf_dir;
mod conf_from;
pub(crate) mod properties;
mod spark_defaults;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::plan::FieldError;

pub(crate) use conf_dir::{SPARK_DEFAULTS, of_image, write_private};
pub(crate) use properties::{MalformedEscape, Properties};
pub(crate) use spark_defaults::{Sources, merge};

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
    /// The image's `spark-defaults.conf` is broken.
    #[error("{}: {source}", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: MalformedEscape,
    },
    /// A property that a Secret or `ConfigMap` may not set.
    #[error(transparent)]
    Property(#[from] FieldError),
}

/// Reads the image's `spark-defaults.conf`; without one there are no properties.
pub(crate) fn read_image(folder: Option<&Path>) -> Result<Properties, ConfigurationError> {
    let Some(path) = folder.map(|folder| folder.join(SPARK_DEFAULTS)) else { return Ok(Properties::new()) };
    match fs::read(&path) {
        Ok(content) => properties::parse(&String::from_utf8_lossy(&content))
            .map_err(|source| ConfigurationError::Malformed { path, source }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Properties::new()),
        Err(source) => Err(ConfigurationError::Unreadable { path, source }),
    }
}

/// Reads every folder of a plan's `confFrom`, in order.
pub(crate) fn read_folders(folders: &[PathBuf]) -> Result<Vec<Properties>, ConfigurationError> {
    folders.iter().map(|folder| conf_from::read(folder)).collect()
}

/// Writes the private folder `to`: links to what is in the image's folder, and the merged properties.
pub(crate) fn write(
    image: Option<&Path>,
    properties: &Properties,
    to: &Path,
) -> Result<(), ConfigurationError> {
    conf_dir::mirror(image, to)?;
    write_private(&to.join(SPARK_DEFAULTS), properties::write(properties).as_bytes())
}
