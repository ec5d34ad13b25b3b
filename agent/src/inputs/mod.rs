//! The files of a job, as Spark can take them.
//!
//! Spark reads an entry of its lists as a URI, then as a pattern, some of them twice, and joins them with commas in
//! between (`DependencyUtils.resolveGlobPaths`, `Utils.resolveURI`). A `#` begins an alias, `[` a pattern, `:` a scheme. What
//! would come out of that as another file is linked in the private folder, and the entry names the link.

mod event_log;
mod local;

use std::fs;
use std::io;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use crate::configuration::Properties;
use crate::plan::{Run, Submit};
use local::Local;

pub(crate) use event_log::check as check_event_log;

/// Why a file cannot be given to Spark.
#[derive(Debug, thiserror::Error)]
pub(crate) enum InputError {
    /// No notation of Spark's names this file.
    #[error(
        "{}: Spark cannot take a file whose name holds {} from {property}; rename it, or read it by its path", path.display(),
        in_words(*character)
    )]
    Name {
        /// The file.
        path: PathBuf,
        /// The property that lists it.
        property: String,
        /// What Spark takes for something else.
        character: char,
    },
    /// A link cannot be made.
    #[error("{}: cannot be linked: {source}", path.display())]
    Unlinkable {
        /// The link.
        path: PathBuf,
        /// What the kernel said.
        source: io::Error,
    },
    /// The folder for event logs cannot be used.
    #[error("spec.eventLog.directory: {} {problem}", path.display())]
    EventLog {
        /// The folder.
        path: PathBuf,
        /// What is wrong with it, and what to do.
        problem: String,
    },
}

fn in_words(character: char) -> String {
    match character {
        ',' => "a comma".to_owned(),
        ':' => "a colon".to_owned(),
        other => format!("the character {other}"),
    }
}

/// How Spark uses the files of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Use {
    /// By their names: programs find them by these.
    ByName,
    /// By the name after `#` or, without one, by their own.
    Unpacked,
    /// By what is in them.
    ByContent,
    /// By what is in them, except modules, whose names are names in Python.
    Python,
}

/// The lists of files, and how Spark uses each.
const LISTS: [(&str, Use); 4] = [
    ("spark.archives", Use::Unpacked),
    ("spark.files", Use::ByName),
    ("spark.jars", Use::ByContent),
    ("spark.submit.pyFiles", Use::Python),
];

/// The file of this place that an entry names, without an alias, if it is there.
pub(crate) fn file(entry: &str) -> Option<PathBuf> {
    Some(local::find(entry)?.path)
}

/// Makes links to what Spark could not take otherwise.
#[derive(Debug)]
pub(crate) struct Inputs {
    folder: PathBuf,
    made: usize,
}

impl Inputs {
    /// Links will be made in this folder, which need not be there.
    pub(crate) fn new(folder: &Path) -> Self {
        Self { folder: folder.to_owned(), made: 0 }
    }

    /// Rewrites the lists of files.
    pub(crate) fn rewrite(&mut self, properties: &mut Properties) -> Result<(), InputError> {
        for (property, used) in LISTS {
            let Some(list) = properties.get_mut(property) else { continue };
            let entries = list.split(',').map(|entry| self.entry(property, used, entry.trim()));
            *list = entries.collect::<Result<Vec<_>, _>>()?.join(",");
        }
        Ok(())
    }

    /// What is run, its program as Spark can take it.
    pub(crate) fn program(&mut self, run: &Run) -> Result<Run, InputError> {
        let Run::Submit(submit) = run else { return Ok(run.clone()) };
        let application = self.application(&submit.application)?;
        Ok(Run::Submit(Submit { application, ..submit.clone() }))
    }

    fn application(&mut self, text: &str) -> Result<String, InputError> {
        let Some(Local { path, fragment: None }) = local::find(text) else { return Ok(text.to_owned()) };
        let is_script =
            path.extension().is_some_and(|ending| ["py", "R", "r"].iter().any(|known| ending == *known));
        match local::trouble(&path) {
            // A script may look for what lies beside it: it keeps its path.
            Some(_) if is_script => Ok(local::uri(&path)),
            // A jar becomes an entry of spark.jars.
            Some(_) => self.link(&path, "program.jar"),
            None if local::is_misread(text, &path) => Ok(local::uri(&path)),
            None => Ok(text.to_owned()),
        }
    }

    fn entry(&mut self, property: &str, used: Use, text: &str) -> Result<String, InputError> {
        let Some(Local { path, fragment }) = local::find(text) else { return self.pattern(text) };
        let alias = fragment.map(|name| format!("#{name}")).unwrap_or_default();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let wheel = (used == Use::Python).then(|| zip_of_wheel(&name)).flatten();
        if wheel.is_none() && local::trouble(&path).is_none() && !local::is_misread(text, &path) {
            return Ok(text.to_owned());
        }
        let hostile = local::trouble(Path::new(&name));
        let is_free = used == Use::ByContent
            || used == Use::Unpacked && !alias.is_empty()
            || used == Use::Python && path.extension().is_none_or(|ending| ending != "py");
        let name = match (wheel, hostile) {
            (Some(zip), _) => tame(&zip),
            // An alias makes a URI of what is before it, blanks and all.
            (None, _) if is_free && (hostile.is_some() || !alias.is_empty()) => {
                format!("{}-{}", self.made, tame(&name))
            }
            (None, None) => name,
            // Commas stay between entries and colons at the end of schemes, whatever is done; modules are read twice.
            (None, Some(character)) if matches!(character, ',' | ':') || used == Use::Python => {
                return Err(InputError::Name { path, property: property.to_owned(), character });
            }
            (None, Some(_)) => {
                // A pattern that fits this file alone comes out of Spark as its name.
                let folder = self.link(&path, &name)?;
                let (folder, _) = folder.rsplit_once('/').unwrap_or_default();
                return Ok(format!("{folder}/*{alias}"));
            }
        };
        Ok(format!("{}{alias}", self.link(&path, &name)?))
    }

    /// A pattern is Spark's to match; the folder that it begins in may have to be linked.
    fn pattern(&mut self, text: &str) -> Result<String, InputError> {
        let Some((folder, rest)) = local::begin_of_pattern(text) else { return Ok(text.to_owned()) };
        if local::trouble(&folder).is_none() {
            return Ok(text.to_owned());
        }
        let link = self.link(&folder, "folder")?;
        Ok(format!("{link}/{}", rest.display()))
    }

    /// Links a file under a name, in a folder of its own. As a URI: of a plain path Spark follows the links.
    fn link(&mut self, to: &Path, name: &str) -> Result<String, InputError> {
        let folder = self.folder.join(self.made.to_string());
        self.made += 1;
        let link = folder.join(name);
        let made = fs::create_dir_all(&folder).and_then(|()| symlink(to, &link));
        made.map(|()| local::uri(&link)).map_err(|source| InputError::Unlinkable { path: link, source })
    }
}

/// The name that makes Spark give a wheel to Python: it is a zip already, and Spark knows zips by their ending.
fn zip_of_wheel(name: &str) -> Option<String> {
    let (stem, ending) = name.rsplit_once('.')?;
    ending.eq_ignore_ascii_case("whl").then(|| format!("{stem}.zip"))
}

/// A name without anything that could be taken for something else.
fn tame(name: &str) -> String {
    name.replace(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '+')), "_")
}

#[cfg(test)]
mod tests;
