use super::{
    Result,
    network::{GATEWAY, KUBERNETES_SERVICE},
    pki::{Authority, Identity, Pair},
};

/// What the API server proves itself with, and what it believes.
#[derive(Debug)]
pub(crate) struct Trust {
    pub(crate) cluster: Pair,
    pub(crate) front_proxy: Pair,
    pub(crate) api_server: Pair,
    pub(crate) kubelet_client: Pair,
    pub(crate) front_proxy_client: Pair,
    /// Signs the tokens of service accounts; the certificate is there for its public key alone.
    pub(crate) service_accounts: Pair,
}

impl Trust {
    pub(crate) fn new(cluster: &Authority) -> Result<Self> {
        let front_proxy = cluster.sibling("front-proxy-ca")?;
        let reached_as =
            ["127.0.0.1", GATEWAY, KUBERNETES_SERVICE, "localhost", "kubernetes", "kubernetes.default.svc"];
        let named = |user| Identity { user, group: None };
        let kubelet_client = Identity { user: "kube-apiserver", group: Some("system:masters") };
        Ok(Self {
            api_server: cluster.server("kube-apiserver", &reached_as)?,
            kubelet_client: cluster.client("kubelet-client", kubelet_client)?,
            front_proxy_client: front_proxy.client("front-proxy", named("front-proxy"))?,
            service_accounts: cluster.client("service-accounts", named("service-accounts"))?,
            cluster: cluster.pair(),
            front_proxy: front_proxy.pair(),
        })
    }
}
