//! A scheduler's life with Mesos: subscribe, take events, make calls, come back after every loss.
//!
//! ```no_run
//! # async fn example(settings: lcmap_mesos::Settings) {
//! use lcmap_mesos::{FrameworkInfo, scheduler::{Ending, Scheduler, Signal}};
//! let framework = FrameworkInfo::new("lcmap", "example");
//! let (scheduler, handle, mut signals) = Scheduler::new(settings, framework);
//! let life = tokio::spawn(scheduler.run());
//! while let Some(signal) = signals.recv().await {
//!     if let Signal::Offers(offers) = signal {
//!         println!("{} offers, and that is enough", offers.len());
//!         break;
//!     }
//! }
//! handle.stop(Ending::Teardown);
//! println!("{:?}", life.await);
//! # }
//! ```

mod backoff;
mod call;
mod calls;
mod known;
mod life;
mod presence;
mod subscription;
mod take_down;
mod unanswered;
mod updates;

pub use call::{Call, TaskRef, launch};
pub use life::Scheduler;
pub(crate) use subscription::{AGENT_SAYS, PATH};
pub use take_down::{TakeDownError, take_down};

use bytes::Bytes;
use tokio::sync::mpsc;

use crate::{
    error::Error,
    message::{ExecutorMessage, Failure, Id},
};

/// What a scheduler hears, in order.
#[derive(Debug)]
pub enum Signal {
    /// The master has subscribed the framework.
    Subscribed {
        /// Its id.
        framework_id: Id,
        /// The master's `MasterInfo`.
        master_info: Bytes,
        /// Whether for the first time.
        registration: Registration,
    },
    /// The subscription is lost, with every offer. It is made anew by itself.
    Disconnected(Error),
    /// An attempt to subscribe failed. It is repeated by itself.
    Waiting(Error),
    /// Offers, each an `Offer`.
    Offers(Vec<Bytes>),
    /// An offer is taken back: its `OfferID`.
    Rescinded(Bytes),
    /// A `TaskStatus`. The master's own and those made here carry no uuid and want no acknowledgement.
    Update(Bytes),
    /// An executor has sent something.
    Message(ExecutorMessage),
    /// An agent or an executor is gone.
    Failure(Failure),
    /// The master refused a call. The subscription goes on.
    CallRefused(Error),
    /// Mesos' last word: nothing follows.
    Refused(Error),
}

/// Whether a framework registers or comes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Registration {
    /// For the first time in this scheduler's life, with an id of its own choice or without.
    First,
    /// After a loss.
    Again,
}

/// How a scheduler ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// The framework goes too: Mesos kills its tasks.
    Teardown,
    /// The framework stays for its failover timeout, so that another scheduler can take it over.
    Failover,
}

/// How it ended.
#[derive(Debug)]
pub enum Ended {
    /// The master has confirmed the teardown.
    TornDown,
    /// The master knows of no such framework: it never registered.
    NeverSubscribed,
    /// The framework stays on Mesos, as was asked for.
    LeftBehind,
    /// The framework should have been torn down and was not, as far as is known: somebody must.
    TeardownOwed(String),
    /// Mesos refused; the reason went out as [`Signal::Refused`].
    Refused,
}

/// What is asked of a living scheduler. Clones share it; every method only enqueues.
#[derive(Debug, Clone)]
pub struct Handle(mpsc::UnboundedSender<Command>);

#[derive(Debug)]
enum Command {
    Call(Call),
    /// A label's key and value.
    Label(String, Option<String>),
    Stop(Ending),
}

impl Handle {
    /// Sends a call after those before it. While disconnected calls are dropped, as Mesos' own driver does; tasks of an
    /// [`Call::Accept`] then come back as `TASK_LOST`.
    pub fn call(&self, call: Call) {
        // A scheduler that has ended takes no calls, which its signals have told.
        let _ = self.0.send(Command::Call(call));
    }

    /// Says something of the framework by a label (Mesos 1.9 and later), now and at every later subscription; without a value it
    /// is said no more.
    pub fn label(&self, key: &str, value: Option<&str>) {
        let _ = self.0.send(Command::Label(key.to_owned(), value.map(str::to_owned)));
    }

    /// Ends the scheduler after the calls before it.
    pub fn stop(&self, ending: Ending) {
        let _ = self.0.send(Command::Stop(ending));
    }
}
