//! PURE: the exceptions in an output, in order.

use super::lines::{self, Place, TRACEBACK};
use super::words;

/// The language that an exception is thrown in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Language {
    Python,
    Java,
}

/// What an exception has to do with the one before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Link {
    /// Nothing.
    None,
    /// It was raised for the one before, or while that was handled.
    Follows,
    /// It is the cause of the one before.
    Causes,
    /// It stands in the message of the one before.
    Within,
}

/// What made the JVM tell of an exception.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Weight {
    /// A line of a log, or nothing known.
    Logged,
    /// Spark ends the JVM for it.
    Uncaught,
    /// It ended the thread that runs the program.
    Main,
}

/// One exception.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Thrown {
    pub language: Language,
    pub link: Link,
    pub weight: Weight,
    /// Class and message, shortened.
    pub words: String,
    /// Where in the user's program it was thrown.
    pub place: Option<Place>,
    /// The line with its class.
    pub line: usize,
}

const FOLLOWS: [&str; 2] = [
    "During handling of the above exception, another exception occurred:",
    "The above exception was the direct cause of the following exception:",
];

/// How far after the class of a Java exception its stack may begin: Spark puts whole query plans into messages.
const LONGEST_MESSAGE: usize = 200;

/// Every exception in these lines.
pub(super) fn all(lines: &[&str]) -> Vec<Thrown> {
    let mut reader = Reader { lines, at: 0, found: Vec::new(), follows: false, uncaught: false };
    while reader.at < lines.len() {
        reader.step();
    }
    reader.found
}

struct Reader<'a> {
    lines: &'a [&'a str],
    at: usize,
    found: Vec<Thrown>,
    /// The line before the next traceback said what that has to do with the last.
    follows: bool,
    /// The line before said that an exception was not caught.
    uncaught: bool,
}

impl Reader<'_> {
    fn step(&mut self) {
        let line = self.lines[self.at];
        if let Some((before, _)) = line.split_once(TRACEBACK) {
            self.java_before(before);
            self.at += 1;
            let relation = self.python_link(before);
            self.python(relation);
        } else if lines::python_frame(line).is_some() && line.starts_with(' ') {
            // A program that is no Python at all has no traceback, only the place.
            self.python(Link::None);
        } else if lines::is_java_frame(line) {
            let open = self.found.iter_mut().rev().find(|thrown| thrown.language == Language::Java);
            if let Some(open) = open.filter(|thrown| thrown.place.is_none()) {
                open.place = lines::java_place(line);
            }
            self.at += 1;
        } else {
            self.java(line);
            self.follows |= FOLLOWS.contains(&line.trim());
            self.uncaught =
                line.contains("SparkUncaughtExceptionHandler: ") || (self.uncaught && line.is_empty());
            self.at += 1;
        }
    }

    fn python_link(&mut self, before: &str) -> Link {
        let last = self.found.last();
        let is_told =
            last.is_some_and(|last| last.words.contains("exception was thrown from the Python worker"));
        if std::mem::take(&mut self.follows) {
            Link::Follows
        } else if is_told || !before.trim().is_empty() {
            Link::Within
        } else {
            Link::None
        }
    }

    /// Reads frames, then the exception itself.
    fn python(&mut self, relation: Link) {
        let (mut own, mut any) = (None, None);
        let mut is_sparks = false;
        while let Some(line) = self.lines.get(self.at) {
            if let Some((place, is_own)) = lines::python_frame(line) {
                is_sparks |= any.is_none() && line.contains("pyspark/daemon.py");
                any = Some(place.clone());
                own = if is_own { Some(place) } else { own };
            } else if !line.starts_with([' ', '\t']) {
                break;
            }
            self.at += 1;
        }
        let Some(line) = self.lines.get(self.at).filter(|line| lines::is_python_exception(line)) else {
            return;
        };
        if any.is_none() || is_sparks {
            return;
        }
        let next = self.lines.get(self.at + 1).copied().unwrap_or_default();
        let words = words::of_exception(line, next);
        let (language, weight) = (Language::Python, Weight::Logged);
        self.found.push(Thrown { language, link: relation, weight, words, place: own, line: self.at });
        self.at += 1;
    }

    /// The Java exception whose message is a Python traceback.
    fn java_before(&mut self, before: &str) {
        if before.contains(|character: char| character.is_alphabetic()) {
            self.java(before);
        }
    }

    fn java(&mut self, line: &str) {
        let in_main = line.strip_prefix("Exception in thread \"").and_then(|rest| rest.split_once("\" "));
        let (relation, weight, text) = if let Some((thread, text)) = in_main {
            (Link::None, if thread == "main" { Weight::Main } else { Weight::Logged }, text)
        } else if let Some(text) = line.trim_start().strip_prefix("Caused by: ") {
            (Link::Causes, Weight::Logged, text)
        } else if let Some(text) = line.strip_prefix(": ") {
            (Link::Within, Weight::Logged, text)
        } else {
            (Link::None, if self.uncaught { Weight::Uncaught } else { Weight::Logged }, line)
        };
        if !lines::is_java_exception(text)
            || (relation == Link::None && weight < Weight::Main && !self.has_stack())
        {
            return;
        }
        let words = words::of_exception(text, self.lines.get(self.at + 1).copied().unwrap_or_default());
        self.found.push(Thrown {
            language: Language::Java,
            link: relation,
            weight,
            words,
            place: None,
            line: self.at,
        });
    }

    /// Whether a stack follows, or this is but a line that begins like an exception.
    fn has_stack(&self) -> bool {
        let after = &self.lines[self.at + 1..];
        let message = after.iter().take(LONGEST_MESSAGE).take_while(|line| lines::log_line(line).is_none());
        message.into_iter().any(|line| lines::is_java_frame(line))
    }
}
