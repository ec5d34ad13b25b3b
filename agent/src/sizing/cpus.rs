//! Which CPUs this process may run on.

use std::collections::BTreeSet;

/// The number of CPUs in `Cpus_allowed_list` of `/proc/self/status`: the cpuset's, narrowed by `taskset`.
pub(super) fn allowed(status: &str) -> Option<u32> {
    let list = status.lines().find_map(|line| line.strip_prefix("Cpus_allowed_list:"))?;
    u32::try_from(parse_list(list.trim())?.len()).ok()
}

/// A list of CPUs such as `0-3,8` (cpuset(7)).
fn parse_list(text: &str) -> Option<BTreeSet<u32>> {
    let mut cpus = BTreeSet::new();
    for part in text.split(',') {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let first: u32 = first.parse().ok()?;
        let last: u32 = last.parse().ok()?;
        cpus.extend(first..=last.min(first.saturating_add(u16::MAX.into())));
    }
    Some(cpus)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_of_cpus_is_counted() {
        for (list, count) in [
            ("0", Some(1)),
            ("0-3", Some(4)),
            ("0-3,8", Some(5)),
            ("0-1,4-5,7", Some(5)),
            ("3-1", Some(0)),
            ("", None),
            ("a-b", None),
        ] {
            let status = format!("Name:\tagent\nCpus_allowed:\tff\nCpus_allowed_list:\t{list}\n");
            assert_eq!(allowed(&status), count, "{list}");
        }
    }

    #[test]
    fn a_status_without_a_list_says_nothing() {
        assert_eq!(allowed("Name:\tagent\n"), None);
    }
}
