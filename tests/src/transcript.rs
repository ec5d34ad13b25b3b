//! What a process writes, as it comes.

use std::io::Read;
use std::sync::{Arc, Condvar, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// What a stream has carried so far, gathered by a thread of its own.
#[derive(Debug)]
pub(crate) struct Transcript {
    shared: Arc<(Mutex<Heard>, Condvar)>,
    thread: JoinHandle<()>,
}

#[derive(Debug, Default)]
struct Heard {
    text: Vec<u8>,
    ended: bool,
}

impl Transcript {
    pub(crate) fn of(mut stream: impl Read + Send + 'static) -> Self {
        let shared = Arc::new((Mutex::new(Heard::default()), Condvar::new()));
        let ours = Arc::clone(&shared);
        let thread = std::thread::spawn(move || {
            let (heard, changed) = &*ours;
            let mut buffer = [0; 8192];
            // A terminal whose other side is closed answers EIO: that is its end.
            while let Ok(n @ 1..) = stream.read(&mut buffer) {
                heard.lock().unwrap().text.extend_from_slice(&buffer[..n]);
                changed.notify_all();
            }
            heard.lock().unwrap().ended = true;
            changed.notify_all();
        });
        Self { shared, thread }
    }

    pub(crate) fn empty() -> Self {
        Self::of(std::io::empty())
    }

    /// Waits until `text` appears at or after byte `from`, and returns the byte after it.
    pub(crate) fn wait_for(&self, text: &str, from: usize, limit: Duration) -> usize {
        let deadline = Instant::now() + limit;
        let (heard, changed) = &*self.shared;
        let mut now = heard.lock().unwrap();
        let missing = loop {
            let new = &now.text[from.min(now.text.len())..];
            if let Some(at) = new.windows(text.len()).position(|window| window == text.as_bytes()) {
                return from + at + text.len();
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if now.ended || left.is_zero() {
                break String::from_utf8_lossy(new).into_owned();
            }
            now = changed.wait_timeout(now, left).unwrap().0;
        };
        drop(now); // the thread that listens must outlive the test's failure
        panic!("{text:?} did not come within {limit:?}; the stream carried:\n{missing}");
    }

    /// What was heard so far.
    pub(crate) fn so_far(&self) -> String {
        String::from_utf8_lossy(&self.shared.0.lock().unwrap().text).into_owned()
    }

    /// Everything, once the stream has ended.
    pub(crate) fn all(self) -> String {
        self.thread.join().unwrap();
        String::from_utf8_lossy(&self.shared.0.lock().unwrap().text).into_owned()
    }
}
