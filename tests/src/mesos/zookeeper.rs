//! A real ZooKeeper 3.6, out of the jars that come with Spark.

use std::{
    ffi::OsString,
    fs,
    io::{self, Write},
    net::SocketAddr,
    process::{Command, Stdio},
};

use super::{
    place::Place,
    server::{Ready, Recipe, Server},
    spark_home,
};
use crate::bed::java;

const PORT: u16 = 2181;

/// Starts it and waits until it serves.
pub(super) fn start(place: &Place) -> io::Result<Server> {
    let jars = spark_home()?.join("jars");
    let address = SocketAddr::new(place.address(), PORT);
    let folder = place.folder().join("zookeeper");
    fs::create_dir_all(&folder)?;
    let configuration = folder.join("zoo.cfg");
    let ip = place.address();
    // A tick of 200 ms lets sessions be as short as 400 ms; what a client asks for may be longer.
    let text = format!(
        "tickTime=200\ndataDir={}\nclientPort={PORT}\nclientPortAddress={ip}\nadmin.enableServer=false\n\
         maxClientCnxns=0\nmaxSessionTimeout=60000\n",
        folder.display()
    );
    fs::write(&configuration, text)?;
    let recipe = Recipe {
        program: java().join("bin/java"),
        arguments: [
            OsString::from("-Xmx128m"),
            OsString::from("-cp"),
            jars.join("*").into_os_string(),
            OsString::from("org.apache.zookeeper.server.ZooKeeperServerMain"),
            configuration.into_os_string(),
        ]
        .into(),
        environment: vec![
            ("PATH".to_owned(), std::env::var_os("PATH").unwrap_or_default()),
            ("LCMAP_BED".to_owned(), place.folder().as_os_str().to_owned()),
        ],
        network: place.network().cloned(),
        ready: Ready::Listens,
    };
    let mut server = Server::start(recipe, address, place.folder().join("zookeeper.log"))?;
    server.wait_until_ready()?;
    Ok(server)
}

/// Gives commands to ZooKeeper's own client, a line each.
pub(super) fn command(address: SocketAddr, lines: &str) -> io::Result<()> {
    let mut client = Command::new(java().join("bin/java"))
        .arg("-cp")
        .arg(spark_home()?.join("jars/*"))
        .args(["org.apache.zookeeper.ZooKeeperMain", "-server", &address.to_string()])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    if let Some(mut input) = client.stdin.take() {
        input.write_all(lines.as_bytes())?;
    }
    let status = client.wait()?;
    if status.success() { Ok(()) } else { Err(io::Error::other(format!("ZooKeeper's client: {status}"))) }
}
