//! The command line of one container, as the seed document types it: `docker run -it --rm --user=… --network=host`.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

/// The program that runs containers. Both take the same options for what is used here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Engine {
    /// Podman
    Podman,
    /// Docker
    Docker,
}

impl Engine {
    /// Checks that its program is there.
    pub(crate) fn found(self) -> Result<Self, super::RunError> {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let there = std::env::split_paths(&path).any(|folder| folder.join(self.program()).is_file());
        if there { Ok(self) } else { Err(super::RunError::NoEngine { program: self.program() }) }
    }

    /// The name of its program.
    pub(crate) fn program(self) -> &'static str {
        match self {
            Self::Podman => "podman",
            Self::Docker => "docker",
        }
    }
}

/// When the image is fetched: `spec.imagePullPolicy`, in the engines' words.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Pull {
    /// Each time.
    Always,
    /// When it is not there.
    #[default]
    Missing,
    /// Never.
    Never,
}

impl Pull {
    fn word(self) -> &'static str {
        match self {
            Self::Always => "always",
            Self::Missing => "missing",
            Self::Never => "never",
        }
    }
}

/// What a container's standard streams are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Streams {
    /// None is read; output is passed on.
    Output,
    /// Standard input is passed on as well.
    Piped,
    /// A terminal.
    Terminal,
}

/// The network that a container is in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Network {
    /// This machine's own.
    Host,
    /// The engine's own, with these ports reachable from this machine's loopback interface.
    Own {
        /// The published ports.
        ports: Vec<u16>,
    },
}

/// Whether a mount may be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    /// It may only be read.
    ReadOnly,
    /// It may be written.
    ReadWrite,
}

/// A folder or file of this machine inside the container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mount {
    /// Its path here.
    pub(crate) source: PathBuf,
    /// Its path there.
    pub(crate) target: PathBuf,
    /// Whether it may be written.
    pub(crate) access: Access,
}

impl Mount {
    /// A mount that may only be read.
    pub(crate) fn read_only(source: impl Into<PathBuf>, target: impl Into<PathBuf>) -> Self {
        Self { source: source.into(), target: target.into(), access: Access::ReadOnly }
    }

    /// A mount that may be written.
    pub(crate) fn read_write(source: impl Into<PathBuf>, target: impl Into<PathBuf>) -> Self {
        Self { source: source.into(), target: target.into(), access: Access::ReadWrite }
    }
}

/// One container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Container {
    /// The program that runs it.
    pub(crate) engine: Engine,
    /// Whether that program runs as root; without it, podman has to map the user.
    pub(crate) privilege: Privilege,
    /// The container's name.
    pub(crate) name: String,
    /// Its image.
    pub(crate) image: String,
    /// When the image is fetched.
    pub(crate) pull: Pull,
    /// The uid and gid that it runs as.
    pub(crate) user: (u32, u32),
    /// The network it is in.
    pub(crate) network: Network,
    /// Whether it sees this machine's processes (`--pid=host`).
    pub(crate) pid: PidNamespace,
    /// Its standard streams.
    pub(crate) streams: Streams,
    /// Folders in memory, by their path there.
    pub(crate) tmpfs: Vec<PathBuf>,
    /// What is mounted.
    pub(crate) mounts: Vec<Mount>,
}

/// The user that runs the engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Privilege {
    /// Root.
    Root,
    /// Anybody else.
    Rootless,
}

/// The processes that a container sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PidNamespace {
    /// Its own.
    Own,
    /// This machine's.
    Host,
}

impl Container {
    /// The arguments that run `program` with `args` in it, after the engine's own name.
    pub(crate) fn arguments(&self, program: &Path, args: &[OsString]) -> Vec<OsString> {
        let mut line: Vec<OsString> = vec!["run".into(), "--rm".into()];
        let mut option = |name: &str, value: &str| line.push(format!("--{name}={value}").into());
        option("name", &self.name);
        option("label", "lcmap.usgs.gov/run=lcmap-spark");
        option("user", &format!("{}:{}", self.user.0, self.user.1));
        option("pull", self.pull.word());
        // The agent is PID 1 and ends in its own time: the engine's KILL would come before it has cleaned up.
        option("stop-timeout", "86400");
        if self.engine == Engine::Podman {
            // SELinux would refuse what is mounted; relabelling a user's own folders would be worse.
            option("security-opt", "label=disable");
            if self.privilege == Privilege::Rootless {
                option("userns", "keep-id");
            }
        }
        match &self.network {
            Network::Host => option("network", "host"),
            Network::Own { ports } => {
                for port in ports {
                    option("publish", &format!("127.0.0.1:{port}:{port}"));
                }
            }
        }
        if self.pid == PidNamespace::Host {
            option("pid", "host");
        }
        match self.streams {
            Streams::Output => {}
            Streams::Piped => line.push("--interactive".into()),
            Streams::Terminal => line.extend(["--interactive".into(), "--tty".into()]),
        }
        for path in &self.tmpfs {
            line.push(mount_option(&[
                "type=tmpfs".into(),
                setting("target", path),
                "tmpfs-mode=1777".into(),
            ]));
        }
        for mount in &self.mounts {
            line.push(bind(mount));
        }
        line.push(setting("--entrypoint", program));
        line.push(self.image.clone().into());
        line.extend(args.iter().cloned());
        line
    }
}

