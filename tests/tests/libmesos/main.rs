//! libmesos.so in real JVMs, against a real Mesos.

use mesos as _; // so that cargo builds the library

#[cfg(test)]
mod conformance;
#[cfg(test)]
mod dispatcher;
#[cfg(test)]
mod resilience;
#[cfg(test)]
mod spark;

/// The library to test: what `LCMAP_LIBMESOS` names (the one that ships, from libmesos/build.sh), or what was built with these
/// tests.
#[cfg(test)]
fn library() -> std::path::PathBuf {
    let built = || std::env::current_exe().unwrap().with_file_name("libmesos.so");
    std::env::var_os("LCMAP_LIBMESOS").map_or_else(built, Into::into)
}
