//! Copying the agent itself, and libmesos.so beside it, into a volume, from where another image's container takes them.

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// The name of the agent's copy.
const AGENT: &str = "lcmap-agent";

/// What a JVM loads in place of Mesos' own library; it lies beside the agent, where it is shipped.
const LIBRARY: &str = "libmesos.so";

/// Copies the running program to a folder, which is made if need be, for everybody to execute, and libmesos.so if it is there.
pub(crate) fn install(folder: &Path) -> io::Result<PathBuf> {
    fs::create_dir_all(folder)?;
    if let Ok(program) = std::env::current_exe()
        && let library = program.with_file_name(LIBRARY)
        && library.is_file()
    {
        copy(&library, folder, LIBRARY)?;
    }
    // Not the path of the program, which may be gone or, seen from here, another file.
    copy(Path::new("/proc/self/exe"), folder, AGENT)
}

/// The copy appears whole or not at all, so that an init container that was killed half-way can run again.
fn copy(from: &Path, folder: &Path, name: &str) -> io::Result<PathBuf> {
    let installed = folder.join(name);
    let next = folder.join(format!(".{name}.next"));
    fs::copy(from, &next)?;
    fs::set_permissions(&next, Permissions::from_mode(0o555))?;
    fs::rename(&next, &installed)?;
    Ok(installed)
}
