//! Mesos as it truly is: a master that restarts, falls silent or refuses, drivers that run whatever the API server knows of
//! them, and the frameworks that they leave behind.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use lcmap_spark::core::pod::DriverPod;
use lcmap_spark_agent::report::Frameworks as Reported;
use lcmap_spark_crd::names::framework_id;

/// How many contexts a driver makes at most.
const CONTEXTS: u32 = 3;

/// Mesos as it truly is.
pub(crate) struct Mesos {
    /// Whether its leading master answers.
    pub(crate) reach: Reach,
    /// Whether it refuses teardown by the operator API (403): then a framework is taken over by a scheduler of ours.
    pub(crate) refuses: bool,
    /// Whether agents with executors have not reported to the leading master yet.
    pub(crate) is_deaf: bool,
    /// Every framework that ever was, by its id.
    pub(crate) frameworks: BTreeMap<String, Framework>,
    /// The ids that people gave up on, of frameworks that are there, or are not yet.
    pub(crate) given_up: BTreeSet<String>,
    /// Every driver of a Distributed job, by its pod's UID.
    pub(crate) drivers: BTreeMap<String, Driver>,
}

/// Whether a master answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reach {
    Answers,
    Silent,
    /// It never will again.
    GoneForGood,
}

/// A framework.
#[derive(Debug, Clone)]
pub(crate) struct Framework {
    /// The UID of its job.
    pub(crate) job: String,
    /// The attempt that it is of.
    pub(crate) attempt: i32,
    /// The UID of its driver's pod.
    pub(crate) driver: String,
    pub(crate) registered: Timestamp,
    pub(crate) executors: i32,
    /// Since when it has had some without a break.
    pub(crate) running_since: Option<Timestamp>,
    /// How many have ended, as far as the master that leads knows.
    pub(crate) failed: i32,
    pub(crate) state: State,
    /// Whether its driver knows that it is gone, and will not come back with it.
    pub(crate) is_ended: bool,
    /// Whether it appeared after its driver was over for everybody: nobody could wait for it, but it has to be swept.
    pub(crate) is_late: bool,
    /// Since when nobody needs it, as far as time went by in which somebody could have torn it down.
    pub(crate) alone_since: Option<Timestamp>,
}

/// Where a framework stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    /// Its driver is connected.
    Connected,
    /// The master knows it, and nobody is connected: its driver is away, or agents told of it after a restart.
    Disconnected,
    /// The master that leads now has not heard of it; its agents have.
    Unheard,
    /// It is gone, and the master that leads now knows that its id is used up.
    UsedUp,
    /// It is gone, and nobody knows that it was.
    Forgotten,
}

/// A driver's process, which may outlive its pod on a node that does not answer.
pub(crate) struct Driver {
    pub(crate) job: String,
    pub(crate) attempt: i32,
    node: String,
    contexts: u32,
    pub(crate) is_alive: bool,
    /// Since when it is over as far as the API server tells: its container ended, or its pod is gone.
    pub(crate) over: Option<Timestamp>,
    /// Whether its pod was asked for by somebody who did not know better, and whom nobody could keep from it.
    is_ghost: bool,
}

/// What a driver's agent gets to do once the driver has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Last {
    /// It settles what the driver leaves.
    Settles,
    /// It ends with its driver.
    IsCutShort,
}

/// What became of a teardown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Released {
    TornDown,
    NotThere,
    Unanswered,
}

impl Framework {
    /// Whether it holds, or may hold, anything.
    pub(crate) fn lives(&self) -> bool {
        !matches!(self.state, State::UsedUp | State::Forgotten)
    }

    /// Whether the master lists it.
    pub(crate) fn is_listed(&self) -> bool {
        matches!(self.state, State::Connected | State::Disconnected)
    }

    /// Its end, of which its driver is told.
    pub(crate) fn goes(&mut self) {
        (self.state, self.is_ended) = (State::UsedUp, true);
        self.executors_end();
    }

