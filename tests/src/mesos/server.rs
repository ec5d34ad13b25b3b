//! One process of a bed: a master, an agent, or the ZooKeeper.

use std::{
    ffi::OsString,
    fs::{self, File},
    io,
    net::{SocketAddr, TcpStream},
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use crate::NetworkNamespace;

/// Longer than any server takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(120);

/// How a server is started, kept so that it can be started again.
#[derive(Debug)]
pub(crate) struct Recipe {
    pub(crate) program: PathBuf,
    pub(crate) arguments: Vec<OsString>,
    pub(crate) environment: Vec<(String, OsString)>,
    pub(crate) network: Option<NetworkNamespace>,
    pub(crate) ready: Ready,
}

/// How a server shows that it is ready.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Ready {
    /// It logs one of these.
    Logs(&'static [&'static str]),
    /// It accepts connections.
    Listens,
}

/// A running (or killed) server of a bed.
#[derive(Debug)]
pub struct Server {
    recipe: Recipe,
    address: SocketAddr,
    log: PathBuf,
    child: Child,
}

impl Server {
    pub(crate) fn start(recipe: Recipe, address: SocketAddr, log: PathBuf) -> io::Result<Self> {
        let child = spawn(&recipe, &log)?;
        Ok(Self { recipe, address, log, child })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// What it has logged since its last start.
    pub fn log(&self) -> String {
        fs::read(&self.log).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default()
    }

    /// Waits until it shows that it is ready; fails with the log's end when it has ended, or after two minutes.
    pub fn wait_until_ready(&mut self) -> io::Result<()> {
        match self.recipe.ready {
            Ready::Logs(texts) => self.wait_for_log(texts),
            Ready::Listens => {
                let (address, network) = (self.address, self.recipe.network.clone());
                let connects = move || TcpStream::connect(address).is_ok();
                self.wait_until(&format!("listen on {address}"), |_| match &network {
                    Some(network) => network.inside(connects).unwrap_or_default(),
                    None => connects(),
                })
            }
        }
    }

    /// Waits until its log holds one of these texts; fails as [`Self::wait_until_ready`] does.
    pub fn wait_for_log(&mut self, texts: &[&str]) -> io::Result<()> {
        self.wait_until(&format!("log {texts:?}"), |log| texts.iter().any(|text| log.contains(text)))
    }

    fn wait_until(&mut self, what: &str, is_so: impl Fn(&str) -> bool) -> io::Result<()> {
        let start = Instant::now();
        loop {
            let log = self.log();
            if is_so(&log) {
                return Ok(());
            }
            let ended = self.child.try_wait()?;
            if ended.is_some() || start.elapsed() > PATIENCE {
                let state = ended.map_or_else(|| "still runs".to_owned(), |status| status.to_string());
                let lines: Vec<&str> = log.lines().collect();
                let tail = lines[lines.len().saturating_sub(20)..].join("\n");
                let program = self.recipe.program.display();
                return Err(io::Error::other(format!("{program} ({state}) did not {what}:\n{tail}")));
            }
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// Ends it as `kill -9` does, and reaps it.
    pub fn kill(&mut self) -> io::Result<()> {
        self.child.kill()?;
        self.child.wait().map(drop)
    }

    /// Starts it again as it was first started, its work folder kept. Does not wait until it is ready.
    pub fn restart(&mut self) -> io::Result<()> {
        self.child = spawn(&self.recipe, &self.log)?;
        Ok(())
    }

    /// Freezes it: its connections stay open and nothing answers.
    pub fn freeze(&self) -> io::Result<()> {
        self.signal("STOP")
    }

    /// Lets it go on after [`Self::freeze`].
    pub fn thaw(&self) -> io::Result<()> {
        self.signal("CONT")
    }

    fn signal(&self, name: &str) -> io::Result<()> {
        let status = Command::new("kill").arg(format!("-{name}")).arg(self.pid().to_string()).status()?;
        if status.success() { Ok(()) } else { Err(io::Error::other(format!("kill -{name}: {status}"))) }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Ended already, perhaps by the test itself.
        let _ = self.kill();
    }
}

fn spawn(recipe: &Recipe, log: &Path) -> io::Result<Child> {
    let output = File::create(log)?;
    let mut command = Command::new(&recipe.program);
    command
        .args(&recipe.arguments)
        .env_clear()
        .envs(recipe.environment.iter().map(|(name, value)| (name, value)))
        .stdin(Stdio::null())
        .stdout(output.try_clone()?)
        .stderr(output)
        .process_group(0); // a ctrl-C at the terminal is for the tests
    match &recipe.network {
        Some(network) => network.inside(|| command.spawn())?,
        None => command.spawn(),
    }
}
