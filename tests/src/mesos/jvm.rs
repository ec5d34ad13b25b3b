//! The Java programs of `tests/libmesos/java`, each in a JVM of its own over one of two libraries.

use std::{
    fs,
    io::{BufRead, BufReader, Read},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex, PoisonError, Weak},
    thread::{self, JoinHandle},
};

use tempfile::TempDir;

use super::{Bed, assembled, spark_home};
use crate::bed::java;

/// What a JVM loads for Mesos.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Library {
    /// Ours.
    Rust,
    /// Mesos' own, which ours replaces.
    Cpp,
}

impl Library {
    /// The file. Ours is the one that `LCMAP_LIBMESOS` names (the one that ships, from libmesos/build.sh), or what was built with
    /// this program; Mesos' own is made once.
    pub fn path(self) -> PathBuf {
        let built = || std::env::current_exe().unwrap().with_file_name("libmesos.so");
        match self {
            Self::Rust => std::env::var_os("LCMAP_LIBMESOS").map_or_else(built, Into::into),
            Self::Cpp => assembled("assemble.sh", "mesos").unwrap().join("libmesos-java.so"),
        }
    }
}

/// The programs, compiled against some version of Mesos' classes.
pub struct Programs {
    folder: Arc<TempDir>,
    classes: PathBuf,
}

impl Programs {
    /// Compiles them against Mesos 1.4.3's classes, as they come with Spark 3.5; once for all tests that run at the same time.
    pub fn compiled() -> Self {
        static COMPILED: Mutex<Weak<TempDir>> = Mutex::new(Weak::new());
        let classes = spark_home().unwrap().join("jars/mesos-1.4.3-shaded-protobuf.jar");
        let mut compiled = COMPILED.lock().unwrap_or_else(PoisonError::into_inner);
        let folder = compiled.upgrade().unwrap_or_else(|| Arc::new(compile(&classes)));
        *compiled = Arc::downgrade(&folder);
        Self { folder, classes }
    }

    /// Compiles them against these classes.
    pub fn compiled_against(classes: PathBuf) -> Self {
        Self { folder: Arc::new(compile(&classes)), classes }
    }

