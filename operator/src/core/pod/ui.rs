//! Spark's web UI in a driver pod: a named port, so that people and the operator know where it is.

use std::net::{IpAddr, SocketAddr};

use lcmap_spark_crd::SparkJobSpec;
use lcmap_spark_crd::names::DRIVER_CONTAINER;
use lcmap_spark_crd::spec::Network;

use super::seen::DriverPod;
use crate::core::Settings;

/// What the port is called.
pub(super) const PORT: &str = "spark-ui";

/// Where Spark's UI is unless told otherwise (`spark.ui.port`,
/// <https://spark.apache.org/docs/3.5.0/configuration.html#spark-ui>).
const DEFAULT_PORT: u16 = 4040;

/// The port of a driver's UI. None where it has none, or none that is known before it runs: on a node's own network
/// Spark takes the next one that is free.
pub(super) fn port(spec: &SparkJobSpec, settings: &Settings) -> Option<u16> {
    let property = |name| spec.conf.get(name).or_else(|| settings.conf.get(name)).map(|value| value.trim());
    if spec.network() == Network::Host || property("spark.ui.enabled") == Some("false") {
        return None;
    }
    property("spark.ui.port").map_or(Some(DEFAULT_PORT), |port| port.parse().ok().filter(|port| *port > 0))
}

/// Where the UI of a driver is that runs.
pub fn ui(pod: &DriverPod) -> Option<SocketAddr> {
    if pod.status.phase.as_deref() != Some("Running") {
        return None;
    }
    let driver = pod.spec.containers.iter().find(|container| container.name == DRIVER_CONTAINER)?;
    let port = driver.ports.iter().find(|port| port.name == PORT)?.container_port;
    let ip: IpAddr = pod.status.pod_ip.as_deref()?.parse().ok()?;
    Some((ip, port).into())
}
