//! The end of a file that the command writes to by itself.

use std::fs::File;
use std::io::{self, Seek};
use std::os::fd::BorrowedFd;
use std::os::unix::fs::FileExt;

use nix::fcntl::{FcntlArg, OFlag, fcntl};

use super::tail::KEPT;

/// A file, and where in it the command's own output begins.
#[derive(Debug)]
pub(super) struct Written {
    file: File,
    begin: u64,
}

impl Written {
    /// The file behind one of our own streams, if we may read it, too.
    pub(super) fn behind(stream: BorrowedFd<'_>, number: i32) -> io::Result<Self> {
        // The kernel's link leads to the file itself, though it may have another name by now, or none.
        let file = File::open(format!("/proc/self/fd/{number}"))?;
        let flags = OFlag::from_bits_retain(fcntl(stream, FcntlArg::F_GETFL)?);
        let begin = if flags.contains(OFlag::O_APPEND) {
            file.metadata()?.len()
        } else {
            File::from(stream.try_clone_to_owned()?).stream_position()?
        };
        Ok(Self { file, begin })
    }

    /// Its last bytes. What cannot be read is no reason to fail.
    pub(super) fn tail(&self) -> Vec<u8> {
        let end = self.file.metadata().map_or(0, |metadata| metadata.len());
        // A file that has become shorter was emptied meanwhile, by whoever keeps logs small.
        let begin = if self.begin <= end { self.begin } else { 0 };
        let kept = u64::try_from(KEPT).unwrap_or(u64::MAX);
        let begin = begin.max(end.saturating_sub(kept));
        let mut bytes = vec![0; usize::try_from(end - begin).unwrap_or(0)];
        match self.file.read_exact_at(&mut bytes, begin) {
            Ok(()) => bytes,
            Err(_) => Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::os::fd::{AsFd, AsRawFd};

    use super::*;

    fn written(open: &mut std::fs::OpenOptions, before: &[u8], after: &[u8]) -> Vec<u8> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        std::fs::write(&path, "of a run before\n").unwrap();
        let mut file = open.open(&path).unwrap();
        file.write_all(before).unwrap();
        let end = Written::behind(file.as_fd(), file.as_raw_fd()).unwrap();
        std::fs::remove_file(&path).unwrap();
        file.write_all(after).unwrap();
        end.tail()
    }

    #[test]
    fn only_what_the_command_itself_has_written_is_read() {
        let append = || File::options().append(true).to_owned();
        let replace = || File::options().write(true).truncate(true).to_owned();
        for mut open in [append(), replace()] {
            assert_eq!(written(&mut open, b"agent\n", b"command\n"), b"command\n");
            assert_eq!(written(&mut open, b"", &vec![b'x'; KEPT + 1]).len(), KEPT);
            assert_eq!(written(&mut open, b"agent\n", b""), b"");
        }
    }
}
