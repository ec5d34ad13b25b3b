//! Puts a bed together: its servers, and the environment of Mesos' own flags that says what is wanted of them.

use std::{ffi::OsString, fs, io, net::SocketAddr, path::PathBuf};

use super::{
    Access, Authority, Plan, assembled, container,
    pki::Pki,
    place::Place,
    server::{Ready, Recipe, Server},
    zookeeper,
};
use crate::bed::java;

/// The port of the first master.
const MASTER_PORT: u16 = 5050;
/// The port of the first agent.
const AGENT_PORT: u16 = 5101;

/// The principals that a bed with [`Access::Credentials`] knows, with their secrets.
const CREDENTIALS: [(&str, &str); 3] =
    [("spark", "spark-secret"), ("operator", "operator-secret"), ("guest", "guest-secret")];

/// The `PATH` of servers and executors.
fn path() -> String {
    format!("{}/bin:/usr/bin:/bin:/usr/sbin:/sbin", java().display())
}

/// A running bed. Dropping it ends all of it.
#[derive(Debug)]
pub struct Bed {
    // In the order in which they are to end.
    agents: Vec<Server>,
    masters: Vec<Server>,
    zookeeper: Option<Server>,
    pki: Pki,
    pub(super) plan: Plan,
    program: PathBuf,
    place: Place,
}

impl Bed {
    /// One master and one agent, without TLS or credentials, unless more is asked for.
    pub fn plain() -> Plan {
        Plan::default()
    }

    pub(super) fn start(plan: Plan) -> io::Result<Self> {
        let program = assembled("assemble.sh", "mesos")?;
        let place = Place::claim(plan.site.clone())?;
        let pki =
            Pki::create(&program, place.folder().join("pki"), place.address(), plan.server_certificate)?;
        let zookeeper = if plan.zookeeper { Some(zookeeper::start(&place)?) } else { None };
        let mut bed = Self { agents: vec![], masters: vec![], zookeeper, pki, plan, program, place };
        bed.write_access()?;
        if let Some(storage) = &bed.plan.images {
            container::share_images(storage, bed.place.folder())?;
        }
        if bed.plan.docker {
            container::import_image(&bed.program, bed.place.folder())?;
        }
        for index in 0..bed.plan.masters {
            let mut master = bed.start_master(index)?;
            if index == 0 {
                master.wait_until_ready()?;
            }
            bed.masters.push(master);
        }
        for index in 0..bed.plan.agents {
            let agent = bed.start_agent(index)?;
            bed.agents.push(agent);
        }
        for agent in &mut bed.agents {
            agent.wait_until_ready()?;
        }
        Ok(bed)
    }

    /// A master.
    ///
    /// # Panics
    /// When the plan has no such master.
    pub fn master(&self, index: usize) -> &Server {
        &self.masters[index]
    }

    /// A master, to be killed or started.
    ///
    /// # Panics
    /// When the plan has no such master.
    pub fn master_mut(&mut self, index: usize) -> &mut Server {
        &mut self.masters[index]
    }

    /// An agent.
    ///
    /// # Panics
    /// When the plan has no such agent.
    pub fn agent(&self, index: usize) -> &Server {
        &self.agents[index]
    }

    /// An agent, to be killed or started.
    ///
    /// # Panics
    /// When the plan has no such agent.
    pub fn agent_mut(&mut self, index: usize) -> &mut Server {
        &mut self.agents[index]
    }

    /// `zk://host:port/mesos` of a bed with several masters.
    pub fn zookeeper_url(&self) -> Option<String> {
        self.zookeeper.as_ref().map(|server| format!("zk://{}/mesos", server.address()))
    }

    /// What a `mesos://` address goes on with: the ZooKeeper's, or that of the only master.
    pub fn masters(&self) -> String {
        self.zookeeper_url().unwrap_or_else(|| self.master(0).address().to_string())
    }

    /// The ZooKeeper, to be killed or frozen.
    pub fn zookeeper_mut(&mut self) -> Option<&mut Server> {
        self.zookeeper.as_mut()
    }

