//! Private keys that were baked into the image: whoever can pull the image has them.

use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use crate::mounts::{self, Mount};

/// Where the seed document puts certificates in a container.
pub(crate) const IMAGE_FOLDER: &str = "/certs";

/// How deep folders are searched.
const DEPTH: u32 = 4;

/// How much of a file is searched for a key, in bytes.
const SEARCHED: u64 = 64 * 1024;

/// The first private key under a folder that lies on the image's own file system, not on a mount.
///
/// A folder that the user mounts, read-only or not, is an input and no violation.
pub(crate) fn find_private_key(folder: &Path) -> Option<PathBuf> {
    let mounts = mounts::parse(&fs::read_to_string("/proc/self/mountinfo").ok()?);
    find_in(folder, &mounts, DEPTH)
}

fn find_in(folder: &Path, mounts: &[Mount], depth: u32) -> Option<PathBuf> {
    let mut entries: Vec<PathBuf> = fs::read_dir(folder).ok()?.flatten().map(|entry| entry.path()).collect();
    entries.sort();
    entries.into_iter().find_map(|path| {
        if path.is_dir() {
            depth.checked_sub(1).and_then(|depth| find_in(&path, mounts, depth))
        } else {
            (is_of_image(&path, mounts) && is_private_key(&path)).then_some(path)
        }
    })
}

fn is_of_image(path: &Path, mounts: &[Mount]) -> bool {
    let Ok(path) = fs::canonicalize(path) else { return false };
    mounts::covering(mounts, &path).is_some_and(|mount| mount.point == Path::new("/"))
}

/// By its content, or by the names that the seed document and Kubernetes give to keys.
fn is_private_key(path: &Path) -> bool {
    const MARK: &[u8] = b"PRIVATE KEY-----";
    if !path.is_file() {
        return false;
    }
    let is_called = |known: &str| path.file_name().is_some_and(|name| name.eq_ignore_ascii_case(known));
    if is_called("mesos.key") || is_called("tls.key") {
        return true;
    }
    let mut content = Vec::new();
    let read = File::open(path).and_then(|file| file.take(SEARCHED).read_to_end(&mut content));
    read.is_ok() && content.windows(MARK.len()).any(|window| window == MARK)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mount(point: &Path) -> Mount {
        Mount { root: "/".into(), point: point.to_owned(), kind: String::new(), options: String::new() }
    }

    #[test]
    fn a_key_is_known_by_its_content_or_its_name_however_deep() {
        for (path, content, found) in [
            ("mesos.key", "0\u{1}x", true),
            ("a/b/tls.key", "", true),
            ("a/server.pem", "x\n-----BEGIN RSA PRIVATE KEY-----\n", true),
            ("a/b/c/d/other", "-----BEGIN PRIVATE KEY-----", true),
            ("mesos.crt", "-----BEGIN CERTIFICATE-----", false),
            ("readme.txt", "put the PRIVATE KEY here", false),
        ] {
            let folder = tempfile::tempdir().unwrap();
            let file = folder.path().join(path);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(&file, content).unwrap();
            let searched = find_in(folder.path(), &[mount(Path::new("/"))], DEPTH);
            assert_eq!(searched, found.then_some(file));
        }
    }

    #[test]
    fn a_key_on_a_mount_is_the_users_own() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("mesos.key"), "").unwrap();
        let mounts = [mount(Path::new("/")), mount(&folder.path().canonicalize().unwrap())];
        assert_eq!(find_in(folder.path(), &mounts, DEPTH), None);
    }

    #[test]
    fn a_folder_that_is_not_there_holds_no_key() {
        assert_eq!(find_private_key(Path::new("/nonexistent")), None);
    }
}
