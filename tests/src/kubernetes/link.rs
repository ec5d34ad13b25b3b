use std::{
    fs,
    io::{self, Read, Write},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    path::{Path, PathBuf},
    sync::{Arc, Condvar, Mutex, PoisonError},
    thread,
};

use super::{ControlPlane, Error, Result};

/// A line between one program and the API server that can be cut: what is sent then stays under way, and nobody is
/// told, as when a cable is pulled.
#[derive(Debug)]
pub struct Link {
    kubeconfig: PathBuf,
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

impl ControlPlane {
    /// A line to the API server for the user of `kubeconfig`.
    pub fn link(&self, kubeconfig: &Path) -> Result<Link> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).map_err(Error::Network)?;
        let here = listener.local_addr().map_err(Error::Network)?;
        let text = fs::read_to_string(kubeconfig).map_err(Error::file("read", kubeconfig))?;
        let through = kubeconfig.with_extension("link");
        let text = text.replace(&self.address().to_string(), &here.to_string());
        fs::write(&through, text).map_err(Error::file("write", &through))?;
        let line = Arc::<Line>::default();
        let (accepting, server) = (Arc::clone(&line), self.address());
        // It ends with the process: nobody but the test knows the port.
        thread::spawn(move || {
            for client in listener.incoming().map_while(io::Result::ok) {
                let line = Arc::clone(&accepting);
                thread::spawn(move || line.carry(&client, server));
            }
        });
        Ok(Link { kubeconfig: through, line })
    }
}

impl Link {
    /// The kubeconfig that leads through it.
    pub fn kubeconfig(&self) -> &Path {
        &self.kubeconfig
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