    /// Lets only this user, `name:password`, read where the masters elect their leader.
    pub fn guard_election(&self, user: &str) -> io::Result<()> {
        let Some(server) = &self.zookeeper else { return Err(io::Error::other("the bed has no ZooKeeper")) };
        let lines = format!("addauth digest {user}\nsetAcl /mesos auth:{user}:cdrwa\n");
        self.inside(|| zookeeper::command(server.address(), &lines))?
    }

    /// Does `work` in the network of its servers.
    pub fn inside<T: Send>(&self, work: impl FnOnce() -> T + Send) -> io::Result<T> {
        self.place.inside(work)
    }

    /// The bed's certificates.
    pub fn pki(&self) -> &Pki {
        &self.pki
    }

    /// A folder of the bed's own, removed with it.
    pub fn folder(&self) -> &std::path::Path {
        self.place.folder()
    }

    fn start_master(&self, index: u16) -> io::Result<Server> {
        let address = SocketAddr::new(self.place.address(), MASTER_PORT + index);
        let folder = self.place.folder();
        let mut environment = self.common(address);
        let mut set = |name: &str, value: OsString| environment.push((name.to_owned(), value));
        set("MESOS_NUM_SLAVES", "0".into());
        set("MESOS_WORK_DIR", folder.join(format!("master{index}")).into());
        set("MESOS_REGISTRY", "in_memory".into());
        // A fifth of Mesos' second: offers come sooner, and tests with them.
        set("MESOS_ALLOCATION_INTERVAL", "200ms".into());
        if let Some(url) = self.zookeeper_url() {
            set("MESOS_ZK", url.into());
        }
        if let Access::Credentials(_) = &self.plan.access {
            for realm in ["FRAMEWORKS", "READWRITE", "READONLY"] {
                set(&format!("MESOS_AUTHENTICATE_HTTP_{realm}"), "true".into());
            }
            set("MESOS_HTTP_FRAMEWORK_AUTHENTICATORS", "basic".into());
            set("MESOS_CREDENTIALS", folder.join("credentials.json").into());
            set("MESOS_ACLS", format!("file://{}", folder.join("acls.json").display()).into());
        }
        for (name, value) in &self.plan.master_flags {
            set(name, value.into());
        }
        self.server("mesos-master", format!("master{index}.log"), address, environment)
    }

    fn start_agent(&self, index: u16) -> io::Result<Server> {
        let address = SocketAddr::new(self.place.address(), AGENT_PORT + index);
        let folder = self.place.folder().join(format!("agent{index}"));
        let mut environment = self.common(address);
        let master = self.zookeeper_url().unwrap_or_else(|| self.masters[0].address().to_string());
        let mut set = |name: &str, value: OsString| environment.push((name.to_owned(), value));
        set("MESOS_MASTER", master.into());
        set("MESOS_WORK_DIR", folder.join("work").into());
        set("MESOS_RUNTIME_DIR", folder.join("run").into());
        set("MESOS_FETCHER_CACHE_DIR", folder.join("fetch").into());
        set("MESOS_LAUNCHER", "posix".into());
        set("MESOS_ISOLATION", "posix/cpu,posix/mem".into());
        set("MESOS_RESOURCES", self.plan.resources.clone().into());
        set("MESOS_ATTRIBUTES", format!("rack:r{index}").into());
        set("MESOS_REGISTRATION_BACKOFF_FACTOR", "100ms".into());
        set("MESOS_EXECUTOR_ENVIRONMENT_VARIABLES", self.executor_environment().into());
        if self.plan.docker {
            set("MESOS_CONTAINERIZERS", "docker,mesos".into());
            set("MESOS_DOCKER", self.program.join("docker").into());
            // Agents of one bed share a storage: each would end the others' containers at its start.
            set("MESOS_DOCKER_KILL_ORPHANS", "false".into());
            set("MESOS_DOCKER_REMOVE_DELAY", "1secs".into());
        }
        for (name, value) in &self.plan.agent_flags {
            set(name, value.into());
        }
        self.server("mesos-agent", format!("agent{index}.log"), address, environment)
    }

