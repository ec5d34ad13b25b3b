//! Where things lie in a driver pod.

/// The agent's own folder; nothing of a template may be mounted in it.
pub(super) const ROOT: &str = "/lcmap";
/// The agent's program.
pub(super) const AGENT: &str = "/lcmap/bin/lcmap-agent";
/// What a JVM loads in place of Mesos' own library, brought with the agent.
pub(super) const LIBMESOS: &str = "/lcmap/bin/libmesos.so";
/// Where Mesos certificates are installed, as images of before have it.
pub(super) const CERTIFICATES: &str = "/certs";
/// The folder of the agent's program.
pub(super) const BIN: &str = "/lcmap/bin";
/// The folder of the launch plan.
pub(super) const PLAN: &str = "/lcmap/plan";
/// The launch plan.
pub(super) const PLAN_FILE: &str = "/lcmap/plan/plan";
/// Where the agent keeps its state file.
pub(super) const STATE: &str = "/lcmap/state";
/// `passwd` and `group` with an entry for the user.
pub(super) const IDENTITY: &str = "/lcmap/identity";
/// The folders of Secrets.
pub(super) const SECRETS: &str = "/lcmap/secrets";
/// The folders of ConfigMaps.
pub(super) const CONFIG_MAPS: &str = "/lcmap/configmaps";
/// The folder of a notebook's token.
pub(super) const TOKEN: &str = "/lcmap/token";
/// Where a notebook's files are, when it has storage and names no folder.
pub(super) const NOTEBOOKS: &str = "/home/lcmap/notebooks";
/// The user's home folder in the image.
pub(super) const HOME: &str = "/home/lcmap";
/// What a container says when it ends (the kubelet's default `terminationMessagePath`).
pub(super) const TERMINATION_LOG: &str = "/dev/termination-log";

/// The volume of the agent's program.
pub(super) const BIN_VOLUME: &str = "lcmap-bin";
/// The volume of the launch plan.
pub(super) const PLAN_VOLUME: &str = "lcmap-plan";
/// The volume, in memory, of Mesos certificates.
pub(super) const CERTIFICATES_VOLUME: &str = "lcmap-certs";
/// The volume of the agent's state.
pub(super) const STATE_VOLUME: &str = "lcmap-state";
/// The volume of `passwd` and `group`.
pub(super) const IDENTITY_VOLUME: &str = "lcmap-identity";
/// The volume over `/tmp` of a driver whose root file system cannot be written.
pub(super) const TMP_VOLUME: &str = "lcmap-tmp";
/// The volume of a notebook's files.
pub(super) const NOTEBOOK_VOLUME: &str = "lcmap-notebook";
/// The volume of a notebook's token.
pub(super) const TOKEN_VOLUME: &str = "lcmap-token";

/// The init container that brings the agent.
pub(super) const INSTALL: &str = "lcmap-agent";
/// The init container that looks at the job's image.
pub(super) const INSPECT: &str = "lcmap-inspect";