    /// `java CLASS SCENARIO MASTER`, still without options.
    pub fn java(&self, bed: &Bed, library: Library, options: &[&str]) -> Command {
        let class_path = std::env::join_paths([self.folder.path(), &self.classes]).unwrap();
        let executor = format!(
            "env PYTHONPATH={} python3 {}",
            concat!(env!("CARGO_MANIFEST_DIR"), "/beds/mesos"),
            source("echo.py").display()
        );
        let mut command = Command::new(java().join("bin/java"));
        command
            .args(options)
            .arg("-cp")
            .arg(class_path)
            // cargo's own leads to our libmesos.so, which Mesos' own would then stand before.
            .env_remove("LD_LIBRARY_PATH")
            .env("MESOS_NATIVE_JAVA_LIBRARY", library.path())
            .env("LCMAP_BED", bed.folder())
            .env("LCMAP_BED_EXECUTOR", executor)
            // Where Mesos' own library listens for the master, and what it logs.
            .env("LIBPROCESS_IP", bed.master(0).address().ip().to_string())
            .env("MESOS_LOGGING_LEVEL", "ERROR")
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// The same over our library in a root file system with a Java, as in an old image: see [`super::debian11`].
    pub fn java_within(&self, root: &Path, bed: &Bed) -> Command {
        let folder = bed.folder().join("within");
        fs::create_dir(&folder).unwrap();
        for each in fs::read_dir(self.folder.path()).unwrap().map(|entry| entry.unwrap().path()) {
            fs::copy(&each, folder.join(each.file_name().unwrap())).unwrap();
        }
        fs::copy(&self.classes, folder.join("mesos.jar")).unwrap();
        fs::copy(crate::bed::libmesos(), folder.join("libmesos.so")).unwrap();
        let enter = "mount -t proc proc \"$0/proc\" && mount --bind \"$1\" \"$0/bed\" && shift && exec chroot \"$0\" \"$@\"";
        let mut command = Command::new("unshare");
        command.args(["--mount", "sh", "-c", enter]).arg(root).arg(&folder);
        command
            .args(["/java/bin/java", "-Xcheck:jni", "-Xmx256m", "-cp", "/bed:/bed/mesos.jar"])
            .env("MESOS_NATIVE_JAVA_LIBRARY", "/bed/libmesos.so")
            .env("LCMAP_BED", bed.folder())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// Starts `CLASS SCENARIO` with the bed's master under `-Xcheck:jni`, which must find nothing in our library.
    pub fn start(&self, bed: &Bed, library: Library, program: [&str; 2]) -> Run {
        let options: &[&str] = match library {
            Library::Rust => &["-Xcheck:jni", "-Xmx256m"],
            Library::Cpp => &["-Xmx256m"],
        };
        Run::of(self.java(bed, library, options), bed, program)
    }

    /// What the program says, to its end.
    pub fn transcript(&self, bed: &Bed, library: Library, program: [&str; 2]) -> Vec<String> {
        self.start(bed, library, program).finish()
    }
}

/// A program that runs, and what it has said.
pub struct Run {
    child: Child,
    said: Vec<String>,
    /// What it writes to its standard error, read meanwhile: one that writes much would wait for ever.
    errors: JoinHandle<String>,
}

impl Run {
    /// Starts a program with the bed's master.
    pub fn of(mut java: Command, bed: &Bed, [class, scenario]: [&str; 2]) -> Self {
        let master = bed.zookeeper_url().unwrap_or_else(|| bed.master(0).address().to_string());
        let mut child = java.args([class, scenario, &master]).spawn().unwrap();
        let mut stream = child.stderr.take().unwrap();
        let errors = thread::spawn(move || {
            let mut errors = vec![];
            stream.read_to_end(&mut errors).unwrap();
            String::from_utf8_lossy(&errors).into_owned()
        });
        Self { child, said: vec![], errors }
    }

    /// Hears it to the end of what it says, and does for each line what the line asks for.
    pub fn hear(mut self, mut react: impl FnMut(&str)) -> Self {
        for line in BufReader::new(self.child.stdout.take().unwrap()).lines() {
            let line = line.unwrap();
            react(&line);
            self.said.push(line);
        }
        self
    }

    /// All that it said, once it has ended. It must have ended well, and the JVM must have had nothing to say.
    pub fn finish(mut self) -> Vec<String> {
        if self.child.stdout.is_some() {
            self = self.hear(|_| ());
        }
        let status = self.child.wait().unwrap();
        eprintln!("{}\n{}", self.said.join("\n"), self.errors.join().unwrap());
        assert!(status.success(), "{status}");
        // -Xcheck:jni writes to standard output.
        let of_the_jvm = |line: &&String| line.contains("WARNING") || line.contains("FATAL");
        let complaints: Vec<&String> = self.said.iter().filter(of_the_jvm).collect();
        assert!(complaints.is_empty(), "{complaints:?}");
        self.said
    }
}

fn compile(classes: &Path) -> TempDir {
    let folder = TempDir::new().unwrap();
    let sources = fs::read_dir(source("java")).unwrap().map(|entry| entry.unwrap().path());
    let compiler = Command::new("javac")
        .arg("-J-XX:TieredStopAtLevel=1")
        // For the oldest JVM that any of them runs in.
        .args(["--release", "8", "-nowarn", "-Xlint:none", "-cp"])
        .arg(classes)
        .arg("-d")
        .arg(folder.path())
        .args(sources)
        .output()
        .unwrap();
    assert!(compiler.status.success(), "{}", String::from_utf8_lossy(&compiler.stderr));
    folder
}

fn source(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/libmesos").join(name)
}
