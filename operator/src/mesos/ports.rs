//! PURE: the port that each executor is to have, and the ports of agents.

use lcmap_mesos::PortRanges;
use lcmap_mesos::operator::Resource;
use lcmap_spark_crd::SparkJobSpec;

/// The only port that Spark looks for in offers (`MesosSchedulerUtils.managedPortNames`, Spark 2.3 to 3.5).
const PROPERTY: &str = "spark.blockManager.port";

/// The port that a job pins for its executors.
pub(super) fn pinned(spec: &SparkJobSpec) -> Option<u64> {
    spec.conf.get(PROPERTY)?.trim().parse().ok().filter(|port| *port != 0)
}

/// The ports among resources.
pub(super) fn of<'a>(resources: impl Iterator<Item = &'a Resource>) -> PortRanges {
    resources.filter(|it| it.name == "ports").flat_map(|it| it.ranges.iter().cloned()).collect()
}

/// Says that no agent has the port.
pub(super) fn missing(port: u64, offered: &PortRanges) -> String {
    format!(
        "{PROPERTY} in conf is {port}, and the ports of agents are {offered}: leave it out, or set one of theirs, by \
         which each agent holds one executor at most"
    )
}

/// Says that others use the port.
pub(super) fn taken(port: u64) -> String {
    format!(
        "{PROPERTY} in conf is {port}, and on each agent with room for an executor somebody uses that port"
    )
}
