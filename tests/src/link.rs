use std::{
    io::{self, Read, Write},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Condvar, Mutex, PoisonError},
    thread,
};

/// A line between programs and a server that can be cut: what is sent then stays under way, and nobody is told, as when
/// a cable is pulled.
#[derive(Debug)]
pub struct Link {
    address: SocketAddr,
    line: Arc<Line>,
}

#[derive(Debug, Default)]
struct Line {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum State {
    #[default]
    Whole,
    Cut,
    Gone,
}

impl Link {
    /// A line to a server.
    pub fn to(server: SocketAddr) -> io::Result<Self> {
        let listener = TcpListener::bind((server.ip(), 0))?;
        let address = listener.local_addr()?;
        let line = Arc::<Line>::default();
        let accepting = Arc::clone(&line);
        // It ends with the process: nobody but the test knows the port.
        thread::spawn(move || {
            for client in listener.incoming().map_while(io::Result::ok) {
                let line = Arc::clone(&accepting);
                thread::spawn(move || line.carry(&client, server));
            }
        });
        Ok(Self { address, line })
    }

    /// The end of it that clients connect to.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Cuts it.
    pub fn cut(&self) {
        self.line.set(State::Cut);
    }

    /// Mends it. What was under way arrives.
    pub fn mend(&self) {
        self.line.set(State::Whole);
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.line.set(State::Gone);
    }
}

impl Line {
    fn set(&self, state: State) {
        *self.state.lock().unwrap_or_else(PoisonError::into_inner) = state;
        self.changed.notify_all();
    }

    /// Waits while it is cut. Answers whether it is there.
    fn wait(&self) -> bool {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let state = self.changed.wait_while(state, |state| *state == State::Cut);
        *state.unwrap_or_else(PoisonError::into_inner) == State::Whole
    }

    /// Carries one connection, until either end closes it.
    fn carry(&self, client: &TcpStream, server: SocketAddr) {
        if !self.wait() {
            return;
        }
        let Ok(server) = TcpStream::connect(server) else { return };
        thread::scope(|scope| {
            scope.spawn(|| self.carry_one_way(client, &server));
            self.carry_one_way(&server, client);
        });
    }

    fn carry_one_way(&self, mut from: &TcpStream, mut to: &TcpStream) {
        let mut bytes = [0; 16 * 1024];
        while let Ok(count @ 1..) = from.read(&mut bytes) {
            if !self.wait() || to.write_all(&bytes[..count]).is_err() {
                break;
            }
        }
        for end in [from, to] {
            let _ = end.shutdown(Shutdown::Both);
        }
    }
}
