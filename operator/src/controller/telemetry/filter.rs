//! Which filter holds: the one in the file if it can be used, else the command line's.

use std::io::ErrorKind;
use std::path::PathBuf;

use tracing_subscriber::filter::{EnvFilter, LevelFilter};

/// Reads a filter's directives, separated by commas or, as in a file, by lines.
///
/// Stricter than [`EnvFilter`], to whom the typing error `inof` is a target: it would silence everything else.
pub(super) fn parse(text: &str) -> Result<EnvFilter, String> {
    let directives: Vec<&str> =
        text.split([',', '\n']).map(str::trim).filter(|directive| !directive.is_empty()).collect();
    if directives.is_empty() {
        return Err("it is empty".to_owned());
    }
    if let Some(wrong) = directives.iter().find(|directive| !is_plain(directive)) {
        return Err(format!("{wrong} is neither a level nor target=level"));
    }
    EnvFilter::builder().parse(directives.join(",")).map_err(|error| error.to_string())
}

/// A level, `target=level`, or something with brackets, which [`EnvFilter`] judges.
fn is_plain(directive: &str) -> bool {
    let of_target = |letter: char| letter.is_alphanumeric() || matches!(letter, '_' | ':' | '-' | '.');
    match directive.split_once('=') {
        _ if directive.contains('[') => true,
        Some((target, _)) => target.chars().all(of_target),
        None => directive.parse::<LevelFilter>().is_ok(),
    }
}

/// A filter that may be overridden by a file's.
#[derive(Debug)]
pub(super) struct FilterSource {
    given: String,
    file: Option<PathBuf>,
    /// What the file held when it was read last; none if there was none.
    read: Result<Option<String>, ErrorKind>,
}

/// What a look at the file leads to.
#[derive(Debug)]
pub(super) enum Change {
    /// This filter holds from now on.
    Use { text: String, filter: Box<EnvFilter> },
    /// The file cannot be used, and the filter stays as it was.
    Keep { file: PathBuf, message: String },
}

impl FilterSource {
    /// The filter `given` holds, and `file` has not been read yet.
    pub(super) fn new(given: String, file: Option<PathBuf>) -> Self {
        Self { given, file, read: Ok(None) }
    }

    /// Reads the file, and tells what follows if it differs from what was read before.
    pub(super) fn look(&mut self) -> Option<Change> {
        let file = self.file.clone()?;
        let (read, message) = match std::fs::read_to_string(&file) {
            Ok(text) => (Ok(Some(text)), String::new()),
            Err(error) if error.kind() == ErrorKind::NotFound => (Ok(None), String::new()),
            Err(error) => (Err(error.kind()), error.to_string()),
        };
        if read == self.read {
            return None;
        }
        self.read = read;
        let text = match &self.read {
            Ok(Some(text)) if !text.trim().is_empty() => text.trim().to_owned(),
            Ok(_) => self.given.clone(),
            Err(_) => return Some(Change::Keep { file, message }),
        };
        Some(match parse(&text) {
            Ok(filter) => Change::Use { text, filter: Box::new(filter) },
            Err(message) => Change::Keep { file, message },
        })
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn levels_and_targets_with_levels_are_filters() {
        for text in [
            "info",
            "INFO",
            "off",
            "info,kube=debug",
            "info, kube=debug,",
            "info\nkube=debug\n",
            "info,[reconcile]=debug",
        ] {
            assert!(parse(text).is_ok(), "{text}");
        }
    }

    #[test]
    fn what_would_silence_the_log_by_mistake_is_refused() {
        for text in ["", " , ", "inof", "info,kube", "kube=loud", "info;kube=debug"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }

    /// What holds after each of `texts` has been in the file; none means that there is no file.
    fn look(source: &mut FilterSource) -> String {
        match source.look() {
            None => "nothing new".to_owned(),
            Some(Change::Use { text, .. }) => format!("use {text}"),
            Some(Change::Keep { message, .. }) => format!("keep: {message}"),
        }
    }

    #[test]
    fn the_file_holds_while_it_can_be_used_and_the_given_filter_while_there_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("filter");
        let mut source = FilterSource::new("info".to_owned(), Some(file.clone()));
        assert_eq!(look(&mut source), "nothing new");
        fs::write(&file, "debug\n").unwrap();
        assert_eq!(look(&mut source), "use debug");
        assert_eq!(look(&mut source), "nothing new");
        fs::write(&file, "inof\n").unwrap();
        assert_eq!(look(&mut source), "keep: inof is neither a level nor target=level");
        assert_eq!(look(&mut source), "nothing new");
        fs::remove_file(&file).unwrap();
        assert_eq!(look(&mut source), "use info");
        fs::create_dir(&file).unwrap();
        assert!(look(&mut source).starts_with("keep: "));
        assert_eq!(look(&mut source), "nothing new");
    }

    /// The kubelet writes a ConfigMap's new content beside the old, and swaps a symlink (its `AtomicWriter`).
    #[test]
    fn a_config_map_that_changes_is_seen_to() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        for (version, text) in [("1", "info"), ("2", "trace")] {
            fs::create_dir(at(version)).unwrap();
            fs::write(at(version).join("filter"), text).unwrap();
        }
        symlink("1", at("..data")).unwrap();
        symlink("..data/filter", at("filter")).unwrap();
        let mut source = FilterSource::new("warn".to_owned(), Some(at("filter")));
        assert_eq!(look(&mut source), "use info");
        symlink("2", at("..data_tmp")).unwrap();
        fs::rename(at("..data_tmp"), at("..data")).unwrap();
        assert_eq!(look(&mut source), "use trace");
    }

    #[test]
    fn without_a_file_there_is_nothing_to_look_at() {
        assert_eq!(look(&mut FilterSource::new("info".to_owned(), None)), "nothing new");
    }
}
