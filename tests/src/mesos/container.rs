//! The image that containers of a bed run: empty folders, for the machine's own `/usr` to be mounted into.

use std::{
    fs, io,
    os::unix::fs::symlink,
    path::Path,
    process::{Command, Stdio},
};

/// What the image is called. A task mounts `/usr` read-only into it.
pub const IMAGE: &str = "localhost/lcmap-bed:empty";

const FOLDERS: [&str; 8] = ["dev", "etc", "mnt", "proc", "run", "sys", "tmp", "usr"];
const LINKS: [&str; 4] = ["bin", "lib", "lib64", "sbin"];

/// Lets the bed's `docker` take images from one more storage.
pub(super) fn share_images(storage: &Path, bed: &Path) -> io::Result<()> {
    fs::create_dir_all(bed.join("podman"))?;
    symlink(storage, bed.join("podman/images"))
}

/// Puts the image into the bed's own storage, with the bed's own `docker`.
pub(super) fn import_image(program: &Path, bed: &Path) -> io::Result<()> {
    let root = bed.join("image");
    for folder in FOLDERS {
        fs::create_dir_all(root.join(folder))?;
    }
    for link in LINKS {
        symlink(format!("usr/{link}"), root.join(link))?;
    }
    let archive = bed.join("image.tar");
    let packed = Command::new("tar").arg("-C").arg(&root).arg("-cf").arg(&archive).arg(".").status()?;
    let imported = Command::new(program.join("docker"))
        .arg("import")
        .arg(&archive)
        .arg(IMAGE)
        .env("LCMAP_BED", bed)
        .stdout(Stdio::null())
        .status()?;
    if packed.success() && imported.success() {
        Ok(())
    } else {
        Err(io::Error::other(format!("the bed's image could not be made: tar {packed}, podman {imported}")))
    }
}
