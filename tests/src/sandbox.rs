//! The private folders of one run, its processes, and the check that it leaves neither behind.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

/// The variable that every process of a run inherits, so that those it leaves behind are found.
const MARK: &str = "LCMAP_SPARK_TEST";

/// How long the kernel may take to bring the last killed process of a run to its end.
const PATIENCE: Duration = Duration::from_secs(10);

/// The folders and the mark of one run.
#[derive(Debug)]
pub(crate) struct Sandbox {
    mark: String,
    runtime: tempfile::TempDir,
    temporary: tempfile::TempDir,
}

impl Sandbox {
    pub(crate) fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let mark = format!("{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let folder = |parent: &Path| tempfile::Builder::new().prefix("test-").tempdir_in(parent).unwrap();
        // Memory-backed, as a user's runtime folder is.
        Self { mark, runtime: folder(Path::new("/dev/shm")), temporary: folder(&std::env::temp_dir()) }
    }

    pub(crate) fn environment(&self) -> [(&'static str, PathBuf); 3] {
        [
            (MARK, self.mark.clone().into()),
            ("XDG_RUNTIME_DIR", self.runtime.path().to_owned()),
            ("TMPDIR", self.temporary.path().to_owned()),
        ]
    }

    /// The command lines of the run's processes that live now.
    pub(crate) fn command_lines(&self) -> Vec<String> {
        self.processes().map(|process| command_line(&process)).collect()
    }

    /// The folder that the run is started in unless the test names one.
    pub(crate) fn folder(&self) -> &Path {
        self.temporary.path()
    }

    /// The environments of the run's processes that live now, as everybody of its user may read them.
    pub(crate) fn environments(&self) -> Vec<String> {
        let environment = |process: PathBuf| fs::read(process.join("environ")).unwrap_or_default();
        self.processes().map(|process| String::from_utf8_lossy(&environment(process)).into_owned()).collect()
    }

    /// Every file in the run's private folders, with its permissions.
    pub(crate) fn private_files(&self) -> Vec<(PathBuf, u32)> {
        fn walk(folder: &Path, found: &mut Vec<(PathBuf, u32)>) {
            for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
                let metadata = entry.metadata().unwrap();
                found.push((entry.path(), metadata.permissions().mode() & 0o777));
                if metadata.is_dir() {
                    walk(&entry.path(), found);
                }
            }
        }
        let mut found = Vec::new();
        walk(self.runtime.path(), &mut found);
        found
    }

    /// Fails if a process of the run still lives, or a file still lies in its private folder.
    pub(crate) fn check(&self) {
        self.check_processes(PATIENCE);
        let files: Vec<_> =
            fs::read_dir(self.runtime.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
        assert!(files.is_empty(), "private files were left behind: {files:?}");
    }

    /// Fails if a process of the run lives for longer than this.
    pub(crate) fn check_processes(&self, patience: Duration) {
        self.wait_for_end(patience);
        let strays = self.command_lines();
        assert!(strays.is_empty(), "processes were left behind: {strays:#?}");
    }

    fn wait_for_end(&self, patience: Duration) {
        let deadline = Instant::now() + patience;
        while self.processes().next().is_some() && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn processes(&self) -> impl Iterator<Item = PathBuf> {
        let mark = format!("{MARK}={}\0", self.mark);
        let processes = fs::read_dir("/proc").unwrap().filter_map(|entry| Some(entry.ok()?.path()));
        processes.filter(move |process| {
            let environment = fs::read(process.join("environ")).unwrap_or_default();
            environment.windows(mark.len()).any(|window| window == mark.as_bytes())
        })
    }
}

impl Drop for Sandbox {
    /// Ends what a failed test has left, and nothing else: gracefully at first, so that it can end its containers.
    fn drop(&mut self) {
        for signal in [Signal::TERM, Signal::KILL] {
            for process in self.processes() {
                let pid =
                    process.file_name().and_then(|name| name.to_str()?.parse().ok()).and_then(Pid::from_raw);
                if let Some(pid) = pid {
                    let _ = kill_process(pid, signal);
                }
            }
            self.wait_for_end(PATIENCE);
        }
    }
}

fn command_line(process: &Path) -> String {
    let bytes = fs::read(process.join("cmdline")).unwrap_or_default();
    String::from_utf8_lossy(&bytes).replace('\0', " ")
}
