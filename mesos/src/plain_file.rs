//! Small files in a folder that others can write, too: a container's user, say.

use std::{
    fs::{File, OpenOptions},
    io::{self, Read},
    os::unix::fs::OpenOptionsExt,
    path::Path,
};

use nix::fcntl::OFlag;

/// Opens a file to be read. A link is not followed, and a pipe, a device or a socket not taken for one: whoever can put something
/// else in the file's place neither has another file read nor makes the reader wait.
pub fn open_plain_file(path: &Path) -> io::Result<File> {
    let flags = OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK | OFlag::O_NOCTTY;
    let file = OpenOptions::new().read(true).custom_flags(flags.bits()).open(path)?;
    if file.metadata()?.is_file() {
        Ok(file)
    } else {
        Err(io::Error::new(io::ErrorKind::InvalidInput, "is not a regular file"))
    }
}

/// Reads a file of at most this many bytes, opened so.
pub fn read_plain_file(path: &Path, most: usize) -> io::Result<Vec<u8>> {
    let file = open_plain_file(path)?;
    let mut content = Vec::new();
    file.take(u64::try_from(most).unwrap_or(u64::MAX).saturating_add(1)).read_to_end(&mut content)?;
    if content.len() > most {
        let why = format!("is longer than {most} bytes");
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, why));
    }
    Ok(content)
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::symlink, os::unix::net::UnixListener};

    use nix::{sys::stat::Mode, unistd::mkfifo};

    use super::*;

    #[test]
    fn a_regular_file_is_read_and_nothing_else_that_may_lie_in_its_place() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::write(at("plain"), "four").unwrap();
        fs::write(at("long"), "fours").unwrap();
        fs::create_dir(at("folder")).unwrap();
        symlink(at("plain"), at("link")).unwrap();
        symlink("/dev/zero", at("endless")).unwrap();
        mkfifo(&at("pipe"), Mode::S_IRWXU).unwrap();
        let _listener = UnixListener::bind(at("socket")).unwrap();
        assert_eq!(read_plain_file(&at("plain"), 4).unwrap(), b"four");
        for name in ["long", "folder", "link", "endless", "pipe", "socket", "none"] {
            assert!(read_plain_file(&at(name), 4).is_err(), "{name}");
        }
        assert!(read_plain_file(Path::new("/dev/zero"), 4).is_err());
    }
}
