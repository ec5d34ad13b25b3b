//! Labels by which a framework tells of itself on Mesos what changes while it lives, and the file by which whoever supervises its
//! process has some of them told.

use std::{collections::BTreeMap, fs, io, path::Path};

use crate::plain_file::read_plain_file;

/// Why the master refuses tasks, as it said of the first, as long as none has run: the master itself lists such tasks nowhere.
pub const REFUSED_LABEL: &str = "lcmap.usgs.gov/refused";

/// From when on the certificate should be renewed that the scheduler shows to Mesos, and when it ends: two moments as in RFC 3339,
/// with a slash between them.
pub const CERTIFICATE_LABEL: &str = "lcmap.usgs.gov/certificate";

/// Where executors that run are to reach their driver, as host and port, while none does.
pub const UNREACHED_LABEL: &str = "lcmap.usgs.gov/unreached";

/// How it stands with the framework's offers while none of its tasks lives: [`crate::OfferState`] as JSON.
pub const OFFERS_LABEL: &str = "lcmap.usgs.gov/offers";

/// The file, beside those of the schedulers' own states.
const FILE: &str = "labels.json";
/// It is not longer: labels are short.
const LONGEST: usize = 1 << 20;

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
    let text = read_plain_file(&folder.join(FILE), LONGEST).unwrap_or_default();
    serde_json::from_slice(&text).unwrap_or_default()
}

/// Labels as the text of a variable, whatever is in them.
pub fn encode_labels(labels: &Labels) -> String {
    serde_json::json!(labels).to_string()
}

/// The labels that a text says; none if it is none of [`encode_labels`].
pub fn decode_labels(text: &str) -> Option<Labels> {
    serde_json::from_str(text).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn whatever_labels_say_comes_through_a_variable(
            labels in proptest::collection::btree_map(
                any::<String>(),
                prop_oneof![any::<String>(), "[,=\"'{}: \n\0aä\\\\]{0,8}"],
                0..5)
        ) {
            let text = encode_labels(&labels);
            prop_assert!(!text.contains(['\0', '\n']));
            prop_assert_eq!(decode_labels(&text), Some(labels));
        }
    }

    #[test]
    fn what_are_no_labels_says_nothing() {
        for text in ["", "a=b", "null", "[]", r#"{"a": 1}"#, r#"{"a": "b"} c"#] {
            assert_eq!(decode_labels(text), None, "{text}");
        }
    }

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
