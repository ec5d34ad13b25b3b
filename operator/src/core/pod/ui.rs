//! Spark's web UI in a driver pod: a named port, so that people and the operator know where it is.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use lcmap_spark_crd::names::DRIVER_CONTAINER;
use lcmap_spark_crd::spec::Network;
use lcmap_spark_crd::{Mode, SparkJobSpec};

use super::driver_pod::DriverPod;
use crate::core::Settings;

/// What the port is called.
pub(super) const PORT: &str = "spark-ui";

/// Spark's own name of it.
const PROPERTY: &str = "spark.ui.port";

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
    property(PROPERTY).map_or(Some(DEFAULT_PORT), |port| port.parse().ok().filter(|port| *port > 0))
}

/// The operator's properties for the driver: those of its settings; the UI's port, lest the agent propose one that is free, as
/// it must where drivers share a network; and, in a network of the pod's own, that a driver with executors elsewhere listens
/// on all of it: a forwarded port arrives on loopback.
pub(super) fn conf(spec: &SparkJobSpec, settings: &Settings) -> BTreeMap<String, String> {
    let mut conf = settings.conf.clone();
    conf.extend(port(spec, settings).map(|port| (PROPERTY.to_owned(), port.to_string())));
    if spec.mode == Mode::Distributed && spec.network() == Network::Pod {
        conf.insert("spark.driver.bindAddress".to_owned(), Ipv4Addr::UNSPECIFIED.to_string());
    }
    conf
}

/// Where the UI of a driver is that runs: where its job's status tells, or else at the port that its pod declares.
pub fn ui(pod: &DriverPod, told: Option<SocketAddr>) -> Option<SocketAddr> {
    if pod.status.phase.as_deref() != Some("Running") {
        return None;
    }
    if let Some(told) = told.filter(|told| is_at(pod, *told)) {
        return Some(told);
    }
    let driver = pod.spec.containers.iter().find(|container| container.name == DRIVER_CONTAINER)?;
    let port = driver.ports.iter().find(|port| port.name == PORT)?.container_port;
    Some((ip(pod)?, port).into())
}

/// The address in the URL of a UI, if it is one that can be asked: plain HTTP, and nothing but host and port.
pub fn address(url: &str) -> Option<SocketAddr> {
    url.strip_prefix("http://")?.trim_end_matches('/').parse().ok()
}

/// Whether an address is the pod's own, which is its node's where it is in its node's network: whatever a program says of where
/// its UI is, it leads the operator nowhere else.
pub fn is_at(pod: &DriverPod, address: SocketAddr) -> bool {
    ip(pod) == Some(address.ip())
}

fn ip(pod: &DriverPod) -> Option<IpAddr> {
    pod.status.pod_ip.as_deref()?.parse().ok()
}
