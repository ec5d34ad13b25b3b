//! The network thread: runs the scheduler, passes on what it hears, and says in plain words what goes wrong.

use std::{
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, mpsc},
    thread,
    time::{Duration, Instant as StdInstant},
};

use lcmap_mesos::{
    ErrorKind, FrameworkPhase, Labels,
    message::Id,
    scheduler::{Ended, Ending, Handle, Registration, Scheduler, Signal},
};
use prost::Message;
use tokio::{
    runtime,
    sync::mpsc::UnboundedReceiver,
    time::{Instant, MissedTickBehavior, interval, sleep_until},
};

use crate::{
    callbacks::Callback,
    driver::{Driver, Prepared},
    hosts, say, task,
};

/// The same trouble is said again after so long.
const REPETITION: Duration = Duration::from_secs(60);

/// How often whoever supervises the process is asked for labels, and the program what it wants while it has no task.
const LOOK: Duration = Duration::from_secs(5);

/// Starts the thread. What the scheduler hears goes to the callback thread through `callbacks`.
pub(crate) fn spawn(
    driver: Arc<Driver>,
    prepared: Prepared,
    callbacks: mpsc::Sender<Callback>,
) -> io::Result<Handle> {
    let runtime = runtime::Builder::new_current_thread().enable_io().enable_time().build()?;
    let (scheduler, handle, signals) = Scheduler::new(prepared.settings, prepared.framework);
    let scheduler = scheduler.with_suppressed_roles(prepared.suppressed_roles);
    let timeout = prepared.registration_timeout;
    let relay = Relay {
        driver: Arc::clone(&driver),
        callbacks: callbacks.clone(),
        scheduler: handle.clone(),
        labels: Labels::new(),
        registered: false,
        has_run: false,
        has_failed: false,
        said: None,
    };
    let stopper = handle.clone();
    thread::Builder::new().name("mesos-network".to_owned()).spawn(move || {
        let life = AssertUnwindSafe(|| runtime.block_on(live(scheduler, signals, relay, timeout, &stopper)));
        let ended = catch_unwind(life).unwrap_or_else(|_| {
            let why = "a fault of libmesos itself (see above)".to_owned();
            // Nobody listens only when the JVM is on its way out.
            let _ = callbacks.send(Callback::Error(why.clone()));
            Ended::TeardownOwed(why)
        });
        driver.network_ended(&ended);
    })?;
    Ok(handle)
}

