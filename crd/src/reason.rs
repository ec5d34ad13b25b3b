//! Why: one closed list of words for conditions, events, metrics and the `Reason` column.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

macro_rules! reasons {
    ($($(#[$doc:meta])* $name:ident,)*) => {
        /// Why a job is where it is.
        ///
        /// The list is closed: each word becomes a metric's label. Each says what it means and what to do.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
        pub enum Reason {
            $($(#[$doc])* $name,)*
            /// A newer lcmap-spark wrote a reason that this one does not know.
            #[serde(other)]
            Unknown,
        }

        impl Reason {
            /// Every reason.
            pub const ALL: &[Self] = &[$(Self::$name,)* Self::Unknown];

            /// The word itself.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => stringify!($name),)*
                    Self::Unknown => "Unknown",
                }
            }
        }
    };
}

reasons! {
    // On the way.
    /// The job can be run as it is written.
    Accepted,
    /// The attempt is being created.
    Starting,
    /// No node takes the driver pod. The message says what the scheduler looked for: lower `driver`, or
    /// mend `pod.spec`'s selectors and tolerations.
    Unschedulable,
    /// A ResourceQuota of the namespace has no room for the driver pod, or for a notebook's claim, Secret or
    /// Service. Wait, lower `driver`, or ask for more.
    QuotaExceeded,
    /// The API server refused the driver pod, or a notebook's claim, Secret or Service, in the words of the
    /// message. Mend `pod` or what the message names.
    PodRefused,
    /// The node pulls the job's image.
    PullingImage,
    /// The image cannot be pulled. Check `image` and `imagePullSecrets`.
    ImagePullFailed,
    /// A Secret, or a key of it, that the job names does not exist. Create it; the job then goes on by
    /// itself.
    SecretMissing,
    /// A ConfigMap, or a key of it, that the job names does not exist. Create it; the job then goes on by
    /// itself.
    ConfigMapMissing,
    /// A volume of the driver pod cannot be mounted, or its claim is not there or not bound. The message says
    /// which and why.
    VolumeUnavailable,
    /// The node cannot create a container of the driver pod, in the words of the message. Mend `pod` or what the
    /// message names.
    ContainerRefused,
    /// An init container of the driver pod failed. The message carries its last words.
    InitFailed,
    /// The driver's container runs, and Spark or Jupyter does not answer yet.
    DriverStarting,
    /// The driver runs.
    DriverRunning,
    /// Jupyter answers at `status.url`.
    NotebookReady,
    /// The last attempt failed, and the next one waits for its time, which the message tells.
    BackingOff,
    /// `suspend` is true. Set it to false to go on.
    Suspended,
    /// `suspend` became false; a new attempt starts.
    Resumed,
    /// The rerun annotation changed; the job runs again.
    RunAgain,
    /// A field of the restart class changed; the job runs anew with it.
    Edited,

    // Ends.
    /// The program ended with exit code 0.
    Completed,
    /// The program ended with exit code 0 and never made a `SparkContext` on Mesos. Check that it makes one,
    /// and does not set its own master.
    NeverConnected,
    /// The program is over and ended well, and its JVM is not over, since a thread that is no daemon keeps that alive: a timer
    /// or a client of a library, say. lcmap-spark ends it after `terminationGracePeriod`. Close what the library offers to
    /// close, or have it use daemons.
    JvmLingers,
    /// The program ended with the exit code that the message tells, and by the exception or the last line that stands there,
    /// unless `failureMessage` leaves that to the log.
    ExitedNonZero,
    /// The program was killed by a signal that lcmap-spark did not send.
    KilledBySignal,
    /// The kernel killed the driver for want of memory, or the heap of its JVM was full. Raise `driver.memory`, or
    /// `driver.memoryOverhead` for Python.
    OutOfMemory,
    /// The job was asked to stop, and ended within its grace period.
    Stopped,
    /// The job was asked to stop, and had to be killed. Raise `terminationGracePeriod` if it needs longer.
    KilledAfterGracePeriod,
    /// The person at the terminal ended the job.
    Interrupted,
    /// The shell or notebook was idle for longer than its `idleTimeout`.
    IdleTimeout,
    /// The driver did not run within `startTimeout`. The message says what it waited for.
    StartTimeout,
    /// Mesos did not register the framework within `mesos.registrationTimeout`.
    RegistrationTimeout,
    /// No executor ran within `mesos.allocationTimeout`. The message says what Mesos offered.
    AllocationTimeout,
    /// The run took longer than `activeDeadline`.
    DeadlineExceeded,
    /// The driver pod vanished without a word. Somebody deleted it, or its node is gone.
    DriverLost,
    /// The kubelet evicted the driver pod. The message says what the node had too little of.
    Evicted,
    /// A pod of higher priority took the driver's place.
    Preempted,
    /// The driver's node is gone or does not answer.
    NodeLost,

    // The job as it is written.
    /// The job cannot be read as this version of lcmap-spark knows it: a newer CRD or an older one let it in. The
    /// message names the field.
    SpecInvalid,
    /// Something of the name that the message tells exists and is not this job's. Delete it, or rename the job.
    NameTaken,
    /// The job does not fit a pod's annotations. The message names its largest fields: move them into the
    /// image, a file or a ConfigMap.
    PlanTooLarge,
    /// The agent could not read its launch plan. Use the operator's own agent.
    PlanRefused,
    /// `pod.spec` uses a name that lcmap-spark keeps for itself: the container `driver`, init containers
    /// and volumes `lcmap-*`.
    ReservedName,
    /// `pod` sets what is another field's, or no API server could read it. The message names each path.
    PodTemplateInvalid,
    /// Neither the job nor the operator names an image. Set `image`.
    ImageRequired,
    /// Neither the job nor the operator names a Mesos master. Set `mesos.master`.
    MasterRequired,
    /// The operator has no identity of its own for this Mesos master, and may not read the job's Secrets. The chart's
    /// `mesos.identities` or `mesos.readJobSecrets` gives it one.
    MasterUnconfigured,
    /// `executor.totalCores` is above the operator's maximum. The message names both.
    TotalCoresTooLarge,
    /// `executor.totalCores`, as the operator's default or the program itself sets it, is below `executor.cores`, so that no
    /// executor could ever start. The message names both: set `executor.totalCores`, or lower `executor.cores`.
    TotalCoresTooSmall,

    // The image and what is in it.
    /// The image has no command for this kind of run (exit code 127). Use an image FROM lcmap-spark, or
    /// check PATH.
    CommandNotFound,
    /// The image's command cannot be executed (exit code 126). Check its mode, its architecture and
    /// `noexec` mounts.
    CommandNotExecutable,
    /// The driver's private configuration could not be written or read. The message says which file.
    ConfigurationFailed,
    /// Jupyter's own configuration, in the image or the home folder, lets in others than the notebook's token does, or has
    /// it listen where the notebook is not to be. Mend what the message names.
    JupyterMisconfigured,
    /// A private key lies in the image under /certs. Remove it, take the key for known to all, and name a
    /// Secret in `mesos.certificates`.
    CertificatesInImage,

    // Certificates and credentials.
    /// Certificate, key and chain fit each other and are valid for long enough.
    CertificatesValid,
    /// The certificate soon expires, at the time in the message. Renew the Secret; no restart is needed.
    CertificatesExpiring,
    /// The certificate that the driver began with is over, and the driver is on Mesos still, as one that has taken a renewed
    /// one over is. If the Secret was not renewed, renew it.
    CertificatesOutlived,
    /// A certificate is unreadable, expired, or does not fit its key or root. The message says which.
    CertificatesInvalid,
    /// Mesos does not know principal and secret (401). Check the Secret in `mesos.credentialsSecretName`.
    CredentialsRefused,
    /// Mesos does not let the principal use this role. Check `mesos.role` and the master's ACLs.
    RoleRefused,

    // Mesos.
    /// The driver runs and has not asked Mesos for a framework yet, or waits for the answer.
    Connecting,
    /// The framework is registered on Mesos.
    Registered,
    /// The name of the Mesos master does not resolve. Check `mesos.master` and DNS. By `doctor` also: the name of an agent,
    /// which the driver has to know.
    NameUnknown,
    /// Nobody listens at the Mesos master's address and port. Check `mesos.master`.
    ConnectionRefused,
    /// The Mesos master did not answer in time. Check routes and firewalls.
    ConnectionTimeout,
    /// The Mesos master and the driver do not agree on TLS. The message says on what, and the two settings
    /// that a master needs.
    TlsFailed,
    /// The Mesos master's certificate was signed by an authority that `mesos.certificates` does not hold.
    AuthorityUnknown,
    /// The Mesos master's certificate is for another name. Set `mesos.certificates.serverName`, or `verify:
    /// Chain`.
    ServerNameMismatch,
    /// The Mesos master speaks plain HTTP on this port, and certificates are given; or the reverse.
    PlainHttp,
    /// What answers at `mesos.master` is not a Mesos master.
    NotMesos,
    /// The Mesos masters have no leader at the moment.
    NoLeader,
    /// Mesos cannot be reached, so nobody can tell what is left there. lcmap-spark keeps trying.
    MesosUnreachable,
    /// Mesos refused the framework, in the words of the message.
    FrameworkRefused,
    /// Mesos removed the framework while its driver lived.
    FrameworkRemoved,
    /// Mesos offers nothing. Check `mesos.role`, quota and agents.
    NoOffers,
    /// No offer holds one executor. The message says by how much: lower `executor`.
    OffersTooSmall,
    /// `spark.blockManager.port` in `conf` is none of the ports that agents offer. The message names both: leave it out, or set
    /// one of theirs.
    PortsNotOffered,
    /// Mesos makes offers, and Spark declines them, for a cause that the message tells as far as it is known. The driver's log at
    /// level DEBUG says more.
    OffersDeclined,
    /// Spark wants no executor at the moment, as dynamic allocation has it between two jobs. Nothing is wrong.
    NoExecutorsWanted,
    /// Two executors failed on each agent that makes offers, and Spark launches no more there. After a minute of that an attempt
    /// of `run.submit` is ended, as a failure of the infrastructure. Mend what the message names.
    AgentsExcluded,
    /// No agent has the attributes that `mesos.constraints` asks for.
    ConstraintsUnmet,
    /// The job holds all cores that `executor.totalCores` allows.
    CoresMaxReached,
    /// Executors run.
    ExecutorsRunning,
    /// Executors start and fail, for the reason that Mesos gives in the message.
    ExecutorsFailing,
    /// Executors run on Mesos and cannot reach the driver at the host and port in the message. Open them,
    /// or use `network: Host`.
    ExecutorsUnreachable,
    /// The job had executors and has none now.
    ExecutorsGone,

    // Letting go.
    /// The driver was asked to stop and has not ended yet.
    StoppingDriver,
    /// A framework of the job is not yet seen gone from Mesos.
    TearingDown,
    /// A framework was given up on, by annotation or after the operator's limit. A Mesos admin should look
    /// for it.
    FrameworkAbandoned,
    /// Nothing of the job is held anywhere.
    Released,
}

/// The schema of a reason in a status: open, so that an older CRD takes a newer operator's words.
pub(crate) fn text(_: &mut SchemaGenerator) -> Schema {
    json_schema!({"type": "string", "maxLength": 64})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_word_is_the_one_that_is_serialized() {
        for reason in Reason::ALL {
            assert_eq!(serde_json::to_value(reason).ok(), Some(reason.as_str().into()));
        }
    }

    #[test]
    fn a_word_of_a_newer_operator_is_read_as_unknown() {
        assert_eq!(serde_json::from_value::<Reason>("FromTheFuture".into()).ok(), Some(Reason::Unknown));
    }
}
