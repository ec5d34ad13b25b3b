//! PURE: why a program failed, by the last that it printed.
//!
//! What people need of three hundred lines is one: the exception at the root, and the line of their own program that it
//! comes from. It stands in the message of an exception of the JVM, which stands in that of a Python one.

mod codes;
mod lines;
mod redact;
mod thrown;
mod words;

use std::fmt::{self, Display, Formatter};

use crate::output::Printed;
use lines::Place;
use thrown::{Language, Link, Thrown, Weight};

pub(crate) use codes::{in_words, is_out_of_heap};
pub(crate) use redact::Secrets;

/// What the program is written in, as far as its output shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Program {
    /// Python that spark-submit starts: it prints on standard output, whatever it prints on (`PythonRunner`).
    SubmittedPython,
    /// Python that is started first: a shell, a notebook.
    Python,
    /// A main class.
    Jvm,
}

/// Why a program failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Failure {
    /// It threw an exception.
    Exception(Exception),
    /// It, or Spark, said so itself.
    Said(String),
    /// Nothing of that is known; its last line.
    LastLine(String),
}

/// The exception that a program failed by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Exception {
    words: String,
    place: Option<Place>,
    /// How often the task was tried that threw it, if it was one.
    tries: Option<u32>,
    /// The exception that it was raised for.
    cause: Option<(String, Option<Place>)>,
}

/// What Spark says of a job that a task has failed (`DAGScheduler.abortStage`).
const STAGE_FAILURE: &str = "Job aborted due to stage failure";

/// How many lines may follow a Python exception that ended its program. More are of a program that went on.
const MOST_AFTER: usize = 5;

impl Failure {
    /// The failure that an output shows. Without an exit code it was a signal that ended the program: then exceptions are
    /// none of the cause.
    pub(crate) fn find(program: Program, exit_code: Option<u8>, printed: &Printed) -> Option<Self> {
        let out: Vec<&str> = printed.out.lines().collect();
        let err: Vec<&str> = printed.err.lines().collect();
        let crash = crash(&out).or_else(|| crash(&err)).map(Self::Said);
        let Some(exit_code) = exit_code else { return crash };
        let of_jvm = |least| of_jvm(&err, least).or_else(|| of_jvm(&out, least));
        let exception = match program {
            // Such a code is not the program's: its JVM gave up beneath it.
            _ if codes::is_of_spark(exit_code) => of_jvm(Weight::Logged),
            Program::SubmittedPython => of_python(&out).or_else(|| of_jvm(Weight::Uncaught)),
            Program::Python => of_python(&err).or_else(|| of_python(&out)),
            Program::Jvm => of_jvm(Weight::Logged),
        };
        let error = || err.iter().rev().find_map(|line| line.strip_prefix("Error: "));
        let (first, second) = match program {
            Program::SubmittedPython => (&printed.out, &printed.err),
            Program::Python | Program::Jvm => (&printed.err, &printed.out),
        };
        crash
            .or_else(|| exception.map(Self::Exception))
            .or_else(|| error().map(words::one_line).map(Self::Said))
            .or_else(|| words::last_line(first).or_else(|| words::last_line(second)).map(Self::LastLine))
    }
}

/// Where a JVM crashed, or why it made itself crash: its own last words, in lines of comment.
fn crash(lines: &[&str]) -> Option<String> {
    let out_of_heap =
        |line: &&&str| line.starts_with("Aborting due to ") || line.starts_with("Terminating due to ");
    if let Some(line) = lines.iter().rev().find(out_of_heap) {
        return Some(words::one_line(line));
    }
    let at = lines
        .iter()
        .rposition(|line| line.contains("A fatal error has been detected by the Java Runtime"))?;
    let frame = lines[at..].iter().skip_while(|line| !line.starts_with("# Problematic frame:")).nth(1);
    let frame = frame.map(|frame| frame.trim_start_matches(['#', ' '])).filter(|frame| !frame.is_empty());
    Some(frame.map_or("the JVM crashed".to_owned(), |frame| {
        words::one_line(&format!("the JVM crashed in {frame}"))
    }))
}

