//! What is looked at while the command runs: its web UI, its notebook, its certificates, its terminal, our parent.

use std::net::{Ipv4Addr, SocketAddr};
use std::ops::RangeInclusive;
use std::time::{Duration, Instant, SystemTime};

use lcmap_mesos::{CERTIFICATE_LABEL, OFFERS_LABEL, REFUSED_LABEL, UNREACHED_LABEL};
use nix::unistd::{Pid, getpid, getppid};
use rustls_pki_types::UnixTime;

use crate::certificates::{News, Rotation};
use crate::console;
use crate::lingering::{self, Lingering, Presence};
use crate::mesos::{self, Frameworks, Reach, Standstill};
use crate::notebook::{Expected, Look};
use crate::sockets::{self, Listener};
use crate::state::StateFile;
use crate::supervise::step::StopCause;
use crate::supervise::terminal::Terminal;
use crate::supervise::{Watch, descendants_of};

/// How often is looked for what is still to come, in the first minute.
const EAGER: Duration = Duration::from_millis(250);

/// How often is looked otherwise.
const CALM: Duration = Duration::from_secs(1);

/// After which time nothing is awaited eagerly any more.
const EAGER_FOR: Duration = Duration::from_secs(60);

/// What this run is watched for.
#[derive(Debug)]
pub(crate) struct Watched<'a> {
    /// The ports that Spark's web UI may be on; `None` without a UI.
    pub ui_ports: Option<RangeInclusive<u16>>,
    /// The notebook server that is awaited.
    pub notebook: Option<&'a Expected>,
    /// The shell's terminal and how long it may be idle.
    pub idle: Option<(&'a Terminal, Duration)>,
    /// The frameworks of a driver on Mesos.
    pub frameworks: Option<Frameworks>,
    /// Whether the command is of no use without a JVM that is a child of it, and does not end with it: `pyspark`.
    pub needs_its_jvm: bool,
    /// Whether the command ends by itself, unless it waits for executors that never come.
    pub ends_by_itself: bool,
    /// The Python program that the command's JVM runs.
    pub lingering: Option<Lingering>,
    /// The certificates, which may be renewed.
    pub certificates: Option<&'a mut Rotation>,
    /// The process whose end ends us.
    pub parent: Option<Pid>,
}

/// Looks, and keeps the state file.
#[derive(Debug)]
pub(crate) struct Watcher<'a> {
    watched: Watched<'a>,
    state: &'a mut StateFile,
    /// The UI, while it listens.
    ui: Option<Listener>,
    /// Whether executors get through to the driver.
    reach: Reach,
    /// Why the notebook server is not to be.
    refused: Option<String>,
    /// Whether executors can still come.
    standstill: Standstill,
    began: Instant,
}

impl<'a> Watcher<'a> {
    /// Begins to watch.
    pub(crate) fn new(watched: Watched<'a>, state: &'a mut StateFile) -> Self {
        Self {
            watched,
            state,
            ui: None,
            reach: Reach::default(),
            refused: None,
            standstill: Standstill::default(),
            began: Instant::now(),
        }
    }

    /// Has the frameworks tell when the certificate is to be renewed: it may have been, and then nobody has to.
    fn tell_of_certificate(&mut self) {
        let Watched { frameworks, certificates, .. } = &mut self.watched;
        if let (Some(frameworks), Some(rotation)) = (frameworks, certificates) {
            frameworks.say(CERTIFICATE_LABEL, rotation.renewal());
        }
    }

    fn look_for_ui(&mut self) {
        let Some(ports) = &self.watched.ui_ports else { return };
        if !self.ui.as_ref().is_some_and(sockets::still_listens) {
            self.ui = sockets::find(ports, || descendants_of(getpid()));
            self.state.update(|state| state.ui = self.ui.as_ref().map(address_of_ui));
        }
    }

    fn look_for_notebook(&mut self) {
        let Some(expected) = self.watched.notebook.filter(|_| self.state.current().notebook.is_none()) else {
            return;
        };
        match expected.look(|| descendants_of(getpid())) {
            Look::NotYet => {}
            Look::Answers(notebook) => self.state.update(|state| state.notebook = Some(notebook)),
            Look::Refused(why) => self.refused = Some(why),
        }
    }

    /// Why the notebook server was ended, or ended itself before anybody looked.
    pub(crate) fn refusal(self) -> Option<String> {
        self.refused.or_else(|| self.watched.notebook?.refusal())
    }

