//! What this Kubernetes cluster is called on Mesos: several may share one.

use k8s_openapi::api::coordination::v1::Lease;
use kube::{Api, Client};
use tokio::sync::OnceCell;

use crate::controller::lease::LeaseName;
use crate::controller::writer::limited;

/// The cluster's name: the configured one, or the UID of the Lease that the operator's replicas share, which no other
/// cluster has and which outlives upgrades.
#[derive(Debug)]
pub(crate) struct Cluster {
    lease: LeaseName,
    name: OnceCell<String>,
}

impl Cluster {
    /// A cluster of this name; without one its Lease is asked, once that is there.
    pub(crate) fn new(configured: Option<String>, lease: LeaseName) -> Self {
        Self { lease, name: OnceCell::new_with(configured.filter(|name| !name.is_empty())) }
    }

    /// The name.
    pub(crate) async fn name(&self, client: &Client) -> Result<&str, kube::Error> {
        let asked = async || {
            let leases = Api::<Lease>::namespaced(client.clone(), &self.lease.namespace);
            let lease = limited(leases.get(&self.lease.name)).await?;
            Ok(lease.metadata.uid.unwrap_or_default())
        };
        self.name.get_or_try_init(asked).await.map(String::as_str)
    }
}
