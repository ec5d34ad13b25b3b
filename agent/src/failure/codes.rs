//! PURE: Spark's own exit codes, and what to do about some failures.

use super::Failure;

/// How Spark tells of a Python worker that somebody killed.
pub(super) const CRASHED: &str = "Python worker exited unexpectedly";

/// The heap of the driver's JVM was full.
const OUT_OF_HEAP: u8 = 52;

/// Spark's own exit codes: `SparkExitCode`, `ExecutorExitCode` and `SparkSubmit` of Spark 3.5 and 4.
const SPARKS: [(u8, &str); 11] = [
    (50, "an exception that nobody caught ended Spark"),
    (51, "an exception that nobody caught ended Spark, and telling of it failed, too"),
    (OUT_OF_HEAP, "the JVM's heap was full: raise driver.memory"),
    (
        53,
        "Spark could make no folder for its scratch files: check that SPARK_LOCAL_DIRS, or spark.local.dir, can be written and has room",
    ),
    (54, "Spark could not reach its external block store"),
    (55, "Spark could make no folder in its external block store"),
    (
        56,
        "Spark lost touch with its own driver: its heartbeats failed. Look for long pauses: raise driver.memory",
    ),
    (57, "Spark's task reaper ended it, since a task that was to stop did not"),
    (58, "Spark lost touch with its own driver: its block manager could not register again"),
    (101, "Spark found no such main class: check run.submit.mainClass and the jar"),
    (11, "too many executors failed (spark.executor.maxNumFailures)"),
];

/// Whether a code is what Spark itself ends a JVM with.
pub(super) fn is_of_spark(code: u8) -> bool {
    (50..=58).contains(&code) || code == 101
}

/// Whether the heap of the driver's JVM was full.
pub(crate) fn is_out_of_heap(code: u8, failure: Option<&Failure>) -> bool {
    // -XX:+ExitOnOutOfMemoryError (3) or +CrashOnOutOfMemoryError (134) ends such a JVM.
    let says_so = |failure: &Failure| failure.to_string().contains("OutOfMemoryError");
    code == OUT_OF_HEAP || (matches!(code, 3 | 134) && failure.is_some_and(says_so))
}

/// What an exit code means and what to do, beyond what the failure itself says.
pub(crate) fn in_words(code: u8, failure: Option<&Failure>) -> Option<String> {
    let words = failure.map(Failure::to_string).unwrap_or_default();
    if is_out_of_heap(code, failure) {
        return Some("the JVM's heap was full: raise driver.memory".to_owned());
    }
    if words.contains(CRASHED) {
        return Some("somebody killed it, or it crashed: if the kernel did for want of memory, raise the memoryOverhead".to_owned());
    }
    if words.starts_with("OutOfMemoryError") {
        return Some("raise driver.memory, or executor.memory where executors run elsewhere".to_owned());
    }
    if let Some((_, meaning)) = SPARKS.iter().find(|(known, _)| *known == code) {
        return Some((*meaning).to_owned());
    }
    signal(code).map(|name| format!("a process of it was killed by {name}"))
}

/// The signal in an exit code, as shells and Spark pass it on.
fn signal(code: u8) -> Option<std::borrow::Cow<'static, str>> {
    let number = i32::from(code.checked_sub(128)?);
    (1..=31).contains(&number).then(|| crate::supervise::signals::Signal::new(number).name())
}
