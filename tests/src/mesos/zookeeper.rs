//! A real ZooKeeper 3.6, out of the jars that come with Spark.

use std::{ffi::OsString, fs, io, net::SocketAddr, path::PathBuf};

use super::{
    place::Place,
    server::{Ready, Recipe, Server},
    spark_home,
};

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
        program: PathBuf::from("java"),
        arguments: [
            OsString::from("-Xmx128m"),
            OsString::from("-XX:TieredStopAtLevel=1"),
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
        ready: Ready::Listens,
    };
    let mut server = Server::start(recipe, address, place.folder().join("zookeeper.log"))?;
    server.wait_until_ready()?;
    Ok(server)
}
