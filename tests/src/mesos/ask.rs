//! What admins ask of a master, and tell it.

use std::{
    io::{self, Read, Write},
    net::TcpStream,
};

use serde_json::Value;

use super::Bed;

impl Bed {
    /// The first master's state, as its web page reads it. For beds without TLS and credentials.
    pub fn state(&self) -> io::Result<Value> {
        let mut stream = TcpStream::connect(self.master(0).address())?;
        stream.write_all(b"GET /master/state HTTP/1.0\r\n\r\n")?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        let (_, body) = answer.split_once("\r\n\r\n").unwrap_or_default();
        serde_json::from_str(body).map_err(io::Error::other)
    }

    /// Removes a framework, as an admin does. For beds without TLS and credentials.
    pub fn tear_down(&self, framework: &str) -> io::Result<()> {
        let body = format!("frameworkId={framework}");
        let length = body.len();
        let mut stream = TcpStream::connect(self.master(0).address())?;
        write!(stream, "POST /master/teardown HTTP/1.0\r\nContent-Length: {length}\r\n\r\n{body}")?;
        stream.read_to_string(&mut String::new()).map(drop)
    }
}
