//! PURE: the port that each executor is to have, and the ports of agents.

use std::fmt;
use std::ops::RangeInclusive;

use lcmap_mesos::operator::Resource;
use lcmap_spark_crd::SparkJobSpec;

/// The only port that Spark looks for in offers (`MesosSchedulerUtils.managedPortNames`, Spark 2.3 to 3.5).
const PROPERTY: &str = "spark.blockManager.port";

/// The port that a job pins for its executors.
pub(super) fn pinned(spec: &SparkJobSpec) -> Option<u64> {
    spec.conf.get(PROPERTY)?.trim().parse().ok().filter(|port| *port != 0)
}

/// Whether a port is among resources.
pub(super) fn has<'a>(resources: impl Iterator<Item = &'a Resource>, port: u64) -> bool {
    of(resources).any(|range| range.contains(&port))
}

/// The ports among resources.
pub(super) fn of<'a>(
    resources: impl Iterator<Item = &'a Resource>,
) -> impl Iterator<Item = &'a RangeInclusive<u64>> {
    resources.filter(|it| it.name == "ports").flat_map(|it| &it.ranges)
}

/// That no agent has the port, for people.
pub(super) fn missing(port: u64, ranges: Vec<&RangeInclusive<u64>>) -> String {
    format!(
        "{PROPERTY} in conf is {port}, and the ports of agents are {}: leave it out, or set one of theirs, by which each \
         agent holds one executor at most",
        Ranges::new(ranges)
    )
}

/// That others use the port, for people.
pub(super) fn taken(port: u64) -> String {
    format!(
        "{PROPERTY} in conf is {port}, and on each agent with room for an executor somebody uses that port"
    )
}

/// Some ranges, each once.
struct Ranges<'a>(Vec<&'a RangeInclusive<u64>>);

impl<'a> Ranges<'a> {
    fn new(mut ranges: Vec<&'a RangeInclusive<u64>>) -> Self {
        ranges.sort_by_key(|range| (*range.start(), *range.end()));
        ranges.dedup();
        Self(ranges)
    }
}

impl fmt::Display for Ranges<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        /// Whoever reads more has a list to read.
        const MOST: usize = 4;
        let told: Vec<String> =
            self.0.iter().take(MOST).map(|range| format!("{}-{}", range.start(), range.end())).collect();
        match self.0.len() {
            0 => f.write_str("none"),
            1..=MOST => f.write_str(&told.join(", ")),
            more => write!(f, "{} and {} ranges more", told.join(", "), more - MOST),
        }
    }
}