    fn look_at_frameworks(&mut self) {
        let Some(frameworks) = &mut self.watched.frameworks else { return };
        let seen = frameworks.look(|| descendants_of(getpid()));
        let unreached = self.reach.look(&seen, Instant::now(), sockets::is_connected);
        match (&unreached, &self.state.current().unreached) {
            (Some(address), None) => {
                let what = mesos::unreached(address);
                console::warn(&what);
                self.state.warn(what);
            }
            (None, Some(address)) => console::say(&format!("executors reach the driver at {address} now")),
            _ => {}
        }
        frameworks.say(UNREACHED_LABEL, unreached.as_deref());
        let last = seen.last().map(|it| &it.state);
        frameworks.say(REFUSED_LABEL, last.and_then(|state| state.refused.as_deref()));
        let offers = last.filter(|state| !state.is_over()).and_then(|state| state.offers.to_label());
        frameworks.say(OFFERS_LABEL, offers.as_deref());
        for host in last.map(|state| state.unresolved_hosts.as_slice()).unwrap_or_default() {
            let what = mesos::unresolved(host);
            if self.state.warn(what.clone()) {
                console::warn(&what);
            }
        }
        self.standstill.look(&seen, Instant::now());
        self.state.update(|state| {
            state.unreached = unreached;
            state.frameworks = seen.into_iter().map(|it| it.state).collect();
        });
    }

    fn look_at_certificates(&mut self) {
        let Some(rotation) = &mut self.watched.certificates else { return };
        for news in rotation.look(Instant::now(), UnixTime::now()) {
            match news {
                News::Taken(what) => console::say(&what),
                News::Warning(what) => {
                    console::warn(&what);
                    self.state.warn(what);
                }
                News::Error(what) => {
                    console::error(&what);
                    self.state.warn(what);
                }
            }
        }
    }

    /// Whether nobody has used the terminal, nor has the shell written to it, for too long.
    fn is_idle(&self) -> bool {
        let Some((terminal, longest)) = &self.watched.idle else { return false };
        let idle = terminal.idle_for(SystemTime::now());
        idle.is_some_and(|idle| idle.min(self.began.elapsed()) >= *longest)
    }

    /// Whether a program's JVM has outlived it for too long.
    fn lingers(&mut self) -> bool {
        let Some(lingering) = &mut self.watched.lingering else { return false };
        let presence = lingering.look(Instant::now(), || descendants_of(getpid()));
        if presence != Presence::Usual && !self.state.current().lingers {
            console::warn(&lingering::in_words("is told to end after terminationGracePeriod"));
            self.state.update(|state| state.lingers = true);
        }
        presence == Presence::Overdue
    }

    fn has_lost_its_jvm(&self) -> bool {
        self.watched.needs_its_jvm && self.watched.frameworks.as_ref().is_some_and(Frameworks::has_ended_one)
    }

    fn awaits_something(&self) -> bool {
        let state = self.state.current();
        let ui = self.watched.ui_ports.is_some() && state.ui.is_none();
        let notebook = self.watched.notebook.is_some() && state.notebook.is_none();
        let framework = self.watched.frameworks.is_some() && state.frameworks.is_empty();
        ui || notebook || framework
    }
}

/// Where a UI can be asked. A JVM that listens on every address takes IPv4, too, and not every machine has `::1`.
fn address_of_ui(listener: &Listener) -> SocketAddr {
    let is_everywhere = listener.address.is_unspecified();
    let address = if is_everywhere { Ipv4Addr::LOCALHOST.into() } else { listener.reachable() };
    (address, listener.port).into()
}

impl Watch for Watcher<'_> {
    fn look(&mut self) -> Option<StopCause> {
        self.look_for_ui();
        self.look_for_notebook();
        self.look_at_frameworks();
        self.look_at_certificates();
        self.tell_of_certificate();
        if self.watched.parent.is_some_and(|parent| getppid() != parent) {
            Some(StopCause::ParentGone)
        } else if self.refused.is_some() {
            Some(StopCause::NotebookRefused)
        } else if self.has_lost_its_jvm() {
            Some(StopCause::FrameworkTaken)
        } else if self.watched.ends_by_itself && self.standstill.is_for_ever() {
            Some(StopCause::AgentsExcluded)
        } else if self.lingers() {
            Some(StopCause::Lingering)
        } else if self.is_idle() {
            Some(StopCause::Idle)
        } else {
            None
        }
    }

    fn every(&self) -> Duration {
        if self.awaits_something() && self.began.elapsed() < EAGER_FOR { EAGER } else { CALM }
    }
}