    /// One more executor runs.
    pub(crate) fn executor_starts(&mut self, now: Timestamp) {
        self.executors += 1;
        self.running_since.get_or_insert(now);
    }

    /// None runs any more.
    pub(crate) fn executors_end(&mut self) {
        self.failed += self.executors;
        (self.executors, self.running_since) = (0, None);
    }
}

impl Default for Mesos {
    fn default() -> Self {
        Self {
            reach: Reach::Answers,
            refuses: false,
            is_deaf: false,
            frameworks: BTreeMap::new(),
            given_up: BTreeSet::new(),
            drivers: BTreeMap::new(),
        }
    }
}

impl Mesos {
    pub(crate) fn answers(&self) -> bool {
        self.reach == Reach::Answers
    }

    /// A driver starts.
    pub(crate) fn driver_starts(&mut self, pod: &DriverPod, is_ghost: bool) {
        let job = pod.metadata.owner_references.first().map(|it| it.uid.clone()).unwrap_or_default();
        let driver = Driver {
            job,
            attempt: pod.attempt().unwrap_or_default(),
            node: pod.spec.node_name.clone().unwrap_or_default(),
            contexts: 0,
            is_alive: true,
            over: None,
            is_ghost,
        };
        self.drivers.insert(pod.metadata.uid.clone(), driver);
    }

    /// A driver is over as far as the API server tells.
    pub(crate) fn driver_is_over(&mut self, pod: &str, now: Timestamp) {
        if let Some(driver) = self.drivers.get_mut(pod) {
            driver.over.get_or_insert(now);
        }
    }

    /// A driver ends. What its agent tells of its frameworks, if it gets to.
    pub(crate) fn driver_ends(&mut self, pod: &str, last: Last) -> Option<Reported> {
        self.drivers.get_mut(pod).filter(|driver| driver.is_alive)?.is_alive = false;
        let its = self.frameworks.iter().filter(|(_, it)| it.driver == pod);
        let ids: Vec<String> = its.map(|(id, _)| id.clone()).collect();
        let left = match last {
            Last::Settles => ids.iter().filter(|id| !self.is_settled(id)).cloned().collect(),
            Last::IsCutShort => Vec::new(),
        };
        for framework in self.frameworks.values_mut().filter(|it| it.driver == pod) {
            if framework.state == State::Connected {
                framework.state = State::Disconnected;
            }
        }
        (last == Last::Settles).then_some(Reported { ids, left })
    }

    /// Whether a driver's agent sees a framework go. Of one that it asks for, a master that agents have yet to report to says
    /// that there is none (400), which proves nothing: the agent asks until its time is up (`agent/src/mesos/settle.rs`).
    fn is_settled(&mut self, id: &str) -> bool {
        if self.frameworks.get(id).is_none_or(|it| it.is_ended) {
            return true;
        }
        match self.release(id) {
            Released::TornDown => true,
            Released::NotThere => !self.is_deaf,
            Released::Unanswered => false,
        }
    }

    /// Whether a pod's driver runs and has not asked Mesos for anything yet: it may still be refused.
    pub(crate) fn is_new_there(&self, pod: &str) -> bool {
        self.drivers.get(pod).is_some_and(|driver| driver.is_alive && driver.contexts == 0)
    }

    /// A node goes, with every driver on it.
    pub(crate) fn node_dies(&mut self, node: &str) {
        let on_it = self.drivers.iter().filter(|(_, driver)| driver.node == node);
        let on_it: Vec<_> = on_it.map(|(pod, _)| pod.clone()).collect();
        for pod in on_it {
            self.driver_ends(&pod, Last::IsCutShort);
        }
    }

    /// Whether a pod's driver died with its node.
    pub(crate) fn is_dead(&self, pod: &str) -> bool {
        self.drivers.get(pod).is_some_and(|driver| !driver.is_alive)
    }

