//! libmesos.so in real JVMs, against a real Mesos.

use mesos as _; // so that cargo builds the library

#[cfg(test)]
mod conformance;
#[cfg(test)]
mod resilience;
#[cfg(test)]
mod spark;

/// The library that was built with these tests.
#[cfg(test)]
fn library() -> std::path::PathBuf {
    std::env::current_exe().unwrap().with_file_name("libmesos.so")
}
