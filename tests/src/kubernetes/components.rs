//! The command lines of the control plane's programs.

use std::{
    fs,
    net::TcpListener,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::json;

use super::{
    Error, Result,
    network::{GATEWAY, SERVICES},
    programs,
    trust::Trust,
};

/// Where the programs of one control plane find each other, all on 127.0.0.1.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ports {
    pub(crate) etcd: u16,
    pub(crate) etcd_peer: u16,
    pub(crate) api_server: u16,
}

impl Ports {
    /// Ports that are free now. Held all at once, so that no two are the same.
    pub(crate) fn free() -> Result<Self> {
        let bind = || TcpListener::bind("127.0.0.1:0");
        let port = |listener: &TcpListener| listener.local_addr().map(|address| address.port());
        let ports = || {
            let (etcd, etcd_peer, api_server) = (bind()?, bind()?, bind()?);
            Ok(Self { etcd: port(&etcd)?, etcd_peer: port(&etcd_peer)?, api_server: port(&api_server)? })
        };
        ports().map_err(Error::Port)
    }
}

/// The annotation of a node whose pods only seem to run.
pub(crate) const FAKE_NODE: &str = "bed.test/fake";

/// etcd without fsync: a bed's data need not outlive the machine.
pub(crate) fn etcd(folder: &Path, ports: Ports) -> Command {
    let url = |port: u16| format!("http://127.0.0.1:{port}");
    let mut command = Command::new(programs::path("etcd"));
    command
        .args(["--name=bed", "--logger=zap", "--log-level=warn", "--unsafe-no-fsync"])
        .arg("--quota-backend-bytes=2147483648")
        .arg(option("data-dir", folder.join("etcd").display()))
        .arg(option("listen-client-urls", url(ports.etcd)))
        .arg(option("advertise-client-urls", url(ports.etcd)))
        .arg(option("listen-peer-urls", url(ports.etcd_peer)))
        .arg(option("initial-advertise-peer-urls", url(ports.etcd_peer)))
        .arg(option("initial-cluster", format!("bed={}", url(ports.etcd_peer))));
    command
}

/// The API server listens on 127.0.0.1 alone and publishes the gateway's address, which exists only among the nodes;
/// what it must reach there itself (kubelets, pods, webhooks) it reaches through the proxy named in its egress
/// configuration.
pub(crate) fn api_server(folder: &Path, ports: Ports, trust: &Trust) -> Command {
    let mut command = Command::new(programs::path("kube-apiserver"));
    command
        .arg(option("etcd-servers", format!("http://127.0.0.1:{}", ports.etcd)))
        .arg("--bind-address=127.0.0.1")
        .arg(option("secure-port", ports.api_server))
        .arg(option("advertise-address", GATEWAY))
        .arg(option("service-cluster-ip-range", SERVICES))
        .arg(option("egress-selector-config-file", folder.join("egress.json").display()))
        .arg("--authorization-mode=Node,RBAC")
        // The second as OpenShift has it: whoever owns pods by a job needs a right on the job's finalizers.
        .arg("--enable-admission-plugins=NodeRestriction,OwnerReferencesPermissionEnforcement")
        .args(["--anonymous-auth=false", "--allow-privileged=true"])
        .arg(option("audit-policy-file", programs::scripts().join("audit-policy.yaml").display()))
        .arg(option("audit-log-path", folder.join("audit.log").display()))
        .arg("--service-account-issuer=https://kubernetes.default.svc.cluster.local")
        .arg(option("service-account-key-file", trust.service_accounts.certificate.display()))
        .arg(option("service-account-signing-key-file", trust.service_accounts.key.display()))
        .arg(option("tls-cert-file", trust.api_server.certificate.display()))
        .arg(option("tls-private-key-file", trust.api_server.key.display()))
        .arg(option("client-ca-file", trust.cluster.certificate.display()))
        .arg("--kubelet-preferred-address-types=InternalIP")
        .arg(option("kubelet-certificate-authority", trust.cluster.certificate.display()))
        .arg(option("kubelet-client-certificate", trust.kubelet_client.certificate.display()))
        .arg(option("kubelet-client-key", trust.kubelet_client.key.display()))
        .arg(option("requestheader-client-ca-file", trust.front_proxy.certificate.display()))
        .args(["--requestheader-allowed-names=front-proxy", "--requestheader-username-headers=X-Remote-User"])
        .args([
            "--requestheader-group-headers=X-Remote-Group",
            "--requestheader-extra-headers-prefix=X-Remote-Extra-",
        ])
        .arg(option("proxy-client-cert-file", trust.front_proxy_client.certificate.display()))
        .arg(option("proxy-client-key-file", trust.front_proxy_client.key.display()));
    command
}

/// Where the proxy between the API server and the nodes' network listens.
pub(crate) fn egress_socket(folder: &Path) -> PathBuf {
    folder.join("egress.sock")
}

/// Everything that the API server itself connects to in the cluster goes through [`egress_socket`].
pub(crate) fn write_egress_configuration(folder: &Path) -> Result<()> {
    let configuration = json!({
        "apiVersion": "apiserver.k8s.io/v1beta1", "kind": "EgressSelectorConfiguration",
        "egressSelections": [{"name": "cluster", "connection": {
            "proxyProtocol": "HTTPConnect", "transport": {"uds": {"udsName": egress_socket(folder)}}}}],
    });
    let path = folder.join("egress.json");
    fs::write(&path, configuration.to_string()).map_err(Error::file("write", &path))
}

/// The client rate is raised: at the default of 50 requests a second the scheduler's own client would be what a
/// volume test measures.
fn controller(program: &str, kubeconfig: &Path) -> Command {
    let mut command = Command::new(programs::path(program));
    command
        .args(["--leader-elect=false", "--secure-port=0", "--kube-api-qps=1000", "--kube-api-burst=2000"])
        .arg(option("kubeconfig", kubeconfig.display()));
    command
}

pub(crate) fn controller_manager(kubeconfig: &Path, trust: &Trust) -> Command {
    let mut command = controller("kube-controller-manager", kubeconfig);
    command
        .arg("--use-service-account-credentials=true")
        .arg(option("service-account-private-key-file", trust.service_accounts.key.display()))
        .arg(option("root-ca-file", trust.cluster.certificate.display()))
        .arg(option("cluster-signing-cert-file", trust.cluster.certificate.display()))
        .arg(option("cluster-signing-key-file", trust.cluster.key.display()));
    command
}

pub(crate) fn scheduler(kubeconfig: &Path) -> Command {
    controller("kube-scheduler", kubeconfig)
}

/// kwok, which plays the kubelet of every node with the annotation [`FAKE_NODE`].
pub(crate) fn kwok(kubeconfig: &Path) -> Command {
    let mut command = Command::new(programs::path("kwok"));
    command
        .arg(option("kubeconfig", kubeconfig.display()))
        .arg(option("config", programs::scripts().join("kwok.yaml").display()))
        .arg(option("manage-nodes-with-annotation-selector", format!("{FAKE_NODE}=true")))
        // Its nodes show that they live, or the controllers would take them for lost after less than a minute.
        .arg("--node-lease-duration-seconds=40");
    command
}

fn option(name: &str, value: impl std::fmt::Display) -> String {
    format!("--{name}={value}")
}
