//! PURE: what a line of output is.

/// How the traceback of a Python exception begins.
pub(super) const TRACEBACK: &str = "Traceback (most recent call last):";

/// The place of the program that an exception comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    /// The file's name, without its folders.
    pub file: String,
    /// The line, from 1.
    pub line: u32,
}

/// Folders, files and modules that are not the user's program.
const NOT_THE_PROGRAM: [&str; 9] = [
    "/site-packages/",
    "/dist-packages/",
    "/pyspark.zip/",
    "/pyspark/",
    "/py4j",
    "/lib/python",
    "/lib64/python",
    "<frozen ",
    "<string>",
];

/// Packages that are not the user's program.
const NOT_THE_JAR: [&str; 13] = [
    "java.",
    "javax.",
    "jdk.",
    "sun.",
    "com.sun.",
    "scala.",
    "org.apache.",
    "org.sparkproject.",
    "org.spark_project.",
    "io.netty.",
    "com.fasterxml.",
    "py4j.",
    "com.google.common.",
];

/// A frame of a Python traceback: where it is, and whether that is in the user's program.
pub(super) fn python_frame(line: &str) -> Option<(Place, bool)> {
    let (path, rest) = line.trim_start().strip_prefix("File \"")?.split_once("\", line ")?;
    let digits = rest.find(|character: char| !character.is_ascii_digit()).unwrap_or(rest.len());
    let place = Place { file: base_name(path), line: rest[..digits].parse().ok()? };
    Some((place, !NOT_THE_PROGRAM.iter().any(|other| path.contains(other))))
}

/// Whether a line is a frame of a JVM's stack trace.
pub(super) fn is_java_frame(line: &str) -> bool {
    method_and_position(line).is_some()
}

/// Where a frame of a JVM's stack trace is, if that is in the user's program.
pub(super) fn java_place(line: &str) -> Option<Place> {
    let (method, position) = method_and_position(line)?;
    // `app//`, `java.base/` and the like stand before the class.
    let class = method.rsplit('/').next().unwrap_or(method);
    let (file, line) = position.rsplit_once(':')?;
    let place = Place { file: base_name(file), line: line.parse().ok()? };
    (!NOT_THE_JAR.iter().any(|other| class.starts_with(other))).then_some(place)
}

fn method_and_position(line: &str) -> Option<(&str, &str)> {
    let frame = line.strip_prefix(['\t', ' '])?.trim_start().strip_prefix("at ")?;
    let (method, position) = frame.split_once('(')?;
    Some((method, position.split_once(')')?.0))
}

fn base_name(path: &str) -> String {
    path.rsplit('/').next().unwrap_or(path).to_owned()
}

/// Whether a line is the last of a Python traceback: its class, and perhaps a message.
pub(super) fn is_python_exception(line: &str) -> bool {
    let class = line.split_once(": ").map_or(line.strip_suffix(':').unwrap_or(line), |(class, _)| class);
    let is_name = |name: &str| {
        name.starts_with(|first: char| first.is_alphabetic() || first == '_')
            && name.chars().all(|character| character.is_alphanumeric() || character == '_')
    };
    !class.is_empty() && class.split('.').all(is_name)
}

/// Whether a text begins with the full name of a Java class.
pub(super) fn is_java_exception(text: &str) -> bool {
    let class = text.split([':', ' ']).next().unwrap_or_default();
    let is_package = |name: &str| {
        name.starts_with(|first: char| first.is_ascii_lowercase())
            && name.chars().all(|character| character.is_alphanumeric() || character == '_')
    };
    let Some((packages, name)) = class.rsplit_once('.') else { return false };
    packages.split('.').all(is_package)
        && name.starts_with(|first: char| first.is_ascii_uppercase())
        && name.chars().all(|character| character.is_alphanumeric() || matches!(character, '_' | '$'))
}

/// What a line of a log says, and how grave that is, as log4j and Python write it: after date, time and level.
pub(super) fn log_line(line: &str) -> Option<(&str, &str)> {
    if !line.starts_with(|first: char| first.is_ascii_digit() || first == '[') {
        return None;
    }
    ["ERROR", "FATAL", "WARN", "WARNING", "INFO", "DEBUG", "TRACE"].into_iter().find_map(|level| {
        let (before, after) = line.split_once(&format!(" {level} "))?;
        (before.len() <= 40).then_some((level, after))
    })
}

/// The number in `… in stage … failed 4 times`.
pub(super) fn tries(line: &str) -> Option<u32> {
    let (_, rest) = line.split_once(" in stage ")?;
    let (stage, rest) = rest.split_once(" failed ")?;
    let is_stage = stage.chars().all(|character| character.is_ascii_digit() || character == '.');
    let (times, _) = rest.split_once(" times")?;
    is_stage.then(|| times.parse().ok())?
}
