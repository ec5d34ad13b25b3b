use std::{
    fs,
    net::TcpListener,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use serde_json::json;

use super::{
    Error, Result,
    components::{self, Ports, Trust},
    kubectl::is_ready,
    network::{GATEWAY, KUBERNETES_SERVICE, Network, Place},
    pki::{Authority, Identity},
    process::{Daemon, wait_until},
    programs,
    run::Run,
};

/// How long the API server may take to answer; it takes 2–3 s on two free cores.
const START: Duration = Duration::from_secs(120);

/// What runs beside etcd and the API server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// Namespaces get their service account, deleted owners their garbage collection, Jobs their pods.
    ControllerManager,
    /// Pods get a node.
    Scheduler,
    /// So many fake nodes, whose pods only seem to run (see `kwok.yaml`): for volume. Needs the other two.
    FakeNodes(u16),
}

/// A running control plane. It ends when it is dropped.
#[derive(Debug)]
pub struct ControlPlane {
    controllers: Vec<(Part, Daemon)>,
    api_server: Daemon,
    etcd: Daemon,
    trust: Trust,
    authority: Authority,
    ports: Ports,
    admin: PathBuf,
    network: Mutex<Option<Network>>, // made for the first node
    run: Run,                        // last: its drop sweeps what the others left
}

impl ControlPlane {
    /// etcd and an API server: enough for whatever only reads and writes objects.
    pub fn start() -> Result<Self> {
        Self::start_with(&[])
    }

    /// etcd, an API server and the parts `beside` them. Answers when the API server is ready.
    pub fn start_with(beside: &[Part]) -> Result<Self> {
        let needed =
            ["etcd", "kube-apiserver", "kubectl"].into_iter().chain(beside.iter().map(|part| part.program()));
        programs::build(&needed.collect::<Vec<_>>())?;
        let run = Run::create()?;
        let began = Instant::now();
        let ports = free_ports()?;
        let authority = Authority::new(run.folder().join("pki"), "cluster-ca")?;
        let trust = trust(&run, &authority)?;
        let administrator = Identity { user: "admin", group: Some("system:masters") };
        let admin = authority.kubeconfig("admin", administrator, &server(ports))?;
        write_egress_configuration(run.folder())?;

        let etcd = Daemon::start(&run, "etcd", &mut components::etcd(run.folder(), ports))?;
        let mut command = components::api_server(run.folder(), ports, &trust);
        let api_server = Daemon::start(&run, "kube-apiserver", &mut command)?;
        let network = Mutex::default();
        let mut this =
            Self { controllers: vec![], api_server, etcd, trust, authority, ports, admin, network, run };
        this.wait_until_ready()?;
        eprintln!("bed: the API server was ready after {:.1} s", began.elapsed().as_secs_f32());
        for part in beside {
            this.start_part(*part)?;
        }
        Ok(this)
    }

    /// A kubeconfig of the administrator.
    pub fn kubeconfig(&self) -> &Path {
        &self.admin
    }

    /// A kubeconfig for `user`, member of `group`, with no right but those that RBAC grants.
    pub fn kubeconfig_for(&self, user: &str, group: Option<&str>) -> Result<PathBuf> {
        self.authority.kubeconfig(user, Identity { user, group }, &server(self.ports))
    }

    /// The API server's audit log so far, one JSON event per line: every request but those of the control plane itself.
    pub fn audit_log(&self) -> Result<String> {
        let path = self.run.folder().join("audit.log");
        fs::read_to_string(&path).map_err(Error::file("read", &path))
    }

    /// Kills the API server and starts it again at the same address; answers when it is ready.
    pub fn restart_api_server(&mut self) -> Result<()> {
        self.api_server.stop();
        let mut command = components::api_server(self.run.folder(), self.ports, &self.trust);
        self.api_server = Daemon::start(&self.run, "kube-apiserver", &mut command)?;
        self.wait_until_ready()
    }

    /// `kubectl apply` of the `CustomResourceDefinition` in `file`; answers when the API server serves it.
    pub fn apply_definition(&self, file: &Path) -> Result<()> {
        let file = file.display().to_string();
        let name = self.kubectl(["apply", "-f", &file, "-o", "name"])?;
        let condition = r#"jsonpath={.status.conditions[?(@.type=="Established")].status}"#;
        wait_until(&format!("{} was not established", name.trim()), START, || {
            let established = self.kubectl(["get", name.trim(), "-o", condition])?;
            Ok((established == "True").then_some(()))
        })
    }

    /// Where kubectl and the other programs are.
    pub fn programs() -> PathBuf {
        programs::bin()
    }

    /// Whether `part` runs.
    pub fn has(&self, part: Part) -> bool {
        self.controllers.iter().any(|(running, _)| *running == part)
    }

    /// The folder of this bed's files; it goes with the bed.
    pub fn folder(&self) -> &Path {
        self.run.folder()
    }

    /// The ends of all logs, the nodes' too.
    pub(crate) fn logs(&self) -> String {
        self.run.log_tails()
    }

    pub(crate) fn run(&self) -> &Run {
        &self.run
    }

    pub(crate) fn authority(&self) -> &Authority {
        &self.authority
    }

