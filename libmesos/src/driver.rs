//! A driver: its status, and what each method does to it. Knows nothing of JNI.
//!
//! The semantics are those of the C++ driver (Mesos 1.11 `src/sched/sched.cpp`); where they differ, the reason stands there.

use std::{
    sync::{Arc, Condvar, Mutex, MutexGuard, Once, OnceLock, PoisonError, mpsc},
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use bytes::Bytes;
use lcmap_mesos::{
    FrameworkInfo, FrameworkPhase, FrameworkState, Labels, Settings, Standstill, StandstillCause,
    scheduler::{Call, Ended, Ending, Handle},
};

use crate::{
    callbacks::JavaSide, hosts::Hosts, ledger::Ledger, network, say, state_file::StateFile, status::Status,
    task, wishes::Wishes,
};

/// How long a stop waits for the master's word: a little longer than the scheduler itself.
const STOP_PATIENCE: Duration = Duration::from_secs(6);

/// The side that acknowledges status updates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Acknowledgements {
    /// The driver, after the callback.
    Implicit,
    /// The program.
    Explicit,
}

/// What a start needs.
#[derive(Debug)]
pub(crate) struct Prepared {
    pub(crate) settings: Settings,
    pub(crate) framework: FrameworkInfo,
    pub(crate) suppressed_roles: Vec<String>,
    pub(crate) registration_timeout: Option<Duration>,
}

/// What came of a start.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Start {
    /// The driver runs, or was started before: its status.
    Was(Status),
    /// It cannot run: the driver is aborted, and the program gets the reason.
    Failed(String),
}

/// A driver of a JVM.
pub(crate) struct Driver {
    progress: Mutex<Progress>,
    changed: Condvar,
    prepared: Mutex<Option<Result<Prepared, String>>>,
    handle: OnceLock<Handle>,
    reporter: Mutex<Reporter>,
    /// Done once the first task has told where executors look for their driver: looking at each would cost.
    first_launch: Once,
    ledger: Mutex<Ledger>,
    hosts: Mutex<Hosts>,
    pub(crate) acknowledgements: Acknowledgements,
    pub(crate) java: JavaSide,
}

#[derive(Debug)]
struct Progress {
    status: Status,
    /// Whether the network thread runs: somebody may wait for its end.
    networking: bool,
}

/// Keeps the state file.
pub(crate) struct Reporter {
    pub(crate) state: FrameworkState,
    pub(crate) file: Option<StateFile>,
}

impl Driver {
    pub(crate) fn new(
        java: JavaSide,
        acknowledgements: Acknowledgements,
        prepared: Result<Prepared, String>,
        reporter: Reporter,
    ) -> Self {
        Self {
            progress: Mutex::new(Progress { status: Status::NotStarted, networking: false }),
            changed: Condvar::new(),
            prepared: Mutex::new(Some(prepared)),
            handle: OnceLock::new(),
            reporter: Mutex::new(reporter),
            first_launch: Once::new(),
            ledger: Mutex::new(Ledger::new(Instant::now())),
            hosts: Mutex::default(),
            acknowledgements,
            java,
        }
    }

    pub(crate) fn status(&self) -> Status {
        self.progress().status
    }

    /// Starts it, once.
    pub(crate) fn start(self: &Arc<Self>) -> Start {
        let mut progress = self.progress();
        if progress.status != Status::NotStarted {
            return Start::Was(progress.status);
        }
        let prepared = self.prepared.lock().unwrap_or_else(PoisonError::into_inner).take();
        let prepared = prepared.unwrap_or_else(|| Err("the driver was started before".to_owned()));
        match prepared.and_then(|prepared| self.begin(prepared)) {
            Ok(()) => {
                progress.status = Status::Running;
                progress.networking = true;
                Start::Was(Status::Running)
            }
            Err(why) => {
                progress.status = Status::Aborted;
                drop(progress);
                self.changed.notify_all();
                self.report(|state| {
                    state.phase = FrameworkPhase::Aborted;
                    state.reason = Some(why.clone());
                });
                Start::Failed(why)
            }
        }
    }

    fn begin(self: &Arc<Self>, prepared: Prepared) -> Result<(), String> {
        // Before Mesos is asked: whoever has to find this framework again, when this process was killed, has no other word of it.
        let known = self.try_report(|state| state.phase = FrameworkPhase::Connecting);
        known.map_err(|why| {
            format!("{why}; without it nobody could end the framework after this process: free some space")
        })?;
        let (callbacks, received) = mpsc::channel();
        let threads = || -> std::io::Result<Handle> {
            self.java.spawn(Arc::clone(self), received)?;
            network::spawn(Arc::clone(self), prepared, callbacks)
        };
        let handle = threads().map_err(|error| format!("no thread could be started: {error}"))?;
        // Set once: only the first start comes here.
        let _ = self.handle.set(handle);
        Ok(())
    }

    /// Enqueues a call, as long as the driver runs.
    pub(crate) fn call(&self, call: Call) {
        if self.status() == Status::Running
            && let Some(handle) = self.handle.get()
        {
            handle.call(call);
        }
    }

    /// Ends callbacks and calls. The framework stays registered without offers until it is stopped, or the process' end, as with
    /// the C++ driver, which deactivates it; HTTP has no such call, and suppressing is the nearest.
    pub(crate) fn abort(&self) -> Status {
        self.abort_running();
        self.status()
    }

