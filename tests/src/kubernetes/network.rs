//! The network among the nodes. Its addresses are never given to this machine itself: they live in network
//! namespaces of the bed, one for the switch that joins the nodes and one for each node, gone with the test process.

use std::{
    fs,
    net::{IpAddr, Ipv4Addr, TcpListener, TcpStream},
    os::unix::net::UnixListener,
    path::Path,
    process::Command,
    sync::atomic::{AtomicU8, Ordering},
};

use crate::NetworkNamespace;

use super::{
    Error, Result,
    forward::{Forwarder, to_asked, to_local},
    programs,
};

/// Services of the cluster.
pub(crate) const SERVICES: &str = "10.96.0.0/16";
/// Pods of all nodes; each has a /24 of it.
pub(crate) const PODS: &str = "10.244.0.0/16";
/// The API server's own Service, the first address of [`SERVICES`].
pub(crate) const KUBERNETES_SERVICE: &str = "10.96.0.1";
/// The address of the switch, at which pods and kubelets reach the API server.
pub(crate) const GATEWAY: &str = "10.99.0.1";

/// The switch: nodes are attached to it, and through it the API server and the nodes reach each other.
#[derive(Debug)]
pub(crate) struct Network {
    switch: NetworkNamespace,
    nodes: AtomicU8,
    _gateway: Forwarder,
    _egress: Forwarder,
}

/// A place on the network: a node's, or that of a machine beside the nodes.
#[derive(Debug)]
pub struct Place {
    namespace: NetworkNamespace,
    switch: NetworkNamespace,
    /// The switch's end of its cable.
    port: String,
    address: Ipv4Addr,
    /// The addresses of its pods.
    pub(crate) pods: String,
}

impl Network {
    /// A switch whose gateway leads to the API server at `port` of this machine's 127.0.0.1, and whose proxy at the
    /// socket `egress` leads from the API server to what is on the network.
    pub(crate) fn create(port: u16, egress: &Path) -> Result<Self> {
        let switch = NetworkNamespace::new().map_err(Error::Namespace)?;
        inside(&switch, || {
            run("ip link set lo up")?;
            run("ip link add bed type bridge")?;
            run(&format!("ip address add {GATEWAY}/24 dev bed"))?;
            run("ip link set bed up")?;
            forward_packets()
        })?;
        let listener = inside(&switch, || TcpListener::bind((GATEWAY, port)).map_err(Error::Network))?;
        let socket = UnixListener::bind(egress).map_err(Error::file("listen at", egress))?;
        let here = switch.clone();
        let dial = move |address: &str| inside(&here, || TcpStream::connect(address).map_err(Error::Network));
        Ok(Self {
            switch,
            nodes: AtomicU8::new(0),
            _gateway: Forwarder::start(listener, to_local(port))?,
            _egress: Forwarder::start(socket, to_asked(dial))?,
        })
    }

    /// A new place, wired to the switch and routed.
    pub(crate) fn attach(&self) -> Result<Place> {
        let number = self.nodes.fetch_add(1, Ordering::Relaxed) + 1;
        let place = Place {
            namespace: NetworkNamespace::new().map_err(Error::Namespace)?,
            switch: self.switch.clone(),
            port: format!("node{number}"),
            address: Ipv4Addr::new(10, 99, 0, 10 + number),
            pods: format!("10.244.{number}.0/24"),
        };
        let Place { port, address, pods, .. } = &place;
        let namespace = place.namespace.path();
        inside(&self.switch, || {
            run(&format!("ip link add {port} type veth peer name eth0 netns {}", namespace.display()))?;
            run(&format!("ip link set {port} master bed up"))?;
            run(&format!("ip route replace {pods} via {address}"))?;
            run(&format!("ip route replace {SERVICES} via {address}"))
        })
        .and_then(|()| {
            inside(&place.namespace, || {
                run("ip link set lo up")?;
                run(&format!("ip address add {address}/24 dev eth0"))?;
                run("ip link set eth0 up")?;
                run(&format!("ip route add default via {GATEWAY}"))?;
                forward_packets()
            })
        })?;
        Ok(place)
    }
}

impl Place {
    /// Its own address.
    pub fn address(&self) -> IpAddr {
        self.address.into()
    }

    /// Where its processes and sockets are.
    pub fn namespace(&self) -> &NetworkNamespace {
        &self.namespace
    }

    /// Pulls its cable: what is sent is lost, and nobody is told.
    pub fn unplug(&self) -> Result<()> {
        inside(&self.switch, || run(&format!("ip link set {} down", self.port)))
    }

    /// Puts the cable back.
    pub fn plug_in(&self) -> Result<()> {
        inside(&self.switch, || run(&format!("ip link set {} up", self.port)))
    }

    /// Has the switch drop what is sent from here to a port of pods, as a firewall does.
    pub fn close(&self, port: u16) -> Result<()> {
        self.rule("add", port)
    }

    /// Has it through again.
    pub fn open(&self, port: u16) -> Result<()> {
        self.rule("delete", port)
    }

    fn rule(&self, verb: &str, port: u16) -> Result<()> {
        let what = format!("from {} to {PODS} ipproto tcp dport {port}", self.address);
        inside(&self.switch, || run(&format!("ip rule {verb} {what} blackhole")))
    }
}

fn inside<T: Send>(namespace: &NetworkNamespace, work: impl FnOnce() -> Result<T> + Send) -> Result<T> {
    namespace.inside(work).map_err(Error::Namespace)?
}

fn forward_packets() -> Result<()> {
    let setting = "/proc/sys/net/ipv4/ip_forward";
    fs::write(setting, "1").map_err(Error::file("write", setting))
}

/// Runs a command line of plain words.
fn run(line: &str) -> Result<()> {
    let mut words = line.split(' ');
    programs::run(Command::new(words.next().unwrap_or_default()).args(words))
}