fn of_python(lines: &[&str]) -> Option<Exception> {
    let all = thrown::all(lines);
    let is_outermost = |thrown: &Thrown| {
        thrown.language == Language::Python && matches!(thrown.link, Link::None | Link::Follows)
    };
    let at = all.iter().rposition(is_outermost)?;
    let (before, rest) = all.split_at(at);
    let (outermost, within) = rest.split_first()?;
    let end = within.last().map_or(outermost.line, |last| last.line);
    let is_sparks =
        within.is_empty() && is_message_of_spark(lines.get(outermost.line).copied().unwrap_or_default());
    let after = lines[end + 1..].iter().filter(|line| !line.trim().is_empty() && !lines::is_java_frame(line));
    if within.is_empty() && !is_sparks && after.count() > MOST_AFTER {
        return None;
    }
    if let Some(root) = root(within) {
        let is_of_task = within.iter().any(|thrown| thrown.language == Language::Python)
            || lines[outermost.line..].iter().any(|line| line.contains(STAGE_FAILURE));
        let tries = tries(&lines[outermost.line..]).or(Some(1)).filter(|_| is_of_task);
        // The program is in Python: a line of Java is not its own, whatever package it is of.
        let places = [root, outermost].into_iter().filter(|thrown| thrown.language == Language::Python);
        let place = places.into_iter().find_map(|thrown| thrown.place.clone());
        return Some(Exception { words: root.words.clone(), place, tries, cause: None });
    }
    let chain = 1 + before
        .iter()
        .rev()
        .zip(all[..=at].iter().rev())
        .take_while(|(_, it)| it.link == Link::Follows)
        .count();
    let first = &all[at + 1 - chain];
    let cause = (chain > 1).then(|| (first.words.clone(), first.place.clone()));
    // A chain that begins in the message of a JVM's exception is that of a task.
    let is_of_task = first.link == Link::Within;
    let tries = is_of_task.then(|| tries(lines).unwrap_or(1));
    Some(Exception { words: outermost.words.clone(), place: outermost.place.clone(), tries, cause })
}

/// Spark's own exceptions in Python carry query plans, which may be long.
fn is_message_of_spark(line: &str) -> bool {
    line.starts_with("pyspark.") || line.starts_with("py4j.")
}

fn of_jvm(lines: &[&str], least: Weight) -> Option<Exception> {
    let all = thrown::all(lines);
    let is_java = |thrown: &&Thrown| thrown.language == Language::Java && thrown.link == Link::None;
    let weight =
        all.iter().filter(is_java).map(|thrown| thrown.weight).max().filter(|weight| *weight >= least)?;
    let at = all.iter().rposition(|thrown| is_java(&thrown) && thrown.weight == weight)?;
    let (outermost, within) = all[at..].split_first()?;
    let within: Vec<Thrown> = within.iter().take_while(|thrown| thrown.link != Link::None).cloned().collect();
    let root = root(&within).unwrap_or(outermost);
    let places = within.iter().rev().chain([outermost]).find_map(|thrown| thrown.place.clone());
    let of_stage = lines[outermost.line].contains(STAGE_FAILURE);
    let tries = of_stage.then(|| tries(&lines[outermost.line..]).unwrap_or(1));
    Some(Exception { words: root.words.clone(), place: root.place.clone().or(places), tries, cause: None })
}

/// The root of what stands in an exception's message or below it: a Python exception if there is one, else the last cause that
/// says something.
fn root(within: &[Thrown]) -> Option<&Thrown> {
    let python = within.iter().rev().find(|thrown| thrown.language == Language::Python);
    python.or_else(|| {
        let crashed = within.iter().find(|thrown| thrown.words.contains(codes::CRASHED));
        crashed.or_else(|| within.iter().rev().find(|thrown| thrown.words.contains(": ")))
    })
}

fn tries(lines: &[&str]) -> Option<u32> {
    lines.iter().find_map(|line| lines::tries(line))
}

impl Display for Failure {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exception(exception) => exception.fmt(f),
            Self::Said(what) => f.write_str(what),
            Self::LastLine(line) => write!(f, "its last line: {line}"),
        }
    }
}

impl Display for Exception {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(&self.words)?;
        let task = self.tries.map(|tries| match tries {
            1 => "in a task".to_owned(),
            tries => format!("in a task that failed {tries} times"),
        });
        let place = self.place.as_ref().map(Place::to_string);
        let notes: Vec<String> = place.into_iter().chain(task).collect();
        if !notes.is_empty() {
            write!(f, " ({})", notes.join(", "))?;
        }
        if let Some((words, place)) = &self.cause {
            write!(f, ", caused by {words}")?;
            if let Some(place) = place {
                write!(f, " ({place})")?;
            }
        }
        Ok(())
    }
}

impl Display for Place {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file, self.line)
    }
}

#[cfg(test)]
mod tests;