async fn live(
    scheduler: Scheduler,
    mut signals: UnboundedReceiver<Signal>,
    mut relay: Relay,
    timeout: Option<Duration>,
    stopper: &Handle,
) -> Ended {
    let mut deadline = timeout.map(|timeout| Instant::now() + timeout);
    let mut ticks = interval(LOOK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let life = scheduler.run();
    tokio::pin!(life);
    let ended = loop {
        let late = async { sleep_until(deadline.unwrap_or_else(Instant::now)).await };
        tokio::select! {
            biased;
            Some(signal) = signals.recv() => relay.hear(signal),
            ended = &mut life => break ended,
            () = late, if deadline.is_some() && !relay.registered => {
                relay.give_up(timeout.unwrap_or_default());
                deadline = None;
                stopper.stop(Ending::Failover);
            }
            _ = ticks.tick() => relay.look(),
        }
    };
    while let Ok(signal) = signals.try_recv() {
        relay.hear(signal);
    }
    ended
}

/// Turns signals into callbacks, reports and words.
struct Relay {
    driver: Arc<Driver>,
    callbacks: mpsc::Sender<Callback>,
    scheduler: Handle,
    /// Those that whoever supervises the process wanted said last.
    labels: Labels,
    registered: bool,
    /// Whether a task has run.
    has_run: bool,
    /// Whether it was said of one that it did not: the next ones will fail likewise.
    has_failed: bool,
    /// What was said last, and when.
    said: Option<(String, Instant)>,
}

impl Relay {
    fn hear(&mut self, signal: Signal) {
        match signal {
            Signal::Subscribed { framework_id, master_info, registration } => {
                self.subscribed(&framework_id, master_info, registration);
            }
            Signal::Disconnected(error) => {
                self.trouble(&format!("the connection to the master is lost and will be made anew: {error}"));
                self.driver.report(|state| {
                    state.phase = FrameworkPhase::Disconnected;
                    (state.reason, state.trouble) = (Some(error.to_string()), Some(error.kind()));
                });
                self.driver.ledger().disconnected();
                self.call_back(Callback::Disconnected);
            }
            Signal::Waiting(error) => {
                self.trouble(&error.to_string());
                self.driver.report(|state| {
                    (state.reason, state.trouble) = (Some(error.to_string()), Some(error.kind()));
                });
            }
            Signal::CallRefused(error) => say(&error.to_string()),
            Signal::Refused(error) => self.end(error.to_string(), Some(error.kind())),
            Signal::Offers(offers) => {
                self.driver.ledger().offered(&offers);
                self.call_back(Callback::Offers(offers));
            }
            Signal::Rescinded(offer) => {
                self.driver.ledger().rescinded(&offer);
                self.call_back(Callback::Rescinded(offer));
            }
            Signal::Update(status) => {
                if !self.has_run {
                    self.note(&status);
                }
                self.driver.ledger().updated(&status, StdInstant::now());
                self.call_back(Callback::Update(status));
            }
            Signal::Message(message) => self.call_back(Callback::Message(message)),
            Signal::Failure(failure) => {
                if let (Some(agent), None) = (&failure.agent_id, &failure.executor_id) {
                    self.driver.ledger().agent_lost(agent);
                }
                self.call_back(Callback::Failure(failure));
            }
        }
    }

    fn subscribed(&mut self, id: &Id, master_info: bytes::Bytes, registration: Registration) {
        if self.said.take().is_some() || registration == Registration::Again {
            say("connected to the master");
        }
        self.registered = true;
        self.driver.ledger().registered(StdInstant::now());
        self.driver.report(|state| {
            state.phase = FrameworkPhase::Registered;
            state.framework_id = Some(id.value.clone());
            state.was_registered = true;
            (state.reason, state.trouble) = (None, None);
        });
        self.call_back(match registration {
            Registration::First => {
                Callback::Registered { framework_id: id.encode_to_vec().into(), master_info }
            }
            Registration::Again => Callback::Reregistered { master_info },
        });
    }

    /// Notes the first task that runs, and until then why none does: Spark says that only to those who read its log at INFO.
    fn note(&mut self, status: &[u8]) {
        if task::runs(status) {
            self.has_run = true;
            self.driver.report(|state| (state.has_run, state.refused) = (true, None));
        } else if let Some(why) = task::failure(status) {
            if !self.has_failed {
                self.has_failed = true;
                say(&format!("a task did not run: {why}"));
            }
            if task::is_refused(status) {
                // The first one stays: the next have but another task's id in them, and a label that changes is written by the
                // master to all its agents.
                self.driver.report(|state| {
                    state.refused.get_or_insert(why);
                });
            }
        }
    }

    fn look(&mut self) {
        self.look_at_labels();
        for host in self.driver.hosts().due() {
            tokio::spawn(hosts::look_up(Arc::clone(&self.driver), host));
        }
        if self.registered {
            self.call_back(Callback::Wishes);
        }
    }

    /// Says what is new of what whoever supervises this process wants said.
    fn look_at_labels(&mut self) {
        let wanted = self.driver.labels();
        for key in self.labels.keys().filter(|key| !wanted.contains_key(*key)) {
            self.scheduler.label(key, None);
        }
        for (key, value) in wanted.iter().filter(|(key, value)| self.labels.get(*key) != Some(*value)) {
            self.scheduler.label(key, Some(value));
        }
        self.labels = wanted;
    }

    fn give_up(&mut self, timeout: Duration) {
        let last = self.said.as_ref().map_or("no answer came", |(said, _)| said.as_str());
        let why = format!("the framework could not be registered within {} s: {last}", timeout.as_secs());
        self.end(why, Some(ErrorKind::RegistrationTimeout));
    }

    /// Mesos' last word, or ours.
    fn end(&mut self, why: String, trouble: Option<ErrorKind>) {
        say(&why);
        self.driver.report(|state| (state.reason, state.trouble) = (Some(why.clone()), trouble));
        self.call_back(Callback::Error(why));
    }

    /// Says what is wrong, unless it was just said.
    fn trouble(&mut self, what: &str) {
        let repeated = |(said, when): &(String, Instant)| said == what && when.elapsed() < REPETITION;
        if !self.said.as_ref().is_some_and(repeated) {
            say(what);
            self.said = Some((what.to_owned(), Instant::now()));
        }
    }

    fn call_back(&self, callback: Callback) {
        // Nobody listens only when the JVM is on its way out.
        let _ = self.callbacks.send(callback);
    }
}
