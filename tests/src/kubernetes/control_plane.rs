use std::{
    fs,
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    process::Command,
    sync::{Mutex, PoisonError},
    thread,
    time::{Duration, Instant},
};

use nix::sys::signal::Signal;

use crate::link::Link;

use super::{
    Error, Result,
    components::{self, Ports},
    kubectl::is_ready,
    network::{GATEWAY, Network, Place},
    part::Part,
    pki::{Authority, Identity},
    process::{Daemon, wait_until},
    programs,
    run::{self, Run},
    trust::Trust,
};

/// How long the API server may take to answer; it takes 2–3 s on two free cores.
const START: Duration = Duration::from_secs(120);

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
        let ports = Ports::free()?;
        let authority = Authority::new(run.folder().join("pki"), "cluster-ca")?;
        let trust = Trust::new(&authority)?;
        let administrator = Identity { user: "admin", group: Some("system:masters") };
        let admin = authority.kubeconfig("admin", administrator, &server(ports))?;
        components::write_egress_configuration(run.folder())?;

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
        // KUBECONFIG is a list with colons between its files.
        let name = user.replace(':', ".");
        self.authority.kubeconfig(&name, Identity { user, group }, &server(self.ports))
    }

    /// A line to the API server that can be cut, and a kubeconfig that leads through it for the user of this one.
    pub fn link(&self, kubeconfig: &Path) -> Result<(Link, PathBuf)> {
        let link = Link::to(self.address()).map_err(Error::Network)?;
        let text = fs::read_to_string(kubeconfig).map_err(Error::file("read", kubeconfig))?;
        let text = text.replace(&self.address().to_string(), &link.address().to_string());
        let through = kubeconfig.with_extension("link");
        fs::write(&through, text).map_err(Error::file("write", &through))?;
        Ok((link, through))
    }

    /// The API server's audit log so far, one JSON event per line: every request but those of the control plane
    /// itself.
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
            // For a moment there are no conditions at all, which kubectl's jsonpath calls an error.
            let answer = self.ask_kubectl(["get", name.trim(), "-o", condition], "")?;
            Ok((answer.stdout == "True").then_some(()))
        })
    }

    /// Where kubectl and the other programs are.
    pub fn programs() -> PathBuf {
        programs::bin()
    }

    /// Stops etcd in its tracks for this long; whoever asks the API server waits.
    pub fn stall_etcd(&self, time: Duration) -> Result<()> {
        self.etcd.signal(Signal::SIGSTOP)?;
        thread::sleep(time);
        self.etcd.signal(Signal::SIGCONT)
    }

    /// Where the API server listens.
    pub(crate) fn address(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.ports.api_server).into()
    }

    /// Whether `part` runs.
    pub(crate) fn has(&self, part: Part) -> bool {
        self.controllers.iter().any(|(running, _)| *running == part)
    }

    /// The folder of this bed's files; it goes with the bed.
    pub fn folder(&self) -> &Path {
        self.run.folder()
    }

    /// Makes a program that is about to be started the bed's: it ends with it, also when this process is killed.
    pub fn mark(&self, command: &mut Command) {
        command.env(run::MARK, self.run.folder());
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

    /// A place on the nodes' network, for one more node or for a machine beside them. Needs root.
    pub fn attach(&self) -> Result<Place> {
        let mut network = self.network.lock().unwrap_or_else(PoisonError::into_inner);
        let network = match network.as_mut() {
            Some(network) => network,
            None => network
                .insert(Network::create(self.ports.api_server, &components::egress_socket(self.folder()))?),
        };
        network.attach()
    }

    fn start_part(&mut self, part: Part) -> Result<()> {
        let (user, group) = part.identity();
        let kubeconfig = self.kubeconfig_for(user, group)?;
        let mut command = part.command(&kubeconfig, &self.trust);
        self.controllers.push((part, Daemon::start(&self.run, part.program(), &mut command)?));
        part.prepare(self)
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

fn server(ports: Ports) -> String {
    format!("https://127.0.0.1:{}", ports.api_server)
}
