//! What is mounted where: `/proc/self/mountinfo` (proc(5)).

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

/// One mounted filesystem.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mount {
    /// The folder of the filesystem that is the mount's root.
    pub root: PathBuf,
    /// Where it is mounted.
    pub point: PathBuf,
    /// The kind of filesystem, `tmpfs` say.
    pub kind: String,
    /// The filesystem's own options, separated by commas.
    pub options: String,
}

/// Reads `mountinfo`, in the order of mounting. Lines that are not understood are left out.
pub(crate) fn parse(mountinfo: &str) -> Vec<Mount> {
    mountinfo.lines().filter_map(parse_line).collect()
}

/// The mount that a path lies on: the longest mount point above it, the latest of several at the same place.
pub(crate) fn covering<'a>(mounts: &'a [Mount], path: &Path) -> Option<&'a Mount> {
    let above = mounts.iter().filter(|mount| path.starts_with(&mount.point));
    above.max_by_key(|mount| mount.point.components().count())
}

fn parse_line(line: &str) -> Option<Mount> {
    let (place, filesystem) = line.split_once(" - ")?;
    let mut place = place.split(' ').skip(3);
    let mut filesystem = filesystem.split(' ');
    Some(Mount {
        root: unescape(place.next()?),
        point: unescape(place.next()?),
        kind: filesystem.next()?.to_owned(),
        options: filesystem.nth(1)?.to_owned(),
    })
}

/// The kernel writes blank, tab, line end and backslash as three octal digits.
fn unescape(field: &str) -> PathBuf {
    let mut bytes = Vec::with_capacity(field.len());
    let mut rest = field.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        let octal = |digits: &[u8]| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 8).ok();
        match tail.get(..3).and_then(octal) {
            Some(byte) if first == b'\\' => {
                bytes.push(byte);
                rest = &tail[3..];
            }
            _ => {
                bytes.push(first);
                rest = tail;
            }
        }
    }
    PathBuf::from(OsString::from_vec(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOUNTINFO: &str = "\
27 1 254:0 / / rw,relatime - overlay overlay rw,lowerdir=/a
40 27 0:50 /secret /certs ro,relatime shared:5 - tmpfs tmpfs rw,size=4k
41 27 0:51 / /with\\040blank\\134 rw - ext4 /dev/vda rw
42 27 0:52 / /certs rw - ramfs none rw
broken
";

    #[test]
    fn every_field_is_read() {
        let mounts = parse(MOUNTINFO);
        assert_eq!(mounts.len(), 4);
        assert_eq!(
            mounts[1],
            Mount {
                root: "/secret".into(),
                point: "/certs".into(),
                kind: "tmpfs".to_owned(),
                options: "rw,size=4k".to_owned()
            }
        );
        assert_eq!(mounts[2].point, Path::new("/with blank\\"));
    }

    #[test]
    fn a_path_lies_on_the_longest_and_latest_mount_above_it() {
        let mounts = parse(MOUNTINFO);
        for (path, kind) in [
            ("/etc/passwd", "overlay"),
            ("/certs/mesos.key", "ramfs"),
            ("/certsx", "overlay"),
            ("/with blank\\/a", "ext4"),
        ] {
            assert_eq!(covering(&mounts, Path::new(path)).unwrap().kind, kind, "{path}");
        }
    }
}
