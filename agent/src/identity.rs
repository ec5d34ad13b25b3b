//! The user's entry in `/etc/passwd`: Hadoop cannot write a file for a user id that has none.
//!
//! `getpwuid` is never called: in a static binary it would load the image's own NSS modules.

use std::fs::{self, OpenOptions};
use std::io::{self, Read, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use nix::unistd::{getegid, geteuid};

/// An entry to make in `passwd` and `group`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    /// The user id.
    pub uid: u32,
    /// The group id.
    pub gid: u32,
    /// The user's name.
    pub name: String,
    /// The home folder, which Java takes from here and not from `HOME`.
    pub home: String,
}

/// The name of a user id in a passwd file (passwd(5)).
pub(crate) fn name_of(passwd: &str, uid: u32) -> Option<&str> {
    passwd.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next().filter(|name| !name.is_empty() && !name.starts_with('#'))?;
        (fields.nth(1)?.parse() == Ok(uid)).then_some(name)
    })
}

/// Whether a group file knows a group id.
fn has_group(group: &str, gid: u32) -> bool {
    group.lines().any(|line| line.split(':').nth(2).and_then(|field| field.parse().ok()) == Some(gid))
}

/// Whether a passwd or group file knows a name.
fn has_name(file: &str, name: &str) -> bool {
    file.lines().any(|line| line.split(':').next() == Some(name))
}

/// Where users are.
const PASSWD: &str = "/etc/passwd";

/// Where groups are.
const GROUP: &str = "/etc/group";

impl Entry {
    /// An entry; a name or home that the files cannot hold is replaced.
    pub(crate) fn new(uid: u32, gid: u32, name: Option<&str>, home: &Path) -> Self {
        let name = name.filter(|name| is_name(name)).map_or_else(|| format!("u{uid}"), str::to_owned);
        let home = home.to_str().filter(|home| !home.contains([':', '\n'])).unwrap_or("/").to_owned();
        Self { uid, gid, name, home }
    }

    /// The passwd file with this entry, unless the user id has one.
    pub(crate) fn in_passwd(&self, passwd: &str) -> String {
        if name_of(passwd, self.uid).is_some() {
            return passwd.to_owned();
        }
        let name = if has_name(passwd, &self.name) { format!("u{}", self.uid) } else { self.name.clone() };
        format!("{}{name}:x:{}:{}::{}:/bin/sh\n", with_line_end(passwd), self.uid, self.gid, self.home)
    }

    /// The group file with this entry's group, unless the group id has one.
    pub(crate) fn in_group(&self, group: &str) -> String {
        if has_group(group, self.gid) {
            return group.to_owned();
        }
        let name = if has_name(group, &self.name) { format!("g{}", self.gid) } else { self.name.clone() };
        format!("{}{name}:x:{}:\n", with_line_end(group), self.gid)
    }
}

/// Whether a text is a user's name as useradd(8) takes it.
fn is_name(text: &str) -> bool {
    let continues = |character: char| character.is_ascii_alphanumeric() || "_.-".contains(character);
    text.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && text.chars().all(continues)
        && text.len() <= 32
}

fn with_line_end(file: &str) -> String {
    if file.is_empty() || file.ends_with('\n') { file.to_owned() } else { format!("{file}\n") }
}

/// What became of our own entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Identity {
    /// There is one with this name, in the file or in another source that `getent` knows.
    Known(String),
    /// There was none, and the file took one with this name.
    Added(String),
    /// There is none, and the file does not take one; this is the name it would have.
    Missing(String),
}

impl Identity {
    /// Our user's name.
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Known(name) | Self::Added(name) | Self::Missing(name) => name,
        }
    }
}

