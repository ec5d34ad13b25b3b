//! A stand-in for Spark: for tests of what happens around it, and for faults that the real one does not show.

use std::ffi::OsString;
use std::path::PathBuf;

use crate::Folder;

/// A folder laid out as Spark's, whose commands are all the same shell script.
#[derive(Debug)]
pub struct StandIn(Folder);

impl StandIn {
    /// A Spark whose commands do this, in `sh`.
    pub fn new(script: &str) -> Self {
        let folder = Folder::new();
        let script = format!("#!/bin/sh\n{script}\n");
        for command in ["spark-submit", "spark-shell", "pyspark", "jupyter", "java"] {
            folder.program(&format!("bin/{command}"), &script);
        }
        Self(folder)
    }

    /// Where it is.
    pub fn home(&self) -> PathBuf {
        self.0.path().to_owned()
    }

    pub(crate) fn environment(&self) -> [(OsString, OsString); 3] {
        let home = self.home();
        let mut path = home.join("bin").into_os_string();
        path.push(":/usr/bin:/bin");
        [("SPARK_HOME".into(), home.clone().into()), ("JAVA_HOME".into(), home.into()), ("PATH".into(), path)]
    }
}