    /// Drivers that run on though their pods are gone, on nodes that are told so.
    pub(crate) fn strays(&self, answers: impl Fn(&str) -> bool) -> Vec<String> {
        let strays = self.drivers.iter().filter(|(_, it)| it.is_alive && it.over.is_some());
        strays.filter(|(_, it)| answers(&it.node)).map(|(pod, _)| pod.clone()).collect()
    }

    /// A driver makes a context: the first, a further one, or comes back with the last after its master was away.
    pub(crate) fn registers(&mut self, pod: &str, now: Timestamp) -> Option<String> {
        if !self.answers() {
            return None;
        }
        let driver = self.drivers.get_mut(pod).filter(|driver| driver.is_alive)?;
        let is_late = driver.over.is_some() || driver.is_ghost;
        let away = self.frameworks.iter_mut().find(|(_, it)| {
            let is_away = matches!(it.state, State::Disconnected | State::Unheard | State::Forgotten);
            it.driver == pod && is_away && !it.is_ended
        });
        if let Some((id, framework)) = away {
            // One that was forgotten begins anew with its id.
            framework.is_late |= is_late;
            framework.state = State::Connected;
            return Some(format!("{id} is connected again"));
        }
        if driver.contexts >= CONTEXTS {
            return None;
        }
        driver.contexts += 1;
        let first = framework_id(&driver.job, driver.attempt);
        let id = if driver.contexts == 1 { first } else { format!("{first}-{}", driver.contexts) };
        if let Some(framework) = self.frameworks.get_mut(&id).filter(|it| it.is_listed()) {
            // Of a driver of the same attempt that nobody has seen.
            (framework.state, framework.is_late) = (State::Connected, is_late);
            pod.clone_into(&mut framework.driver);
            return Some(format!("{id} is taken over"));
        }
        if self.frameworks.get(&id).is_some_and(|it| it.state != State::Forgotten) {
            return Some(format!("{id} is refused"));
        }
        let framework = Framework {
            job: driver.job.clone(),
            attempt: driver.attempt,
            driver: pod.to_owned(),
            registered: now,
            executors: 0,
            running_since: None,
            failed: 0,
            state: State::Connected,
            is_ended: false,
            is_late,
            alone_since: None,
        };
        self.frameworks.insert(id.clone(), framework);
        Some(format!("{id} is registered"))
    }

    /// Another master leads, or the same one again: it knows what its agents and schedulers tell it, and nothing else.
    pub(crate) fn restarts(&mut self) {
        for framework in self.frameworks.values_mut() {
            let is_held = framework.lives() && framework.executors > 0;
            framework.failed = 0;
            framework.state = if is_held { State::Unheard } else { State::Forgotten };
        }
        self.is_deaf = true;
    }

    /// Every agent has reported to the master that leads: it keeps what they tell of without limit.
    pub(crate) fn agents_report(&mut self) {
        self.is_deaf = false;
        for framework in self.frameworks.values_mut().filter(|it| it.state == State::Unheard) {
            framework.state = State::Disconnected;
        }
    }

    /// Ends a framework, of which there may be none: by the operator API, or, where that is refused, by a scheduler that
    /// takes it over, or makes it, and tears it down. Agents that report later are told that it is gone.
    pub(crate) fn release(&mut self, id: &str) -> Released {
        if !self.answers() {
            return Released::Unanswered;
        }
        let refuses = self.refuses;
        match self.frameworks.get_mut(id) {
            Some(framework) if framework.is_listed() || refuses && framework.state == State::Unheard => {
                framework.goes();
                Released::TornDown
            }
            Some(framework) if framework.state == State::UsedUp => Released::NotThere,
            Some(framework) if refuses => {
                framework.goes();
                Released::TornDown
            }
            None if refuses => Released::TornDown,
            _ => Released::NotThere,
        }
    }
}
