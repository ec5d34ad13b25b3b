//! How large the driver is when the job does not say: cores and heap, from the cgroup or the host.

pub(crate) mod cgroup;
mod cpus;
mod heap;

use crate::plan::{DriverSize, Run};

pub(crate) use cgroup::Limits;
pub use heap::Language;

/// The driver's size, decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Size {
    /// The N of `local[N]`, at least 1.
    pub cores: u32,
    /// The JVM's heap, in MiB.
    pub heap_mib: u64,
}

/// Decides the driver's size: what the plan says, else what the machine allows.
pub(crate) fn decide(plan: &DriverSize, run: &Run, limits: &Limits) -> Size {
    let heap = || heap::decide(limits, Language::of(run), plan.memory_overhead_mib);
    Size { cores: plan.cores.unwrap_or(limits.cores).max(1), heap_mib: plan.memory_mib.unwrap_or_else(heap) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::Shell;

    #[test]
    fn what_the_plan_says_wins() {
        let run = Run::Shell(Shell { args: Vec::new(), idle_timeout_ms: None });
        let limits = Limits { cores: 8, memory_mib: Some(4096), available_mib: 9999 };
        for (cores, memory_mib, expected) in [
            (None, None, Size { cores: 8, heap_mib: 3687 }),
            (Some(2), None, Size { cores: 2, heap_mib: 3687 }),
            (Some(0), Some(1024), Size { cores: 1, heap_mib: 1024 }),
        ] {
            let plan = DriverSize { cores, memory_mib, memory_overhead_mib: None };
            assert_eq!(decide(&plan, &run, &limits), expected);
        }
    }
}
