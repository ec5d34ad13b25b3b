//! Spark properties from folders, one file a property: how passwords come.

use std::fs;
use std::path::Path;

use super::ConfigurationError;
use super::properties::Properties;
use crate::plan::check;

/// The largest property file that is read, in bytes; a Kubernetes Secret or `ConfigMap` holds at most 1 MiB.
const MAX_BYTES: u64 = 1024 * 1024;

/// Reads the properties of a mounted Secret or `ConfigMap`.
///
/// A file's name is the property's name, its content the value without one trailing line end. Entries that begin
/// with a dot (`..data`) and folders are left out.
pub(super) fn read(folder: &Path) -> Result<Properties, ConfigurationError> {
    let unreadable = |source| ConfigurationError::Unreadable { path: folder.to_owned(), source };
    let mut properties = Properties::new();
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else {
            return Err(ConfigurationError::NotUtf8 { path });
        };
        if name.starts_with('.') || path.is_dir() {
            continue;
        }
        check::property(&folder.display().to_string(), name)?;
        let value = read_value(&path)?;
        properties.insert(name.to_owned(), value);
    }
    Ok(properties)
}

fn read_value(path: &Path) -> Result<String, ConfigurationError> {
    let unreadable = |source| ConfigurationError::Unreadable { path: path.to_owned(), source };
    if fs::metadata(path).map_err(unreadable)?.len() > MAX_BYTES {
        return Err(ConfigurationError::TooLarge { path: path.to_owned(), limit: MAX_BYTES });
    }
    let content = fs::read(path).map_err(unreadable)?;
    let text =
        String::from_utf8(content).map_err(|_| ConfigurationError::NotUtf8 { path: path.to_owned() })?;
    if text.contains('\0') {
        return Err(ConfigurationError::Nul { path: path.to_owned() });
    }
    let value = text.strip_suffix('\n').unwrap_or(&text);
    Ok(value.strip_suffix('\r').unwrap_or(value).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mounted_secret_is_read_through_its_links() {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("..2026_01_01");
        fs::create_dir(&data).unwrap();
        fs::write(data.join("spark.cassandra.auth.password"), "s3cret\n").unwrap();
        std::os::unix::fs::symlink("..2026_01_01", folder.path().join("..data")).unwrap();
        std::os::unix::fs::symlink(
            "..data/spark.cassandra.auth.password",
            folder.path().join("spark.cassandra.auth.password"),
        )
        .unwrap();
        let expected = Properties::from([("spark.cassandra.auth.password".to_owned(), "s3cret".to_owned())]);
        assert_eq!(read(folder.path()).unwrap(), expected);
    }

    #[test]
    fn only_one_line_end_is_taken_off() {
        let folder = tempfile::tempdir().unwrap();
        for (content, value) in [("a", "a"), ("a\n", "a"), ("a\r\n", "a"), ("a\n\n", "a\n"), ("", "")] {
            fs::write(folder.path().join("spark.x"), content).unwrap();
            assert_eq!(read(folder.path()).unwrap()["spark.x"], value, "{content:?}");
        }
    }

    #[test]
    fn what_cannot_be_a_property_is_refused_by_name() {
        for (name, content, said) in [
            ("spark.x", b"\xff".as_slice(), "not UTF-8"),
            ("spark.x", b"a\0b", "NUL"),
            ("spark.master", b"local", "spec.mode"),
        ] {
            let folder = tempfile::tempdir().unwrap();
            fs::write(folder.path().join(name), content).unwrap();
            let message = read(folder.path()).unwrap_err().to_string();
            assert!(message.contains(said) && message.contains(name), "{message}");
        }
    }

    #[test]
    fn a_missing_folder_is_named() {
        let message = read(Path::new("/nonexistent/conf")).unwrap_err().to_string();
        assert!(message.contains("/nonexistent/conf"), "{message}");
    }
}
