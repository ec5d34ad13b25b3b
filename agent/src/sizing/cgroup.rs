//! What the kernel allows this process: cores and memory, from cgroup v1 or v2 and `/proc`.

use std::fs;
use std::path::{Path, PathBuf};

use super::cpus;
use crate::mounts::{self, Mount};

/// What this process may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Limits {
    /// Cores: those of the cpuset, or fewer by a CPU quota (rounded up). At least 1.
    pub cores: u32,
    /// The tightest memory limit of the cgroup and its ancestors, in MiB, if it is below the host's memory.
    pub memory_mib: Option<u64>,
    /// The host's available memory (`MemAvailable`), in MiB.
    pub available_mib: u64,
}

/// One cgroup of this process, from its own folder up to the hierarchy's root as far as it is visible.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Hierarchy {
    version: Version,
    folders: Vec<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Version {
    One,
    Two,
}

/// Reads the limits of this process. `root` is `/`, or a fixture's root.
pub(crate) fn read(root: &Path) -> Limits {
    let hierarchies = Hierarchies::read(root);
    let memory = hierarchies.memory().into_iter().flat_map(Hierarchy::memory_limits).min();
    let quota = hierarchies.cpu().into_iter().flat_map(Hierarchy::cpu_quotas).min();
    let allowed = cpus::allowed(&text(&root.join("proc/self/status")).unwrap_or_default());
    let meminfo = text(&root.join("proc/meminfo")).unwrap_or_default();
    let total = meminfo_mib(&meminfo, "MemTotal:").unwrap_or(u64::MAX);
    Limits {
        cores: allowed.unwrap_or(1).min(quota.unwrap_or(u32::MAX)).max(1),
        memory_mib: memory.map(|bytes| bytes / (1024 * 1024)).filter(|limit| *limit < total),
        available_mib: meminfo_mib(&meminfo, "MemAvailable:").unwrap_or_default(),
    }
}

/// How many processes of this process' own cgroup the kernel has killed for want of memory. `None` if unknown.
pub(crate) fn oom_kills(root: &Path) -> Option<u64> {
    let hierarchies = Hierarchies::read(root);
    let hierarchy = hierarchies.memory()?;
    let file = match hierarchy.version {
        Version::One => "memory.oom_control",
        Version::Two => "memory.events",
    };
    let content = text(&hierarchy.folders.first()?.join(file))?;
    content.lines().find_map(|line| line.strip_prefix("oom_kill "))?.trim().parse().ok()
}

impl Hierarchy {
    /// Every memory limit in bytes, from the process' own cgroup upwards.
    fn memory_limits(&self) -> Vec<u64> {
        let read = |folder: &PathBuf| -> Vec<u64> {
            match self.version {
                Version::Two => number(&folder.join("memory.max")).into_iter().collect(),
                Version::One => {
                    let own = number(&folder.join("memory.limit_in_bytes"));
                    let stat = text(&folder.join("memory.stat")).unwrap_or_default();
                    let ancestors =
                        stat.lines().find_map(|line| line.strip_prefix("hierarchical_memory_limit "));
                    own.into_iter().chain(ancestors.and_then(|limit| limit.trim().parse().ok())).collect()
                }
            }
        };
        self.folders.iter().flat_map(read).collect()
    }

    /// Every CPU quota in cores, rounded up.
    fn cpu_quotas(&self) -> Vec<u32> {
        let read = |folder: &PathBuf| match self.version {
            Version::Two => {
                let content = text(&folder.join("cpu.max"))?;
                let (quota, period) = content.trim().split_once(' ')?;
                quota_in_cores(quota.parse().ok()?, period.parse().ok()?)
            }
            Version::One => {
                let quota = number(&folder.join("cpu.cfs_quota_us"))?;
                quota_in_cores(quota, number(&folder.join("cpu.cfs_period_us"))?)
            }
        };
        self.folders.iter().filter_map(read).collect()
    }
}

fn quota_in_cores(quota: u64, period: u64) -> Option<u32> {
    if period == 0 { None } else { u32::try_from(quota.div_ceil(period)).ok() }
}

/// The hierarchies that this process is in, v1's by controller.
#[derive(Debug, Default)]
struct Hierarchies {
    v1_memory: Option<Hierarchy>,
    v1_cpu: Option<Hierarchy>,
    v2: Option<Hierarchy>,
}

