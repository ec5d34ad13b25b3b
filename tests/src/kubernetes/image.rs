use std::{path::Path, process::Command};

use super::{Result, programs};

/// An image made of a folder, without registry and without daemon.
#[derive(Debug, Clone, Copy)]
pub struct Image<'a> {
    /// Its name, with registry and tag: `bed.test/job:1`. A tag other than `latest` is never pulled when it is there.
    pub name: &'a str,
    /// The folder that becomes its `/`.
    pub root: &'a Path,
    /// The words of its entrypoint; none where pods bring their own command.
    pub entrypoint: &'a [&'a str],
    /// Name or `uid[:gid]`; empty for root.
    pub user: &'a str,
}

impl Image<'_> {
    /// Writes it as an archive for [`Node::import_images`](super::Node::import_images).
    pub fn write(&self, archive: &Path) -> Result<()> {
        let mut command = Command::new(programs::scripts().join("mkimage"));
        command.arg(self.name).arg(self.root).arg(archive).arg(format!("--user={}", self.user));
        for word in self.entrypoint {
            command.arg(format!("--entrypoint={word}"));
        }
        programs::run(&mut command)
    }
}
