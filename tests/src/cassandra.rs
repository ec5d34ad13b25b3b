//! A real Cassandra 5.0 with passwords, out of jars from Maven Central, on a loopback address of its own.

use std::ffi::OsString;
use std::fs;
use std::io::{self, Write};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use crate::bed::{java, repository, target};
use crate::mesos::{Place, Ready, Recipe, Server};

const PORT: u16 = 9042;

/// Options by which it starts on Java 17 within seconds, in little memory.
const JVM: [&str; 14] = [
    "-Xms64m",
    "-Xmx256m",
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    "-XX:MaxDirectMemorySize=128m",
    "-XX:+ExitOnOutOfMemoryError",
    "--add-opens=java.base/sun.nio.ch=ALL-UNNAMED",
    "--add-opens=java.base/jdk.internal.ref=ALL-UNNAMED",
    "--add-opens=java.base/java.io=ALL-UNNAMED",
    "-Dcassandra.skip_wait_for_gossip_to_settle=0",
    "-Dcassandra.superuser_setup_delay_ms=0",
    "-Dcassandra.ring_delay_ms=100",
    "-Dcassandra-foreground=yes",
    "-Dlogback.configurationFile=logback.xml",
];

/// A node that runs, and ends with this value.
#[derive(Debug)]
pub struct Cassandra {
    // Ended before the place is.
    server: Server,
    _place: Place,
}

impl Cassandra {
    /// Starts a node, its files made first if they are missing, and waits until it serves.
    pub fn start() -> io::Result<Self> {
        let made = Command::new(repository("tests/beds/cassandra/build.sh")).status()?;
        if !made.success() {
            return Err(io::Error::other("the Cassandra bed could not be made: see above"));
        }
        let place = Place::claim(None)?;
        let address = SocketAddr::new(place.address(), PORT);
        let folder = place.folder().join("cassandra");
        fs::create_dir_all(&folder)?;
        let text = fs::read_to_string(repository("tests/beds/cassandra/cassandra.yaml"))?;
        let text = text.replace("ADDRESS", &place.address().to_string());
        let configuration = folder.join("cassandra.yaml");
        fs::write(&configuration, text.replace("FOLDER", &folder.display().to_string()))?;
        let mut arguments: Vec<OsString> = JVM.map(Into::into).into();
        arguments.push(format!("-Dcassandra.config=file://{}", configuration.display()).into());
        arguments.push(format!("-Dcassandra.storagedir={}", folder.display()).into());
        let class_path = [repository("tests/beds/cassandra"), bed().join("server/*")];
        arguments.push("-cp".into());
        arguments.push(std::env::join_paths(class_path).map_err(io::Error::other)?);
        arguments.push("org.apache.cassandra.service.CassandraDaemon".into());
        let recipe = Recipe {
            program: java().join("bin/java"),
            arguments,
            environment: vec![
                ("PATH".to_owned(), std::env::var_os("PATH").unwrap_or_default()),
                ("LCMAP_BED".to_owned(), place.folder().as_os_str().to_owned()),
            ],
            network: None,
            ready: Ready::Logs(&["Startup complete"]),
        };
        let mut server = Server::start(recipe, address, place.folder().join("cassandra.log"))?;
        server.wait_until_ready()?;
        Ok(Self { server, _place: place })
    }

    /// Where clients find it.
    pub fn host(&self) -> String {
        self.server.address().ip().to_string()
    }

    /// Executes statements as the administrator; the rows of the last one, a line each.
    pub fn execute(&self, statements: &str) -> io::Result<String> {
        let mut client = Command::new(python())
            .arg(repository("tests/beds/cassandra/cql.py"))
            .arg(self.host())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        if let Some(mut input) = client.stdin.take() {
            input.write_all(statements.as_bytes())?;
        }
        let output = client.wait_with_output()?;
        if !output.status.success() {
            return Err(io::Error::other(format!("{statements}: {}", output.status)));
        }
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }
}

/// The jars of Spark's connector, once a node has been started.
pub fn connector() -> io::Result<Vec<PathBuf>> {
    fs::read_dir(bed().join("connector"))?.map(|entry| Ok(entry?.path())).collect()
}

/// The Python that has pyccd, once a node has been started.
pub fn python() -> PathBuf {
    bed().join("python/bin/python3")
}

fn bed() -> PathBuf {
    target().join("bed/cassandra")
}
