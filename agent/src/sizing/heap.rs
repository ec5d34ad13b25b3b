//! The JVM's heap, from what the cgroup allows or the host has.

use std::path::Path;

use super::Limits;
use crate::plan::Run;

/// The smallest heap, in MiB, that Spark's memory manager starts with
/// (Spark 3.5, `UnifiedMemoryManager`: 1.5 × 300 MiB reserved), and a little for the JVM itself.
pub(super) const SMALLEST_HEAP_MIB: u64 = 512;

/// What the JVM alone needs beside its heap, in MiB, as Spark reckons for executors.
const SMALLEST_OVERHEAD_MIB: u64 = 384;

/// What a driver runs, as far as it decides who needs memory beside the JVM's heap.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// Scala or Java: the JVM and little else.
    Jvm,
    /// Python or R: the work is done in processes of their own.
    OtherProcesses,
}

impl Language {
    /// What a run uses.
    pub fn of(run: &Run) -> Self {
        match run {
            Run::Shell(_) => Self::Jvm,
            Run::PySpark(_) | Run::Notebook(_) => Self::OtherProcesses,
            Run::Submit(submit) => match Path::new(&submit.application).extension() {
                Some(extension) if extension.eq_ignore_ascii_case("jar") => Self::Jvm,
                _ if submit.main_class.is_some() => Self::Jvm,
                _ => Self::OtherProcesses,
            },
        }
    }

    /// What is needed beside the heap, in MiB, of so much memory: 10 % for JVM jobs, 40 % for others, 384 MiB at
    /// least, as Spark reckons on Kubernetes (`spark.driver.memoryOverheadFactor`).
    pub fn overhead_mib(self, memory_mib: u64) -> u64 {
        let percent = match self {
            Self::Jvm => 10,
            Self::OtherProcesses => 40,
        };
        (memory_mib * percent / 100).max(SMALLEST_OVERHEAD_MIB)
    }
}

/// The heap in MiB: limit − max(384 MiB, 40 % for Python, 10 % for JVM jobs); without a limit, half of what is
/// available.
///
/// Never less than half of a limit, and never less than [`SMALLEST_HEAP_MIB`] unless the limit itself is: Spark
/// then says in its own words how much it needs.
pub(super) fn decide(limits: &Limits, language: Language, overhead_mib: Option<u64>) -> u64 {
    let Some(limit) = limits.memory_mib else {
        return (limits.available_mib / 2).max(SMALLEST_HEAP_MIB);
    };
    let overhead = overhead_mib.unwrap_or_else(|| language.overhead_mib(limit));
    let heap = limit.saturating_sub(overhead);
    heap.max(limit / 2).max(SMALLEST_HEAP_MIB.min(limit)).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{Shell, Submit};

    #[test]
    fn the_heap_leaves_room_for_what_else_runs() {
        use Language::{Jvm, OtherProcesses};
        for (limit, available, language, overhead, heap) in [
            (Some(8192), 0, OtherProcesses, None, 4916),
            (Some(8192), 0, Jvm, None, 7373),
            (Some(2048), 0, Jvm, None, 1664),
            (Some(2048), 0, OtherProcesses, None, 1229),
            (Some(8192), 0, OtherProcesses, Some(1024), 7168),
            (Some(1024), 0, OtherProcesses, None, 615),
            (Some(768), 0, Jvm, None, 512),
            (Some(256), 0, Jvm, None, 256),
            (Some(2048), 0, Jvm, Some(4096), 1024),
            (Some(0), 0, Jvm, None, 1),
            (None, 16384, OtherProcesses, None, 8192),
            (None, 16384, OtherProcesses, Some(4096), 8192),
            (None, 100, Jvm, None, 512),
        ] {
            let limits = Limits { cores: 1, memory_mib: limit, available_mib: available };
            assert_eq!(decide(&limits, language, overhead), heap, "{limits:?} {language:?} {overhead:?}");
        }
    }

    #[test]
    fn the_language_is_known_by_the_kind_of_run() {
        let submit = |application: &str, main_class: Option<&str>| {
            let main_class = main_class.map(str::to_owned);
            Run::Submit(Submit { application: application.to_owned(), main_class, args: Vec::new() })
        };
        let shell = || Shell { args: Vec::new(), idle_timeout_ms: None };
        for (run, language) in [
            (submit("local:///jobs/pi.py", None), Language::OtherProcesses),
            (submit("job.R", None), Language::OtherProcesses),
            (submit("job.jar", None), Language::Jvm),
            (submit("spark-internal", Some("Main")), Language::Jvm),
            (Run::Shell(shell()), Language::Jvm),
            (Run::PySpark(shell()), Language::OtherProcesses),
        ] {
            assert_eq!(Language::of(&run), language, "{run:?}");
        }
    }
}
