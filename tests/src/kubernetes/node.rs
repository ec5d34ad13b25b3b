use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

use super::{
    ControlPlane, Error, Result,
    network::Place,
    node_configuration::{containerd, kube_proxy, kubelet, pod_network},
    pki::Identity,
    process::{Daemon, wait_until},
    programs,
};

/// How long a node may take to be ready; it takes 3–5 s on two free cores.
const START: Duration = Duration::from_secs(120);

/// A real node: kubelet, containerd, runc and kube-proxy in namespaces of their own. It dies, with its pods, when it
/// is dropped.
#[derive(Debug)]
pub struct Node {
    name: String,
    init: Daemon,
    socket: PathBuf,
}

impl Node {
    /// Joins a new node, and answers when it is ready for pods. It has the images `bed.test/pause:1` and
    /// `bed.test/busybox:1`. Needs root. Pods run only where the control plane has its controller manager and
    /// scheduler.
    pub fn join(control_plane: &ControlPlane, name: &str) -> Result<Self> {
        programs::build(&["kubelet", "kube-proxy"])?;
        programs::prepare("packages.sh")?;
        programs::prepare("images.sh")?;
        let began = Instant::now();
        let place = control_plane.attach()?;
        let run = control_plane.run();
        let folder = run.folder().join(name);
        let cgroup = format!("{}-{name}", run.prefix());
        configure(control_plane, name, &place, &cgroup, &folder)?;

        let mut command = Command::new("unshare");
        command
            .args(["--mount", "--pid", "--fork", "--kill-child", "--mount-proc"])
            .arg(programs::scripts().join("node.sh"))
            .arg(&folder)
            .arg(name)
            .envs([("ADDRESS", &place.address().to_string()), ("CGROUP", &cgroup)]);
        let started = place.namespace().inside(|| Daemon::start(run, name, &mut command));
        let init = started.map_err(Error::Namespace)??;
        let mut node = Self { name: name.into(), init, socket: folder.join("containerd.sock") };
        node.wait_until_ready(control_plane)?;
        eprintln!("bed: {name} was ready after {:.1} s", began.elapsed().as_secs_f32());
        Ok(node)
    }

    /// A static busybox, for images that a test makes.
    pub fn busybox(&self) -> PathBuf {
        programs::packages().join("bin/busybox")
    }

    /// Its name in Kubernetes.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Gives it the images of an archive, as an [`Image`](super::Image) writes it; pods then find them without a registry.
    pub fn import_images(&self, archive: &Path) -> Result<()> {
        let mut command = Command::new(programs::packages().join("usr/bin/ctr"));
        command
            .arg("--address")
            .arg(&self.socket)
            .args(["--namespace=k8s.io", "images", "import"])
            .arg(archive);
        programs::run(&mut command)
    }

    fn wait_until_ready(&mut self, control_plane: &ControlPlane) -> Result<()> {
        let condition = r#"jsonpath={.status.conditions[?(@.type=="Ready")].status}"#;
        let (name, init) = (&self.name, &mut self.init);
        wait_until(&format!("node {name} was not ready"), START, || {
            init.check()?;
            let answer = control_plane.ask_kubectl(["get", "node", name, "-o", condition], "")?;
            Ok((answer.stdout == "True").then_some(()))
        })
        .map_err(|error| error.explained_by(|| control_plane.logs()))
    }
}

/// Writes the files that `node.sh` expects in the node's folder.
fn configure(
    control_plane: &ControlPlane,
    name: &str,
    place: &Place,
    cgroup: &str,
    folder: &Path,
) -> Result<()> {
    let authority = control_plane.authority();
    let serving = authority.server(&format!("{name}-serving"), &[name, &place.address().to_string()])?;
    let user = format!("system:node:{name}");
    let node =
        control_plane.kubeconfig_inside(name, Identity { user: &user, group: Some("system:nodes") })?;
    let proxy = Identity { user: "system:kube-proxy", group: None };
    let proxy = control_plane.kubeconfig_inside(&format!("{name}-proxy"), proxy)?;
    let files = [
        ("containerd.toml", containerd(folder)),
        ("cni/10-bed.conflist", pod_network(&place.pods)),
        ("kubelet.json", kubelet(folder, place, cgroup, &serving, &authority.pair())),
        ("kube-proxy.json", kube_proxy(name, place, &proxy)),
    ];
    fs::create_dir_all(folder.join("cni")).map_err(Error::file("create", folder))?;
    for (file, content) in files {
        let path = folder.join(file);
        fs::write(&path, content).map_err(Error::file("write", &path))?;
    }
    let kubeconfig = folder.join("kubeconfig");
    fs::rename(&node, &kubeconfig).map_err(Error::file("write", &kubeconfig))
}
