//! What is: a plain value, read in one place and judged in another.

use std::net::SocketAddr;
use std::time::Duration;

use jiff::Timestamp;
use lcmap_spark_agent::report::Expiry;
use lcmap_spark_crd::status::{Executors, MesosIdentity, Progress};
use lcmap_spark_crd::{Reason, Revision};

use super::{Jitter, text};

/// Everything that a decision rests on, besides the job itself.
#[derive(Debug, Clone)]
pub struct Observed {
    /// Now.
    pub now: Timestamp,
    /// What is wanted of the job beside its spec.
    pub wanted: Wanted,
    /// The driver of the attempt that the job's status names, if there is one.
    pub driver: Option<Driver>,
    /// What is left of other attempts.
    pub remnants: Vec<Remnant>,
    /// What is in the way of starting a driver, as far as is known without trying.
    pub obstacle: Option<Obstacle>,
    /// What is left on Mesos of the attempt that the job's status names. It matters once its driver is over.
    pub frameworks: Frameworks,
    /// How the job is kept from vanishing while something of it may be on Mesos.
    pub keeping: Keeping,
    /// Where in its spread the next backoff falls.
    pub jitter: Jitter,
}

/// What is left on Mesos of an attempt whose driver is over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Frameworks {
    /// Nobody has asked since its driver is over.
    Unasked,
    /// Mesos has none of them any more.
    Gone,
    /// Some may be there.
    Left {
        /// Which.
        ids: Vec<String>,
        /// Why they are, or why nobody can tell.
        reason: Reason,
        /// The same for people.
        message: String,
    },
}

/// How a job is kept from vanishing while something of it may be on Mesos.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keeping {
    /// By nothing: whoever runs it waits for its frameworks, and gives up on them by himself.
    Attended,
    /// By a finalizer, for so long at most once its driver is over.
    Finalizer(Duration),
}

/// What is wanted of a job beside its spec.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// It should go on.
    Run,
    /// It should stop gracefully and not be tried again: ctrl-C.
    Stop,
}

/// A driver: a pod, a container or a process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Driver {
    /// What it is called where it runs: a pod's name, a container's name.
    pub name: String,
    /// Its pod's UID.
    pub uid: Option<String>,
    /// The node that it is on.
    pub node: Option<String>,
    /// How to get into its notebook, once that answers.
    pub notebook: Option<NotebookAccess>,
    /// What its Spark tells of itself, as far as it was asked.
    pub ui: Option<SparkUi>,
    /// When the certificate ends that it began with, if it shows one to Mesos.
    pub certificate: Option<Expiry>,
    /// What its agent says is left on Mesos, now that it has ended. None: it does not say, or cannot know.
    pub left: Option<Vec<String>>,
    /// What it has on Mesos, if executors are to run there.
    pub mesos: Option<OnMesos>,
    /// The revision of the spec that it was made from, where it says so.
    pub revision: Option<Revision>,
    /// When it was created.
    pub created: Timestamp,
    /// Since when its command runs, as whoever runs it tells. None: it does not run, or nobody tells.
    pub started: Option<Timestamp>,
    /// Whether it has been asked to stop.
    pub stopping: Stopping,
    /// What it is doing.
    pub state: DriverState,
    /// Whether it still holds anything: a pod lives on while a container beside the driver does.
    pub life: Life,
}

/// What a driver has on Mesos.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OnMesos {
    /// The Mesos that it registers on, as the job or the operator names it.
    pub master: Option<String>,
    /// The role that its resources come from. None: Mesos' `*`.
    pub role: Option<String>,
    /// As whom it registers there.
    pub identity: Option<MesosIdentity>,
    /// The ids of its frameworks that live.
    pub frameworks: Vec<String>,
    /// Whether Mesos and the driver are in touch.
    pub connection: Connection,
    /// Where Spark's web UI is, as the last of them tells.
    pub ui: Option<SocketAddr>,
    /// When the first of them was registered.
    pub registered: Option<Timestamp>,
    /// Its executors.
    pub executors: Executors,
    /// Whether any executor has run, now or before.
    pub has_run: bool,
    /// The cores that they hold.
    pub cores: i64,
    /// The memory that they hold, in MiB.
    pub memory_mib: u64,
    /// Where those that run are to reach their driver, as host and port, while none does, as its frameworks tell.
    pub unreached: Option<String>,
    /// When the certificate ends that its driver uses now, as its frameworks tell.
    pub certificate: Option<Expiry>,
    /// What its frameworks tell of the offers that they get.
    pub offers: Offers,
    /// Why it has no executors, as far as Mesos and the driver's connection tell.
    pub wait: Option<(Reason, String)>,
    /// When the look at Mesos began that this comes from. None: nobody has looked yet.
    pub looked: Option<Timestamp>,
    /// Why Mesos cannot be asked at the moment, if it cannot: the rest is what is known from before.
    pub trouble: Option<(Reason, String)>,
}

