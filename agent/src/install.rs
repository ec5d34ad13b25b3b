//! Copying the agent itself into a volume, from where another image's container runs it.

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// The name of the copy.
const NAME: &str = "lcmap-agent";

/// Copies the running program to a folder, which is made if need be, for everybody to execute.
///
/// The copy appears whole or not at all, so that an init container that was killed half-way can run again.
pub(crate) fn install(folder: &Path) -> io::Result<PathBuf> {
    let installed = folder.join(NAME);
    let next = folder.join(format!(".{NAME}.next"));
    fs::create_dir_all(folder)?;
    // Not the path of the program, which may be gone or, seen from here, another file.
    fs::copy("/proc/self/exe", &next)?;
    fs::set_permissions(&next, Permissions::from_mode(0o555))?;
    fs::rename(&next, &installed)?;
    Ok(installed)
}