impl Hierarchies {
    /// A v1 controller is not in v2, and the other way round: what exists in v1 is what counts.
    fn memory(&self) -> Option<&Hierarchy> {
        self.v1_memory.as_ref().or(self.v2.as_ref())
    }

    fn cpu(&self) -> Option<&Hierarchy> {
        self.v1_cpu.as_ref().or(self.v2.as_ref())
    }

    fn read(root: &Path) -> Self {
        let mounts = text(&root.join("proc/self/mountinfo")).unwrap_or_default();
        let memberships = text(&root.join("proc/self/cgroup")).unwrap_or_default();
        let mut found = Self::default();
        for mount in mounts::parse(&mounts) {
            let version = match mount.kind.as_str() {
                "cgroup" => Version::One,
                "cgroup2" => Version::Two,
                _ => continue,
            };
            let controls =
                |name: &str| version == Version::One && mount.options.split(',').any(|o| o == name);
            for (slot, wanted, name) in [
                (&mut found.v1_memory, controls("memory"), "memory"),
                (&mut found.v1_cpu, controls("cpu"), "cpu"),
                (&mut found.v2, version == Version::Two, ""),
            ] {
                if let (true, None, Some(path)) = (wanted, &slot, membership(&memberships, name)) {
                    *slot = Some(Hierarchy { version, folders: folders(root, &mount, path) });
                }
            }
        }
        found
    }
}

/// This process' path in a hierarchy: of `/proc/self/cgroup`, the line that names the controller (v2: none).
fn membership<'a>(memberships: &'a str, controller: &str) -> Option<&'a str> {
    memberships.lines().find_map(|line| {
        let mut fields = line.splitn(3, ':').skip(1);
        let (controllers, path) = (fields.next()?, fields.next()?);
        controllers.split(',').any(|name| name == controller).then_some(path)
    })
}

/// The cgroup's folder and those above it up to the mount point.
///
/// A container without a cgroup namespace sees its path in the host's hierarchy, of which only its own part is
/// mounted: the mount's root is taken off the path.
fn folders(root: &Path, mount: &Mount, path: &str) -> Vec<PathBuf> {
    let inside = Path::new(path).strip_prefix(&mount.root).unwrap_or(Path::new(""));
    let point = root.join(mount.point.strip_prefix("/").unwrap_or(&mount.point));
    let own = if inside.as_os_str().is_empty() { point.clone() } else { point.join(inside) };
    own.ancestors().take_while(|folder| folder.starts_with(&point)).map(Path::to_owned).collect()
}

fn meminfo_mib(meminfo: &str, name: &str) -> Option<u64> {
    let value = meminfo.lines().find_map(|line| line.strip_prefix(name))?;
    Some(value.trim().trim_end_matches("kB").trim().parse::<u64>().ok()? / 1024)
}

fn number(path: &Path) -> Option<u64> {
    text(path)?.trim().parse().ok()
}