    /// A kubeconfig for use on a node.
    pub(crate) fn kubeconfig_inside(&self, name: &str, identity: Identity) -> Result<PathBuf> {
        self.authority.kubeconfig(name, identity, &format!("https://{GATEWAY}:{}", self.ports.api_server))
    }

    /// A place for one more node.
    pub(crate) fn attach(&self) -> Result<Place> {
        let mut network = self.network.lock().unwrap_or_else(PoisonError::into_inner);
        let network = match network.as_mut() {
            Some(network) => network,
            None => network.insert(Network::create(self.ports.api_server, &egress_socket(self.folder()))?),
        };
        network.attach()
    }

    fn start_part(&mut self, part: Part) -> Result<()> {
        let program = part.program();
        let (user, group) = part.identity();
        let kubeconfig = self.kubeconfig_for(user, group)?;
        let mut command = match part {
            Part::ControllerManager => components::controller_manager(&kubeconfig, &self.trust),
            Part::Scheduler => components::scheduler(&kubeconfig),
            Part::FakeNodes(_) => components::kwok(&kubeconfig),
        };
        self.controllers.push((part, Daemon::start(&self.run, program, &mut command)?));
        match part {
            Part::FakeNodes(count) => self.create_fake_nodes(count),
            Part::ControllerManager | Part::Scheduler => Ok(()),
        }
    }

    fn create_fake_nodes(&self, count: u16) -> Result<()> {
        let node = |number| {
            json!({"apiVersion": "v1", "kind": "Node", "metadata": {
                "name": format!("fake{number}"), "annotations": {components::FAKE_NODE: "true"}}})
        };
        let nodes: Vec<_> = (1..=count).map(node).collect();
        let nodes = json!({"apiVersion": "v1", "kind": "List", "items": nodes});
        self.kubectl_with_input(["create", "-f", "-"], &nodes.to_string()).map(drop)
    }

    fn wait_until_ready(&mut self) -> Result<()> {
        let admin = self.admin.clone();
        let home = self.run.folder().to_path_buf();
        let (api_server, etcd) = (&mut self.api_server, &mut self.etcd);
        wait_until("the API server was not ready", START, || {
            etcd.check()?;
            api_server.check()?;
            Ok(is_ready(&admin, &home)?.then_some(()))
        })
        .map_err(|error| error.explained_by(|| self.logs()))
    }
}

impl Part {
    fn program(self) -> &'static str {
        match self {
            Self::ControllerManager => "kube-controller-manager",
            Self::Scheduler => "kube-scheduler",
            Self::FakeNodes(_) => "kwok",
        }
    }

    /// The user and group that it is to the API server.
    fn identity(self) -> (&'static str, Option<&'static str>) {
        match self {
            Self::ControllerManager => ("system:kube-controller-manager", None),
            Self::Scheduler => ("system:kube-scheduler", None),
            Self::FakeNodes(_) => ("kwok", Some("system:masters")),
        }
    }
}

fn server(ports: Ports) -> String {
    format!("https://127.0.0.1:{}", ports.api_server)
}

fn trust(run: &Run, authority: &Authority) -> Result<Trust> {
    let folder = run.folder().join("pki");
    let front_proxy = Authority::new(folder, "front-proxy-ca")?;
    let reached_as =
        ["127.0.0.1", GATEWAY, KUBERNETES_SERVICE, "localhost", "kubernetes", "kubernetes.default.svc"];
    let kubelet_client = Identity { user: "kube-apiserver-kubelet-client", group: Some("system:masters") };
    Ok(Trust {
        api_server: authority.server("kube-apiserver", &reached_as)?,
        kubelet_client: authority.client("kubelet-client", kubelet_client)?,
        front_proxy_client: front_proxy
            .client("front-proxy", Identity { user: "front-proxy", group: None })?,
        service_accounts: authority
            .client("service-accounts", Identity { user: "service-accounts", group: None })?,
        cluster: authority.pair(),
        front_proxy: front_proxy.pair(),
    })
}

fn egress_socket(folder: &Path) -> PathBuf {
    folder.join("egress.sock")
}

/// Everything that the API server itself connects to in the cluster goes through a socket that the nodes' network serves.
fn write_egress_configuration(folder: &Path) -> Result<()> {
    let configuration = json!({
        "apiVersion": "apiserver.k8s.io/v1beta1", "kind": "EgressSelectorConfiguration",
        "egressSelections": [{"name": "cluster", "connection": {
            "proxyProtocol": "HTTPConnect", "transport": {"uds": {"udsName": egress_socket(folder)}}}}],
    });
    let path = folder.join("egress.json");
    fs::write(&path, configuration.to_string()).map_err(Error::file("write", &path))
}

/// Held all at once, so that no two are the same.
fn free_ports() -> Result<Ports> {
    let bind = || TcpListener::bind("127.0.0.1:0");
    let port = |listener: &TcpListener| listener.local_addr().map(|address| address.port());
    let ports = || {
        let (etcd, etcd_peer, api_server) = (bind()?, bind()?, bind()?);
        Ok(Ports { etcd: port(&etcd)?, etcd_peer: port(&etcd_peer)?, api_server: port(&api_server)? })
    };
    ports().map_err(Error::Port)
}
