//! The configurations of what runs on a node.

use std::path::Path;

use serde_json::json;

use super::{
    network::{GATEWAY, PODS, Place},
    pki::Pair,
    programs,
};

/// containerd on cgroup v1 and without `CAP_SYS_RESOURCE`, as on the machines that these tests run on.
pub(crate) fn containerd(folder: &Path) -> String {
    let packages = programs::packages();
    let (folder, packages) = (folder.display(), packages.display());
    format!(
        r#"version = 2
root = "{folder}/containerd"
state = "/run/containerd"
disabled_plugins = [
  "io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.zfs", "io.containerd.snapshotter.v1.aufs",
  "io.containerd.snapshotter.v1.devmapper", "io.containerd.tracing.processor.v1.otlp",
  "io.containerd.internal.v1.tracing",
]
[grpc]
address = "{folder}/containerd.sock"
[plugins."io.containerd.grpc.v1.cri"]
sandbox_image = "bed.test/pause:1"
restrict_oom_score_adj = true
disable_apparmor = true
disable_hugetlb_controller = true
[plugins."io.containerd.grpc.v1.cri".cni]
bin_dir = "{packages}/usr/lib/cni"
conf_dir = "{folder}/cni"
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
runtime_type = "io.containerd.runc.v2"
"#
    )
}

/// Pods of one node on a bridge; the gateway routes between nodes.
pub(crate) fn pod_network(pods: &str) -> String {
    json!({"cniVersion": "0.4.0", "name": "bed", "plugins": [{
        "type": "bridge", "bridge": "cni0", "isGateway": true, "hairpinMode": true,
        "ipam": {
            "type": "host-local", "dataDir": "/run/cni",
            "ranges": [[{"subnet": pods}]], "routes": [{"dst": "0.0.0.0/0"}],
        },
    }]})
    .to_string()
}

/// The kubelet.
pub(crate) fn kubelet(
    folder: &Path,
    place: &Place,
    cgroup: &str,
    serving: &Pair,
    authority: &Pair,
) -> String {
    json!({
        "apiVersion": "kubelet.config.k8s.io/v1beta1", "kind": "KubeletConfiguration",
        "address": place.address(),
        "authentication": {
            "anonymous": {"enabled": false}, "webhook": {"enabled": true},
            "x509": {"clientCAFile": authority.certificate},
        },
        "authorization": {"mode": "Webhook"},
        "tlsCertFile": serving.certificate, "tlsPrivateKeyFile": serving.key,
        "containerRuntimeEndpoint": format!("unix://{}/containerd.sock", folder.display()),
        "cgroupDriver": "cgroupfs", "cgroupRoot": format!("/{cgroup}"), "failCgroupV1": false, "failSwapOn": false,
        "oomScoreAdj": 0, "maxOpenFiles": 20_000, // what a process without CAP_SYS_RESOURCE may set
        // Nobody answers names there: lookups fail at once instead of a warning on every pod.
        "clusterDomain": "cluster.local", "clusterDNS": [GATEWAY], "resolvConf": "",
        "serializeImagePulls": false, "registerWithTaints": [],
        // The disk is shared with the rest of the machine: neither evict for it nor collect images.
        "evictionHard": {"memory.available": "100Mi", "nodefs.available": "1%", "imagefs.available": "1%"},
        "imageGCHighThresholdPercent": 100, "imageGCLowThresholdPercent": 99,
    })
    .to_string()
}

/// kube-proxy, which leaves the machine's connection tracking alone.
pub(crate) fn kube_proxy(node: &str, place: &Place, kubeconfig: &Path) -> String {
    json!({
        "apiVersion": "kubeproxy.config.k8s.io/v1alpha1", "kind": "KubeProxyConfiguration",
        "mode": "nftables", "hostnameOverride": node, "bindAddress": place.address(), "clusterCIDR": PODS,
        "healthzBindAddress": "127.0.0.1:10256", "metricsBindAddress": "127.0.0.1:10249",
        "clientConnection": {"kubeconfig": kubeconfig}, "oomScoreAdj": 0,
        "conntrack": {"maxPerCore": 0, "min": 0, "tcpCloseWaitTimeout": "0s", "tcpEstablishedTimeout": "0s"},
    })
    .to_string()
}
