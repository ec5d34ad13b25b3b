//! A Python program that is over while its JVM is not: a thread that is no daemon keeps a JVM alive, a timer of a connector say.
//!
//! spark-submit's JVM starts the program as a child and waits for it. A program that failed takes the JVM along
//! (`SparkUserAppException`), so that this is how one lingers that ended well. Of a main class nobody can tell: what goes on after
//! it has returned may be its own work.

use std::fs;
use std::time::{Duration, Instant};

use nix::unistd::Pid;

use crate::supervise::{has_ended, parent_of};

/// What `PythonRunner` tells the program alone: where its JVM listens.
const GATEWAY: &str = "PYSPARK_GATEWAY_PORT=";

/// How long the JVM's usual end takes, of which nobody has to hear.
const USUAL: Duration = Duration::from_secs(5);

/// Watches a program, once it is there.
#[derive(Debug)]
pub(crate) struct Lingering {
    grace: Duration,
    program: Option<u32>,
    over: Option<Instant>,
}

/// How it stands with a program and its JVM.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Presence {
    /// The program runs, or has not begun, or its JVM is about to end with it.
    Usual,
    /// The program is over for some time.
    Lingers,
    /// It is so for longer than the JVM is given.
    Overdue,
}

impl Lingering {
    /// Gives a JVM so long to end after its program.
    pub(crate) fn new(grace: Duration) -> Self {
        Self { grace, program: None, over: None }
    }

    /// Looks.
    pub(crate) fn look(&mut self, now: Instant, descendants: impl FnOnce() -> Vec<Pid>) -> Presence {
        let Some(program) = self.program else {
            self.program =
                descendants().into_iter().find(|pid| is_program(*pid)).map(|pid| pid.as_raw().unsigned_abs());
            return Presence::Usual;
        };
        if self.over.is_none() && has_ended(program) {
            self.over = Some(now);
        }
        match self.over.map(|over| now.saturating_duration_since(over)) {
            Some(since) if since >= self.grace => Presence::Overdue,
            Some(since) if since >= USUAL => Presence::Lingers,
            _ => Presence::Usual,
        }
    }
}

/// What happens, or has happened, to such a JVM.
pub(crate) fn in_words(then: &str) -> String {
    format!(
        "the program is over and its JVM is not, since a thread that is no daemon keeps that alive (a timer or a client of a \
         library, say; close it, or end it as a daemon); it {then}"
    )
}

/// A program that the JVM itself has started: what the program starts has the variable from it.
fn is_program(pid: Pid) -> bool {
    let is_told = |pid: Pid| {
        let variables = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
        variables.split(|byte| *byte == 0).any(|variable| variable.starts_with(GATEWAY.as_bytes()))
    };
    is_told(pid) && parent_of(pid).is_some_and(|parent| !is_told(parent))
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    #[test]
    fn a_jvm_is_given_its_grace_after_the_end_of_its_program() {
        let mut program = Command::new("sleep").arg("600").env("PYSPARK_GATEWAY_PORT", "1").spawn().unwrap();
        let mut other = Command::new("sleep").arg("600").spawn().unwrap();
        let pids = [&other, &program].map(|child| Pid::from_raw(child.id().cast_signed()));
        let (mut lingering, began) = (Lingering::new(Duration::from_secs(30)), Instant::now());
        let mut look = |seconds| lingering.look(began + Duration::from_secs(seconds), || pids.to_vec());
        // The variables of a process are its own only once it has been replaced by its program.
        while look(0) == Presence::Usual && !is_program(pids[1]) {
            std::thread::yield_now();
        }
        look(0);
        other.kill().unwrap();
        other.wait().unwrap();
        assert_eq!(look(100), Presence::Usual);
        program.kill().unwrap();
        program.wait().unwrap();
        let seen = [100, 104, 105, 129, 130].map(look);
        let expected =
            [Presence::Usual, Presence::Usual, Presence::Lingers, Presence::Lingers, Presence::Overdue];
        assert_eq!(seen, expected);
    }
}
