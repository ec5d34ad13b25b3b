//! A Python environment of a test's own.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use lcmap_spark_tests::{Folder, LcmapSpark, bed};

/// A fresh virtual environment, which nothing activates, with no registry to ask.
pub(crate) struct Environment(Folder);

impl Environment {
    pub(crate) fn new() -> Self {
        let environment = Self(Folder::new());
        run(Command::new(bed::python()).args(["-m", "venv", "--without-pip"]).arg(environment.path()));
        environment
    }

    /// One with the wheel and these extras, such as `[spark]`.
    pub(crate) fn with_wheel(extras: &str) -> Self {
        let (environment, mut wheel) = (Self::new(), bed::wheel().into_os_string());
        wheel.push(extras);
        environment.pip(&["install".into(), "--no-compile".into(), wheel]);
        environment
    }

    /// One into which the command alone is unpacked from the wheel: pip takes ten times as long.
    pub(crate) fn with_command() -> Self {
        let environment = Self::new();
        let command = bed::agent().with_file_name("lcmap-spark");
        std::fs::copy(command, environment.program("lcmap-spark")).unwrap();
        environment
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    pub(crate) fn program(&self, name: &str) -> PathBuf {
        self.path().join("bin").join(name)
    }

    /// `pip ARGUMENTS`, by the pip of the Spark bed.
    pub(crate) fn pip(&self, arguments: &[OsString]) {
        let mut pip = Command::new(bed::python());
        pip.args(["-m", "pip", "--disable-pip-version-check", "--quiet", "--python"])
            .arg(self.program("python3"));
        pip.args(arguments).env("PIP_NO_INDEX", "1").env("PIP_FIND_LINKS", bed::wheels());
        run(&mut pip);
    }

    /// `lcmap-spark SUBCOMMAND`, called by its path.
    pub(crate) fn lcmap_spark(&self, subcommand: &str) -> LcmapSpark {
        LcmapSpark::installed(self.program("lcmap-spark"), subcommand).env("JAVA_HOME", bed::java())
    }

    /// Installs a package that holds a program, a script of `sh`, at this path.
    pub(crate) fn install_package(&self, name: &str, program: &str, script: &str) {
        let packages = run(Command::new(self.program("python3"))
            .args(["-c", "import sysconfig; print(sysconfig.get_path('purelib'), end='')"]));
        let packages = Path::new(&packages).strip_prefix(self.path()).unwrap().display().to_string();
        self.0.write(&format!("{packages}/{name}/__init__.py"), "");
        self.0.program(&format!("{packages}/{name}/{program}"), &format!("#!/bin/sh\n{script}\n"));
    }

    /// Installs a program, a script of `sh`.
    pub(crate) fn install_program(&self, name: &str, script: &str) {
        self.0.program(&format!("bin/{name}"), &format!("#!/bin/sh\n{script}\n"));
    }

    /// Every file and folder in it.
    pub(crate) fn entries(&self) -> BTreeSet<PathBuf> {
        fn walk(folder: &Path, found: &mut BTreeSet<PathBuf>) {
            for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
                if entry.file_type().unwrap().is_dir() {
                    walk(&entry.path(), found);
                }
                found.insert(entry.path());
            }
        }
        let mut found = BTreeSet::new();
        walk(self.path(), &mut found);
        found
    }
}

/// Runs a program that must succeed, and returns what it prints.
#[track_caller]
pub(crate) fn run(command: &mut Command) -> String {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}\n{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}