    /// Aborts it and says whether it ran until now.
    pub(crate) fn abort_running(&self) -> bool {
        let mut progress = self.progress();
        if progress.status != Status::Running {
            return false;
        }
        progress.status = Status::Aborted;
        drop(progress);
        self.changed.notify_all();
        if let Some(handle) = self.handle.get() {
            handle.call(Call::Suppress(vec![]));
        }
        self.report(|state| state.phase = FrameworkPhase::Aborted);
        true
    }

    /// Waits until it is stopped or aborted.
    pub(crate) fn join(&self) -> Status {
        let running = |progress: &mut Progress| progress.status == Status::Running;
        let progress = self.changed.wait_while(self.progress(), running);
        progress.unwrap_or_else(PoisonError::into_inner).status
    }

    /// Stops it. Waits for the master to confirm the teardown, which the C++ driver does not: the process may end right
    /// after, and a framework with a failover timeout would live on.
    pub(crate) fn stop(&self, ending: Ending) -> Status {
        let mut progress = self.progress();
        let before = progress.status;
        if !matches!(before, Status::Running | Status::Aborted) {
            return before;
        }
        progress.status = Status::Stopped;
        let owed = progress.networking && ending == Ending::Teardown;
        self.report(|state| {
            state.stop_called = true;
            if before == Status::Running {
                state.phase = FrameworkPhase::Stopped;
            }
            // Until the master confirms it: this process may be killed meanwhile.
            state.teardown_owed = owed.then(|| "the process ended before the master confirmed it".to_owned());
        });
        drop(progress);
        if let Some(handle) = self.handle.get() {
            handle.stop(ending);
        }
        let waiting = |progress: &mut Progress| progress.networking;
        let waited = self.changed.wait_timeout_while(self.progress(), STOP_PATIENCE, waiting);
        let late = waited.is_ok_and(|(_, result)| result.timed_out());
        if late && ending == Ending::Teardown {
            self.owe("the master did not confirm it in time");
        }
        self.changed.notify_all();
        if before == Status::Aborted { Status::Aborted } else { Status::Stopped }
    }

    /// Lets go of the framework when Java has forgotten the driver: nothing is unregistered.
    pub(crate) fn forget(&self) {
        let mut progress = self.progress();
        if progress.status == Status::Running {
            progress.status = Status::Aborted;
        }
        drop(progress);
        self.changed.notify_all();
        if let Some(handle) = self.handle.get() {
            handle.stop(Ending::Failover);
        }
    }

    /// Notes that the network thread has ended.
    pub(crate) fn network_ended(&self, ended: &Ended) {
        let mut progress = self.progress();
        match ended {
            Ended::TeardownOwed(why) => self.owe(why),
            Ended::TornDown | Ended::NeverSubscribed | Ended::LeftBehind | Ended::Refused => {
                self.report(|state| state.teardown_owed = None);
            }
        }
        progress.networking = false;
        drop(progress);
        self.changed.notify_all();
    }

    /// The labels that whoever supervises this process wants said of the framework.
    pub(crate) fn labels(&self) -> Labels {
        let reporter = self.reporter.lock().unwrap_or_else(PoisonError::into_inner);
        reporter.file.as_ref().map(StateFile::labels).unwrap_or_default()
    }

    /// Changes what the state file says. A failure is said and changes nothing else: the program matters more.
    pub(crate) fn report(&self, change: impl FnOnce(&mut FrameworkState)) {
        if let Err(why) = self.try_report(change) {
            say(&why);
        }
    }

    fn try_report(&self, change: impl FnOnce(&mut FrameworkState)) -> Result<(), String> {
        let mut reporter = self.reporter.lock().unwrap_or_else(PoisonError::into_inner);
        change(&mut reporter.state);
        reporter.file.as_ref().map_or(Ok(()), |file| file.write(&reporter.state))
    }

    /// Notes tasks that are launched: what they answer, where they run, and where the first looks for its driver.
    pub(crate) fn launches(&self, offers: &[Bytes], tasks: &[Bytes]) {
        self.ledger().launched(offers, tasks);
        let mut hosts = self.hosts();
        tasks.iter().filter_map(|task| task::host(task)).for_each(|host| hosts.note(host));
        drop(hosts);
        let Some(task) = tasks.first() else { return };
        self.first_launch.call_once(|| {
            if let Some(address) = task::driver_address(task) {
                self.report(|state| state.driver_address = Some(address));
            }
        });
    }

    /// Offers and answers.
    pub(crate) fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The agents of executors.
    pub(crate) fn hosts(&self) -> MutexGuard<'_, Hosts> {
        self.hosts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Says why no executor lives, if that is news of a program that wishes this.
    pub(crate) fn judge(&self, wishes: &Wishes) {
        let clock = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let news = self.ledger().judge(wishes, Instant::now(), i64::try_from(clock).unwrap_or(i64::MAX));
        if let Some(offers) = news {
            use StandstillCause::{NoOffers, NoneWanted};
            let is_strange = |it: &&Standstill| !matches!(it.cause, NoneWanted | NoOffers);
            if let Some(standstill) = offers.standstill.as_ref().filter(is_strange) {
                say(&format!("no executor lives: {}", standstill.words));
            }
            self.report(|state| state.offers = offers);
        }
    }

    /// Notes a framework that may live on.
    fn owe(&self, why: &str) {
        self.report(|state| {
            state.teardown_owed = Some(why.to_owned());
            let id = state.framework_id.as_deref().unwrap_or("unknown");
            say(&format!(
                "the framework {id} may live on, since its teardown is not confirmed ({why}): tear it down through \
                 the master's API"
            ));
        });
    }

    fn progress(&self) -> MutexGuard<'_, Progress> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