/// How it stands with the offers of a driver that has no executors, as its frameworks tell.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Offers {
    /// Why it has none. None: it has some, or nothing is known.
    pub standstill: Option<(Reason, String)>,
    /// Since when it wants some, if it wanted none before.
    pub wanted_since: Option<Timestamp>,
}

/// Whether Mesos and a driver are in touch.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Connection {
    /// They are, or there is no framework to be in touch by.
    #[default]
    Up,
    /// Mesos has lost the driver of every framework that lives, and removes them after `mesos.failoverTimeout`.
    Lost,
    /// The leading master knows the frameworks from its agents alone: no timeout removes them there.
    Awaited,
}

/// How to get into a notebook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotebookAccess {
    /// Its address.
    pub url: String,
    /// The Secret whose key `token` is asked for.
    pub token_secret: String,
}

/// What a driver's Spark tells of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SparkUi {
    /// Where its web UI is.
    pub url: String,
    /// How far it is.
    pub progress: Progress,
    /// Where its executors are to reach it, as host and port, if some have run for long enough and none has.
    pub unreached: Option<String>,
}

/// Whether a driver has been asked to stop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stopping {
    /// It has not.
    No,
    /// It has, by whomever.
    Asked,
    /// It has, by what befell its node or the cluster.
    Disrupted {
        /// What befell it.
        reason: Reason,
        /// The same for people.
        message: String,
    },
}

/// Whether something still holds resources.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Life {
    /// It does.
    Living,
    /// It does not.
    Over,
}

/// What is left of an attempt other than the current one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remnant {
    /// Its ordinal.
    pub attempt: i32,
    /// Whether it still holds resources.
    pub life: Life,
    /// Whether it has been asked to stop.
    pub stopping: Stopping,
}

/// What is in the way of starting a driver.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Obstacle {
    /// What it is.
    pub reason: Reason,
    /// The same for people: object, field and remedy.
    pub message: String,
    /// The way in which it goes away.
    pub remedy: Remedy,
    /// When to try whether it is still there. None: not before the job changes.
    pub until: Option<Timestamp>,
}

/// The way in which an obstacle goes away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Remedy {
    /// Somebody must mend something: the job, its namespace or the operator's configuration.
    Mend,
    /// It passes: other jobs end, a server answers again.
    Wait,
}

/// What a driver is doing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DriverState {
    /// It is there and does not run yet.
    Waiting {
        /// Why.
        reason: Reason,
        /// The same for people.
        message: String,
    },
    /// It runs: the command was started and, of a notebook, the server answers.
    Running {
        /// In what way.
        reason: Reason,
        /// The same for people.
        message: String,
    },
    /// It has ended.
    Ended(Ending),
}

/// How a driver ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ending {
    /// When.
    pub at: Timestamp,
    /// Its exit code, when it left one.
    pub exit_code: Option<i32>,
    /// Why.
    pub reason: Reason,
    /// The same for people.
    pub message: String,
}

impl OnMesos {
    /// Why it has no executors. Who gets the offers knows best why nothing comes of them; with Mesos' own eyes it is seen how much
    /// agents have free, and what is on its way.
    fn wait(&self) -> Option<(Reason, String)> {
        use Reason::{AgentsExcluded, NoExecutorsWanted, NoOffers, Registered};
        let wait = self.wait.as_ref();
        let told = self.offers.standstill.as_ref().filter(|_| self.executors.running == 0);
        let counts = |told: &&(Reason, String)| match wait.map(|(reason, _)| *reason) {
            None => true,
            Some(Registered) => false,
            Some(NoOffers) => told.0 != NoOffers,
            Some(_) => matches!(told.0, NoExecutorsWanted | AgentsExcluded),
        };
        told.filter(counts).or(wait).cloned()
    }

    /// What keeps executors from counting, if anything does. `unreached` is what the driver's UI says of where those that run are
    /// to reach it, if none has.
    pub fn hindered(&self, unreached: Option<&str>) -> Option<(Reason, String)> {
        let wait = self.wait();
        let Some(address) = unreached.or(self.unreached.as_deref()) else { return wait };
        match wait {
            // They may fail for another reason before they get there.
            Some((Reason::ExecutorsFailing, message)) => {
                let message = format!("{message}; none has reached the driver at {address}");
                Some((Reason::ExecutorsFailing, message))
            }
            _ if self.executors.running > 0 => Some((Reason::ExecutorsUnreachable, text::unreached(address))),
            wait => wait,
        }
    }
}
