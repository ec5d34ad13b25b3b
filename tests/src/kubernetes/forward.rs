//! The two doors between the API server on 127.0.0.1 and the nodes' network: plain forwarding, and HTTP CONNECT.

use std::{
    fs::File,
    io::{self, Read, Write},
    net::{TcpListener, TcpStream},
    os::{
        fd::{AsFd, AsRawFd, OwnedFd},
        unix::net::UnixListener,
    },
    sync::Arc,
    thread,
};

use nix::sys::socket::{Shutdown, shutdown};

use super::{Error, Result};

/// How much of a CONNECT request is read; the API server's are shorter than 200 bytes.
const MAX_REQUEST: usize = 4096;

/// Accepts connections until it is dropped.
#[derive(Debug)]
pub(crate) struct Forwarder {
    listener: OwnedFd,
}

/// Something that accepts connections.
pub(crate) trait Listener: AsFd + Send + 'static {
    fn next(&self) -> io::Result<OwnedFd>;
}

impl Listener for TcpListener {
    fn next(&self) -> io::Result<OwnedFd> {
        self.accept().map(|(stream, _)| stream.into())
    }
}

impl Listener for UnixListener {
    fn next(&self) -> io::Result<OwnedFd> {
        self.accept().map(|(stream, _)| stream.into())
    }
}

impl Forwarder {
    /// Joins every connection with the one that `dial` makes for it, each on a thread of its own.
    pub(crate) fn start<D>(listener: impl Listener, dial: D) -> Result<Self>
    where
        D: Fn(&mut File) -> Result<TcpStream> + Send + Sync + 'static,
    {
        let kept = listener.as_fd().try_clone_to_owned().map_err(Error::Network)?;
        let dial = Arc::new(dial);
        thread::spawn(move || {
            while let Ok(connection) = listener.next() {
                let dial = Arc::clone(&dial);
                thread::spawn(move || {
                    let mut connection = File::from(connection);
                    // The client sees its connection end; the bed has nothing to add.
                    let _ =
                        dial(&mut connection).map(|other| join(connection, File::from(OwnedFd::from(other))));
                });
            }
        });
        Ok(Self { listener: kept })
    }
}

impl Drop for Forwarder {
    fn drop(&mut self) {
        // Linux wakes accept with an error.
        let _ = shutdown(self.listener.as_raw_fd(), Shutdown::Both);
    }
}

/// Leads to `port` of this machine.
pub(crate) fn to_local(port: u16) -> impl Fn(&mut File) -> Result<TcpStream> {
    move |_| TcpStream::connect(("127.0.0.1", port)).map_err(Error::Network)
}

/// Leads where the client asks: HTTP CONNECT, as the API server's egress selector speaks it.
pub(crate) fn to_asked(dial: impl Fn(&str) -> Result<TcpStream>) -> impl Fn(&mut File) -> Result<TcpStream> {
    move |client| {
        let request = read_request(client).map_err(Error::Network)?;
        let address = request.split(' ').nth(1).unwrap_or_default();
        let target = dial(address);
        let answer = match &target {
            Ok(_) => "HTTP/1.1 200 Connection established\r\n\r\n".to_owned(),
            Err(error) => format!("HTTP/1.1 502 {error}\r\n\r\n"),
        };
        client.write_all(answer.as_bytes()).map_err(Error::Network)?;
        target
    }
}

/// The client sends nothing more before it has an answer, so the request ends where the bytes end.
fn read_request(client: &mut File) -> io::Result<String> {
    let mut request = vec![];
    let mut chunk = [0; 512];
    while !request.ends_with(b"\r\n\r\n") && request.len() < MAX_REQUEST {
        match client.read(&mut chunk)? {
            0 => break,
            length => request.extend_from_slice(&chunk[..length]),
        }
    }
    Ok(String::from_utf8_lossy(&request).into_owned())
}

/// Copies both ways; the end of one direction is passed on, as port forwarding and `kubectl exec` need it.
fn join(left: File, right: File) -> io::Result<()> {
    let (other_left, other_right) = (left.try_clone()?, right.try_clone()?);
    let back = thread::spawn(move || pass(right, left));
    pass(other_left, other_right);
    let _ = back.join();
    Ok(())
}

fn pass(mut from: File, mut to: File) {
    let _ = io::copy(&mut from, &mut to);
    let _ = shutdown(to.as_raw_fd(), Shutdown::Write);
}