fn bind(mount: &Mount) -> OsString {
    let mut fields =
        vec!["type=bind".into(), setting("source", &mount.source), setting("target", &mount.target)];
    if mount.access == Access::ReadOnly {
        fields.push("readonly".into());
    }
    mount_option(&fields)
}

/// `--mount`, which takes every path; `--volume` ends one at its first colon. Both engines read its value as one record of
/// CSV (Docker `opts/mount.go`, podman `pkg/specgenutil/volumes.go`).
fn mount_option(fields: &[OsString]) -> OsString {
    let record: Vec<_> = fields.iter().map(|field| quoted(field)).collect();
    let mut option = OsString::from("--mount=");
    option.push(record.join(OsStr::new(",")));
    option
}

/// A field of CSV, in quotes where it needs them.
fn quoted(field: &OsStr) -> OsString {
    let bytes = field.as_bytes();
    if !bytes.iter().any(|byte| b",\"\r\n".contains(byte)) {
        return field.to_owned();
    }
    let mut text = vec![b'"'];
    for byte in bytes {
        text.extend(std::iter::repeat_n(*byte, if *byte == b'"' { 2 } else { 1 }));
    }
    text.push(b'"');
    OsString::from_vec(text)
}

fn setting(name: &str, path: &Path) -> OsString {
    let mut setting = OsString::from(name);
    setting.push("=");
    setting.push(path);
    setting
}

#[cfg(test)]
mod tests {
    use super::*;

    fn container() -> Container {
        Container {
            engine: Engine::Docker,
            privilege: Privilege::Root,
            name: "lcmap-pi-1".into(),
            image: "usgseros/lcmap-spark:2.0".into(),
            pull: Pull::default(),
            user: (1000, 100),
            network: Network::Host,
            pid: PidNamespace::Own,
            streams: Streams::Output,
            tmpfs: vec!["/certs".into()],
            mounts: vec![Mount::read_only("/home/user/jobs", "/home/lcmap/jobs")],
        }
    }

    fn line(container: &Container) -> String {
        let line = container.arguments(Path::new("/lcmap/agent"), &["launch".into()]);
        line.iter().map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn the_command_line_is_the_one_of_the_seed_document() {
        assert_eq!(
            line(&container()),
            "run --rm --name=lcmap-pi-1 --label=lcmap.usgs.gov/run=lcmap-spark --user=1000:100 --pull=missing \
             --stop-timeout=86400 --network=host \
             --mount=type=tmpfs,target=/certs,tmpfs-mode=1777 \
             --mount=type=bind,source=/home/user/jobs,target=/home/lcmap/jobs,readonly --entrypoint=/lcmap/agent usgseros/lcmap-spark:2.0 launch"
        );
    }

    #[test]
    fn what_is_asked_for_is_added() {
        let table = [
            (Container { pid: PidNamespace::Host, ..container() }, "--pid=host"),
            (Container { streams: Streams::Terminal, ..container() }, "--interactive --tty"),
            (Container { streams: Streams::Piped, ..container() }, "--interactive"),
            (
                Container { network: Network::Own { ports: vec![8888] }, ..container() },
                "--publish=127.0.0.1:8888:8888",
            ),
            (
                Container { engine: Engine::Podman, privilege: Privilege::Rootless, ..container() },
                "--userns=keep-id",
            ),
            (Container { pull: Pull::Always, ..container() }, "--pull=always"),
        ];
        for (container, words) in table {
            assert!(line(&container).contains(words), "{words}");
        }
    }

    #[test]
    fn every_path_arrives_whole_at_the_engine() {
        for (path, option) in [
            ("/data/2024-01-01T00:00", "--mount=type=bind,source=/data/2024-01-01T00:00,target=/in"),
            ("/data/a,b", "--mount=type=bind,\"source=/data/a,b\",target=/in"),
            ("/data/a=b", "--mount=type=bind,source=/data/a=b,target=/in"),
            ("/data/5\" disk", "--mount=type=bind,\"source=/data/5\"\" disk\",target=/in"),
            ("/data/a b", "--mount=type=bind,source=/data/a b,target=/in"),
        ] {
            let container = Container { mounts: vec![Mount::read_write(path, "/in")], ..container() };
            let arguments = container.arguments(Path::new("/lcmap/agent"), &[]);
            assert!(arguments.contains(&option.into()), "{option} is not in {arguments:?}");
        }
    }
}
