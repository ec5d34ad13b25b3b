//! What a bed is to be, before it is started.

use std::{io, net::IpAddr, path::PathBuf};

use rcgen::CertificateParams;

use crate::NetworkNamespace;

use super::Bed;

/// The one cipher suite that both the library's OpenSSL 1.0.2 and rustls know with an RSA key.
const CIPHERS: &str = "ECDHE-RSA-AES256-GCM-SHA384";

/// How masters guard themselves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Access {
    /// Anyone may do anything.
    Open,
    /// Every endpoint wants a principal and secret (`spark`, `operator`, `guest`, each with `<name>-secret`); the text is
    /// the ACLs, as Mesos' `--acls` reads them.
    Credentials(String),
}

/// A network of a test's own, and the address there.
#[derive(Debug, Clone)]
pub(crate) struct Site {
    pub(super) network: NetworkNamespace,
    pub(super) address: IpAddr,
}

/// What a bed is to be.
#[derive(Debug, Clone)]
pub struct Plan {
    pub(super) masters: u16,
    pub(super) agents: u16,
    pub(super) zookeeper: bool,
    pub(super) tls: bool,
    pub(super) access: Access,
    pub(super) docker: bool,
    pub(super) resources: String,
    pub(super) ciphers: String,
    pub(super) server_certificate: fn(&mut CertificateParams),
    pub(super) master_flags: Vec<(String, String)>,
    pub(super) agent_flags: Vec<(String, String)>,
    pub(super) site: Option<Site>,
    pub(super) images: Option<PathBuf>,
}

impl Plan {
    /// The number of agents; one unless set. Each has 4 CPUs and 4 GiB of memory.
    #[must_use]
    pub fn agents(mut self, number: u16) -> Self {
        self.agents = number;
        self
    }

    /// The number of masters, electing their leader in a real ZooKeeper.
    #[must_use]
    pub fn masters(mut self, number: u16) -> Self {
        self.masters = number;
        self.zookeeper = true;
        self
    }

    /// Mutual TLS everywhere.
    #[must_use]
    pub fn tls(mut self) -> Self {
        self.tls = true;
        self
    }

    /// Mutual TLS with these cipher suites, as Mesos' `LIBPROCESS_SSL_CIPHERS` reads them.
    #[must_use]
    pub fn ciphers(mut self, ciphers: &str) -> Self {
        self.tls = true;
        ciphers.clone_into(&mut self.ciphers);
        self
    }

    /// Mutual TLS, with something else about the certificate that masters and agents show.
    #[must_use]
    pub fn server_certificate(mut self, change: fn(&mut CertificateParams)) -> Self {
        self.tls = true;
        self.server_certificate = change;
        self
    }

    /// Principals, secrets and ACLs.
    #[must_use]
    pub fn access(mut self, access: Access) -> Self {
        self.access = access;
        self
    }

    /// What each agent offers, as Mesos' `--resources` reads it.
    #[must_use]
    pub fn resources(mut self, resources: &str) -> Self {
        resources.clone_into(&mut self.resources);
        self
    }

    /// Agents that run containers too, by Mesos' docker containerizer with podman behind it. [`IMAGE`] is there.
    #[must_use]
    pub fn docker(mut self) -> Self {
        self.docker = true;
        self
    }

    /// The images of a podman storage are there too, for [`Self::docker`].
    #[must_use]
    pub fn images(mut self, storage: impl Into<PathBuf>) -> Self {
        self.images = Some(storage.into());
        self
    }

    /// Not on this machine's loopback, but with this address in a network of a test's own.
    #[must_use]
    pub fn at(mut self, network: &NetworkNamespace, address: IpAddr) -> Self {
        self.site = Some(Site { network: network.clone(), address });
        self
    }

    /// One more flag of every master, in the environment's spelling (`MESOS_ROLES`).
    #[must_use]
    pub fn master_flag(mut self, name: &str, value: &str) -> Self {
        self.master_flags.push((name.to_owned(), value.to_owned()));
        self
    }

    /// One more flag of every agent, in the environment's spelling.
    #[must_use]
    pub fn agent_flag(mut self, name: &str, value: &str) -> Self {
        self.agent_flags.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Starts it all and waits until every agent is registered.
    pub fn start(self) -> io::Result<Bed> {
        Bed::start(self)
    }
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            masters: 1,
            agents: 1,
            zookeeper: false,
            tls: false,
            access: Access::Open,
            docker: false,
            resources: "cpus:4;mem:4096;disk:1000;ports:[31000-31999]".to_owned(),
            ciphers: CIPHERS.to_owned(),
            server_certificate: |_| {},
            master_flags: vec![],
            agent_flags: vec![],
            site: None,
            images: None,
        }
    }
}
