//! Labels by which a framework tells of itself on Mesos what changes while it lives, and the file by which whoever supervises its
//! process has some of them told.

use std::{collections::BTreeMap, fs, io, path::Path};

/// Why the master refuses tasks, as it said of the first, as long as none has run: the master itself lists such tasks nowhere.
pub const REFUSED_LABEL: &str = "lcmap.usgs.gov/refused";

/// From when on the certificate should be renewed that the scheduler shows to Mesos, and when it ends: two moments as in RFC 3339,
/// with a slash between them.
pub const CERTIFICATE_LABEL: &str = "lcmap.usgs.gov/certificate";

/// Where executors that run are to reach their driver, as host and port, while none does.
pub const UNREACHED_LABEL: &str = "lcmap.usgs.gov/unreached";

/// The file, beside those of the schedulers' own states.
const FILE: &str = "labels.json";

/// Labels by their keys.
pub type Labels = BTreeMap<String, String>;

/// Has the schedulers of a folder say these labels, instead of those before.
///
/// # Errors
/// The file cannot be written. The labels of before stay.
pub fn write_labels(folder: &Path, labels: &Labels) -> io::Result<()> {
    let next = folder.join(FILE).with_extension("json.next");
    fs::write(&next, serde_json::to_vec(labels)?)?;
    fs::rename(&next, folder.join(FILE))
}

/// The labels that the schedulers of a folder are to say. No file, or one that cannot be read, asks for none.
pub fn read_labels(folder: &Path) -> Labels {
    let text = fs::read(folder.join(FILE)).unwrap_or_default();
    serde_json::from_slice(&text).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_and_nothing_is_none() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(read_labels(folder.path()), Labels::new());
        for labels in [Labels::from([("a".to_owned(), "1".to_owned())]), Labels::new()] {
            write_labels(folder.path(), &labels).unwrap();
            assert_eq!(read_labels(folder.path()), labels);
        }
    }
}
