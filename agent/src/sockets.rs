//! Which TCP sockets are listened on, and whether a process of our own tree does it.

use std::fs;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::ops::RangeInclusive;

use nix::unistd::Pid;

/// A listening TCP socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Listener {
    /// The address it is bound to, which may be the unspecified one.
    pub address: IpAddr,
    /// The port.
    pub port: u16,
    inode: u64,
}

impl Listener {
    /// An address that a connection from this machine can be made to.
    pub(crate) fn reachable(&self) -> IpAddr {
        match self.address {
            IpAddr::V4(address) if address.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
            IpAddr::V6(address) if address.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
            address => address.to_canonical(),
        }
    }
}

/// The listener of our network namespace with the lowest of these ports that one of the processes holds.
pub(crate) fn find(ports: &RangeInclusive<u16>, owners: impl FnOnce() -> Vec<Pid>) -> Option<Listener> {
    let mut listeners = all();
    listeners.retain(|listener| ports.contains(&listener.port));
    if listeners.is_empty() {
        return None;
    }
    let held: Vec<u64> = owners().into_iter().flat_map(sockets_of).collect();
    listeners.retain(|listener| held.contains(&listener.inode));
    listeners.into_iter().min_by_key(|listener| listener.port)
}

/// Whether anybody is connected to a port of our network namespace.
pub(crate) fn is_connected(port: u16) -> bool {
    let tables = ["/proc/self/net/tcp", "/proc/self/net/tcp6"];
    tables.into_iter().any(|file| has_connection(&fs::read_to_string(file).unwrap_or_default(), port))
}

fn has_connection(table: &str, port: u16) -> bool {
    const ESTABLISHED: &str = "01";
    let local = format!(":{port:04X}");
    table.lines().skip(1).any(|line| {
        let mut fields = line.split_ascii_whitespace().skip(1);
        fields.next().is_some_and(|address| address.ends_with(&local)) && fields.nth(1) == Some(ESTABLISHED)
    })
}

/// Whether the very same socket still listens. Cheaper than to ask again who holds it.
pub(crate) fn still_listens(listener: &Listener) -> bool {
    all().contains(listener)
}

/// Every listener of our network namespace.
fn all() -> Vec<Listener> {
    let tables = ["/proc/self/net/tcp", "/proc/self/net/tcp6"];
    tables.into_iter().flat_map(|file| parse(&fs::read_to_string(file).unwrap_or_default())).collect()
}

/// The inodes of the sockets that a process holds.
fn sockets_of(pid: Pid) -> Vec<u64> {
    let entries = fs::read_dir(format!("/proc/{pid}/fd")).into_iter().flatten().flatten();
    let links = entries.filter_map(|entry| fs::read_link(entry.path()).ok());
    links
        .filter_map(|link| link.to_str()?.strip_prefix("socket:[")?.strip_suffix(']')?.parse().ok())
        .collect()
}

/// Reads the listening sockets of `/proc/net/tcp` or `tcp6` (proc(5)).
fn parse(table: &str) -> Vec<Listener> {
    table.lines().skip(1).filter_map(parse_line).collect()
}

fn parse_line(line: &str) -> Option<Listener> {
    const LISTEN: &str = "0A";
    let fields: Vec<&str> = line.split_ascii_whitespace().collect();
    let [_, local, _, state, _, _, _, _, _, inode, ..] = fields.as_slice() else { return None };
    let (address, port) = local.split_once(':')?;
    (*state == LISTEN).then_some(Listener {
        address: parse_address(address)?,
        port: u16::from_str_radix(port, 16).ok()?,
        inode: inode.parse().ok()?,
    })
}

/// The kernel prints addresses as 32-bit words in the machine's own byte order.
fn parse_address(hexadecimal: &str) -> Option<IpAddr> {
    let word = |at: usize| u32::from_str_radix(hexadecimal.get(at..at + 8)?, 16).ok().map(u32::to_ne_bytes);
    match hexadecimal.len() {
        8 => Some(IpAddr::from(word(0)?)),
        32 => {
            let mut bytes = [0; 16];
            for (index, chunk) in bytes.chunks_exact_mut(4).enumerate() {
                chunk.copy_from_slice(&word(index * 8)?);
            }
            Some(IpAddr::from(bytes))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    #[test]
    #[cfg(target_endian = "little")]
    fn listening_sockets_are_read() {
        let table = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n\
             0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 31337 1\n\
             1: 0100007F:1F91 0100007F:0016 01 00000000:00000000 00:00000000 00000000  1000        0 31338 1\n\
             2: 00000000000000000000000001000000:0FC8 0:0 0A 0:0 0:0 0 1000 0 31339 1\n\
             broken\n";
        assert_eq!(
            parse(table),
            [
                Listener { address: Ipv4Addr::LOCALHOST.into(), port: 8080, inode: 31337 },
                Listener { address: Ipv6Addr::LOCALHOST.into(), port: 4040, inode: 31339 },
            ]
        );
    }

    #[test]
    fn a_connection_to_a_port_is_seen_while_it_lasts() {
        let socket = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = socket.local_addr().unwrap().port();
        assert!(!is_connected(port), "nobody has called");
        let _caller = std::net::TcpStream::connect(("127.0.0.1", port)).unwrap();
        assert!(is_connected(port));
    }

    #[test]
    fn a_socket_of_our_own_is_found_and_one_of_others_is_not() {
        let socket = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = socket.local_addr().unwrap().port();
        let found = find(&(port..=port), || vec![nix::unistd::getpid()]).unwrap();
        assert_eq!((found.port, found.reachable()), (port, Ipv4Addr::LOCALHOST.into()));
        assert!(still_listens(&found));
        assert_eq!(find(&(port..=port), Vec::new), None);
        drop(socket);
        assert!(!still_listens(&found));
    }
}
