//! PURE: an exception in few words.

/// The longest text of one exception, in bytes.
const LONGEST: usize = 320;

/// Class and message of an exception, on one line: the class without its package, the message's first line.
pub(super) fn of_exception(line: &str, next: &str) -> String {
    let (class, message) = line.split_once(':').unwrap_or((line, ""));
    let message = if line.contains(':') && message.trim().is_empty() { next } else { message };
    let class = class.rsplit('.').next().unwrap_or(class);
    let message = of_stage(message.trim());
    let text = match message {
        Message::Own("") => class.to_owned(),
        Message::Own(message) if let Some(cause) = quoted(message) => of_exception(cause, ""),
        Message::Own(message) => format!("{class}: {message}"),
        Message::OfTask(message) if super::lines::is_java_exception(message) => of_exception(message, ""),
        Message::OfTask(message) => message.to_owned(),
    };
    one_line(&text)
}

/// The first exception that the message of another lists in brackets, as drivers of databases do that have tried
/// several servers: `Could not reach any contact point …: Node(…): [com.datastax.…: …]`.
fn quoted(message: &str) -> Option<&str> {
    let brackets = message.match_indices('[').map(|(at, _)| &message[at + 1..]);
    let cause = brackets.into_iter().find(|text| super::lines::is_java_exception(text))?;
    let end = cause.find("], ").unwrap_or(cause.len());
    Some(cause[..end].trim_end_matches(']'))
}

enum Message<'a> {
    /// What the exception itself says.
    Own(&'a str),
    /// What a task of it said last.
    OfTask(&'a str),
}

/// Spark's word for a failed stage holds that of the last task behind much that helps nobody
/// (`DAGScheduler.abortStage`, `TaskSetManager.abort`).
fn of_stage(message: &str) -> Message<'_> {
    let task = message.strip_prefix("Job aborted due to stage failure: ").and_then(|failure| {
        let (_, task) = failure.split_once("most recent failure: Lost task ")?;
        Some(task.split_once("): ")?.1.trim())
    });
    task.map_or(Message::Own(message), Message::OfTask)
}

/// One line of a text, without colours and what else only a terminal understands, cut to a length.
pub(super) fn one_line(text: &str) -> String {
    let mut plain = String::with_capacity(text.len().min(LONGEST));
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        if character == '\u{1b}' {
            // A control sequence ends at its first letter (ECMA-48).
            characters.by_ref().find(char::is_ascii_alphabetic);
        } else if character.is_control() {
            plain.push(' ');
        } else {
            plain.push(character);
        }
        if plain.len() > LONGEST {
            break;
        }
    }
    let plain = plain.trim();
    if plain.len() > LONGEST { crate::report::cut(plain, LONGEST) } else { plain.to_owned() }
}

/// The last line that says something: not of a log's usual course, not a frame, not how far Spark is.
pub(super) fn last_line(text: &str) -> Option<String> {
    const SPARKS_OWN: [&str; 4] =
        ["Setting default log level to", "To adjust logging level use", "Using Spark's ", "{\"ts\":"];
    text.lines().rev().take(1000).find_map(|line| {
        let line = line.rsplit('\r').find(|part| !part.trim().is_empty()).unwrap_or_default();
        let said = match super::lines::log_line(line) {
            Some(("ERROR" | "FATAL", said)) => said,
            Some(_) => return None,
            None => line,
        };
        let is_nothing = super::lines::is_java_frame(line)
            || SPARKS_OWN.iter().any(|own| line.starts_with(own))
            || line.trim_start().starts_with("[Stage ")
            || (line.starts_with("\t... ") && line.ends_with(" more"));
        let said = one_line(said);
        (!is_nothing && said.contains(char::is_alphanumeric)).then_some(said)
    })
}
