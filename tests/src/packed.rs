//! A packed Python environment, as conda-pack and venv-pack make them, that is this machine's own Python and says so.

use std::process::Command;

use crate::Folder;

/// What the Python of such an environment sets.
pub const MARK: &str = "PACKED";

/// Writes `environment.tar.gz` with `bin/python` into a folder.
pub fn environment(folder: &Folder) {
    let packed = Folder::new();
    packed.program("bin/python", &format!("#!/bin/sh\n{MARK}=yes exec /usr/bin/python3 \"$@\"\n"));
    let archive = folder.path().join("environment.tar.gz");
    let tar = Command::new("tar").arg("-C").arg(packed.path()).arg("-czf").arg(archive).arg("bin").status();
    assert!(tar.unwrap().success());
}

/// A program that prints who runs in the environment, driver or workers.
pub const SHOWS: &str = "import os
from pyspark.sql import SparkSession
context = SparkSession.builder.getOrCreate().sparkContext
print('driver', os.environ.get('PACKED'), flush=True)
print('workers', context.parallelize([1], 1).map(lambda _: __import__('os').environ.get('PACKED')).collect(), flush=True)
context.stop()
";
