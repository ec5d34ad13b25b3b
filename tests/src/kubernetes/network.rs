//! The network among the nodes. Its addresses are never given to this machine itself: they live in network
//! namespaces of the bed, one for the switch that joins the nodes and one for each node, kept by open files and so
//! gone with the test process.

use std::{
    fs::{self, File},
    net::{TcpListener, TcpStream},
    os::{fd::AsRawFd, unix::net::UnixListener},
    path::Path,
    process::{Command, id},
    sync::atomic::{AtomicU8, Ordering},
    thread,
};

use nix::sched::{CloneFlags, setns, unshare};

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
    switch: File,
    nodes: AtomicU8,
    _gateway: Forwarder,
    _egress: Forwarder,
}

/// A place on the network.
#[derive(Debug)]
pub(crate) struct Place {
    namespace: File,
    /// The node's own address.
    pub(crate) address: String,
    /// The addresses of its pods.
    pub(crate) pods: String,
}

impl Network {
    /// A switch whose gateway leads to the API server at `port` of this machine's 127.0.0.1, and whose proxy at the
    /// socket `egress` leads from the API server to what is on the network.
    pub(crate) fn create(port: u16, egress: &Path) -> Result<Self> {
        let switch = new_namespace()?;
        inside(&switch, || {
            run("ip link set lo up")?;
            run("ip link add bed type bridge")?;
            run(&format!("ip address add {GATEWAY}/24 dev bed"))?;
            run("ip link set bed up")?;
            forward_packets()
        })?;
        let listener = inside(&switch, || TcpListener::bind((GATEWAY, port)).map_err(Error::Network))?;
        let socket = UnixListener::bind(egress).map_err(Error::file("listen at", egress))?;
        let here = switch.try_clone().map_err(Error::Namespace)?;
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
            namespace: new_namespace()?,
            address: format!("10.99.0.{}", 10 + number),
            pods: format!("10.244.{number}.0/24"),
        };
        let (address, pods) = (&place.address, &place.pods);
        let namespace = format!("/proc/{}/fd/{}", id(), place.namespace.as_raw_fd());
        inside(&self.switch, || {
            run(&format!("ip link add node{number} type veth peer name eth0 netns {namespace}"))?;
            run(&format!("ip link set node{number} master bed up"))?;
            run(&format!("ip route replace {pods} via {address}"))?;
            run(&format!("ip route replace {SERVICES} via {address}"))
        })
        .and_then(|()| {
            place.inside(|| {
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
    /// Does `work` there. Processes that it starts stay there.
    pub(crate) fn inside<T: Send>(&self, work: impl FnOnce() -> Result<T> + Send) -> Result<T> {
        inside(&self.namespace, work)
    }
}

/// A thread belongs to one network namespace, so a thread of its own makes it.
fn new_namespace() -> Result<File> {
    let make = || {
        unshare(CloneFlags::CLONE_NEWNET)?;
        File::open("/proc/thread-self/ns/net")
    };
    on_own_thread(|| make().map_err(Error::Namespace))
}

fn inside<T: Send>(namespace: &File, work: impl FnOnce() -> Result<T> + Send) -> Result<T> {
    on_own_thread(|| {
        setns(namespace, CloneFlags::CLONE_NEWNET).map_err(|errno| Error::Namespace(errno.into()))?;
        work()
    })
}

fn on_own_thread<T: Send>(work: impl FnOnce() -> Result<T> + Send) -> Result<T> {
    thread::scope(|scope| scope.spawn(work).join()).unwrap_or_else(|panic| std::panic::resume_unwind(panic))
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
