use std::{
    io::{self, Read, Write},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
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
    /// The ends at the server of what is connected.
    servers: Mutex<Vec<TcpStream>>,
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

    /// Cuts it, and the server gives up its connections, as it does once the network has kept it waiting for too long. The
    /// other end hears nothing of it.
    pub fn cut_and_given_up(&self) {
        self.cut();
        for server in self.line.servers().drain(..) {
            // One that is closed already needs no more.
            let _ = server.shutdown(Shutdown::Both);
        }
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

    fn servers(&self) -> MutexGuard<'_, Vec<TcpStream>> {
        self.servers.lock().unwrap_or_else(PoisonError::into_inner)
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
        self.servers().extend(server.try_clone());
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
        // While it is cut neither end hears of the other's.
        self.wait();
        for end in [from, to] {
            let _ = end.shutdown(Shutdown::Both);
        }
    }
}