/// Looks for our own entry and, where the file can be written, makes one.
pub(crate) fn ensure(proposed_name: Option<&str>, home: &Path) -> Identity {
    let passwd = fs::read_to_string(PASSWD).unwrap_or_default();
    let uid = geteuid().as_raw();
    if let Some(name) = name_of(&passwd, uid) {
        return Identity::Known(name.to_owned());
    }
    if let Some(name) = ask_getent(uid) {
        return Identity::Known(name);
    }
    let entry = Entry::new(uid, getegid().as_raw(), proposed_name, home);
    let with_entry = entry.in_passwd(&passwd);
    let name = name_of(&with_entry, uid).unwrap_or_default().to_owned();
    if append(PASSWD, &passwd, &with_entry).is_err() {
        return Identity::Missing(name);
    }
    let group = fs::read_to_string(GROUP).unwrap_or_default();
    // Without a group of its own only listings look odd.
    let _ = append(GROUP, &group, &entry.in_group(&group));
    Identity::Added(name)
}

fn append(path: &str, before: &str, after: &str) -> io::Result<()> {
    let added = after.strip_prefix(before).unwrap_or_default();
    OpenOptions::new().append(true).open(path)?.write_all(added.as_bytes())
}

/// How long a directory service may take to answer.
const PATIENCE: Duration = Duration::from_secs(2);

/// On a laptop users may come from a directory service: the C library's own tool knows.
fn ask_getent(uid: u32) -> Option<String> {
    let mut getent = Command::new("getent");
    getent.args(["passwd", &uid.to_string()]).stdin(Stdio::null()).stderr(Stdio::null());
    let mut child = getent.stdout(Stdio::piped()).spawn().ok()?;
    let began = Instant::now();
    while child.try_wait().ok()?.is_none() {
        if began.elapsed() > PATIENCE {
            child.kill().ok()?;
        }
        thread::sleep(Duration::from_millis(1));
    }
    // One line fits any pipe, so that it is safe to read only now.
    let mut answer = String::new();
    child.stdout.take()?.read_to_string(&mut answer).ok()?;
    name_of(&answer, uid).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PASSWD: &str =
        "root:x:0:0:root:/root:/bin/sh\n#old:x:5:5::/:/bin/sh\nlcmap:x:1000:1000::/home/lcmap:/bin/sh";

    #[test]
    fn a_name_is_found_by_its_user_id() {
        for (uid, name) in [(0, Some("root")), (1000, Some("lcmap")), (5, None), (4242, None)] {
            assert_eq!(name_of(PASSWD, uid), name);
        }
        assert_eq!(name_of("", 0), None);
        assert_eq!(name_of("broken\n:::\n", 0), None);
    }

    #[test]
    fn an_entry_is_added_once() {
        let entry = Entry::new(4242, 100, Some("science"), Path::new("/home/lcmap"));
        let with_entry = entry.in_passwd(PASSWD);
        assert_eq!(with_entry, format!("{PASSWD}\nscience:x:4242:100::/home/lcmap:/bin/sh\n"));
        assert_eq!(entry.in_passwd(&with_entry), with_entry);
        assert_eq!(entry.in_group("root:x:0:\n"), "root:x:0:\nscience:x:100:\n");
        assert_eq!(entry.in_group("users:x:100:\n"), "users:x:100:\n");
    }

    #[test]
    fn a_name_that_is_taken_or_impossible_is_replaced() {
        for (name, expected) in [
            (Some("lcmap"), "u4242"),
            (Some("a:b"), "u4242"),
            (Some("a\nb"), "u4242"),
            (Some(""), "u4242"),
            (Some("-a"), "u4242"),
            (Some("4242"), "u4242"),
            (None, "u4242"),
            (Some("a.b-c_d"), "a.b-c_d"),
        ] {
            let entry = Entry::new(4242, 4242, name, Path::new("/"));
            assert_eq!(name_of(&entry.in_passwd(PASSWD), 4242), Some(expected), "{name:?}");
        }
    }

    #[test]
    fn a_home_that_the_file_cannot_hold_is_the_root() {
        for home in ["/a:b", "/a\nb"] {
            assert_eq!(Entry::new(1, 1, None, Path::new(home)).home, "/");
        }
    }
}
