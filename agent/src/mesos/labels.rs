//! What the frameworks of the driver are to say of it on Mesos, where whoever looks after the driver from afar reads it.

use std::path::PathBuf;

use crate::console;
use crate::report::cut;

/// What a label may hold, in bytes: every answer about frameworks carries it.
const LONGEST: usize = 512;

/// Labels that libmesos.so takes out of the state folder.
#[derive(Debug)]
pub(super) struct Labels {
    folder: PathBuf,
    wanted: lcmap_mesos::Labels,
    /// What the file holds, as far as it is known.
    written: lcmap_mesos::Labels,
    /// Whether the user knows that they cannot be written.
    is_told: bool,
}

impl Labels {
    /// None yet, of the frameworks of a state folder.
    pub(super) fn new(folder: PathBuf) -> Self {
        let none = lcmap_mesos::Labels::new;
        Self { folder, wanted: none(), written: none(), is_told: false }
    }

    /// Has a label say this from now on; without a value it says nothing more.
    pub(super) fn say(&mut self, label: &str, value: Option<&str>) {
        let shortened =
            |value: &str| if value.len() > LONGEST { cut(value, LONGEST) } else { value.to_owned() };
        match value {
            Some(value) => self.wanted.insert(label.to_owned(), shortened(value)),
            None => self.wanted.remove(label),
        };
        self.write();
    }

    /// What cannot be written now, on a full disk say, is tried again the next time.
    fn write(&mut self) {
        if self.wanted == self.written {
            return;
        }
        match lcmap_mesos::write_labels(&self.folder, &self.wanted) {
            Ok(()) => self.written.clone_from(&self.wanted),
            Err(error) if !self.is_told => {
                self.is_told = true;
                let folder = self.folder.display();
                console::warn(&format!(
                    "the labels of the frameworks cannot be written to {folder}: {error}"
                ));
            }
            Err(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use lcmap_mesos::read_labels;

    use super::*;

    #[test]
    fn a_label_says_what_it_was_told_last() {
        let folder = tempfile::tempdir().unwrap();
        let mut labels = Labels::new(folder.path().to_owned());
        let said = || read_labels(folder.path()).into_iter().collect::<Vec<_>>();
        let pair = |key: &str, value: &str| (key.to_owned(), value.to_owned());
        for (label, value, expected) in [
            ("a", Some("1"), vec![pair("a", "1")]),
            ("b", Some("2"), vec![pair("a", "1"), pair("b", "2")]),
            ("a", Some("3"), vec![pair("a", "3"), pair("b", "2")]),
            ("b", None, vec![pair("a", "3")]),
            ("a", Some(&"x".repeat(600)), vec![pair("a", &format!("{}…", "x".repeat(512)))]),
        ] {
            labels.say(label, value);
            assert_eq!(said(), expected);
        }
    }

    #[test]
    fn what_could_not_be_written_is_once_it_can() {
        let folder = tempfile::tempdir().unwrap();
        let gone = folder.path().join("state");
        let mut labels = Labels::new(gone.clone());
        labels.say("a", Some("1"));
        fs::create_dir(&gone).unwrap();
        labels.say("a", Some("1"));
        assert_eq!(read_labels(&gone)["a"], "1");
    }
}
