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