    fn server(
        &self,
        program: &str,
        log: String,
        address: SocketAddr,
        environment: Vec<(String, OsString)>,
    ) -> io::Result<Server> {
        let ready = Ready::Logs(if program == "mesos-master" {
            // Then it has recovered, too: until then it answers 503.
            &["agents from the registry"]
        } else {
            &["Registered with master", "Re-registered with master"]
        });
        let program = self.program.join(program);
        let network = self.place.network().cloned();
        let recipe = Recipe { program, arguments: vec![], environment, network, ready };
        Server::start(recipe, address, self.place.folder().join(log))
    }

    fn common(&self, address: SocketAddr) -> Vec<(String, OsString)> {
        let mut environment: Vec<(String, OsString)> = vec![
            ("PATH".to_owned(), path().into()),
            ("HOME".to_owned(), self.place.folder().into()),
            ("LCMAP_BED".to_owned(), self.place.folder().into()),
            ("LIBPROCESS_IP".to_owned(), address.ip().to_string().into()),
            ("LIBPROCESS_PORT".to_owned(), address.port().to_string().into()),
            ("LIBPROCESS_NUM_WORKER_THREADS".to_owned(), "4".into()),
            ("MESOS_HOSTNAME".to_owned(), address.ip().to_string().into()),
            ("MESOS_LAUNCHER_DIR".to_owned(), self.program.clone().into()),
            ("MESOS_SYSTEMD_ENABLE_SUPPORT".to_owned(), "false".into()),
        ];
        if self.plan.tls {
            environment.extend(self.tls().into_iter().map(|(name, value)| (name.to_owned(), value.into())));
        }
        environment
    }

    /// What executors, and through them tasks, get: nothing of the agent's environment reaches them by itself. The tag, by
    /// which the sweep finds them, and what they need to speak TLS to the agent.
    fn executor_environment(&self) -> String {
        let mut variables = vec![
            ("PATH", path()),
            ("JAVA_HOME", java().display().to_string()),
            ("LCMAP_BED", self.place.folder().display().to_string()),
        ];
        if self.plan.tls {
            variables.extend(self.tls());
        }
        let pairs: Vec<String> =
            variables.iter().map(|(name, value)| format!("{name:?}:{value:?}")).collect();
        format!("{{{}}}", pairs.join(","))
    }

    fn tls(&self) -> Vec<(&'static str, String)> {
        let path = |path: PathBuf| path.display().to_string();
        let server = self.pki.server();
        vec![
            ("LIBPROCESS_SSL_ENABLED", "1".to_owned()),
            ("LIBPROCESS_SSL_CERT_FILE", path(server.certificate)),
            ("LIBPROCESS_SSL_KEY_FILE", path(server.key)),
            ("LIBPROCESS_SSL_CA_FILE", path(self.pki.authority(Authority::Trusted))),
            ("LIBPROCESS_SSL_CIPHERS", self.plan.ciphers.clone()),
            ("LIBPROCESS_SSL_ECDH_CURVES", "auto".to_owned()),
            ("LIBPROCESS_SSL_REQUIRE_CERT", "1".to_owned()),
            ("LIBPROCESS_SSL_VERIFY_CERT", "1".to_owned()),
            ("LIBPROCESS_SSL_HOSTNAME_VALIDATION_SCHEME", "openssl".to_owned()),
            ("LIBPROCESS_SSL_VERIFY_IPADD", "1".to_owned()),
        ]
    }

    fn write_access(&self) -> io::Result<()> {
        let Access::Credentials(acls) = &self.plan.access else { return Ok(()) };
        let known: Vec<String> = CREDENTIALS
            .iter()
            .map(|(principal, secret)| format!(r#"{{"principal":"{principal}","secret":"{secret}"}}"#))
            .collect();
        let credentials = format!(r#"{{"credentials":[{}]}}"#, known.join(","));
        fs::write(self.place.folder().join("credentials.json"), credentials)?;
        fs::write(self.place.folder().join("acls.json"), acls)
    }
}