fn text(path: &Path) -> Option<String> {
    fs::read_to_string(path).ok()
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;

    const V2_MOUNT: &str = "31 23 0:28 / /sys/fs/cgroup rw,relatime - cgroup2 cgroup rw\n";
    const MEMINFO: &str = "MemTotal:       16777216 kB\nMemFree:  1 kB\nMemAvailable:    8388608 kB\n";

    /// A root folder with these files, on a machine of 16 GiB and four CPUs.
    fn machine(files: &[(&str, &str)]) -> TempDir {
        let root = TempDir::new().unwrap();
        let usual =
            [("proc/meminfo", MEMINFO), ("proc/self/status", "Name:\tagent\nCpus_allowed_list:\t0-3\n")];
        for (path, content) in usual.iter().chain(files) {
            let path = root.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, content).unwrap();
        }
        root
    }

    fn limits(cores: u32, memory_mib: Option<u64>) -> Limits {
        Limits { cores, memory_mib, available_mib: 8192 }
    }

    #[test]
    fn without_a_cgroup_the_host_counts() {
        assert_eq!(read(machine(&[]).path()), limits(4, None));
    }

    #[test]
    fn v2_limits_are_read() {
        let root = machine(&[
            ("proc/self/mountinfo", V2_MOUNT),
            ("proc/self/cgroup", "0::/\n"),
            ("sys/fs/cgroup/memory.max", "2147483648\n"),
            ("sys/fs/cgroup/cpu.max", "150000 100000\n"),
            ("sys/fs/cgroup/memory.events", "low 0\nhigh 0\nmax 9\noom 2\noom_kill 1\noom_group_kill 0\n"),
        ]);
        assert_eq!(read(root.path()), limits(2, Some(2048)));
        assert_eq!(oom_kills(root.path()), Some(1));
    }

    #[test]
    fn max_is_no_limit() {
        let root = machine(&[
            ("proc/self/mountinfo", V2_MOUNT),
            ("proc/self/cgroup", "0::/user.slice\n"),
            ("sys/fs/cgroup/user.slice/memory.max", "max\n"),
            ("sys/fs/cgroup/user.slice/cpu.max", "max 100000\n"),
        ]);
        assert_eq!(read(root.path()), limits(4, None));
    }

    #[test]
    fn the_tightest_of_nested_cgroups_counts() {
        let root = machine(&[
            ("proc/self/mountinfo", V2_MOUNT),
            ("proc/self/cgroup", "0::/pod/driver/task\n"),
            ("sys/fs/cgroup/pod/memory.max", "1073741824\n"),
            ("sys/fs/cgroup/pod/cpu.max", "50000 100000\n"),
            ("sys/fs/cgroup/pod/driver/memory.max", "4294967296\n"),
            ("sys/fs/cgroup/pod/driver/cpu.max", "300000 100000\n"),
            ("sys/fs/cgroup/pod/driver/task/memory.max", "max\n"),
        ]);
        assert_eq!(read(root.path()), limits(1, Some(1024)));
    }

    #[test]
    fn v1_limits_are_read_each_from_its_own_controller() {
        let root = machine(&[
            (
                "proc/self/mountinfo",
                "32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n\
                 35 31 0:32 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n\
                 41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n",
            ),
            ("proc/self/cgroup", "5:memory:/job\n4:cpu,cpuacct:/job\n1:name=systemd:/\n0::/\n"),
            ("sys/fs/cgroup/memory/job/memory.limit_in_bytes", "3221225472\n"),
            ("sys/fs/cgroup/memory/job/memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 7\n"),
            ("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n"),
            ("sys/fs/cgroup/cpu,cpuacct/job/cpu.cfs_quota_us", "250000\n"),
            ("sys/fs/cgroup/cpu,cpuacct/job/cpu.cfs_period_us", "100000\n"),
            ("sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us", "-1\n"),
            ("sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us", "100000\n"),
        ]);
        assert_eq!(read(root.path()), limits(3, Some(3072)));
        assert_eq!(oom_kills(root.path()), Some(7));
    }

    #[test]
    fn v1_ancestors_that_are_not_mounted_are_known_by_the_statistics() {
        let root = machine(&[
            (
                "proc/self/mountinfo",
                "35 31 0:32 /docker/abc /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory\n",
            ),
            ("proc/self/cgroup", "5:memory:/docker/abc\n"),
            ("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n"),
            ("sys/fs/cgroup/memory/memory.stat", "cache 0\nhierarchical_memory_limit 536870912\n"),
        ]);
        assert_eq!(read(root.path()), limits(4, Some(512)));
    }

    #[test]
    fn a_container_without_a_cgroup_namespace_finds_its_own_part() {
        let root = machine(&[
            ("proc/self/mountinfo", "31 23 0:28 /pods/p1 /sys/fs/cgroup ro - cgroup2 cgroup rw\n"),
            ("proc/self/cgroup", "0::/pods/p1/driver\n"),
            ("sys/fs/cgroup/driver/memory.max", "1073741824\n"),
        ]);
        assert_eq!(read(root.path()), limits(4, Some(1024)));
    }

    #[test]
    fn a_limit_above_the_hosts_memory_is_none() {
        let root = machine(&[
            ("proc/self/mountinfo", V2_MOUNT),
            ("proc/self/cgroup", "0::/\n"),
            ("sys/fs/cgroup/memory.max", "68719476736\n"),
        ]);
        assert_eq!(read(root.path()), limits(4, None));
    }

    #[test]
    fn nonsense_is_no_limit() {
        let root = machine(&[
            ("proc/self/mountinfo", V2_MOUNT),
            ("proc/self/cgroup", "0::/\nbroken\n"),
            ("sys/fs/cgroup/memory.max", "much\n"),
            ("sys/fs/cgroup/cpu.max", "100000 0\n"),
        ]);
        assert_eq!(read(root.path()), limits(4, None));
    }
}
