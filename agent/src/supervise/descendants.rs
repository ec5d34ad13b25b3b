//! Our own descendants, by `/proc`: the only processes that the agent ever signals.
//!
//! Zombies are among them, since a process whose first thread has ended looks like one.
//!
//! Not `kill(-1)`: with a shared pid namespace (`hostPID`) that would reach the whole machine.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use nix::unistd::Pid;

/// Every living descendant of a process, in no particular order.
pub(crate) fn of(ancestor: Pid) -> Vec<Pid> {
    let mut children: BTreeMap<i32, Vec<i32>> = BTreeMap::new();
    for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
        let pid = entry.file_name().to_str().and_then(|name| name.parse::<i32>().ok());
        let parent = pid.and_then(|pid| parent_of(&fs::read_to_string(format!("/proc/{pid}/stat")).ok()?));
        if let (Some(pid), Some(parent)) = (pid, parent) {
            children.entry(parent).or_default().push(pid);
        }
    }
    let mut found = BTreeSet::new();
    let mut open = vec![ancestor.as_raw()];
    while let Some(parent) = open.pop() {
        let new = children.remove(&parent).unwrap_or_default();
        open.extend(new.iter().filter(|pid| found.insert(**pid)));
    }
    found.into_iter().map(Pid::from_raw).collect()
}

/// The parent of a process that lives.
pub(crate) fn parent(pid: Pid) -> Option<Pid> {
    parent_of(&fs::read_to_string(format!("/proc/{pid}/stat")).ok()?).map(Pid::from_raw)
}

/// Whether a process has ended, though its parent may not have taken note. One whose first thread alone has ended lives.
pub(crate) fn has_ended(pid: u32) -> bool {
    let Ok(stat) = fs::read_to_string(format!("/proc/{pid}/stat")) else { return true };
    let threads = || fs::read_dir(format!("/proc/{pid}/task")).map_or(0, Iterator::count);
    is_zombie(&stat) && threads() <= 1
}

fn is_zombie(stat: &str) -> bool {
    let fields = stat.rsplit_once(')').map(|(_, fields)| fields.trim_start());
    fields.is_some_and(|fields| fields.starts_with(['Z', 'X']))
}

/// The parent in `/proc/PID/stat` (proc(5)). The command's name, in parentheses, may hold anything, parentheses
/// too.
fn parent_of(stat: &str) -> Option<i32> {
    let (_, fields) = stat.rsplit_once(')')?;
    fields.split_ascii_whitespace().nth(1)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    #[test]
    fn a_process_has_ended_though_nobody_has_taken_note() {
        let mut child = Command::new("sleep").arg("600").spawn().unwrap();
        assert!(!has_ended(child.id()));
        child.kill().unwrap();
        while !has_ended(child.id()) {
            std::thread::yield_now();
        }
        assert!(fs::exists(format!("/proc/{}", child.id())).unwrap(), "it is a zombie");
        child.wait().unwrap();
        assert!(has_ended(child.id()));
    }

    #[test]
    fn the_parent_is_read_past_any_name() {
        for (stat, parent) in [
            ("12 (bash) S 7 12 12 0", Some(7)),
            ("12 (a) b (c) S 3 (x) R 8 1", Some(8)),
            ("12 (dead) Z 7 12", Some(7)),
            ("12 (bash", None),
            ("", None),
        ] {
            assert_eq!(parent_of(stat), parent, "{stat}");
        }
    }
}
