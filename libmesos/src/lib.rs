//! `libmesos.so`: the natives of `org.apache.mesos.MesosSchedulerDriver` and `MesosNativeLibrary` over scheduler API v1.
//!
//! A JVM loads it through `MESOS_NATIVE_JAVA_LIBRARY` or `java.library.path` in place of Mesos' own C++ library; the Java
//! classes of Mesos 1.0 to 1.11 are served. Three threads take part: a native, on whatever thread Java calls it, only
//! enqueues; the *network* thread speaks to the master; the *callback* thread, a daemon to the JVM, calls the program's
//! `Scheduler`, one callback after the other.

use std::io::{self, Write};

mod callbacks;
mod convert;
mod create;
mod driver;
mod environment;
mod framework;
mod handles;
mod hosts;
mod java;
mod java_scheduler;
mod ledger;
mod network;
mod offer;
mod state_file;
mod status;
mod symbols;
mod task;
mod wishes;

/// Says something to whoever reads the program's standard error, in the library's name.
fn say(message: &str) {
    // In one write, or the lines of others come in between. A program may have closed it: then nobody reads.
    let _ = io::stderr().write_all(format!("libmesos: {message}\n").as_bytes());
}
